// @ts-check
/**
 * A web worker of a training: it leads, or it helps the one that leads. Every message is {call, id, arguments}; what came
 * of it goes back as {id, value} or {id, error}, and what happens meanwhile as {event, detail}.
 */

import { opened } from "./data.js";
import { Engine } from "./engine.js";
import { Epochs } from "./epochs.js";
import { Learner, SHARDS } from "./learner.js";
import { Passes } from "./passes.js";
import { openStorage } from "./storage.js";

/** @typedef {{postMessage: (message: any, transfer?: Transferable[]) => void, onmessage: any}} Port */

/** Answers what comes in at `port` by the methods of `service`. @param {Port} port @param {Record<string, Function>} service */
export function answer(port, service) {
  port.onmessage = async (/** @type {{data: any}} */ { data: { call, id, given } }) => {
    try {
      if (!Object.hasOwn(service, call)) throw new Error(`A worker has no ${call}.`);
      const value = await service[call](...given);
      port.postMessage({ id, value }, buffersOf(value));
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      port.postMessage({ id, error: { name, message } });
    }
  };
}

/** The memory of a helper's answer, which is handed over rather than copied. @param {any} value @returns {Transferable[]} */
function buffersOf(value) {
  const arrays = Array.isArray(value) ? value.map((part) => part?.gradient) : [value];
  return arrays.filter((array) => array instanceof Float32Array).map(({ buffer }) => buffer);
}

/**
 * Asks at the other end of a port: `ask(call, ...given)` is a promise of the answer.
 * @param {Port} port
 * @param {(event: string, detail: any) => void} [heard]
 * @returns {(call: string, ...given: any[]) => Promise<any>}
 */
export function asker(port, heard = () => {}) {
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  const open = new Map();
  let last = 0;
  port.onmessage = (/** @type {{data: any}} */ { data: { id, value, error, event, detail } }) => {
    if (event) return heard(event, detail);
    const { resolve, reject } = /** @type {any} */ (open.get(id));
    open.delete(id);
    if (error) reject(Object.assign(new Error(error.message), { name: error.name }));
    else resolve(value);
  };
  return (call, ...given) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      open.set(id, { resolve, reject });
      const ports = given
        .flat()
        .filter((value) => typeof MessagePort !== "undefined" && value instanceof MessagePort);
      port.postMessage({ call, id, given }, ports);
    });
}

/** Everything that a worker can be asked, at `port`. @param {Port} port */
export function serve(port) {
  /** @type {import("./engine.js").Network} */
  let network;
  /** @type {Epochs | Passes} */
  let lead;
  /** @type {Learner} */
  let learner;
  const report = (/** @type {string} */ event, /** @type {object} */ detail) =>
    port.postMessage({ event, detail });
  const helping = {
    follow: (/** @type {number} */ seed, /** @type {any} */ recipe) => learner.follow(seed, recipe),
    gradients: (
      /** @type {Float32Array} */ weights,
      /** @type {any} */ batch,
      /** @type {number[]} */ shards,
    ) => {
      network.weights = weights;
      const parts = learner.gradients(batch, shards);
      return parts.map((part) => ({ ...part, gradient: network.part(part.shard, SHARDS).slice() }));
    },
    outputs: (
      /** @type {Float32Array} */ weights,
      /** @type {any} */ split,
      /** @type {number} */ from,
      /** @type {number} */ to,
    ) => {
      network.weights = weights;
      return learner.outputs(split, from, to);
    },
  };
  answer(port, {
    async help(/** @type {any} */ { module, plan, data, scaling }, /** @type {Port} */ leader) {
      network = new Engine(module).network(plan);
      learner = new Learner(network, await opened(data), scaling);
      answer(leader, helping);
    },
    async lead(
      /** @type {any} */ { module, plan, data, scaling, name, original },
      /** @type {Port[]} */ ports,
    ) {
      network = new Engine(module).network(plan);
      data = await opened(data);
      const storage = name ? await openStorage() : null;
      const save = storage ? (/** @type {any} */ state) => storage.put("trainings", name, state) : undefined;
      const helpers = ports.map((its) => {
        const ask = asker(its);
        return {
          follow: (/** @type {any[]} */ ...given) => void ask("follow", ...given),
          gradients: (/** @type {any[]} */ ...given) => ask("gradients", ...given),
          outputs: (/** @type {any[]} */ ...given) => ask("outputs", ...given),
        };
      });
      lead = new (original ? Passes : Epochs)(network, data, scaling, helpers, report, save);
      return (storage && (await storage.get("trainings", name))) ?? null;
    },
    reset: (/** @type {number} */ seed, /** @type {any} */ recipe) => lead.reset(seed, recipe),
    restore: (/** @type {any} */ state) => lead.restore(state),
    snapshot: () => lead.snapshot(),
    play(/** @type {any} */ until) {
      // Not awaited: other calls are answered meanwhile, and the end is reported.
      lead.play(until).catch(({ name, message }) => report("failed", { name, message }));
    },
    pause: () => lead.pause(),
    changeRate: (/** @type {number} */ rate) => lead.changeRate(rate),
    change: (/** @type {any} */ values) => lead.change(values),
    look: (/** @type {Float32Array} */ images) => lead.look(images),
    save: () => lead.save(lead.snapshot()),
    evaluate: (/** @type {any} */ split) => lead.evaluate(split),
    forward: (/** @type {Float32Array} */ images) => network.forward(images),
    gradient(/** @type {Float32Array} */ images, /** @type {number[]} */ labels, /** @type {any} */ options) {
      const learned = network.learn(images, labels, options);
      return { ...learned, gradient: network.takeGradient() };
    },
  });
}

// In a page's worker there is a `self` with messages; node's own tests call `serve` themselves.
if ("WorkerGlobalScope" in globalThis) serve(/** @type {any} */ (globalThis));
