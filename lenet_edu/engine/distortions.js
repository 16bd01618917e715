// @ts-check
/**
 * Random distortions of digits and pictures, as lenet_edu/training/distortions.py draws and applies them: from the
 * same generator come the same distortions, and the same pixels to about 1e-6.
 */

import { exp, sine } from "./functions.js";

/** @typedef {import("./recipes.js").Recipe} Recipe */

// An elastic distortion pulls at the knots of a grid this many knots wide and high.
const KNOTS = 8;
const PULLS = 2 * KNOTS * KNOTS;
const AFFINE = 5; // rotation, scale, shear, shift across, shift down
const PLACES = AFFINE + 2; // and two factors, across and down
const COLOURS = 3; // brightness, contrast, saturation

/**
 * The distortions of one epoch: `columns` numbers an image, in the order of Python's `draw_distortions`.
 * @typedef {{columns: number, coloured: boolean, elastic: boolean, values: Float32Array}} Distortions
 */

/** @param {Recipe} recipe */
export function distorts(recipe) {
  const limits = ["rotation", "shift", "scale", "shear", "elastic", "colour", "squeeze"];
  return [...limits, "horizontal_flip", "vertical_flip"].some((name) => recipe[name] > 0);
}

/**
 * One distortion an image, up to the recipe's limits.
 * @param {Recipe} recipe
 * @param {number} count of images
 * @param {import("./random.js").Generator} generator
 * @returns {Distortions}
 */
export function drawDistortions(recipe, count, generator) {
  const { rotation, scale, shear, shift, squeeze, colour } = recipe;
  const f = Math.fround;
  const elastic = recipe.elastic > 0;
  const coloured = colour > 0;
  const columns = PLACES + (coloured ? COLOURS : 0) + (elastic ? PULLS : 0);
  const values = new Float32Array(count * columns);
  /** @type {(from: number, width: number, value: (i: number, column: number) => number) => void} */
  const fill = (from, width, value) => {
    for (let i = 0; i < count; i++) {
      for (let column = 0; column < width; column++) {
        values[i * columns + from + column] = value(i * width + column, column);
      }
    }
  };

  const limits = [rotation * (Math.PI / 180), scale, shear, shift, shift].map(f);
  const affine = generator.rand(count * AFFINE);
  fill(0, AFFINE, (i, column) => (affine[i] * 2 - 1) * limits[column]);
  fill(AFFINE, 2, () => 1);
  if (elastic) {
    const pulls = generator.randn(count * PULLS);
    fill(columns - PULLS, PULLS, (i) => pulls[i] * recipe.elastic);
  }
  const likely = [recipe.horizontal_flip, recipe.vertical_flip];
  if (likely[0] || likely[1]) {
    const chance = generator.rand(count * 2);
    fill(AFFINE, 2, (i, column) => (chance[i] < f(likely[column]) ? -1 : 1));
  }
  if (coloured) {
    const drawn = generator.rand(count * COLOURS);
    fill(PLACES, COLOURS, (i) => f(drawn[i] * 2 - 1) * colour);
  }
  if (squeeze) {
    const drawn = generator.rand(count);
    for (let i = 0; i < count; i++) {
      const share = f(f(drawn[i] * 2 - 1) * squeeze);
      const across = f(share > 0 ? 1 + share : 1 / f(1 - share));
      values[i * columns + AFFINE] *= across;
      values[i * columns + AFFINE + 1] *= 1 / across;
    }
  }
  return { columns, coloured, elastic, values };
}

/**
 * One image rotated, sheared, scaled, squeezed, shifted, flipped, bent and recoloured as it was drawn for `place`.
 * @param {Float32Array} image maps * side * side values
 * @param {number} side in pixels
 * @param {Distortions} distortions
 * @param {number} place of the image among those that were drawn for
 * @param {number | null} background what comes in from outside; null: the picture's own mirror image
 * @param {Float32Array} out where the result goes, as long as `image`
 */
export function distort(image, side, distortions, place, background, out) {
  const { columns, coloured, elastic, values } = distortions;
  const drawn = values.subarray(place * columns, (place + 1) * columns);
  const places = sourcePlaces(drawn, side, elastic ? drawn.subarray(columns - PULLS) : null);
  const pixels = side * side;
  for (let map = 0; map < image.length; map += pixels) {
    const from = image.subarray(map, map + pixels);
    const to = out.subarray(map, map + pixels);
    if (background === null) sampleMirrored(from, side, places, to);
    else sampleOn(from, side, places, background, to);
  }
  if (coloured) recolour(out, pixels, drawn.subarray(PLACES, PLACES + COLOURS));
}

/**
 * For each pixel of the result, the place in the image that it is taken from: x and y in pixels, in turns.
 * @param {Float32Array} drawn
 * @param {number} side
 * @param {Float32Array | null} pulls
 */
function sourcePlaces(drawn, side, pulls) {
  const [angle, scale, shear, across, down, factorAcross, factorDown] = drawn;
  const { sin, cos } = sine(angle);
  const size = 1 + scale;
  // From an output place to an input place, both in units of half the image's side, from its middle.
  const top = [cos * size, shear - sin * size, (across * 2) / side].map((v) => v * factorAcross);
  const bottom = [sin * size, cos * size, (down * 2) / side].map((v) => v * factorDown);
  const places = scratch(side);
  for (let row = 0, i = 0; row < side; row++) {
    const y = (2 * row + 1) / side - 1;
    for (let column = 0; column < side; column++) {
      const x = (2 * column + 1) / side - 1;
      places[i++] = ((top[0] * x + top[1] * y + top[2] + 1) * side - 1) / 2;
      places[i++] = ((bottom[0] * x + bottom[1] * y + bottom[2] + 1) * side - 1) / 2;
    }
  }
  if (pulls) addPulls(places, side, pulls);
  return places;
}

/** @type {Map<number, Float64Array>} */
const scratches = new Map();

/** @param {number} side */
function scratch(side) {
  let array = scratches.get(side);
  if (!array) scratches.set(side, (array = new Float64Array(2 * side * side)));
  return array;
}

/** @type {Map<number, Float64Array>} */
const spreads = new Map();

/**
 * (side, KNOTS): from pulls at the knots to displacements of pixels, of the same deviation everywhere.
 * @param {number} side
 */
function spread(side) {
  const known = spreads.get(side);
  if (known) return known;
  const weights = new Float64Array(side * KNOTS);
  for (let pixel = 0; pixel < side; pixel++) {
    const row = weights.subarray(pixel * KNOTS, (pixel + 1) * KNOTS);
    const place = ((pixel + 0.5) / side) * KNOTS - 0.5;
    for (let knot = 0; knot < KNOTS; knot++) row[knot] = exp(-((place - knot) ** 2) / 2);
    const norm = Math.sqrt(row.reduce((sum, weight) => sum + weight * weight, 0));
    for (let knot = 0; knot < KNOTS; knot++) row[knot] /= norm;
  }
  spreads.set(side, weights);
  return weights;
}

/** @param {Float64Array} places @param {number} side @param {Float32Array} pulls (2, KNOTS, KNOTS) in pixels */
function addPulls(places, side, pulls) {
  const weights = spread(side);
  const rows = new Float64Array(side * KNOTS);
  for (let axis = 0; axis < 2; axis++) {
    rows.fill(0);
    for (let pixel = 0; pixel < side; pixel++) {
      for (let knot = 0; knot < KNOTS; knot++) {
        const weight = weights[pixel * KNOTS + knot];
        for (let column = 0; column < KNOTS; column++) {
          rows[pixel * KNOTS + column] += weight * pulls[(axis * KNOTS + knot) * KNOTS + column];
        }
      }
    }
    for (let row = 0, i = axis; row < side; row++) {
      for (let column = 0; column < side; column++, i += 2) {
        let sum = 0;
        for (let knot = 0; knot < KNOTS; knot++) {
          sum += rows[row * KNOTS + knot] * weights[column * KNOTS + knot];
        }
        places[i] += sum;
      }
    }
  }
}

/**
 * Bilinear: each value from the four pixels round its place; outside the image there is `background`.
 * @param {Float32Array} image @param {number} side @param {Float64Array} places @param {number} background
 * @param {Float32Array} out
 */
function sampleOn(image, side, places, background, out) {
  const last = side - 1;
  for (let i = 0; i < out.length; i++) {
    const x = places[2 * i];
    const y = places[2 * i + 1];
    if (!(x > -1 && y > -1 && x < side && y < side)) {
      out[i] = background;
      continue;
    }
    // Rounded down, by cutting off what stands behind the point of a number above 0.
    const left = ((x + 1) | 0) - 1;
    const above = ((y + 1) | 0) - 1;
    const right = x - left;
    const below = y - above;
    const at = above * side + left;
    if (left >= 0 && above >= 0 && left < last && above < last) {
      const upper =
        (1 - right) * (1 - below) * (image[at] - background) +
        right * (1 - below) * (image[at + 1] - background);
      const lower = (1 - right) * below * (image[at + side] - background);
      out[i] = upper + lower + right * below * (image[at + side + 1] - background) + background;
      continue;
    }
    const hasLeft = left >= 0;
    const hasRight = left + 1 < side;
    let value = 0;
    if (above >= 0) {
      if (hasLeft) value += (1 - right) * (1 - below) * (image[at] - background);
      if (hasRight) value += right * (1 - below) * (image[at + 1] - background);
    }
    if (above + 1 < side) {
      if (hasLeft) value += (1 - right) * below * (image[at + side] - background);
      if (hasRight) value += right * below * (image[at + side + 1] - background);
    }
    out[i] = value + background;
  }
}

/** @param {Float32Array} image @param {number} side @param {Float64Array} places @param {Float32Array} out */
function sampleMirrored(image, side, places, out) {
  const last = side - 1;
  for (let i = 0; i < out.length; i++) {
    const x = mirror(places[2 * i], side);
    const y = mirror(places[2 * i + 1], side);
    const left = Math.floor(x);
    const above = Math.floor(y);
    const next = left < last ? 1 : 0;
    const at = above * side + left;
    const under = above < last ? at + side : at;
    const right = x - left;
    const below = y - above;
    out[i] =
      (1 - below) * ((1 - right) * image[at] + right * image[at + next]) +
      below * ((1 - right) * image[under] + right * image[under + next]);
  }
}

/** A place brought back into the image by mirrors at its edges. @param {number} place @param {number} side */
function mirror(place, side) {
  const distance = Math.abs(place + 0.5);
  const rest = distance % side;
  const inside = Math.floor(distance / side) % 2 ? side - rest - 0.5 : rest - 0.5;
  return Math.min(Math.max(inside, 0), side - 1);
}

/**
 * Brighter, farther from the mean grey, and farther from each pixel's own grey, as was drawn.
 * @param {Float32Array} image @param {number} pixels @param {Float32Array} drawn
 */
function recolour(image, pixels, [brightness, contrast, saturation]) {
  const maps = image.length / pixels;
  let middle = 0;
  for (let i = 0; i < pixels; i++) {
    let grey = 0;
    for (let map = 0; map < maps; map++) grey += image[map * pixels + i];
    grey /= maps;
    middle += grey / pixels;
    for (let map = 0; map < maps; map++) {
      const at = map * pixels + i;
      image[at] = grey + (image[at] - grey) * (1 + saturation);
    }
  }
  for (let i = 0; i < image.length; i++) {
    image[i] = middle + (image[i] - middle) * (1 + contrast) + brightness;
  }
}
