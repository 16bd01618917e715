// @ts-check
/**
 * The training of today: batches, momentum, a schedule of rates, distortions. It is lenet_edu/training/loop.py and
 * steps.py for the browser: the same seed gives the same start, the same orders and the same distortions.
 */

import { SHARDS } from "./learner.js";
import { Loop } from "./loop.js";
import { Generator } from "./random.js";
import { checkRecipe, rateAt } from "./recipes.js";
import { drawStart } from "./start.js";

const LOGS_PER_EPOCH = 20;

/** @typedef {import("./recipes.js").Recipe} Recipe */

/**
 * All that going on from here needs, as plain data that can be stored.
 * @typedef {object} State
 * @property {number} format
 * @property {object} network the architecture's config
 * @property {string} source what the data calls itself
 * @property {number} images in the training split
 * @property {Recipe} recipe in force now
 * @property {Recipe} startedWith the first one
 * @property {boolean} [changed] true if the recipe was changed under way
 * @property {number} seed
 * @property {number} seen images of the epoch under way
 * @property {number} steps all updates
 * @property {number} lossSum the epoch's summed loss
 * @property {number} right the epoch's right answers
 * @property {[number, number, number]} lastLogged `seen`, `lossSum` and `right` at the last point of the curve
 * @property {number} seconds of training in the epoch under way
 * @property {{epoch: number, loss: number, accuracy: number}[]} curve some twenty points an epoch
 * @property {EpochRecord[]} history one an epoch
 * @property {Float32Array} weights
 * @property {Float32Array} momentum
 * @property {Float32Array} lastWeights at the end of the last epoch
 * @property {Float32Array} bestWeights of the best epoch by validation accuracy
 *
 * @typedef {object} EpochRecord
 * @property {number} epoch from 1
 * @property {number} learning_rate at its end
 * @property {number} train_loss over its batches, as they were met
 * @property {number} train_accuracy likewise
 * @property {number} validation_loss
 * @property {number} validation_accuracy
 * @property {number} seconds of training alone
 */

export class Epochs extends Loop {
  /** Begin anew. @param {number} seed @param {Recipe} recipe */
  reset(seed, recipe) {
    checkRecipe(recipe);
    const weights = drawStart(this.network.plan, new Generator(seed), recipe.start);
    this.restore({
      ...this.beginning(seed, recipe, weights),
      startedWith: recipe,
    });
  }

  /** Go on from a state, or raise an error that says why not. @param {State} state */
  restore(state) {
    this.checkState(state);
    checkRecipe(state.recipe);
    this.state = { ...state };
    this.network.takeGradient();
    this.network.weights = state.weights;
    this.network.momentum = state.momentum;
    this.#follow(state.recipe);
  }

  /** The learning rate of the next step. */
  get rate() {
    return rateAt(this.run.recipe, Math.min(this.epochsDone / this.run.recipe.epochs, 1));
  }

  get finished() {
    return this.run.history.length >= this.run.recipe.epochs;
  }

  /** Another highest rate from the next step on. @param {number} peakRate */
  changeRate(peakRate) {
    this.change({ peak_rate: peakRate });
  }

  /** Other values of the recipe from the next step on. @param {Partial<Recipe>} values */
  change(values) {
    this.#follow(checkRecipe({ ...this.run.recipe, ...values }));
    this.run.changed = true;
  }

  /** @param {Recipe} recipe */
  #follow(recipe) {
    const { seed } = this.run;
    this.run.recipe = recipe;
    this.learner.follow(seed, recipe);
    for (const helper of this.helpers) helper.follow(seed, recipe);
  }

  async step() {
    const { run } = this;
    if (run.seen < run.images) await this.#update();
    if (run.seen === run.images) {
      const about = { learning_rate: this.rate, seconds: run.seconds };
      await this.endEpoch(about);
    }
  }

  async #update() {
    const { run } = this;
    const begun = performance.now();
    const { batch_size, momentum, nesterov, weight_decay } = run.recipe;
    const batch = {
      epoch: run.history.length,
      from: run.seen,
      to: Math.min(run.seen + batch_size, run.images),
    };
    for (const part of await this.#parts(batch)) {
      this.network.addPart(part.shard, SHARDS);
      run.lossSum += part.loss;
      run.right += part.right;
    }
    const { rate } = this;
    this.keepGradient();
    this.network.step({ rate, momentum, nesterov: nesterov && momentum > 0, weightDecay: weight_decay });
    const before = run.seen;
    run.seen = batch.to;
    run.steps += 1;
    run.seconds += (performance.now() - begun) / 1000;
    const logs = (/** @type {number} */ seen) => Math.floor((seen * LOGS_PER_EPOCH) / run.images);
    if (logs(run.seen) > logs(before)) this.logPoint(rate);
  }

  /** A batch's shards, learned here and by helpers, in their order. @param {import("./learner.js").Batch} batch */
  async #parts(batch) {
    const workers = this.helpers.length + 1;
    const sharesOf = (/** @type {number} */ worker) =>
      Array.from({ length: SHARDS }, (_, shard) => shard).filter((shard) => shard % workers === worker);
    const asked = this.helpers.map((helper, i) =>
      helper.gradients(this.network.weights, batch, sharesOf(i + 1)),
    );
    const parts = this.learner.gradients(batch, sharesOf(0));
    for (const { gradient, ...part } of (await Promise.all(asked)).flat()) {
      this.network.part(part.shard, SHARDS).set(gradient);
      parts.push(part);
    }
    return parts.sort((a, b) => a.shard - b.shard);
  }
}
