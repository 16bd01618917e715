// @ts-check
/**
 * The ledger of a network: every shape, parameter, connection and receptive field, computed from its plan
 * and written
 * out. It is lenet_edu/network/ledger.py for the browser, since a reader's own table has one, too.
 */

import { translate } from "../../system/language.js";
import { shapesOf } from "../../engine/engine.js";

/** @typedef {import("../../engine/engine.js").LayerPlan} LayerPlan */
/**
 * A number and how it comes about, as 156 and "6 x (5 x 5 + 1)".
 * @typedef {{value: number, working: string}} Quantity
 */
/**
 * @typedef {{name: string, kind: string, output: number[], quantities: Record<string, Quantity | null>}} Row
 */

/** The figures of a row in the order in which they are read, and their labels. */
export const QUANTITIES = {
  side: () => translate("output side"),
  units: () => translate("units"),
  parameters: () => translate("parameters"),
  connections: () => translate("connections"),
  multiply_adds: () => translate("multiply-adds"),
  receptive_field: () => translate("receptive field"),
  stride: () => translate("stride"),
};
export const TOTALS = ["units", "parameters", "connections", "multiply_adds"];

/**
 * The rows of a network's layers, bottom to top, and the sums over all.
 * @param {import("../../widgets/training/plans.js").Plan} plan
 */
export function ledger(plan) {
  const shapes = shapesOf(plan);
  let [field, stride] = [1, 1];
  let shape = shapes[plan.input.name];
  const rows = plan.layers.map((layer) => {
    const row = rowOf(layer, shape, shapes[layer.name], field, stride);
    shape = shapes[layer.name];
    field = row.quantities.receptive_field?.value ?? 0;
    stride = row.quantities.stride?.value ?? 0;
    return row;
  });
  const sum = (/** @type {string} */ name) =>
    rows.reduce((all, row) => all + (row.quantities[name]?.value ?? 0), 0);
  return { name: plan.name, rows, totals: Object.fromEntries(TOTALS.map((name) => [name, sum(name)])) };
}

/** `156`, or `6 x (5 x 5 + 1) = 156`. @param {Quantity} quantity */
export function inWords({ value, working }) {
  const text = count(value);
  return working === "" || working === text ? text : `${working} = ${text}`;
}

/** (6, 28, 28) as the paper writes it, 6@28x28; (84,) as 84. @param {number[]} shape */
export function showShape([maps, ...sides]) {
  return sides.length ? `${maps}@${sides.join("x")}` : String(maps);
}

/** 4704 as 4,704. @param {number} value */
export const count = (value) => value.toLocaleString("en");

/** @param {number} value @param {string} [working] @returns {Quantity} */
const quantity = (value, working = "") => ({ value, working });

/**
 * @param {LayerPlan} layer
 * @param {number[]} shape of its input
 * @param {number[]} out
 * @param {number} field
 * @param {number} stride
 * @returns {Row}
 */
function rowOf(layer, shape, out, field, stride) {
  const [reads, steps] = windowOf(layer, shape);
  return {
    name: layer.name,
    kind: kindInWords(layer),
    output: out,
    quantities: {
      units: quantity(product(out), times(...out)),
      ...quantitiesOf(layer, shape, out),
      receptive_field: quantity(field + (reads - 1) * stride, `${field} + (${reads} - 1) x ${stride}`),
      stride: quantity(stride * steps, `${stride} x ${steps}`),
    },
  };
}

/**
 * Side of the square of input units that a unit reads, and the step between such squares.
 * @param {LayerPlan} layer
 * @param {number[]} shape
 */
function windowOf({ kind, kernel = 1, stride = 1, size = 1 }, shape) {
  if (kind === "convolution") return [kernel, stride];
  if (kind === "subsampling") return [size, size];
  return [shape.length === 3 ? shape[1] : 1, 1];
}

/** @param {LayerPlan} layer */
function kindInWords({ kind, kernel, table, stride = 1, copies = 1, pooling = "trainable" }) {
  if (kind === "convolution") {
    const said = table
      ? translate("convolution {kernel}x{kernel} by table", { kernel })
      : translate("convolution {kernel}x{kernel}", { kernel });
    return stride > 1 ? translate("{kind}, stride {stride}", { kind: said, stride }) : said;
  }
  if (kind === "subsampling" && copies > 1) return translate("subsampling, {copies} to a map", { copies });
  if (kind === "subsampling") {
    return {
      trainable: translate("subsampling"),
      average: translate("average pooling"),
      max: translate("max pooling"),
    }[pooling];
  }
  return kind === "linear" ? translate("fully connected") : translate("RBF, fixed codes");
}

/**
 * @param {LayerPlan} layer
 * @param {number[]} shape
 * @param {number[]} out
 * @returns {Record<string, Quantity | null>}
 */
function quantitiesOf(layer, shape, out) {
  if (layer.kind === "convolution") return ofConvolution(layer, shape, out);
  if (layer.kind === "subsampling") return ofSubsampling(layer, shape, out);
  const { units = 0 } = layer;
  const inputs = product(shape);
  const products = quantity(units * inputs, times(units, ...(layer.kind === "rbf" ? [inputs] : shape)));
  if (layer.kind === "rbf") {
    return { side: null, parameters: quantity(0), connections: products, multiply_adds: products };
  }
  const biased = quantity(units * (inputs + 1), `${units} x (${times(...shape)} + 1)`);
  return { side: null, parameters: biased, connections: biased, multiply_adds: products };
}

/** @param {LayerPlan} layer @param {number[]} shape @param {number[]} out */
function ofConvolution(layer, shape, out) {
  const { kernel: k = 1, maps = 0, bias } = layer;
  const [, ...places] = out;
  const columns = columnsOf(layer, shape[0]);
  const groups = groupsOf(columns, shape[0]).map((group) => [group.length, columns[group[0]].length]);
  const inputs = (/** @type {number} */ reads) => times(shape[0] > 1 ? reads : 1, k, k);
  const weights = groups.map(([count_, reads]) => times(count_, shape[0] > 1 ? reads : 1, k, k));
  const biased = groups.map(([count_, reads]) => `${count_} x (${inputs(reads)} + 1)`);
  const weightCount = columns.reduce((sum, { length }) => sum + length, 0) * k * k;
  const perUnit = bias === "unit";
  const parameters = perUnit
    ? quantity(weightCount + product(out), [...weights, times(...out)].join(" + "))
    : quantity(weightCount + maps, biased.join(" + "));
  return {
    side: quantity(out[1], sideInWords(layer, shape[1], out[1])),
    parameters,
    connections: quantity(
      (weightCount + maps) * product(places),
      times(perUnit ? sumOf(biased) : parameters.value, ...places),
    ),
    multiply_adds: quantity(weightCount * product(places), times(sumOf(weights), ...places)),
  };
}

/** @param {LayerPlan} layer @param {number[]} shape @param {number[]} out */
function ofSubsampling({ size = 1, pooling }, shape, out) {
  const reads = `${size} x ${size}`;
  const bias = pooling === "trainable" ? 1 : 0;
  return {
    side: quantity(out[1], `${shape[1]} / ${size}`),
    parameters: bias ? quantity(2 * out[0], `${out[0]} x 2`) : quantity(0),
    connections: quantity(
      product(out) * (size ** 2 + bias),
      `${times(...out)} x ${bias ? `(${reads} + 1)` : reads}`,
    ),
    // One multiplication a unit: by the trained coefficient, or by 1/4; taking the largest needs none.
    multiply_adds: pooling === "max" ? quantity(0) : quantity(product(out), times(...out)),
  };
}

/** For each map the maps below that it reads. @param {LayerPlan} layer @param {number} below */
function columnsOf({ maps = 0, table }, below) {
  const all = Array.from({ length: below }, (_, i) => i);
  return Array.from({ length: maps }, (_, map) => (table ? all.filter((i) => table[i][map] === "X") : all));
}

/**
 * Maps in neighbouring groups of one kind: those that read equally many maps, both or neither of them a
 * contiguous run,
 * the last map being followed by the first. See `table_groups` in network/architecture.py.
 * @param {number[][]} columns @param {number} below how many maps there are to read
 */
function groupsOf(columns, below) {
  const kinds = columns.map((reads) => {
    const starts = reads.filter((i) => !reads.includes(i === 0 ? below - 1 : i - 1));
    return `${reads.length} ${starts.length <= 1}`;
  });
  /** @type {number[][]} */
  const groups = [];
  kinds.forEach((kind, map) => {
    if (map && kinds[map - 1] === kind) groups[groups.length - 1].push(map);
    else groups.push([map]);
  });
  return groups;
}

/**
 * How many rows the kernel covers, less its own, in steps.
 * @param {LayerPlan} layer
 * @param {number} side
 * @param {number} out
 */
function sideInWords({ kernel = 1, stride = 1, padding = 0 }, side, out) {
  if (stride === 1 && !padding) return `${side} - ${kernel} + 1`;
  const beyond = (out - 1) * stride + kernel - padding - side;
  const before = padding ? `${padding} + ` : "";
  const after = beyond ? ` ${beyond > 0 ? "+" : "-"} ${Math.abs(beyond)}` : "";
  const covered = `${before}${side}${after} - ${kernel}`;
  return stride === 1 ? `${covered} + 1` : `(${covered}) / ${stride} + 1`;
}

/**
 * The factors as a product, leaving out ones: 6, 1, 5, 5 gives `6 x 5 x 5`.
 * @param {...(number | string)} factors
 */
function times(...factors) {
  const shown = factors.filter((factor) => factor !== 1);
  return shown.map((factor) => (typeof factor === "number" ? count(factor) : factor)).join(" x ") || "1";
}

/** @param {string[]} terms */
const sumOf = (terms) => (terms.length === 1 ? terms[0] : `(${terms.join(" + ")})`);

/** @param {number[]} shape */
const product = (shape) => shape.reduce((size, side) => size * side, 1);
