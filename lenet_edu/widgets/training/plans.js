// @ts-check
/**
 * Networks as the page knows them: plans that Python made, what the widgets' views want of them, and their
 * weights.
 */

import { translate } from "../../system/language.js";
import {
  EngineError,
  parametersOf,
  readSafetensors,
  shapesOf,
  withTable,
  writeSafetensors,
} from "../../engine/engine.js";

/** @typedef {import("../../engine/engine.js").Plan} Plan */
/** @typedef {import("../../engine/engine.js").LayerPlan} LayerPlan */
/** What content.py writes into the page. @typedef {Record<string, any>} Content */

/** The networks by the name of their switches, and what readers call them. */
export const NETWORKS = /** @type {const} */ ({
  lenet5: "LeNet-5",
  lenet4: "LeNet-4",
  lenet1: "LeNet-1",
  lenet1989: "LeNet 1989",
  rgb: "RGB LeNet",
});

/** All plans of the page. @param {Content} content @returns {Plan[]} */
export function plansOf({ networks: { layers, plans } }) {
  return plans.map((/** @type {any} */ plan) => ({
    ...plan,
    layers: plan.layers.map((/** @type {number} */ place) => layers[place]),
  }));
}

/**
 * The plan of a network.
 * @param {Content} content
 * @param {Record<string, any>} config as an architecture's `config` in Python; a table of one's own as c3, too
 * @returns {Plan}
 */
export function planOf(content, config) {
  const { c3, classes, ...switches } = config;
  const plain = Array.isArray(c3) ? "table" : c3;
  const plan = plansOf(content).find(({ network }) => {
    const its = /** @type {Record<string, any>} */ (network);
    return its.c3 === plain && Object.entries(switches).every(([name, value]) => its[name] === value);
  });
  if (!plan) {
    throw new EngineError(
      translate("There is no such network: {network}.", { network: JSON.stringify(config) }),
    );
  }
  if (Array.isArray(c3)) return withTable(plan, c3);
  return classes ? withClasses(plan, classes) : plan;
}

/** @param {Plan} plan @param {number} classes */
function withClasses(plan, classes) {
  const layers = [...plan.layers];
  layers[layers.length - 1] = { ...layers[layers.length - 1], units: classes };
  return { ...plan, network: { ...plan.network, classes }, layers };
}

/** @param {Plan} plan */
export const isRbf = (plan) => plan.layers[plan.layers.length - 1].kind === "rbf";

/**
 * The layers as the view of FeatureMaps takes them, the input first: see `describe` in
 * widgets/feature_maps.py.
 * @param {Plan} plan @param {[number, number]} squash amplitude and slope of 1998's
 */
export function describeLayers(plan, squash) {
  const shapes = shapesOf(plan);
  let below = 0;
  return [plan.input, ...plan.layers].map((layer) => {
    const [maps, height = 1, width = 1] = shapes[layer.name];
    const kind = "kind" in layer ? kindOf(layer, below) : { kind: "input" };
    const squashed = "activation" in kind && kind.activation === "scaled_tanh" ? { squash } : {};
    below = maps;
    return { name: layer.name, shape: [maps, height, width], ...kind, ...squashed };
  });
}

/** @param {LayerPlan} layer @param {number} below how many maps there are */
function kindOf(layer, below) {
  const { activation = null, kernel, stride, padding, border, bias, size, copies } = layer;
  if (layer.kind === "convolution") {
    const reads = Array.from({ length: layer.maps ?? 0 }, (_, map) => readsOf(layer, below, map));
    return { kind: "convolution", size: kernel, activation, stride, padding, border, bias, reads };
  }
  if (layer.kind === "subsampling") return { kind: layer.pooling, activation, size, copies };
  return { kind: layer.kind, activation };
}

/**
 * The maps below that a map of a convolution reads.
 * @param {LayerPlan} layer
 * @param {number} below
 * @param {number} map
 */
function readsOf({ table }, below, map) {
  const all = Array.from({ length: below }, (_, i) => i);
  return table ? all.filter((i) => table[i][map] === "X") : all;
}

/**
 * All numbers in use, layer after layer, as the view of FeatureMaps takes them: kernels also where a table
 * has none,
 * weights or coefficients, then biases; codes. See `flat_parameters` in widgets/feature_maps.py.
 * @param {Plan} plan @param {Float32Array} weights
 */
export function flatParameters(plan, weights) {
  const shapes = shapesOf(plan);
  const parameters = parametersOf(plan);
  /** @type {Float32Array[]} */
  const parts = [];
  let [below] = shapes[plan.input.name];
  for (const layer of plan.layers) {
    const own = parameters.filter(({ name }) => name.startsWith(`${layer.name}.`));
    const [first, ...rest] = own.map(({ offset, size }) => weights.subarray(offset, offset + size));
    if (layer.table) parts.push(denseKernels(layer, below, first), ...rest);
    else if (layer.kind === "rbf") parts.push(codesOf(layer));
    else if (first) parts.push(first, ...rest);
    [below] = shapes[layer.name];
  }
  const flat = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (flat.set(part, at), at + part.length), 0);
  return flat;
}

/**
 * @param {LayerPlan} layer
 * @param {number} below
 * @param {Float32Array} links a kernel for each, map after map
 */
function denseKernels(layer, below, links) {
  const { maps = 0, kernel = 0 } = layer;
  const area = kernel * kernel;
  const dense = new Float32Array(maps * below * area);
  let from = 0;
  for (let map = 0; map < maps; map++) {
    for (const i of readsOf(layer, below, map)) {
      dense.set(links.subarray(from, (from += area)), (map * below + i) * area);
    }
  }
  return dense;
}

/** @param {LayerPlan} layer */
function codesOf({ codes = [] }) {
  return Float32Array.from(codes.join(""), (mark) => (mark === "X" ? 1 : -1));
}

/** The kernels of the first convolution. @param {Plan} plan @param {Float32Array} weights */
export function firstKernels(plan, weights) {
  const [{ offset, size }] = parametersOf(plan);
  return weights.subarray(offset, offset + size);
}

/**
 * For each layer that learns its name and the root mean square of its part of a gradient.
 * @param {Plan} plan @param {Float32Array | null} gradient
 */
export function gradientSizes(plan, gradient) {
  /** @type {Map<string, [number, number]>} */
  const sums = new Map();
  for (const { name, offset, size } of parametersOf(plan)) {
    const [layer] = name.split(".");
    let [sum, count] = sums.get(layer) ?? [0, 0];
    for (let i = offset; gradient && i < offset + size; i++) sum += gradient[i] * gradient[i];
    sums.set(layer, [sum, count + size]);
  }
  return [...sums].map(([layer, [sum, count]]) => ({ layer, size: Math.sqrt(sum / count) }));
}

/**
 * A file of weights that Python's load_network reads.
 * @param {Plan} plan
 * @param {Float32Array} weights
 * @param {object} notes
 */
export function weightsFile(plan, weights, notes) {
  const tensors = Object.fromEntries(
    parametersOf(plan).map(({ name, shape, offset, size }) => [
      name,
      { shape, data: weights.slice(offset, offset + size) },
    ]),
  );
  return writeSafetensors(tensors, { ...notes, network: plan.network });
}

/**
 * What a file of weights holds: the network that it names, as a plan, and its weights in one array.
 * @param {Content} content @param {ArrayBuffer} file
 */
export function readWeights(content, file) {
  const { tensors, notes } = readSafetensors(file);
  if (typeof notes.network !== "object" || notes.network === null)
    throw new EngineError(translate("The file holds tensors but no network. Give best.safetensors."));
  const plan = planOf(content, notes.network);
  const parameters = parametersOf(plan);
  const weights = new Float32Array(parameters.reduce((sum, { size }) => sum + size, 0));
  for (const { name, shape, offset } of parameters) {
    const came = tensors[name];
    if (String(came?.shape) !== String(shape)) {
      throw new EngineError(
        translate("The weights do not fit {network}: {name} should be ({shape}), is {came}.", {
          network: plan.name,
          name,
          shape,
          came: came ? `(${came.shape})` : translate("absent"),
        }),
      );
    }
    weights.set(came.data, offset);
  }
  return { plan, weights, notes };
}

/** Floats as little-endian bytes, which all browsers' processors have. @param {Float32Array} values */
export function bytesOfFloats(values) {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Floats as the views take them. @param {Float32Array} values */
export function viewOf(values) {
  return new DataView(values.buffer, values.byteOffset, values.byteLength);
}
