// @ts-check
/**
 * From a drawing to what a network sees: lenet_edu/data/normalise.py and `resize_for` of lenet_edu/data/splits.py for
 * the browser. Cropped to the ink, scaled to 20x20, centred by mass in 32x32 (section III-A of the paper).
 */

const FRAME = 32;
const GLYPH = 20;
const MIDDLE = FRAME / 2 + 0.5;
// Ink lighter than this share of the darkest counts as paper when the digit is cropped.
const FAINT = 0.2;
// A sheet whose lightest and darkest parts differ by less than this (of 1) shows nothing.
const BLANK = 0.05;

// LeNet-1: MNIST's frame of 28 comes to 22, in a frame of 28. The network of 1989: its middle 24 come to 16.
const LENET1 = { size: 28, from: 28, to: 22 };
const LENET1989 = { size: 16, from: 24, to: 16 };

/** Values in rows. @typedef {{values: Float32Array, rows: number, columns: number}} Grid */

/**
 * A drawing as ink from 0 to 1, (32, 32); null if there is nothing on the sheet.
 * @param {Uint8Array} levels grey levels, side x side, 255 is white
 * @param {number} side
 */
export function normalised(levels, side) {
  const ink = inkOf(levels);
  if (!ink) return null;
  return centreByMass(scaleToGlyph(cropToInk({ values: ink, rows: side, columns: side })));
}

/** What most of the sheet shows is paper. @param {Uint8Array} levels */
function inkOf(levels) {
  const paper = Uint8Array.from(levels).sort()[(levels.length - 1) >> 1] / 255;
  const distance = Float32Array.from(levels, (level) => Math.abs(level / 255 - paper));
  const most = distance.reduce((a, b) => Math.max(a, b), 0);
  return most < BLANK ? null : distance.map((value) => value / most);
}

/** @param {Grid} grid */
function cropToInk({ values, rows, columns }) {
  const least = FAINT * values.reduce((a, b) => Math.max(a, b), 0);
  let [top, left, bottom, right] = [rows, columns, -1, -1];
  values.forEach((value, i) => {
    if (value <= least) return;
    const [row, column] = [Math.floor(i / columns), i % columns];
    [top, left] = [Math.min(top, row), Math.min(left, column)];
    [bottom, right] = [Math.max(bottom, row), Math.max(right, column)];
  });
  return part({ values, rows, columns }, top, left, bottom - top + 1, right - left + 1);
}

/** @param {Grid} grid @param {number} top @param {number} left @param {number} rows @param {number} columns @returns {Grid} */
function part(grid, top, left, rows, columns) {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = (top + row) * grid.columns + left;
    values.set(grid.values.subarray(from, from + columns), row * columns);
  }
  return { values, rows, columns };
}

/** @param {Grid} grid */
function scaleToGlyph(grid) {
  const longer = Math.max(grid.rows, grid.columns);
  const [rows, columns] = [grid.rows, grid.columns].map((side) =>
    Math.max(1, roundHalfToEven((side * GLYPH) / longer)),
  );
  const scaled = resized(grid, rows, columns);
  const most = scaled.values.reduce((a, b) => Math.max(a, b), 0);
  return { ...scaled, values: scaled.values.map((value) => value / most) };
}

/** @param {Grid} grid */
function centreByMass({ values, rows, columns }) {
  let [mass, down, across] = [0, 0, 0];
  values.forEach((value, i) => {
    mass += value;
    down += value * (Math.floor(i / columns) + 0.5);
    across += value * ((i % columns) + 0.5);
  });
  const place = (/** @type {number} */ moment, /** @type {number} */ side) =>
    Math.min(Math.max(roundHalfToEven(MIDDLE - moment / mass), 0), FRAME - side);
  const [top, left] = [place(down, rows), place(across, columns)];
  const frame = new Float32Array(FRAME * FRAME);
  for (let row = 0; row < rows; row++) {
    frame.set(values.subarray(row * columns, (row + 1) * columns), (top + row) * FRAME + left);
  }
  return frame;
}

/** As Python rounds. @param {number} value */
function roundHalfToEven(value) {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
}

/**
 * Bilinear and smooth, as torch's `interpolate(mode="bilinear", antialias=True)`.
 * @param {Grid} grid @param {number} rows @param {number} columns @returns {Grid}
 */
export function resized(grid, rows, columns) {
  const down = weights(grid.rows, rows);
  const across = weights(grid.columns, columns);
  const wide = new Float32Array(grid.rows * columns);
  for (let row = 0; row < grid.rows; row++) {
    across.forEach(({ first, shares }, column) => {
      const from = row * grid.columns + first;
      wide[row * columns + column] = shares.reduce((sum, share, k) => sum + share * grid.values[from + k], 0);
    });
  }
  const values = new Float32Array(rows * columns);
  down.forEach(({ first, shares }, row) => {
    for (let column = 0; column < columns; column++) {
      const sum = shares.reduce((all, share, k) => all + share * wide[(first + k) * columns + column], 0);
      values[row * columns + column] = sum;
    }
  });
  return { values, rows, columns };
}

/** For each place of a new side the old places that it comes from. @param {number} from @param {number} to */
function weights(from, to) {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, place) => {
    const centre = scale * (place + 0.5);
    const first = Math.max(Math.floor(centre - reach + 0.5), 0);
    const last = Math.min(Math.floor(centre + reach + 0.5), from);
    const shares = Array.from({ length: last - first }, (__, k) =>
      Math.max(1 - Math.abs((first + k - centre + 0.5) / reach), 0),
    );
    const whole = shares.reduce((sum, share) => sum + share, 0);
    return { first, shares: shares.map((share) => share / whole) };
  });
}

/**
 * Ink in a frame of 32x32 as a network with a smaller input reads it, size x size, from 0 to 1.
 * @param {number} size 32, 28 (LeNet-1) or 16 (the network of 1989)
 * @param {Float32Array} ink
 */
export function inkForSize(size, ink) {
  if (size === FRAME) return ink;
  const way = [LENET1, LENET1989].find((one) => one.size === size);
  if (!way) throw new Error(`Digits are read at one of these sizes: 32, 28, 16; got ${size}.`);
  const edge = (FRAME - way.from) / 2;
  const middle = part({ values: ink, rows: FRAME, columns: FRAME }, edge, edge, way.from, way.from);
  const small = resized(middle, way.to, way.to).values;
  const frame = new Float32Array(size * size);
  const margin = (size - way.to) / 2;
  for (let row = 0; row < way.to; row++) {
    frame.set(small.subarray(row * way.to, (row + 1) * way.to), (row + margin) * size + margin);
  }
  return frame;
}

/** Ink from 0 to 1 as bytes. @param {Float32Array} ink */
export const bytesOfInk = (ink) => Uint8Array.from(ink, (value) => Math.round(255 * value));
