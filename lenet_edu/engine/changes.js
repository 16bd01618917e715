// @ts-check
/**
 * How far a digit can be changed before it is misread: scale, shift, rotation and noise (section III-E), as
 * lenet_edu/reproduction/robustness.py changes it: the same noise, and the same pixels to about 1e-6.
 *
 *   const changed = change(images, scaling, { rotation: 30, noise: 0.1 });       // as many digits as there are
 */

import { AMOUNTS, GLYPH_SIZE, IMAGE_SIZE, STILL } from "./constants.js";
import { DataError } from "./data.js";
import { distort } from "./distortions.js";
import { sine } from "./functions.js";
import { Generator } from "./random.js";

export { AMOUNTS, STILL };

/** @typedef {"scale" | "shift" | "rotation" | "noise"} Kind */

/**
 * Digits scaled and turned about the middle, then shifted, then covered with noise.
 * @param {Float32Array} images (N, side, side), flat
 * @param {import("./data.js").Scaling} scaling what is white and what is black
 * @param {object} [amounts] those that are left out change nothing
 * @param {number} [amounts.scale] a factor, above 1 is larger
 * @param {number} [amounts.shift] downwards, as a share of the 20 pixels that a digit is high; below 0 is upwards
 * @param {number} [amounts.rotation] in degrees, anticlockwise
 * @param {number} [amounts.noise] salt and pepper: each pixel becomes white with half this probability, black with the
 *   other half. A larger share keeps the noise of a smaller one and adds to it.
 * @param {object} [how]
 * @param {number} [how.side] of an image, in pixels
 * @param {Generator} [how.generator] draws the noise; by default that of seed 0
 * @returns {Float32Array} as `images`
 */
export function change(
  images,
  { background, ink },
  amounts = {},
  { side = IMAGE_SIZE, generator = new Generator(0) } = {},
) {
  const pixels = side * side;
  if (!(images instanceof Float32Array) || !images.length || images.length % pixels) {
    const came = images?.length === undefined ? typeof images : `${images.length} numbers`;
    throw new DataError(`images must be a Float32Array of N x ${side} x ${side} numbers; got ${came}.`);
  }
  for (const [kind, amount] of Object.entries(amounts)) checkAmount(kind, amount);
  const { scale, shift, rotation, noise } = { ...STILL, ...amounts };
  const changed = images.slice();
  if (scale !== STILL.scale || shift !== STILL.shift || rotation !== STILL.rotation) {
    const values = placed(scale, shift, rotation);
    const distortion = { columns: values.length, coloured: false, elastic: false, values };
    for (let at = 0; at < images.length; at += pixels) {
      const image = images.subarray(at, at + pixels);
      distort(image, side, distortion, 0, background, changed.subarray(at, at + pixels));
    }
  }
  if (noise) addNoise(changed, noise, background, ink, generator);
  return changed;
}

/** Raise DataError unless this is a kind of change, and the amount one that it can have. @param {string} kind @param {any} amount */
export function checkAmount(kind, amount) {
  if (!Object.hasOwn(STILL, kind)) {
    throw new DataError(`A change must be one of ${Object.keys(STILL).join(", ")}; got "${kind}".`);
  }
  if (!Number.isFinite(amount)) {
    throw new DataError(`${kind} must be a finite number; got ${JSON.stringify(amount) ?? amount}.`);
  }
  if (kind === "scale" && amount <= 0) throw new DataError(`scale must be a number above 0; got ${amount}.`);
  if (kind === "noise" && (amount < 0 || amount > 1)) {
    throw new DataError(`noise must be a share of the pixels, from 0 to 1; got ${amount}.`);
  }
}

/**
 * The change as a distortion of distortions.js.
 * @param {number} scale @param {number} shift @param {number} rotation
 */
function placed(scale, shift, rotation) {
  const angle = rotation * (Math.PI / 180);
  const pixels = shift * GLYPH_SIZE;
  const { sin, cos } = sine(angle);
  // A distortion asks of an output place where it comes from: enlarging reads from nearer, and a shift in the frame,
  // undone first, is turned and scaled on the way.
  const [across, down] = [(sin * pixels) / scale, (-cos * pixels) / scale];
  return Float32Array.of(angle, 1 / scale - 1, 0, across, down, 1, 1);
}

/**
 * @param {Float32Array} images changed in place
 * @param {number} share of the pixels
 * @param {number} background @param {number} ink @param {Generator} generator
 */
function addNoise(images, share, background, ink, generator) {
  const drawn = generator.rand(images.length);
  const white = Math.fround(share / 2);
  const black = Math.fround(1 - share / 2);
  for (let i = 0; i < images.length; i++) {
    if (drawn[i] >= black) images[i] = ink;
    else if (drawn[i] < white) images[i] = background;
  }
}
