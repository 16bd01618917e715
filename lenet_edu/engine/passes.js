// @ts-check
/**
 * The training of 1998 (section III-B): in each pass one update a pattern, always in the same random order, with a step
 * for every parameter from the curvature, which is estimated on 500 patterns before the pass. It is
 * lenet_edu/reproduction/passes.py for the browser, without its distortions and its running estimate.
 */

import { Loop } from "./loop.js";
import { Generator } from "./random.js";
import { drawStart } from "./start.js";

// What a seed draws, each with a generator of its own; passes come after the order.
const START = 0;
const ORDER = 1;
const LOGS_PER_PASS = 20;
// Patterns that are shown between two looks at the messages that wait.
const STRETCH = 50;

/**
 * @typedef {object} OriginalRecipe as `OriginalRecipe` of lenet_edu/reproduction/passes.py is as JSON
 * @property {string} loss
 * @property {[number, number][]} schedule global rates, and for how many passes each
 * @property {number} mu keeps steps finite where the curvature is 0
 * @property {number} patterns of the curvature's estimate
 * @property {string} start how initial weights are drawn: "scaled" or "torch"
 * @property {number} divisor the loss is divided by it
 * @property {number} j of equation 9
 * @property {number} coefficient where subsampling coefficients start
 * @property {"sum" | "mean"} coefficient_of what they multiply
 * @property {number} memory 0: each pass has a curvature of its own
 * @property {"sdlm" | "sgd"} method "sgd" takes the global rate over mu for every parameter
 * @property {object | null} [distortions] none in the browser
 */

export class Passes extends Loop {
  /** Begin anew. @param {number} seed @param {OriginalRecipe} recipe */
  reset(seed, recipe) {
    checkOriginalRecipe(recipe);
    const { plan, parameters } = this.network;
    const weights = drawStart(plan, generatorOf(seed, START), recipe.start);
    for (const { parameter, pooled } of subsampled(plan, parameters)) {
      const coefficient = recipe.coefficient / (recipe.coefficient_of === "mean" ? pooled : 1);
      weights.fill(coefficient, parameter.offset, parameter.offset + parameter.size);
    }
    this.restore({
      ...this.beginning(seed, recipe, weights),
      rates: new Float32Array(weights.length),
    });
  }

  /** Go on from a state, or raise an error that says why not. @param {any} state */
  restore(state) {
    this.checkState(state);
    checkOriginalRecipe(state.recipe);
    this.state = { ...state };
    this.network.takeGradient();
    this.network.weights = state.weights;
    this.network.rates = state.rates;
    this.order = generatorOf(state.seed, ORDER).randperm(state.images);
  }

  snapshot() {
    return { ...super.snapshot(), rates: this.network.rates };
  }

  /** The global rate of every pass. */
  get #rates() {
    return this.run.recipe.schedule.flatMap((/** @type {[number, number]} */ [rate, passes]) =>
      Array(passes).fill(rate),
    );
  }

  get finished() {
    return this.run.history.length >= this.#rates.length;
  }

  changeRate() {
    throw new Error("The rates of 1998 are set for every pass: change the schedule and start anew.");
  }

  async step() {
    const { run } = this;
    const rate = this.#rates[run.history.length];
    if (run.seen < run.images) this.#showPatterns(rate);
    if (run.seen === run.images) await this.endEpoch({ learning_rate: rate, seconds: run.seconds });
  }

  /** @param {number} rate the global one */
  #showPatterns(rate) {
    const { run } = this;
    const { loss, j } = run.recipe;
    const begun = performance.now();
    if (run.seen === 0) this.network.rates = this.#stepsOf(rate);
    const order = /** @type {Uint32Array} */ (this.order);
    const places = order.subarray(run.seen, Math.min(run.seen + STRETCH, run.images));
    const options = this.network.hasRbfOutput ? { loss, j } : { loss };
    const learned = this.network.trainPatterns(...this.#patterns(places), null, options);
    const before = run.seen;
    run.seen += places.length;
    run.steps += places.length;
    run.lossSum += learned.loss;
    run.right += learned.right;
    run.seconds += (performance.now() - begun) / 1000;
    const logs = (/** @type {number} */ seen) => Math.floor((seen * LOGS_PER_PASS) / run.images);
    if (logs(run.seen) > logs(before)) this.logPoint(rate);
  }

  /** The step of every parameter in the pass to come, rate / (mu + h). @param {number} rate the global one */
  #stepsOf(rate) {
    const { recipe, history, seed, images } = this.run;
    const h = new Float32Array(this.network.size);
    if (recipe.method === "sdlm") {
      const chosen = generatorOf(seed, ORDER + history.length + 1)
        .randperm(images)
        .subarray(0, recipe.patterns);
      const curvature = this.network.curvature(this.#patterns(chosen)[0], { loss: recipe.loss });
      h.set(curvature.map((value) => value / recipe.divisor));
    }
    if (recipe.coefficient_of === "mean") {
      // A coefficient of the mean, n times as large as ours of the sum, has h / n^2. Its step of
      // rate / (mu + h / n^2) times a gradient n times smaller moves ours by rate / (n^2 mu + h).
      for (const { parameter, pooled } of subsampled(this.network.plan, this.network.parameters)) {
        for (let p = 0; p < parameter.size; p++) h[parameter.offset + p] += (pooled ** 2 - 1) * recipe.mu;
      }
    }
    const f = Math.fround;
    return h.map((value) => f(f(rate) / f(f(recipe.mu) + value)) / recipe.divisor);
  }

  /** @param {Uint32Array} places of the training split @returns {[Float32Array, Uint8Array]} images and labels */
  #patterns(places) {
    const { pixels, readers } = this.learner;
    const images = new Float32Array(places.length * pixels);
    places.forEach((place, n) => readers.train(place, images.subarray(n * pixels, (n + 1) * pixels)));
    return [images, Uint8Array.from(places, (place) => this.data.train.labels[place])];
  }
}

/** A generator of its own for every purpose. @param {number} seed @param {number} purpose */
function generatorOf(seed, purpose) {
  return new Generator(seed * 2 ** 20 + purpose);
}

/**
 * The coefficients of trainable subsampling, and how many units each of them pools.
 * @param {import("./engine.js").Plan} plan
 * @param {import("./engine.js").Parameter[]} parameters
 */
function subsampled(plan, parameters) {
  return plan.layers
    .filter((layer) => layer.kind === "subsampling" && layer.pooling === "trainable")
    .map(({ name, size = 1 }) => ({
      parameter: /** @type {import("./engine.js").Parameter} */ (
        parameters.find((parameter) => parameter.name === `${name}.coefficient`)
      ),
      pooled: size ** 2,
    }));
}

/** @param {OriginalRecipe} recipe */
function checkOriginalRecipe(recipe) {
  if (recipe?.distortions)
    throw new Error("The browser trains by the recipe of 1998 without distortions: leave them out.");
  if (recipe?.memory)
    throw new Error("The browser estimates a curvature of its own for each pass: set memory to 0.");
  for (const name of /** @type {const} */ (["mu", "divisor", "j", "coefficient"])) {
    const value = recipe?.[name];
    if (!(Number.isFinite(value) && value > 0)) {
      throw new Error(`${name} must be a number above 0; got ${JSON.stringify(value)}.`);
    }
  }
  const { schedule } = recipe;
  const fits = (/** @type {any} */ pair) =>
    Array.isArray(pair) && pair[0] >= 0 && Number.isInteger(pair[1]) && pair[1] > 0;
  if (!Array.isArray(schedule) || !schedule.length || !schedule.every(fits)) {
    throw new Error(`schedule must be pairs of a rate and its passes; got ${JSON.stringify(schedule)}.`);
  }
}
