// @ts-check
/**
 * Data sets as a page has them: MNIST from its four files, and the 1,797 embedded digits. Digits stay the bytes that
 * they are; a batch is scaled when it is used. Splits are those of lenet_edu/data, so that a training in the browser
 * and one in Python see the same digits.
 */

import { translate } from "../system/language.js";
import { GLYPH_SIZE as GLYPH, IMAGE_SIZE as FRAME, MNIST_SIZE } from "./constants.js";
import { bytesOf } from "./engine.js";

/**
 * Images of one split. bytes: `maps` x `size` x `size` an image; digits are 0 on paper to 255 in ink (of the embedded
 * ones, 0 to 16). maps: 1 if it is left out, 3 for pictures in colour.
 * @typedef {{bytes: Uint8Array, labels: Uint8Array, size: number, maps?: number}} Split
 * A split that a page holds: a Blob goes to workers without its bytes being copied.
 * @typedef {{bytes: Blob | Uint8Array, labels: Uint8Array, size: number, maps?: number}} ClosedSplit
 */

/**
 * background and ink: what the network sees where there is no ink, and where there is most.
 * @typedef {{train: Split, validation: Split, test: Split, source: string}} Data
 * @typedef {{name: string, background: number, ink: number}} Scaling
 */

const EMBEDDED_SIZE = 8;
const MNIST_VALIDATION_EVERY = 12;
const EMBEDDED_TEST_EVERY = 5;
const EMBEDDED_VALIDATION_EVERY = 8;

/** MNIST's four files, unpacked: how many items, and the CRC-32 that gzip would give them. */
export const MNIST_FILES = {
  "train-images-idx3-ubyte": { count: 60000, crc: 0xe9f4d8b3 },
  "train-labels-idx1-ubyte": { count: 60000, crc: 0xe0cb4ad2 },
  "t10k-images-idx3-ubyte": { count: 10000, crc: 0x91373bdf },
  "t10k-labels-idx1-ubyte": { count: 10000, crc: 0x4ab9eff9 },
};

/** What a reader can mend: the message names the file, what was expected, what came, and what to do. */
export class DataError extends Error {
  name = "DataError";
}

/**
 * MNIST from files that a reader picked or dropped, packed (.gz) or not, in any order and under any folder.
 * @param {Iterable<{name: string, arrayBuffer(): Promise<ArrayBuffer>}>} files
 * @returns {Promise<Data>}
 */
export async function readMnist(files) {
  /** @type {Map<string, Uint8Array>} */
  const contents = new Map();
  if (typeof files?.[Symbol.iterator] !== "function") {
    throw new DataError(`MNIST's four files must come as a list of files; got ${files}.`);
  }
  for (const file of files) {
    const name = mnistName(file.name);
    contents.set(name, readIdx(name, await unpack(file.name, new Uint8Array(await file.arrayBuffer()))));
  }
  const missing = Object.keys(MNIST_FILES).filter((name) => !contents.has(name));
  if (missing.length) {
    throw new DataError(
      translate("MNIST is four files. Missing: {names}. Choose all four at once.", {
        names: missing.join(", "),
      }),
    );
  }
  /** @param {string} prefix @returns {Split} */
  const split = (prefix) => ({
    bytes: /** @type {Uint8Array} */ (contents.get(`${prefix}-images-idx3-ubyte`)),
    labels: /** @type {Uint8Array} */ (contents.get(`${prefix}-labels-idx1-ubyte`)),
    size: MNIST_SIZE,
  });
  const { rest, held } = holdOut(split("train"), MNIST_VALIDATION_EVERY);
  return { train: rest, validation: held, test: split("t10k"), source: "MNIST" };
}

/** Which of MNIST's files a name means; browsers may add a number, and some copies have a dot for a hyphen. */
function mnistName(/** @type {string} */ name) {
  const plain = name
    .replace(/^.*[\\/]/, "")
    .replace(/\.gz$/i, "")
    .replace(/ ?\(\d+\)/, "");
  const known = plain.toLowerCase().replace(/\.(idx\d)/, "-$1");
  if (known in MNIST_FILES) return known;
  const wanted = Object.keys(MNIST_FILES).join(", ");
  throw new DataError(
    translate("{name} is none of MNIST's files. They are called {wanted}, each plain or with .gz.", {
      name,
      wanted,
    }),
  );
}

/** @param {string} name @param {Uint8Array} bytes */
async function unpack(name, bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const stream = new Blob([/** @type {BlobPart} */ (bytes)])
      .stream()
      .pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new DataError(
      translate("{name} is damaged: it could not be unpacked. Download it anew.", { name }),
    );
  }
}

/**
 * The items of an IDX file without its header; every way in which it can be damaged has its message.
 * @param {string} name one of MNIST_FILES
 * @param {Uint8Array} content unpacked
 */
export function readIdx(name, content) {
  const { count, crc } = MNIST_FILES[/** @type {keyof typeof MNIST_FILES} */ (name)];
  const shape = name.includes("idx3") ? [count, MNIST_SIZE, MNIST_SIZE] : [count];
  const header = [0, 0, 8, shape.length, ...shape.flatMap((side) => [0, 0, side >> 8, side & 255])];
  const hex = (/** @type {Iterable<number>} */ bytes) =>
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("") || "nothing";
  const length = header.length + shape.reduce((product, side) => product * side, 1);
  const begins = content.subarray(0, header.length);
  if (header.slice(0, 4).some((byte, i) => byte !== begins[i])) {
    throw new DataError(
      translate(
        "{name} is not what its name says: it begins with {came}, not with {wanted}. Choose MNIST's own file.",
        { name, came: hex(begins.subarray(0, 4)), wanted: hex(header.slice(0, 4)) },
      ),
    );
  }
  if (content.length !== length) {
    throw new DataError(
      translate(
        "{name} holds {came} bytes instead of {wanted}: it is truncated or another set's. Download it anew.",
        { name, came: content.length.toLocaleString("en"), wanted: length.toLocaleString("en") },
      ),
    );
  }
  if (crc32(content) !== crc) {
    throw new DataError(
      translate("{name} fails its checksum: it is damaged, or not MNIST's. Download it anew.", { name }),
    );
  }
  return content.subarray(header.length);
}

/** CRC-32 as gzip and PNG have it. @param {Uint8Array} bytes */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/**
 * The embedded digits from digits.gz. They are the test set of the "Optical Recognition of Handwritten Digits" by
 * E. Alpaydin and C. Kaynak (UCI Machine Learning Repository, 1998; CC BY 4.0), as scikit-learn hands it on.
 * @param {URL | string | ArrayBuffer | Uint8Array} [source] an address; the bytes, packed or not; or their base64 text, for
 *   pages without files beside them. By default digits.gz beside this file.
 * @returns {Promise<Data>}
 */
export async function loadEmbeddedDigits(source = new URL("./digits.gz", import.meta.url)) {
  const content = await unpack("digits.gz", new Uint8Array(await bytesOf(source)));
  const count = Math.floor(content.length / 65);
  return embeddedDigits(
    content.subarray(0, content.length - count),
    content.subarray(content.length - count),
  );
}

/**
 * The embedded digits from scikit-learn's small ones, as Python's `load_digits("embedded")` has them: 8x8 pixels in 17
 * steps become glyphs of 20x20.
 * @param {Uint8Array} small 64 bytes a digit, 0 to 16
 * @param {Uint8Array} labels
 * @returns {Data}
 */
export function embeddedDigits(small, labels) {
  if (small.length !== labels.length * 64 || !labels.length) {
    throw new DataError(
      `The embedded digits should be 64 bytes for each of ${labels.length} labels; got ${small.length}.`,
    );
  }
  const all = { bytes: small, labels, size: 8 };
  const { rest, held: test } = holdOut(all, EMBEDDED_TEST_EVERY);
  const { rest: train, held: validation } = holdOut(rest, EMBEDDED_VALIDATION_EVERY);
  return { train, validation, test, source: "embedded digits (scikit-learn)" };
}

/**
 * Data with its bytes at hand, where they were Blobs.
 * @param {{train: ClosedSplit, validation: ClosedSplit, test: ClosedSplit, source: string}} data
 * @returns {Promise<Data>}
 */
export async function opened({ source, ...splits }) {
  const [train, validation, test] = await Promise.all(
    [splits.train, splits.validation, splits.test].map(openedSplit),
  );
  return { train, validation, test, source };
}

/** @param {ClosedSplit} split @returns {Promise<Split>} */
export async function openedSplit({ bytes, ...split }) {
  return { ...split, bytes: bytes instanceof Blob ? new Uint8Array(await bytes.arrayBuffer()) : bytes };
}

/**
 * Two parts of a split: what stays, and every `every`-th image of each class.
 * @param {Split} split @param {number} every
 */
export function holdOut({ bytes, labels, size, maps = 1 }, every) {
  const met = new Map();
  /** @type {number[][]} */
  const [staying, held] = [[], []];
  labels.forEach((label, i) => {
    const before = met.get(label) ?? 0;
    met.set(label, before + 1);
    (before % every ? staying : held).push(i);
  });
  const pixels = maps * size * size;
  /** @param {number[]} places @returns {Split} */
  const part = (places) => {
    const chosen = new Uint8Array(places.length * pixels);
    places.forEach((from, to) => chosen.set(bytes.subarray(from * pixels, (from + 1) * pixels), to * pixels));
    return { bytes: chosen, labels: Uint8Array.from(places, (i) => labels[i]), size, maps };
  };
  return { rest: part(staying), held: part(held) };
}

/**
 * Raise DataError, which names the split and what is wrong with it, unless a network can be trained on the data.
 * @param {any} data its bytes as a Uint8Array or a Blob @param {any} scaling @param {import("./engine.js").Plan} plan
 */
export function checkData(data, scaling, plan) {
  for (const what of ["background", "ink"]) {
    if (!Number.isFinite(scaling?.[what])) {
      throw new DataError(`${what} of the scaling must be a finite number; got ${scaling?.[what]}.`);
    }
  }
  const { maps: wanted, size: frame } = plan.input;
  const classes = plan.layers[plan.layers.length - 1].units ?? 0;
  for (const name of ["train", "validation", "test"]) {
    const { bytes, labels, size, maps = 1 } = data?.[name] ?? {};
    const count = labels?.length;
    const length = bytes?.size ?? bytes?.length;
    if (!(labels instanceof Uint8Array) || !count || length === undefined) {
      throw new DataError(`The ${name} split must have bytes, and a Uint8Array of at least one label.`);
    }
    if (maps !== wanted || !((size === EMBEDDED_SIZE ? FRAME : size) <= frame)) {
      throw new DataError(
        `${plan.name} reads images of ${wanted} x ${frame} x ${frame}; those of the ${name} split are ` +
          `${maps} x ${size} x ${size}.`,
      );
    }
    if (length !== count * maps * size * size) {
      throw new DataError(
        `The ${name} split must have ${maps * size * size} bytes for each of ${count} labels; got ${length}.`,
      );
    }
    const outside = labels.find((label) => label >= classes);
    if (outside !== undefined) {
      throw new DataError(
        `Labels of the ${name} split must be from 0 to ${classes - 1}, as ${plan.name} has classes; got ${outside}.`,
      );
    }
  }
}

/**
 * A function that writes image `i` of a split as the network sees it: `maps` x `frame` x `frame` values, paper round a
 * digit. The embedded digits stand in a frame of 32 only.
 * @param {Split} split
 * @param {Scaling} scaling
 * @param {number} [frame] side of the network's input
 * @returns {(i: number, out: Float32Array) => void}
 */
export function reader({ bytes, size }, { background, ink }, frame = FRAME) {
  const f = Math.fround;
  const range = f(ink - background);
  const scaled = (/** @type {number} */ share) => f(f(f(share) * range) + f(background));
  const paper = scaled(0);
  if (size === EMBEDDED_SIZE) {
    return (i, out) => {
      out.fill(paper);
      writeGlyph(bytes.subarray(i * 64, (i + 1) * 64), out, scaled);
    };
  }
  const levels = Float32Array.from({ length: 256 }, (_, byte) => scaled(byte / 255));
  if (size === frame) {
    return (i, out) => {
      for (let to = 0, from = i * out.length; to < out.length;) out[to++] = levels[bytes[from++]];
    };
  }
  const margin = (frame - size) >> 1;
  return (i, out) => {
    out.fill(paper);
    for (let row = 0, from = i * size * size; row < size; row++) {
      for (let column = 0, to = (row + margin) * frame + margin; column < size; column++) {
        out[to++] = levels[bytes[from++]];
      }
    }
  };
}

/** (20, 8): the weights of bicubic interpolation, as torch has them (Keys, 1981, with a = -0.75). */
const CUBIC = (() => {
  const a = -0.75;
  const near = (/** @type {number} */ t) => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (/** @type {number} */ t) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  const weights = new Float64Array(GLYPH * 8);
  for (let row = 0; row < GLYPH; row++) {
    const place = ((row + 0.5) * 8) / GLYPH - 0.5;
    const first = Math.floor(place);
    const t = place - first;
    [far(t + 1), near(t), near(1 - t), far(2 - t)].forEach((weight, k) => {
      weights[row * 8 + Math.min(Math.max(first - 1 + k, 0), 7)] += weight;
    });
  }
  return weights;
})();

/** @param {Uint8Array} small @param {Float32Array} out @param {(share: number) => number} scaled */
function writeGlyph(small, out, scaled) {
  const margin = (FRAME - GLYPH) / 2;
  for (let row = 0; row < GLYPH; row++) {
    for (let column = 0; column < GLYPH; column++) {
      let sum = 0;
      for (let y = 0; y < 8; y++) {
        const down = CUBIC[row * 8 + y];
        if (down) for (let x = 0; x < 8; x++) sum += down * CUBIC[column * 8 + x] * small[y * 8 + x];
      }
      // Cubics overshoot a little at sharp edges; ink is from 0 to 1.
      out[(row + margin) * FRAME + column + margin] = scaled(Math.min(Math.max(sum / 16, 0), 1));
    }
  }
}
