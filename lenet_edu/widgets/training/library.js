// @ts-check
/** The data that the page has: the embedded digits from the start, others once a reader has given them. */

import { translate } from "../../system/language.js";
import { DataError, crc32, holdOut, openedSplit, reader } from "../../engine/data.js";
import { bytesOfInk } from "./sizes.js";

/** @typedef {import("./data_worker.js").Held} Held */
/** @typedef {import("./plans.js").Content} Content */
/** @typedef {import("../../engine/data.js").Scaling} Scaling */

const SIDE = 32;
const TEST_EVERY = 5;
const VALIDATION_EVERY = 8;
/** Where the server of the site has MNIST, seen from the page. */
const SERVED = "../assets/mnist/";
const STORE = "data";

export class Library {
  /**
   * @param {Content} content
   * @param {(call: string, ...given: any[]) => Promise<any>} ask a worker that serves data
   * @param {any} storage of storage.js; null where the browser keeps nothing
   * @param {Held} embedded the embedded digits
   */
  constructor(content, ask, storage, embedded) {
    this.content = content;
    this.ask = ask;
    this.storage = storage;
    /** @type {Map<string, Held>} */
    this.held = new Map([["embedded", embedded]]);
    /** @type {Map<string, Promise<Held>>} */
    this.fittedData = new Map();
    /** @type {{ink: Uint8Array, label: number}[]} */
    this.drawings = [];
  }

  /** What the browser kept of earlier visits. */
  async restore() {
    if (!this.storage) return;
    const mnist = await this.storage.get(STORE, "mnist");
    if (mnist) this.#hold("mnist", mnist);
    this.drawings = (await this.storage.get(STORE, "drawn")) ?? [];
    this.#holdDrawings();
  }

  /** @param {string} kind @returns {Held | undefined} */
  get(kind) {
    return this.held.get(kind);
  }

  /** What the labels of some data mean. @param {string} kind @returns {string[]} */
  classesOf(kind) {
    return this.get(kind)?.classes ?? this.content.classes;
  }

  /** @param {string} kind @param {Held} data */
  #hold(kind, data) {
    this.held.set(kind, data);
    for (const key of this.fittedData.keys()) if (key.startsWith(`${kind} `)) this.fittedData.delete(key);
  }

  /** MNIST from files that were picked or dropped. @param {File[]} files */
  async takeMnist(files) {
    await this.#keepMnist(await this.ask("mnist", files));
  }

  /** MNIST from the server that the page came from. */
  async fetchMnist() {
    await this.#keepMnist(await this.ask("servedMnist", new URL(SERVED, location.href).href));
  }

  /** @param {Held} data */
  async #keepMnist(data) {
    this.#hold("mnist", data);
    await this.storage?.put(STORE, "mnist", data);
  }

  /** Pictures below a folder that was picked. @param {File[]} files */
  async takePictures(files) {
    const paths = files.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    const data = await this.ask("pictures", paths);
    this.#hold("pictures", data);
    return data;
  }

  /** Add a drawing to the reader's own digits. @param {Float32Array} ink (32, 32) @param {number} label */
  async addDrawing(ink, label) {
    await this.#keepDrawings([...this.drawings, { ink: bytesOfInk(ink), label }]);
  }

  async forgetDrawings() {
    await this.#keepDrawings([]);
  }

  /** @param {Library["drawings"]} drawings */
  async #keepDrawings(drawings) {
    this.drawings = drawings;
    this.#holdDrawings();
    await this.storage?.put(STORE, "drawn", drawings);
  }

  #holdDrawings() {
    const data = drawnDigits(this.drawings);
    if (data) this.#hold("drawn", data);
    else this.held.delete("drawn");
  }

  /** Take MNIST out of the browser again. */
  async forgetMnist() {
    this.held.delete("mnist");
    await this.storage?.remove(STORE, "mnist");
  }

  /**
   * Data as a network reads it, and its scaling.
   * @param {string} kind @param {import("./plans.js").Plan} plan
   * @returns {Promise<{data: Held, scaling: Scaling}>}
   */
  async fitted(kind, { input: { maps, size } }) {
    const held = this.get(kind);
    if (!held) {
      throw new DataError(
        translate("The page does not have this data: {data}. Give it under Data.", { data: kind }),
      );
    }
    const { digits, pictures } = this.content.scalings;
    if (size === SIDE) return { data: held, scaling: maps === 3 ? pictures : digits };
    const key = `${kind} ${size}`;
    const made = this.fittedData.get(key) ?? this.ask("smaller", held, size);
    this.fittedData.set(key, made);
    // The network of 1989 reads digits from -1 to 1.
    return { data: await made, scaling: size === 16 ? pictures : digits };
  }
}

/**
 * The reader's own digits in three splits; null if there are too few.
 * @param {Library["drawings"]} drawings
 * @returns {Held | null}
 */
function drawnDigits(drawings) {
  const area = SIDE * SIDE;
  const bytes = new Uint8Array(drawings.length * area);
  drawings.forEach(({ ink }, i) => bytes.set(ink, i * area));
  const labels = Uint8Array.from(drawings, ({ label }) => label);
  const { rest, held: test } = holdOut({ bytes, labels, size: SIDE }, TEST_EVERY);
  const { rest: train, held: validation } = holdOut(rest, VALIDATION_EVERY);
  if (new Set(train.labels).size < 2) return null;
  const key = crc32(bytes).toString(16).padStart(8, "0");
  return { train, validation, test, source: `drawn digits (${key})` };
}

/**
 * Some images of a split as the network sees them, one after the other.
 * @param {import("../../engine/data.js").ClosedSplit} split @param {number[]} places @param {Scaling} scaling
 * @param {number} frame the side of the network's input
 */
export async function imagesOf(split, places, scaling, frame) {
  const { bytes, size, maps = 1 } = split;
  const each = maps * size * size;
  const parts = await Promise.all(
    places.map((place) => openedSplit({ ...split, bytes: bytes.slice(place * each, (place + 1) * each) })),
  );
  const pixels = maps * frame * frame;
  const images = new Float32Array(places.length * pixels);
  parts.forEach((one, i) => reader(one, scaling, frame)(0, images.subarray(i * pixels, (i + 1) * pixels)));
  return images;
}

/**
 * The first place of each class in a split; of a class without any the first of all.
 * @param {Uint8Array} labels
 * @param {number} classes
 */
export function oneOfEach(labels, classes) {
  return Array.from({ length: classes }, (_, label) => Math.max(labels.indexOf(label), 0));
}
