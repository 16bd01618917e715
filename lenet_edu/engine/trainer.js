// @ts-check
/**
 * Training in a page: what a page starts, steers and watches. All work is done in web workers, so that the page itself is
 * never held up.
 *
 *   const training = await startTraining({ plan, data, scaling, seed: 0, recipe, name: "my first" });
 *   training.addEventListener("point", ({ detail }) => draw(detail));    // some twenty an epoch: loss, accuracy, rate
 *   training.addEventListener("epoch", ({ detail }) => list(detail));    // also "paused", "finished", "diverged", "failed"
 *   await training.play();  await training.pause();  await training.play({ steps: 1 });  await training.play({ epochs: 1 });
 *   const { weights, history } = await training.state();
 *   const { confusion, mistakes } = await training.evaluate("validation");
 *
 * With a name the state is kept in the browser every few seconds and after every epoch. Who closes the page in
 * mid-epoch and starts a training of the same name goes on from there, to the same bits as if it had never stopped.
 */

import { translate } from "../system/language.js";
import { checkData } from "./data.js";
import { checkPlan, loadEngine } from "./engine.js";
import { asker } from "./worker.js";

/**
 * @typedef {object} Options
 * @property {import("./engine.js").Plan} plan of the network
 * @property {import("./data.js").Data} data
 * @property {import("./data.js").Scaling} scaling
 * @property {number} [seed] decides the start, every order and every distortion; 0
 * @property {any} recipe a Recipe, or an OriginalRecipe (which has `schedule`) for the training of 1998
 * @property {string} [name] under which the browser keeps the training; without one it is not kept
 * @property {boolean} [anew] begin anew even if there is a training of that name
 * @property {number} [workers] by default as many as there are cores, four at most; the result does not depend on it
 * @property {import("./engine.js").Engine} [engine]
 * @property {() => any} [spawn] makes a worker; by default one from worker.js beside this file
 */

/** @param {Options} options @returns {Promise<Training>} */
export async function startTraining({
  plan,
  data,
  scaling,
  seed = 0,
  recipe,
  name,
  anew = false,
  workers,
  engine,
  spawn,
}) {
  checkPlan(plan);
  checkData(data, scaling, plan);
  const { module } = engine ?? (await loadEngine());
  const original = Array.isArray(recipe?.schedule);
  const count = original ? 1 : (workers ?? Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, 4));
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`workers must be a whole number of at least 1; got ${count}.`);
  const spawned = Array.from({ length: count }, spawn ?? spawnBeside);
  const training = new Training(spawned);
  try {
    const setting = { module, plan, data: shared(data), scaling };
    const ports = await Promise.all(training.asks.slice(1).map((ask) => connect(ask, setting)));
    const state = await training.asks[0]("lead", { ...setting, name, original }, ports);
    if (state && !anew) await training.asks[0]("restore", state);
    else await training.asks[0]("reset", seed, recipe);
    return training;
  } catch (error) {
    training.close();
    throw error;
  }
}

/**
 * The same data in memory that all workers read, where the browser lets pages share memory (in node, and where a server
 * sends the headers that isolate a page). Elsewhere each worker gets a copy.
 * @param {any} data @returns {any}
 */
function shared(data) {
  if (typeof SharedArrayBuffer === "undefined") return data;
  const splits = ["train", "validation", "test"].map((name) => {
    const split = data[name];
    if (!(split?.bytes instanceof Uint8Array) || split.bytes.buffer instanceof SharedArrayBuffer)
      return [name, split];
    const bytes = new Uint8Array(new SharedArrayBuffer(split.bytes.length));
    bytes.set(split.bytes);
    return [name, { ...split, bytes }];
  });
  return { ...data, ...Object.fromEntries(splits) };
}

function spawnBeside() {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
}

/** Have a worker help whoever holds the port that comes back. @param {(...given: any[]) => Promise<any>} ask @param {object} setting */
async function connect(ask, setting) {
  const { port1, port2 } = new MessageChannel();
  await ask("help", setting, port1);
  return port2;
}

/** A training under way; made by `startTraining`. */
export class Training extends EventTarget {
  /** @param {any[]} workers the first leads */
  constructor(workers) {
    super();
    this.workers = workers;
    const heard = (/** @type {string} */ event, /** @type {any} */ detail) =>
      this.dispatchEvent(new CustomEvent(event, { detail }));
    this.asks = workers.map((worker) => asker(worker, heard));
    for (const worker of workers) {
      worker.onerror = (/** @type {any} */ error) => {
        error.preventDefault?.();
        heard("failed", {
          name: "Error",
          message: translate("A worker stopped: {error}.", {
            error: error.message ?? translate("it could not be loaded"),
          }),
        });
      };
    }
    if (typeof document !== "undefined") {
      this.whenHidden = () => document.visibilityState === "hidden" && this.save().catch(() => {});
      document.addEventListener("visibilitychange", this.whenHidden);
    }
  }

  /** @param {string} call @param {...any} given @returns {Promise<any>} */
  #ask(call, ...given) {
    return this.asks[0](call, ...given);
  }

  /** Go on, until the end or for so many steps or epochs; events tell how it goes. @param {{steps?: number, epochs?: number}} [until] */
  async play(until = {}) {
    for (const [what, count] of Object.entries(until)) {
      if (!["steps", "epochs"].includes(what) || !(typeof count === "number" && count > 0)) {
        throw new Error(`A training plays for steps or epochs, a number above 0; got ${what} ${count}.`);
      }
    }
    return this.#ask("play", until);
  }

  /** Stop after the step under way; "paused" follows. */
  pause() {
    return this.#ask("pause");
  }

  /** Another highest learning rate from the next step on. @param {number} rate */
  changeRate(rate) {
    return this.#ask("changeRate", rate);
  }

  /** Other values of the recipe from the next step on, such as `batch_size`. @param {Record<string, any>} values */
  change(values) {
    return this.#ask("change", values);
  }

  /** Begin anew. @param {number} seed @param {any} recipe */
  async reset(seed, recipe) {
    await this.pause();
    return this.#ask("reset", seed, recipe);
  }

  /** Go on from a state that `state()` gave, or that a file holds. @param {any} state */
  async restore(state) {
    await this.pause();
    return this.#ask("restore", state);
  }

  /** All that there is to know: see State in epochs.js. @returns {Promise<import("./epochs.js").State>} */
  state() {
    return this.#ask("snapshot");
  }

  /** Keep the state now. */
  save() {
    return this.#ask("save");
  }

  /** @param {"train" | "validation" | "test"} split @returns {Promise<import("./evaluation.js").Evaluation>} */
  evaluate(split) {
    return this.#ask("evaluate", split);
  }

  /** Every layer's output for some images, by the weights as they stand. @param {Float32Array} images */
  forward(images) {
    return this.#ask("forward", images);
  }

  /** Outputs, weights and a step's gradient, see `look` in loop.js. @param {Float32Array} images */
  look(images) {
    return this.#ask("look", images);
  }

  /** The loss of some images and its gradient, by the weights as they stand. @param {Float32Array} images @param {number[]} labels @param {object} [options] */
  gradient(images, labels, options = {}) {
    return this.#ask("gradient", images, labels, options);
  }

  /** End the workers. What was saved stays. */
  close() {
    for (const worker of this.workers) worker.terminate();
    if (this.whenHidden) document.removeEventListener("visibilitychange", this.whenHidden);
  }
}
