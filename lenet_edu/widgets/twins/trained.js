// @ts-check
// The network that a reader trains in the panel of a page, for the page's other instruments.

/**
 * @typedef {object} Trained
 * @property {import("../../engine/engine.js").Plan} plan
 * @property {Float32Array} weights
 * @property {import("../../engine/data.js").Scaling} scaling how it was given its images
 */

/** @type {Trained | null} */
let last = null;
/** @type {Set<(trained: Trained) => void>} */
const listeners = new Set();

/** The reader's network has learned more. @param {Trained} trained */
export function offerTrained(trained) {
  last = trained;
  for (const listener of listeners) listener(trained);
}

/** Hear of the reader's network: at once if there is one, and whenever it has learned more. @param {(trained: Trained) => void} listener */
export function onTrained(listener) {
  listeners.add(listener);
  if (last) listener(last);
}
