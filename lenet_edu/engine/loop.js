// @ts-check
/**
 * What every training in the browser does: it goes on step by step, listens meanwhile, stops where it is asked to, and
 * keeps its state where it outlives the page. epochs.js has the steps of today, passes.js those of 1998.
 */

import { translate } from "../system/language.js";
import { evaluate } from "./evaluation.js";
import { Learner } from "./learner.js";

// Raised when a state of before could no longer be gone on from to the same result.
export const FORMAT = 1;

// A loss this many times as large as the first one has exploded.
const EXPLODED = 100;
// Messages such as "pause" are read at least this often, and the state is saved this often, in milliseconds.
const BREATHE_EVERY = 8;
const SAVE_EVERY = 5000;
const REPORTED_MISTAKES = 10;

/** A loss that exploded or is no longer a number. */
export class DivergedError extends Error {
  name = "DivergedError";
}

/**
 * A worker that helps; all three answer in the order in which they are asked.
 * @typedef {object} Helper
 * @property {(seed: number, recipe: any) => void} follow
 * @property {(weights: Float32Array, batch: import("./learner.js").Batch, shards: number[]) => Promise<(import("./learner.js").Part & {gradient: Float32Array})[]>} gradients
 * @property {(weights: Float32Array, split: string, from: number, to: number) => Promise<Float32Array>} outputs
 */

/** @abstract */
export class Loop {
  /**
   * @param {import("./engine.js").Network} network
   * @param {import("./data.js").Data} data
   * @param {import("./data.js").Scaling} scaling
   * @param {Helper[]} helpers
   * @param {(name: string, detail: object) => void} report told of every point, epoch, pause and divergence
   * @param {(state: any) => Promise<void>} [save] puts a state where it outlives the page
   */
  constructor(network, data, scaling, helpers, report, save = async () => {}) {
    this.network = network;
    this.data = data;
    this.helpers = helpers;
    this.report = report;
    this.save = save;
    this.learner = new Learner(network, data, scaling);
    this.running = false;
    /** @type {any} the subclass's State */
    this.state = null;
    /** Whether the next step keeps its gradient for those who watch; and the last one that was kept. @type {boolean} */
    this.keepsGradient = false;
    /** @type {Float32Array | null} */
    this.lastGradient = null;
  }

  /** One step: some updates. @abstract @returns {Promise<void>} */
  async step() {
    throw new Error("A training has steps of its own.");
  }

  /** Other values of the recipe from the next step on. @abstract @param {Record<string, any>} values */
  change(values) {
    throw new Error(
      `The recipe of this training is fixed: ${Object.keys(values)} cannot be changed under way.`,
    );
  }

  /** @abstract @returns {boolean} */
  get finished() {
    throw new Error("A training knows its own end.");
  }

  /** What has been given a seed and a recipe. */
  get run() {
    if (!this.state) throw new Error("No training has been begun: give a seed and a recipe first.");
    return this.state;
  }

  /** How far it is, in epochs, as 1.35. */
  get epochsDone() {
    return this.run.history.length + this.run.seen / this.run.images;
  }

  /** What a state says of network and data, which must be the same when it is gone on from. */
  circumstances() {
    const { network, name } = this.network.plan;
    return { format: FORMAT, network, name, source: this.data.source, images: this.data.train.labels.length };
  }

  /**
   * The state of a training before its first step.
   * @param {number} seed @param {any} recipe @param {Float32Array} weights
   */
  beginning(seed, recipe, weights) {
    if (!(seed < 2 ** 32)) throw new Error(`A seed must be below 2^32 = 4,294,967,296; got ${seed}.`);
    return {
      ...this.circumstances(),
      recipe,
      seed,
      seen: 0,
      steps: 0,
      lossSum: 0,
      right: 0,
      lastLogged: /** @type {[number, number, number]} */ ([0, 0, 0]),
      seconds: 0,
      curve: [],
      history: [],
      weights,
      momentum: new Float32Array(weights.length),
      lastWeights: weights,
      bestWeights: weights,
    };
  }

  /** Raise an error that says why, unless a state belongs to this network and data. @param {any} state */
  checkState(state) {
    const own = this.circumstances();
    if (state?.format !== FORMAT) {
      throw new Error(
        `A training is kept in format ${FORMAT}; this one has ${state?.format}. Start it anew.`,
      );
    }
    if (canonical(state.network) !== canonical(own.network)) {
      throw new Error(
        `The training is of another network than ${own.name}: ${JSON.stringify(state.network)}.`,
      );
    }
    if (state.source !== own.source || state.images !== own.images) {
      throw new Error(
        translate(
          "The training is on {images} images of {data}; here are {own_images} of {own_data}. Load the same data " +
            "first.",
          { images: state.images, data: state.source, own_images: own.images, own_data: own.source },
        ),
      );
    }
    const [weights, images] = [state.weights, own.images];
    const whole = [state.seen, state.steps, state.seed].every(
      (value) => Number.isInteger(value) && value >= 0,
    );
    const lists = Array.isArray(state.history) && Array.isArray(state.curve);
    if (!whole || state.seen > images || !lists || !weights?.every?.(Number.isFinite)) {
      throw new Error(
        translate(
          "The state of this training is damaged: its place, its history or its weights are none. Start it anew.",
        ),
      );
    }
  }

  /** The state as it stands between two steps. */
  snapshot() {
    return { ...this.run, weights: this.network.weights, momentum: this.network.momentum };
  }

  /**
   * Train until the end, a pause, or the end of so many steps or epochs.
   * @param {{steps?: number, epochs?: number}} [until]
   */
  async play({ steps = Infinity, epochs = Infinity } = {}) {
    if (this.running) return;
    this.running = true;
    const lastStep = this.run.steps + steps;
    const lastEpoch = this.run.history.length + epochs;
    let breath = performance.now();
    let saved = breath;
    try {
      while (
        this.running &&
        !this.finished &&
        this.run.steps < lastStep &&
        this.run.history.length < lastEpoch
      ) {
        await this.step();
        if (performance.now() - breath > BREATHE_EVERY) {
          await macrotask();
          breath = performance.now();
        }
        if (breath - saved > SAVE_EVERY) {
          await this.save(this.snapshot());
          saved = performance.now();
        }
      }
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      this.network.weights = this.run.lastWeights;
      this.report("diverged", { message: error.message });
      return;
    } finally {
      this.running = false;
    }
    await this.save(this.snapshot());
    this.report(this.finished ? "finished" : "paused", { epoch: this.epochsDone, steps: this.run.steps });
  }

  /**
   * What there is to see while it trains: every layer's output for some images, the weights, and the gradient of a
   * step since the last look (of an earlier one, or null, if there was none).
   * @param {Float32Array} images
   */
  look(images) {
    this.keepsGradient = true;
    const { network, lastGradient } = this;
    return { outputs: network.forward(images), weights: network.weights, gradient: lastGradient };
  }

  /** Before a step uses the gradient up: a copy for those who watch, if somebody has looked since the last one. */
  keepGradient() {
    if (this.keepsGradient) this.lastGradient = this.network.gradient;
    this.keepsGradient = false;
  }

  /** Stop after the step under way. */
  pause() {
    this.running = false;
  }

  /** Add a point to the curve; stop if the loss is none that could still come down. @param {number} rate */
  logPoint(rate) {
    const { run } = this;
    const [seen, loss, right] = run.lastLogged;
    const since = run.seen - seen;
    const point = {
      epoch: this.epochsDone,
      loss: (run.lossSum - loss) / since,
      accuracy: (run.right - right) / since,
    };
    run.lastLogged = [run.seen, run.lossSum, run.right];
    const first = run.curve.length ? run.curve[0].loss : point.loss;
    if (!Number.isFinite(run.lossSum) || point.loss > EXPLODED * Math.max(first, 1)) {
      throw new DivergedError(
        translate(
          "The loss became {loss} in epoch {epoch}, at learning rate {rate}: the training has diverged. The weights " +
            "are those of the last epoch that ended. Lower the learning rate and start again.",
          {
            loss: point.loss.toPrecision(3),
            epoch: run.history.length + 1,
            rate: rate.toPrecision(3),
          },
        ),
      );
    }
    run.curve = [...run.curve, point];
    this.report("point", { ...point, steps: run.steps, rate });
  }

  /** Look at the validation split and begin the next epoch. @param {{learning_rate: number, seconds: number}} about */
  async endEpoch(about) {
    const { run } = this;
    const { loss, accuracy, confusion, mistakes } = await this.evaluate("validation");
    const record = {
      ...about,
      epoch: run.history.length + 1,
      train_loss: run.lossSum / run.images,
      train_accuracy: run.right / run.images,
      validation_loss: loss,
      validation_accuracy: accuracy,
    };
    const best = Math.max(-1, ...run.history.map((/** @type {any} */ epoch) => epoch.validation_accuracy));
    run.history = [...run.history, record];
    run.lastWeights = this.network.weights;
    if (accuracy > best) run.bestWeights = run.lastWeights;
    Object.assign(run, { seen: 0, lossSum: 0, right: 0, lastLogged: [0, 0, 0], seconds: 0 });
    this.report("epoch", { ...record, confusion, mistakes: mistakes.slice(0, REPORTED_MISTAKES) });
    await this.save(this.snapshot());
  }

  /**
   * Loss, accuracy, confusion and mistakes on a split, by the weights as they stand.
   * @param {"train" | "validation" | "test"} split
   */
  async evaluate(split) {
    if (!Object.hasOwn(this.learner.readers, split)) {
      throw new Error(`There are the splits ${Object.keys(this.learner.readers).join(", ")}; got ${split}.`);
    }
    const { labels } = this.data[split];
    const workers = this.helpers.length + 1;
    const bound = (/** @type {number} */ worker) => Math.ceil((worker * labels.length) / workers);
    const asked = this.helpers.map((helper, i) =>
      helper.outputs(this.network.weights, split, bound(i + 1), bound(i + 2)),
    );
    const parts = [this.learner.outputs(split, 0, bound(1)), ...(await Promise.all(asked))];
    const outputs = new Float32Array(labels.length * this.network.classCount);
    parts.reduce((at, part) => (outputs.set(part, at), at + part.length), 0);
    return evaluate(outputs, labels, this.network.hasRbfOutput);
  }
}

/** Lets messages that wait be read. */
function macrotask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(0);
  });
}

/** JSON that does not depend on the order of keys. @param {any} value @returns {string} */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join()}}`;
}
