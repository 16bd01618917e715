// @ts-check
// Networks and images from what widgets/material.py says of them, and bytes from base64.
import { loadEmbeddedDigits, reader } from "../../engine/data.js";
import { loadEngine } from "../../engine/engine.js";

/**
 * Where a page has its files. `bytes(name)` gives the content of one, such as "weights/lenet5-1998.safetensors".
 *
 * @typedef {{ bytes: (name: string) => Promise<ArrayBuffer | Uint8Array>,
 *   module?: (name: string) => Promise<any>, progress?: any }} Resources
 */

/** @param {string | Uint8Array} content base64, or the bytes themselves where a page has them in a file */
export function bytesOf(content) {
  if (typeof content !== "string") return content.slice();
  return Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
}

/**
 * A part of a widget's description, with the bytes of the files that it names: see `site/descriptions.py`.
 *
 * @param {any} value
 * @param {Resources} resources
 * @returns {Promise<any>}
 */
export async function withFiles(value, resources) {
  if (value === null || typeof value !== "object") return value;
  const names = Object.keys(value);
  if (names.length === 1 && typeof value.file === "string") {
    return once(resources, value.file, async () => new Uint8Array(await resources.bytes(value.file)));
  }
  const parts = await Promise.all(names.map((name) => withFiles(value[name], resources)));
  if (Array.isArray(value)) return parts;
  return Object.fromEntries(names.map((name, i) => [name, parts[i]]));
}

/** What Python's `veiled` made a text of. @param {string | Uint8Array} text */
export function unveiled(text) {
  return JSON.parse(new TextDecoder().decode(bytesOf(text)));
}

/** @param {string | Uint8Array} content single precision, little end first */
export function floatsOf(content) {
  return new Float32Array(bytesOf(content).buffer);
}

/** A DataView on numbers, as traits of bytes have it. @param {Float32Array} values */
export function view(values) {
  return new DataView(values.buffer, values.byteOffset, values.byteLength);
}

/** Arrays of floats one after another. @param {Float32Array[]} parts */
export function joined(parts) {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let from = 0;
  for (const part of parts) {
    all.set(part, from);
    from += part.length;
  }
  return all;
}

/** What all widgets of a page share, made once. @type {WeakMap<object, Map<string, Promise<any>>>} */
const shared = new WeakMap();

/** @param {Resources} resources @param {string} what @param {() => Promise<any>} make */
function once(resources, what, make) {
  if (!shared.has(resources)) shared.set(resources, new Map());
  const made = /** @type {Map<string, Promise<any>>} */ (shared.get(resources));
  if (!made.has(what)) {
    const promise = make();
    made.set(what, promise);
    promise.catch(() => made.delete(what)); // another widget may try again
  }
  return /** @type {Promise<any>} */ (made.get(what));
}

const text = new TextDecoder();
export const jsonOf = async (resources, name) => JSON.parse(text.decode(await resources.bytes(name)));

/** @param {Resources} resources @returns {Promise<import("../../engine/engine.js").Engine>} */
export const engineOf = (resources) =>
  once(resources, "engine", async () => loadEngine(await resources.bytes("engine/lenet.wasm")));

/** @param {Resources} resources @returns {Promise<import("../../engine/data.js").Data>} */
export const embeddedDigits = (resources) =>
  once(resources, "digits", async () =>
    loadEmbeddedDigits(/** @type {Uint8Array} */ (await resources.bytes("engine/digits.gz"))),
  );

/**
 * The network that Python described, with its weights.
 *
 * @param {{ weights?: string, plan?: any, tensors?: string, temperature: number }} described
 * @param {Resources} resources
 */
export async function network(described, resources) {
  const engine = await engineOf(resources);
  const { weights, plan, tensors, temperature } = described;
  const made = engine.network(plan ?? (await jsonOf(resources, `plans/${weights}.json`)));
  made.loadSafetensors(
    tensors === undefined ? await resources.bytes(`weights/${weights}.safetensors`) : bytesOf(tensors),
  );
  made.temperature = temperature;
  return made;
}

/**
 * The images that Python described, each as a network takes it.
 *
 * @param {{ embedded?: [string, number][], scaling?: [number, number], shape?: number[], bytes?: string,
 *   floats?: string }} described
 * @param {Resources} resources
 * @returns {Promise<Float32Array[]>}
 */
export async function images(described, resources) {
  const { embedded, scaling = [0, 1], shape = [], bytes, floats } = described;
  const levels = { name: "", background: scaling[0], ink: scaling[1] };
  if (embedded) {
    const data = await embeddedDigits(resources);
    return embedded.map(([split, index]) => {
      const image = new Float32Array(1024);
      reader(data[split], levels)(index, image);
      return image;
    });
  }
  const values = floats === undefined ? scaled(bytesOf(bytes ?? ""), levels) : floatsOf(floats);
  const size = values.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => values.subarray(i * size, (i + 1) * size));
}

/** Bytes as torch scales them, in single precision. */
function scaled(bytes, { background, ink }) {
  const f = Math.fround;
  const range = f(ink - background);
  return Float32Array.from(bytes, (byte) => f(f(f(byte / 255) * range) + f(background)));
}

/**
 * All numbers in use, layer after layer, as Python's `flat_parameters` has them: dense kernels, weights or
 * coefficients, then biases; codes.
 *
 * @param {import("../../engine/engine.js").Network} made
 */
export function flatParameters(made) {
  const tensors = made.split(made.weights);
  let [below] = made.shapes[made.plan.input.name];
  const parts = made.plan.layers.flatMap((layer) => {
    const under = below;
    [below] = made.shapes[layer.name];
    if (layer.kind === "rbf") return [codesOf(layer.codes)];
    const named = (part) => tensors[`${layer.name}.${part}`]?.data;
    if (layer.kind === "convolution") return [dense(layer, named("weight"), under), named("bias")];
    return [named("weight") ?? named("coefficient"), named("bias")].filter(Boolean);
  });
  return joined(parts);
}

function codesOf(codes) {
  return Float32Array.from(codes.join(""), (mark) => (mark === "X" ? 1 : -1));
}

/**
 * A convolution's kernels by map and map below, zeros where its table has no link.
 *
 * @param {any} layer @param {Float32Array} weight @param {number} below
 */
function dense({ table, kernel, maps }, weight, below) {
  if (!table) return weight;
  const area = kernel * kernel;
  const kernels = new Float32Array(maps * below * area);
  let from = 0;
  for (let map = 0; map < maps; map++) {
    for (let under = 0; under < below; under++) {
      if (table[under][map] !== "X") continue;
      kernels.set(weight.subarray(from, from + area), (map * below + under) * area);
      from += area;
    }
  }
  return kernels;
}
