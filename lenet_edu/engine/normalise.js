// @ts-check
/**
 * From a drawn digit to what the network sees: MNIST's normalisation, step by step, as lenet_edu/data/normalise.py has
 * it. Invert if need be, crop to the ink, scale to 20x20, centre by mass in 32x32 (section III-A of the paper).
 *
 *   const ink = inkOf(greyOf(bytes, rows, columns));       // bytes: 255 is white
 *   const image = scaled(normalise(ink), scaling);         // Float32Array of 32 x 32, what the network reads
 */

import { translate } from "../system/language.js";
import { BLANK, FAINT, GLYPH_SIZE, IMAGE_SIZE, MIDDLE, TIE, TINY } from "./constants.js";
import { DataError } from "./data.js";

/**
 * Grey levels (0 black to 1 white) or ink (0 paper to 1), row after row.
 * @typedef {{values: Float32Array, rows: number, columns: number}} Sheet
 */

const f = Math.fround;

/**
 * Grey levels from bytes.
 * @param {Uint8Array | Uint8ClampedArray} bytes one a pixel, 255 is white; or four, as a canvas's `getImageData` has
 *   them: their brightness on white paper
 * @param {number} rows @param {number} columns
 * @returns {Sheet}
 */
export function greyOf(bytes, rows, columns) {
  const pixels = rows * columns;
  if (!pixels || (bytes?.length !== pixels && bytes?.length !== 4 * pixels)) {
    throw new DataError(
      `A sheet of ${rows} x ${columns} pixels must have one byte or four for each; got ${bytes?.length} bytes.`,
    );
  }
  const level = (/** @type {number} */ i) => {
    if (bytes.length === pixels) return bytes[i] / 255;
    const [red, green, blue, opaque] = bytes.subarray(4 * i, 4 * i + 4);
    return 1 - (1 - (0.299 * red + 0.587 * green + 0.114 * blue) / 255) * (opaque / 255);
  };
  return { values: Float32Array.from({ length: pixels }, (_, i) => level(i)), rows, columns };
}

/**
 * Ink from grey levels; what most of the sheet shows is paper. Raises DataError for a sheet without contrast.
 * @param {Sheet} grey @returns {Sheet}
 */
export function inkOf(grey) {
  const sorted = grey.values.slice().sort();
  const paper = sorted[(sorted.length - 1) >> 1];
  const distances = grey.values.map((level) => Math.abs(level - paper));
  const largest = highest(distances);
  if (!(largest >= f(BLANK)))
    throw new DataError(translate("the picture is blank: there is no digit on it."));
  return { ...grey, values: distances.map((distance) => distance / largest) };
}

/**
 * Whether a picture is as small as one of MNIST and mostly of one level; what is not is a photo or scan.
 * @param {Sheet} grey @returns {boolean}
 */
export function isCleanAndTiny({ values, rows, columns }) {
  if (Math.max(rows, columns) > TINY) return false;
  const middle = values.slice().sort()[(values.length - 1) >> 1];
  return 2 * values.filter((level) => level === middle).length > values.length;
}

/**
 * Ink -> (32, 32): cropped, longer side scaled to 20, centred by mass.
 * @param {Sheet} ink
 * @param {number} [faint] as `cropToInk` takes it
 * @returns {Sheet}
 */
export function normalise(ink, faint = FAINT) {
  return centreByMass(scaleToGlyph(cropToInk(ink, faint)));
}

/**
 * What each step from a drawing to the network's input gives, as DrawDigit shows it: sheet, ink, cropped, glyph, image.
 * Raises DataError for a sheet without a digit.
 * @param {Sheet} grey
 * @param {object} [switches] without `invert` grey levels are taken for ink; without `crop` the whole sheet is the digit;
 *   without `scale` it fills the frame; without `centre` its box is centred, not its mass
 * @param {boolean} [switches.invert] @param {boolean} [switches.crop] @param {boolean} [switches.scale]
 * @param {boolean} [switches.centre]
 * @returns {Record<string, Sheet>} "image" is the last, 32 x 32
 */
export function normalisation(grey, { invert = true, crop = true, scale = true, centre = true } = {}) {
  const ink = inkOf(grey); // refuses a blank sheet, however the switches stand
  /** @type {Record<string, Sheet>} */
  const shown = { sheet: grey };
  if (invert) shown.ink = ink;
  let digit = invert ? ink : grey;
  if (crop) shown.cropped = digit = cropToInk(digit);
  shown.glyph = digit = scaleToGlyph(digit, scale ? GLYPH_SIZE : IMAGE_SIZE);
  shown.image = centre ? centreByMass(digit) : centreByBox(digit);
  return shown;
}

/**
 * The smallest rectangle that holds all but the faintest ink: what is below this share of the darkest.
 * @param {Sheet} ink @param {number} [faint] @returns {Sheet}
 */
export function cropToInk({ values, rows, columns }, faint = FAINT) {
  const least = f(f(faint) * highest(values));
  let [top, bottom, left, right] = [rows, 0, columns, 0];
  values.forEach((value, i) => {
    if (value > least) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      top = Math.min(top, row);
      bottom = Math.max(bottom, row + 1);
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
    }
  });
  if (!bottom)
    throw new DataError(translate("there is no ink on the sheet, so there is nothing to crop to."));
  const cropped = new Float32Array((bottom - top) * (right - left));
  for (let row = top; row < bottom; row++) {
    const part = values.subarray(row * columns + left, row * columns + right);
    cropped.set(part, (row - top) * (right - left));
  }
  return { values: cropped, rows: bottom - top, columns: right - left };
}

/**
 * Scaled so that the longer side is 20 pixels (or `longerSide`), shape kept, edges smooth, the darkest ink 1.
 * @param {Sheet} ink @param {number} [longerSide] @returns {Sheet}
 */
export function scaleToGlyph({ values, rows, columns }, longerSide = GLYPH_SIZE) {
  const longer = Math.max(rows, columns);
  const [high, wide] = [rows, columns].map((side) => Math.max(1, roundToEven((side * longerSide) / longer)));
  const scaled = resized({ values, rows, columns }, high, wide);
  const largest = highest(scaled.values);
  return { ...scaled, values: scaled.values.map((value) => value / largest) };
}

/**
 * In a frame of 32 x 32, the ink's centre of mass as near the middle as whole pixels allow.
 * @param {Sheet} ink @returns {Sheet}
 */
export function centreByMass(ink) {
  const { values, rows, columns } = ink;
  let [mass, down, across] = [0, 0, 0];
  values.forEach((value, i) => {
    mass += value;
    down += value * (Math.floor(i / columns) + 0.5);
    across += value * ((i % columns) + 0.5);
  });
  const corner = (/** @type {number} */ centre, /** @type {number} */ side) =>
    Math.min(Math.max(Math.ceil(MIDDLE - centre - 0.5 - TIE), 0), IMAGE_SIZE - side);
  return framed(ink, corner(down / mass, rows), corner(across / mass, columns));
}

/** In a frame of 32 x 32, its box in the middle. @param {Sheet} ink @returns {Sheet} */
export function centreByBox(ink) {
  const [top, left] = [ink.rows, ink.columns].map((side) => (IMAGE_SIZE - side) >> 1);
  return framed(ink, top, left);
}

/**
 * Ink from 0 to 1 as the network sees it, from `background` to `ink`.
 * @param {Sheet} sheet @param {import("./data.js").Scaling} scaling
 */
export function scaled({ values }, { background, ink }) {
  const range = f(ink - background);
  return values.map((share) => f(share * range) + f(background));
}

/**
 * Averaged or stretched to another size: what torch's `interpolate(mode="bilinear", antialias=True)` does.
 * @param {Sheet} sheet @param {number} rows @param {number} columns @returns {Sheet}
 */
export function resized(sheet, rows, columns) {
  const short = new Float32Array(rows * sheet.columns);
  weightsOf(sheet.rows, rows).forEach(({ first, weights }, row) => {
    for (let column = 0; column < sheet.columns; column++) {
      let sum = 0;
      weights.forEach((weight, k) => (sum += weight * sheet.values[(first + k) * sheet.columns + column]));
      short[row * sheet.columns + column] = sum;
    }
  });
  const across = weightsOf(sheet.columns, columns);
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    across.forEach(({ first, weights }, column) => {
      let sum = 0;
      weights.forEach((weight, k) => (sum += weight * short[row * sheet.columns + first + k]));
      values[row * columns + column] = sum;
    });
  }
  return { values, rows, columns };
}

/**
 * For each of `count` pixels, what it takes from `side` pixels: a triangle as wide as a pixel of the coarser of the two.
 * @param {number} side @param {number} count
 */
function weightsOf(side, count) {
  // In single precision, as torch has it: of a long row the last pixels' centres are off by some millionths.
  const scale = f(side / count);
  const width = Math.max(scale, 1);
  return Array.from({ length: count }, (_, i) => {
    const centre = f(scale * (i + 0.5));
    const first = Math.max(Math.trunc(centre - width + 0.5), 0);
    const end = Math.min(Math.trunc(centre + width + 0.5), side);
    const weights = Array.from({ length: end - first }, (_, k) =>
      Math.max(1 - Math.abs(first + k - centre + 0.5) / width, 0),
    );
    const sum = weights.reduce((all, weight) => all + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** @param {Sheet} ink @param {number} top @param {number} left @returns {Sheet} */
function framed({ values, rows, columns }, top, left) {
  const frame = new Float32Array(IMAGE_SIZE * IMAGE_SIZE);
  for (let row = 0; row < rows; row++) {
    frame.set(values.subarray(row * columns, (row + 1) * columns), (top + row) * IMAGE_SIZE + left);
  }
  return { values: frame, rows: IMAGE_SIZE, columns: IMAGE_SIZE };
}

/** @param {Float32Array} values */
function highest(values) {
  return values.reduce((largest, value) => Math.max(largest, value), 0);
}

/** To the nearest whole number; halves to the even one, as in Python. @param {number} value */
function roundToEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2) ? below + 1 : below;
}
