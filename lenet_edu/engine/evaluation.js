// @ts-check
/** What a network's outputs say of a split: loss, accuracy, confusion and the worst mistakes. */

import { RUBBISH_DISTANCE } from "./constants.js";
import { exp, log } from "./functions.js";

/**
 * @typedef {object} Mistake
 * @property {number} index its place in the split
 * @property {number} label
 * @property {number} predicted
 * @property {number} probability that the network gives to what it predicts
 *
 * @typedef {object} Evaluation
 * @property {number} loss mean over the split
 * @property {number} accuracy share of right answers
 * @property {number[][]} confusion counts by actual class (rows) and predicted class (columns)
 * @property {Mistake[]} mistakes the surest first
 */

/**
 * @param {Float32Array} outputs (N, classes): distances (smallest wins) or scores (largest wins)
 * @param {Uint8Array} labels (N,)
 * @param {boolean} areDistances whose loss is equation 9
 * @returns {Evaluation}
 */
export function evaluate(outputs, labels, areDistances) {
  const classes = outputs.length / labels.length;
  const confusion = Array.from({ length: classes }, () => Array(classes).fill(0));
  /** @type {Mistake[]} */
  const mistakes = [];
  let loss = 0;
  labels.forEach((label, index) => {
    const scores = Array.from(outputs.subarray(index * classes, (index + 1) * classes), (x) =>
      areDistances ? -x : x,
    );
    const predicted = scores.indexOf(Math.max(...scores));
    const evidence = logSumExp(scores);
    loss += (areDistances ? logSumExp([...scores, -RUBBISH_DISTANCE]) : evidence) - scores[label];
    confusion[label][predicted] += 1;
    if (predicted !== label) {
      mistakes.push({ index, label, predicted, probability: exp(scores[predicted] - evidence) });
    }
  });
  mistakes.sort((a, b) => b.probability - a.probability || a.index - b.index);
  return { loss: loss / labels.length, accuracy: 1 - mistakes.length / labels.length, confusion, mistakes };
}

/** log(sum_i e^x_i), safe for numbers of any size. @param {number[]} numbers */
function logSumExp(numbers) {
  const largest = Math.max(...numbers);
  if (!Number.isFinite(largest)) return NaN;
  return largest + log(numbers.reduce((sum, x) => sum + exp(Math.max(x - largest, -700)), 0));
}
