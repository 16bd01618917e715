// @ts-check
/** Initial weights, drawn as `Network.reset_parameters` of lenet_edu/network/models.py draws them. */

import { INITIAL_WEIGHT_RANGE } from "./constants.js";
import { parametersOf, shapesOf } from "./engine.js";

/**
 * The initial weights of a network, one array in the order of its parameters.
 * @param {import("./engine.js").Plan} plan
 * @param {import("./random.js").Generator} generator
 * @param {string} start "scaled" to each layer's activation, or "torch": +-1/sqrt(F) for all
 */
export function drawStart(plan, generator, start) {
  const parameters = parametersOf(plan);
  const weights = new Float32Array(parameters.reduce((sum, { size }) => sum + size, 0));
  const shapes = shapesOf(plan);
  let below = shapes[plan.input.name];
  for (const layer of plan.layers) {
    const [first, bias] = parameters.filter(({ name }) => name.startsWith(`${layer.name}.`));
    if (first && layer.kind === "subsampling") {
      weights.fill(1 / /** @type {number} */ (layer.size) ** 2, first.offset, first.offset + first.size);
    } else if (first) {
      const bounds = boundsOf(layer, below, start === "scaled" ? layer.activation : null);
      draw(weights, first, bounds.weights, generator);
      draw(weights, bias, bounds.biases, generator);
    }
    below = shapes[layer.name];
  }
  return weights;
}

/**
 * Uniform numbers within bounds; the parameter's first axis has as many as there are bounds.
 * @param {Float32Array} weights
 * @param {{offset: number, size: number}} parameter
 * @param {number[]} bounds
 * @param {import("./random.js").Generator} generator
 */
function draw(weights, { offset, size }, bounds, generator) {
  const numbers = generator.rand(size);
  const each = size / bounds.length;
  for (let i = 0; i < size; i++)
    weights[offset + i] = Math.fround(numbers[i] * 2 - 1) * bounds[Math.floor(i / each)];
}

/**
 * How large initial weights and biases may be, by their first axis: maps, links of a table, or units.
 * @param {import("./engine.js").LayerPlan} layer
 * @param {number[]} below the shape of what the layer reads
 * @param {string | null | undefined} activation
 */
function boundsOf(layer, below, activation) {
  const inputs = layer.kind === "convolution" ? fanIns(layer, below[0]) : [product(below)];
  const bounds = inputs.map((fanIn) => boundFor(Math.max(fanIn, 1), activation));
  const biases = activation === "relu" ? bounds.map(() => 0) : bounds;
  const table = layer.kind === "convolution" && layer.table;
  // A convolution with a table has one kernel for each link, map after map.
  const weights = table ? bounds.flatMap((bound, map) => Array(linksOf(table, map)).fill(bound)) : bounds;
  return { weights, biases };
}

/** @param {import("./engine.js").LayerPlan} layer @param {number} mapsBelow */
function fanIns({ maps = 0, kernel = 0, table }, mapsBelow) {
  const links = Array.from({ length: maps }, (_, map) => (table ? linksOf(table, map) : mapsBelow));
  return links.map((count) => count * kernel ** 2);
}

/** How many maps a map reads. @param {string[]} table @param {number} map */
function linksOf(table, map) {
  return table.filter((row) => row[map] === "X").length;
}

/** @param {number} fanIn @param {string | null | undefined} activation */
function boundFor(fanIn, activation) {
  const f = Math.fround;
  const share = f(1 / fanIn); // torch divides a number by a tensor through the reciprocal
  // Appendix A: uniform in +-2.4/F.
  if (activation === "scaled_tanh") return f(f(INITIAL_WEIGHT_RANGE) * share);
  // ReLU: sqrt(6/F) keeps the variance from layer to layer (He et al., 2015).
  return activation === "relu" ? f(Math.sqrt(f(6 * share))) : f(1 / f(Math.sqrt(fanIn)));
}

/** @param {number[]} shape */
function product(shape) {
  return shape.reduce((size, side) => size * side, 1);
}
