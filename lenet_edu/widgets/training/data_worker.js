// @ts-check
/**
 * What a worker does with data, so that the page is not held up: MNIST from files or from the server of the
 * page,
 * pictures in colour, digits made smaller for networks that read them so; and the sums of weights.
 */

import { nameOf } from "../names.js";
import { translate } from "../../system/language.js";
import { DataError, MNIST_FILES, crc32, holdOut, opened, readMnist, reader } from "../../engine/data.js";
import { answer } from "../../engine/worker.js";
import { weightsSum } from "./sha256.js";
import { bytesOfInk, inkForSize } from "./sizes.js";

/** @typedef {import("../../engine/data.js").Split} Split */
/** @typedef {import("../../engine/data.js").ClosedSplit} ClosedSplit */
/**
 * Data as the page holds it. classes: what the labels mean; note: what a reader should know of it.
 * @typedef {{train: ClosedSplit, validation: ClosedSplit, test: ClosedSplit, source: string, classes?: string[], note?: string}} Held
 */

const SIDE = 32;
const TEST_EVERY = 5;
const VALIDATION_EVERY = 10;
const NAMED = 3;
const INK = { name: "ink", background: 0, ink: 1 };

/** Bytes that go to other workers without being copied. @param {Split} split @returns {ClosedSplit} */
const closed = (split) => ({ ...split, bytes: new Blob([/** @type {BlobPart} */ (split.bytes)]) });

/** @param {any} data @returns {Held} */
function closedData({ train, validation, test, ...more }) {
  return { ...more, train: closed(train), validation: closed(validation), test: closed(test) };
}

/** @param {File[]} files */
export async function mnist(files) {
  return closedData(await readMnist(files));
}

/** @param {string} folder the address of the folder that has the four files, packed or not */
export async function servedMnist(folder) {
  const files = Object.keys(MNIST_FILES).map(async (name) => {
    for (const file of [name, `${name}.gz`]) {
      const response = await fetch(folder + file).catch(() => null);
      if (response?.ok) return { name, arrayBuffer: () => response.arrayBuffer() };
    }
    throw new DataError(
      `This server has no MNIST (${folder}${name} is not there). Start it with: lenet-edu site --serve, where MNIST ` +
        "has been fetched by lenet-edu data. Or choose the four files.",
    );
  });
  return mnist(/** @type {any} */ (await Promise.all(files)));
}

/**
 * Digits at a smaller size, as bytes: 255 is all ink.
 * @param {any} data @param {number} size @returns {Promise<Held>}
 */
export async function smaller(data, size) {
  const whole = await opened(data);
  const made = (/** @type {Split} */ split) => {
    const read = reader(split, INK);
    const bytes = new Uint8Array(split.labels.length * size * size);
    const ink = new Float32Array(SIDE * SIDE);
    split.labels.forEach((_, i) => {
      read(i, ink);
      bytes.set(bytesOfInk(inkForSize(size, ink)), i * size * size);
    });
    return { bytes, labels: split.labels, size };
  };
  return closedData({
    ...data,
    train: made(whole.train),
    validation: made(whole.validation),
    test: made(whole.test),
  });
}

/**
 * Pictures in colour: a folder for each class, or such folders below `train` and `val` as Python wants them.
 * @param {{path: string, file: File}[]} files with their paths from the folder on that was chosen
 * @param {(done: number, all: number) => void} progress
 */
export async function pictures(files, progress) {
  const sorted = files
    .map(({ path, file }) => ({ parts: path.split("/").slice(1), file, path }))
    .filter(
      ({ parts }) => parts.length > 1 && !parts.some((part) => part.startsWith(".") || part === "Thumbs.db"),
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const isSplit = sorted.length > 0 && sorted.every(({ parts }) => ["train", "val"].includes(parts[0]));
  const classOf = (/** @type {{parts: string[]}} */ { parts }) => parts[isSplit ? 1 : 0];
  const classes = [...new Set(sorted.map(classOf))].sort();
  if (classes.length < 2) {
    throw new DataError(
      translate(
        "A folder of pictures must hold a folder for each class, at least two; this one has {count} ({names}).",
        { count: classes.length, names: classes.join(", ") || translate("none") },
      ),
    );
  }
  const { read, failures } = await decodeAll(sorted, progress);
  const split = (/** @type {typeof sorted} */ chosen) =>
    splitOf(chosen, read, (one) => classes.indexOf(classOf(one)));
  const whole = sorted.filter((one) => read.has(one));
  const parts = isSplit
    ? {
        held: split(whole.filter(({ parts: [first] }) => first === "val")),
        rest: split(whole.filter(({ parts: [first] }) => first === "train")),
      }
    : holdOut(split(whole), TEST_EVERY);
  const { rest: train, held: validation } = holdOut(parts.rest, VALIDATION_EVERY);
  for (const [name, { labels }] of Object.entries({ training: train, validation, test: parts.held })) {
    const missing = classes.filter((_, label) => !labels.includes(label));
    if (missing.length) {
      throw new DataError(
        translate("The {split} split has no picture of {classes}: at least three are needed of each class.", {
          split: nameOf(name),
          classes: missing.join(", "),
        }),
      );
    }
  }
  const key = crc32(train.bytes).toString(16).padStart(8, "0");
  const source = `pictures of ${classes.join(", ")} (${key})`;
  return closedData({
    train,
    validation,
    test: parts.held,
    source,
    classes,
    note: noteOf(failures, files.length),
  });
}

/** @param {any[]} files @param {(done: number, all: number) => void} progress */
async function decodeAll(files, progress) {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
  /** @type {Map<any, Uint8Array>} */
  const read = new Map();
  /** @type {string[]} */
  const failures = [];
  for (const [done, one] of files.entries()) {
    if (done % 50 === 0) progress(done, files.length);
    try {
      read.set(one, await decode(one.file, pen));
    } catch {
      failures.push(one.path);
    }
  }
  return { read, failures };
}

/**
 * Three planes of 32 x 32 bytes; a transparent picture stands on white.
 * @param {File} file
 * @param {OffscreenCanvasRenderingContext2D} pen
 */
async function decode(file, pen) {
  const size = /** @type {const} */ ({ resizeWidth: SIDE, resizeHeight: SIDE, resizeQuality: "medium" });
  const bitmap = await createImageBitmap(file, size);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, SIDE, SIDE);
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = pen.getImageData(0, 0, SIDE, SIDE);
  const area = SIDE * SIDE;
  return Uint8Array.from({ length: 3 * area }, (_, i) => data[4 * (i % area) + Math.floor(i / area)]);
}

/**
 * @param {any[]} chosen
 * @param {Map<any, Uint8Array>} read
 * @param {(one: any) => number} labelOf
 * @returns {Split}
 */
function splitOf(chosen, read, labelOf) {
  const each = 3 * SIDE * SIDE;
  const bytes = new Uint8Array(chosen.length * each);
  chosen.forEach((one, i) => bytes.set(/** @type {Uint8Array} */ (read.get(one)), i * each));
  return { bytes, labels: Uint8Array.from(chosen, labelOf), size: SIDE, maps: 3 };
}

/** @param {string[]} failures @param {number} files */
function noteOf(failures, files) {
  if (!failures.length) return "";
  const said = { count: failures.length, files, names: failures.slice(0, NAMED).join(", ") };
  if (failures.length <= NAMED) {
    return translate(
      "{count} of {files} files could not be read as pictures and are left out: {names}.",
      said,
    );
  }
  return translate(
    "{count} of {files} files could not be read as pictures and are left out: {names} and {more} more.",
    { ...said, more: failures.length - NAMED },
  );
}

/** Answer the page. @param {import("../../engine/worker.js").Port} port */
export function serveData(port) {
  const progress = (/** @type {number} */ done, /** @type {number} */ all) =>
    port.postMessage({ event: "progress", detail: { done, all } });
  answer(port, {
    mnist,
    servedMnist,
    smaller,
    weightsSum,
    pictures: (/** @type {any} */ files) => pictures(files, progress),
  });
}
