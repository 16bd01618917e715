// @ts-check
/** Digits for networks with a smaller input: `resize_for` of lenet_edu/data/splits.py for the browser. */

import { translate } from "../../system/language.js";
import { IMAGE_SIZE, MNIST_SIZE } from "../../engine/constants.js";
import { resized } from "../../engine/normalise.js";

/** Values in rows. @typedef {import("../../engine/normalise.js").Sheet} Sheet */

// LeNet-1: MNIST's frame of 28 comes to 22, in a frame of 28. The network of 1989: the middle 24 come to 16.
const WAYS = [
  { size: MNIST_SIZE, from: MNIST_SIZE, to: 22 },
  { size: 16, from: 24, to: 16 },
];

/**
 * Ink in a frame of 32x32 as a network reads it, size x size, from 0 to 1.
 * @param {number} size 32, 28 (LeNet-1) or 16 (the network of 1989)
 * @param {Float32Array} ink
 */
export function inkForSize(size, ink) {
  if (size === IMAGE_SIZE) return ink;
  const way = WAYS.find((one) => one.size === size);
  if (!way)
    throw new Error(translate("Digits are read at one of these sizes: 32, 28, 16; got {size}.", { size }));
  const small = resized(middle(ink, way.from), way.to, way.to).values;
  const frame = new Float32Array(size * size);
  const margin = (size - way.to) / 2;
  for (let row = 0; row < way.to; row++) {
    frame.set(small.subarray(row * way.to, (row + 1) * way.to), (row + margin) * size + margin);
  }
  return frame;
}

/** @param {Float32Array} ink @param {number} side @returns {Sheet} */
function middle(ink, side) {
  const edge = (IMAGE_SIZE - side) / 2;
  const values = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    const from = (edge + row) * IMAGE_SIZE + edge;
    values.set(ink.subarray(from, from + side), row * side);
  }
  return { values, rows: side, columns: side };
}

/** Ink from 0 to 1 as bytes. @param {Float32Array} ink */
export const bytesOfInk = (ink) => Uint8Array.from(ink, (value) => Math.round(255 * value));
