// FeatureMaps: where numbers lie, what a unit reads, how it is computed, and the words for it.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const js = await load("feature_maps");
const {
  arithmetic,
  cellOf,
  drawn,
  explain,
  field,
  inside,
  lay,
  parameterCount,
  reads,
  size,
  unitAt,
  window_,
} = js;

const PLAIN = { stride: 1, padding: 0, border: 0, bias: "map" };
const LAYERS = [
  { name: "INPUT", kind: "input", shape: [1, 7, 6] },
  {
    name: "C1",
    kind: "convolution",
    size: 2,
    activation: "relu",
    shape: [2, 6, 5],
    reads: [[0], [0]],
    ...PLAIN,
  },
  { name: "S2", kind: "trainable", size: 2, copies: 1, activation: "relu", shape: [2, 3, 2] },
  {
    name: "C3",
    kind: "convolution",
    size: 2,
    activation: null,
    shape: [3, 2, 1],
    reads: [[0], [1], [0, 1]],
    ...PLAIN,
  },
  { name: "F4", kind: "linear", activation: "sigmoid", shape: [4, 1, 1] },
  { name: "OUTPUT", kind: "rbf", activation: null, shape: [2, 1, 1] },
];
const below = (maps, height, width) => ({ name: "below", kind: "input", shape: [maps, height, width] });

/** The arithmetic of one unit of `layer` above `under`; all activations and parameters are given. */
function compute(under, layer, activations, parameters, unit) {
  const numbers = [activations, parameters].map((values) => Float32Array.from(values));
  return arithmetic(lay([under, layer]), ...numbers, 1, unit);
}

test("each layer's activations and parameters begin where those of the layer below end", () => {
  const placed = lay(LAYERS);
  assert.deepEqual(
    placed.map((layer) => layer.outputs),
    [0, 42, 102, 114, 120, 124],
  );
  assert.deepEqual(
    placed.map((layer) => layer.weights),
    [0, 0, 10, 14, 41, 69],
  );
  assert.deepEqual(
    placed.map((layer) => layer.index),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(placed[3].name, "C3");
  assert.equal(LAYERS[1].outputs, undefined);
});

test("a layer has as many parameters as its kind and the layer below make", () => {
  const counts = LAYERS.map((layer, i) => parameterCount(layer, LAYERS[i - 1]));
  assert.deepEqual(counts, [0, 10, 4, 27, 28, 8]);
  for (const kind of ["average", "max"]) {
    assert.equal(parameterCount({ kind, size: 2, shape: [2, 3, 2] }, LAYERS[1]), 0);
  }
  assert.equal(parameterCount({ ...LAYERS[1], bias: "unit" }, LAYERS[0]), 8 + 60);
});

test("a window begins at the unit in a convolution, at a multiple of it in a subsampling", () => {
  assert.deepEqual(window_(LAYERS[1], LAYERS[0], 3, 1), [3, 1, 2, 2]);
  for (const kind of ["trainable", "average", "max"]) {
    assert.deepEqual(window_({ kind, size: 2 }, LAYERS[1], 2, 1), [4, 2, 2, 2]);
  }
});

test("a convolution's window moves by its stride, and begins in the border", () => {
  const layer = { ...LAYERS[1], size: 3, stride: 2, padding: 1 };
  assert.deepEqual(window_(layer, LAYERS[0], 0, 1), [-1, 1, 3, 3]);
  assert.deepEqual(window_(layer, LAYERS[0], 3, 2), [5, 3, 3, 3]);
});

test("what lies inside a map is left of a square in its border", () => {
  assert.deepEqual(inside([-1, 1, 3, 3], [1, 7, 6]), [0, 1, 2, 3]);
  assert.deepEqual(inside([5, -2, 3, 9], [1, 7, 6]), [5, 0, 2, 6]);
  assert.deepEqual(inside([2, 3, 2, 1], [1, 7, 6]), [2, 3, 2, 1]);
});

test("a unit of a full layer has a window on everything below", () => {
  assert.deepEqual(window_(LAYERS[4], LAYERS[3], 0, 0), [0, 0, 2, 1]);
  assert.deepEqual(window_(LAYERS[5], LAYERS[4], 0, 0), [0, 0, 1, 1]);
});

test("a field grows from layer to layer", () => {
  assert.deepEqual(field(LAYERS, 0, 4, 2), [4, 2, 1, 1]);
  assert.deepEqual(field(LAYERS, 1, 4, 2), [4, 2, 2, 2]);
  assert.deepEqual(field(LAYERS, 2, 1, 1), [2, 2, 3, 3]);
  assert.deepEqual(field(LAYERS, 3, 1, 0), [2, 0, 5, 5]);
  assert.deepEqual(field(LAYERS, 4, 0, 0), [0, 0, 7, 5]);
  assert.deepEqual(field(LAYERS, 5, 0, 0), [0, 0, 7, 5]);
  const moves = { kind: "convolution", size: 3, stride: 2, padding: 1 };
  const bordered = [LAYERS[0], { ...moves, shape: [1, 4, 3] }, { ...moves, shape: [1, 2, 2] }];
  assert.deepEqual(field(bordered, 1, 0, 1), [0, 1, 2, 3]);
  assert.deepEqual(field(bordered, 2, 0, 0), [0, 0, 4, 4]);
  assert.deepEqual(field(bordered, 2, 1, 1), [1, 1, 6, 5]);
});

test("a map reads the maps of its table, its own map, or all", () => {
  assert.deepEqual(
    LAYERS[3].reads.map((_, map) => reads(LAYERS[3], LAYERS[2], map)),
    [[0], [1], [0, 1]],
  );
  assert.deepEqual(reads(LAYERS[2], LAYERS[1], 1), [1]);
  assert.deepEqual(reads({ kind: "max", copies: 1 }, LAYERS[1], 1), [1]);
  assert.deepEqual(reads({ kind: "average", copies: 1 }, LAYERS[1], 0), [0]);
  assert.deepEqual(
    [0, 1, 2, 3].map((map) => reads({ kind: "trainable", copies: 2 }, LAYERS[1], map)),
    [[0], [0], [1], [1]],
  );
  assert.deepEqual(reads(LAYERS[4], LAYERS[3], 2), [0, 1, 2]);
  assert.deepEqual(reads(LAYERS[5], LAYERS[4], 1), [0, 1, 2, 3]);
});

test("nothing is computed in the input", () => {
  const image = Float32Array.from({ length: 42 }, (_, i) => i);
  assert.deepEqual(arithmetic(lay(LAYERS), image, [], 0, [0, 2, 3]), { value: 15, terms: [], beyond: 0 });
});

test("a convolution's unit multiplies what it reads by its kernels, and adds its map's bias", () => {
  const layer = {
    kind: "convolution",
    size: 2,
    activation: null,
    shape: [2, 1, 2],
    reads: [[1], [0, 1]],
    ...PLAIN,
  };
  const activations = [1, 2, 3, 4, 5, 6, /**/ 10, 20, 30, 40, 50, 60, /**/ 91, 92, 93, 94];
  const kernels = [0, 0, 0, 0, 1, 2, 3, 4, /**/ 5, 6, 7, 8, -1, -2, -3, -4];
  const one = compute(below(2, 2, 3), layer, activations, [...kernels, 100, 200], [0, 0, 1]);
  assert.deepEqual(one.terms, [
    [20, 1],
    [30, 2],
    [50, 3],
    [60, 4],
  ]);
  assert.deepEqual([one.value, one.sum, one.bias, one.a, one.result], [92, 470, 100, 570, 570]);
  const both = compute(below(2, 2, 3), layer, activations, [...kernels, 100, 200], [1, 0, 0]);
  assert.deepEqual(both.terms, [
    [1, 5],
    [2, 6],
    [4, 7],
    [5, 8],
    [10, -1],
    [20, -2],
    [40, -3],
    [50, -4],
  ]);
  assert.deepEqual([both.value, both.sum, both.bias, both.a], [93, 85 - 370, 200, -85]);
});

test("beyond its map a unit reads the border, and a unit may have a bias of its own", () => {
  const moves = { size: 2, stride: 2, padding: 1, border: -1, bias: "unit" };
  const layer = { kind: "convolution", activation: null, shape: [1, 2, 2], reads: [[0]], ...moves };
  const [image, values] = [
    [1, 2, 3, 4],
    [91, 92, 93, 94],
  ];
  const parameters = [10, 20, 30, 40, /**/ 0.1, 0.2, 0.3, 0.4].map(Math.fround);
  const corner = compute(below(1, 2, 2), layer, [...image, ...values], parameters, [0, 0, 1]);
  assert.deepEqual(corner.terms, [
    [-1, 10],
    [-1, 20],
    [2, 30],
    [-1, 40],
  ]);
  assert.deepEqual([corner.value, corner.beyond, corner.sum, corner.bias], [92, 3, -10, Math.fround(0.2)]);
  const other = compute(below(1, 2, 2), layer, [...image, ...values], parameters, [0, 1, 0]);
  assert.deepEqual(other.terms, [
    [-1, 10],
    [3, 20],
    [-1, 30],
    [-1, 40],
  ]);
  assert.deepEqual([other.value, other.bias], [93, Math.fround(0.3)]);
});

test("two subsampling maps of one map have parameters of their own", () => {
  const layer = { kind: "trainable", size: 2, copies: 2, activation: null, shape: [4, 1, 1] };
  const parameters = [1, 2, 3, 4, /**/ 10, 20, 30, 40];
  const given = [below(2, 2, 2), layer, [1, 1, 1, 1, 2, 2, 2, 2, 9, 9, 9, 9], parameters];
  const found = [0, 1, 2, 3].map((map) => compute(...given, [map, 0, 0]).a);
  assert.deepEqual(found, [4 + 10, 8 + 20, 24 + 30, 32 + 40]);
});

test("a trained subsampling's unit adds four, times its map's coefficient, plus its map's bias", () => {
  const layer = { kind: "trainable", size: 2, copies: 1, activation: "relu", shape: [2, 1, 1] };
  const done = compute(below(2, 2, 2), layer, [9, 9, 9, 9, 1, 2, 3, 4, 7, 8], [5, 0.5, 6, -1], [1, 0, 0]);
  assert.deepEqual(
    done.terms.map(([input]) => input),
    [1, 2, 3, 4],
  );
  assert.deepEqual([done.sum, done.coefficient, done.bias, done.a, done.result], [10, 0.5, -1, 4, 4]);
  assert.equal(done.value, 8);
});

test("an average's unit is the mean and a maximum's the largest of four of its own map", () => {
  for (const [kind, result] of [
    ["average", -2.5],
    ["max", -1],
  ]) {
    const layer = { kind, size: 2, copies: 1, activation: null, shape: [2, 1, 1] };
    const done = compute(below(2, 2, 2), layer, [9, 9, 9, 9, -1, -2, -3, -4, 7, 8], [], [1, 0, 0]);
    assert.deepEqual([done.a, done.result, done.value], [result, result, 8]);
  }
});

test("a full layer's unit reads every unit of every map below", () => {
  const layer = { kind: "linear", activation: null, shape: [2, 1, 1] };
  const weights = [0, 0, 0, 0, 5, 6, 7, 8];
  const done = compute(below(2, 1, 2), layer, [1, 2, 3, 4, 7, 8], [...weights, 90, 10], [1, 0, 0]);
  assert.deepEqual(done.terms, [
    [1, 5],
    [2, 6],
    [3, 7],
    [4, 8],
  ]);
  assert.deepEqual([done.sum, done.bias, done.a, done.result, done.value], [70, 10, 80, 80, 8]);
});

test("an RBF unit is the squared distance to its own code", () => {
  const layer = { kind: "rbf", activation: null, shape: [2, 1, 1] };
  const done = compute(below(2, 1, 1), layer, [0.5, -1, 7, 8], [9, 9, 1, -2], [1, 0, 0]);
  assert.deepEqual([done.result, done.value], [0.25 + 1, 8]);
});

test("the weighted sum is squashed as the layer says", () => {
  const squashed = (activation, a) => {
    const layer = { kind: "linear", activation, squash: [3, 0.5], shape: [1, 1, 1] };
    return compute(below(1, 1, 1), layer, [a, 0], [1, 0], [0, 0, 0]).result;
  };
  assert.ok(Math.abs(squashed("scaled_tanh", 2) - 3 * Math.tanh(1)) < 1e-7);
  assert.ok(Math.abs(squashed("scaled_tanh", 100) - 3) < 1e-12);
  assert.equal(squashed("sigmoid", 0), 0.5);
  assert.ok(Math.abs(squashed("sigmoid", -Math.log(3)) - 0.25) < 1e-7);
  assert.deepEqual([squashed("relu", -2), squashed("relu", 2), squashed(null, -2)], [0, 2, -2]);
});

test("the arithmetic of an image's number says that there is none", () => {
  const said = explain(LAYERS[0], { value: 0.5, terms: [] });
  assert.equal(said, "= 0.500, an image's number: nothing is computed");
});

test("products are written out with bias and squash", () => {
  const done = {
    terms: [
      [3, 0.5],
      [-1, 4],
    ],
    sum: -2.5,
    bias: 1.5,
    a: -1,
    result: -0.0001,
  };
  const text = "3.00×0.50 + -1.00×4.00 = -2.500; + bias 1.500 = -1.000";
  assert.equal(explain({ kind: "linear", activation: null }, done), text);
  const layer = { kind: "linear", activation: "scaled_tanh" };
  assert.equal(explain(layer, done), `${text} → scaled tanh → 0.000`);
  assert.equal(explain({ kind: "convolution", activation: "relu" }, done), `${text} → relu → 0.000`);
});

test("of more than five terms the first three and the last are written, and how many there are", () => {
  const terms = Array.from({ length: 1200 }, (_, i) => [i, 1]);
  const rest = { sum: 0, bias: 0, a: 0, result: 0 };
  const said = (n) => explain({ kind: "linear" }, { terms: terms.slice(0, n), ...rest });
  assert.ok(said(5).startsWith("0.00×1.00 + 1.00×1.00 + 2.00×1.00 + 3.00×1.00 + 4.00×1.00 = "));
  assert.ok(said(6).startsWith("0.00×1.00 + 1.00×1.00 + 2.00×1.00 + … + 5.00×1.00 (6 terms) = "));
  const bordered = { terms: terms.slice(0, 25), ...rest, beyond: 9 };
  assert.match(
    explain({ kind: "convolution", border: -1 }, bordered),
    / \(25 terms, 9 of them the border's -1\) = /,
  );
  assert.match(said(1200), /… \+ 1199\.00×1\.00 \(1,200 terms\) = /);
});

test("a subsampling is written as its kind computes", () => {
  const terms = [1, 2, 3, 4].map((x) => [x, 1]);
  const done = { terms, sum: 10, coefficient: 0.5, bias: -1, a: 4, result: 4 };
  assert.equal(
    explain({ kind: "trainable", activation: "relu" }, done),
    "(1.00 + 2.00 + 3.00 + 4.00) = 10.000; × coefficient 0.500 + bias -1.000 = 4.000 → relu → 4.000",
  );
  assert.equal(
    explain({ kind: "average" }, { ...done, result: 2.5 }),
    "(1.00 + 2.00 + 3.00 + 4.00) / 4 = 2.500",
  );
  assert.equal(explain({ kind: "max" }, done), "largest of 1.00, 2.00, 3.00, 4.00 = 4.000");
});

test("a distance is written as squared differences", () => {
  const done = {
    terms: [
      [0.5, 1],
      [-1, -1],
    ],
    result: 0.25,
  };
  assert.equal(explain({ kind: "rbf" }, done), "(0.50 − 1)² + (-1.00 − -1)² = 0.250");
});

test("every unit has a cell of its own, which leads back to it", () => {
  for (const shape of [
    [6, 28, 28],
    [3, 2, 5],
    [120, 1, 1],
    [84, 1, 1],
    [10, 1, 1],
    [23, 1, 1],
    [1, 1, 1],
  ]) {
    const layer = { shape };
    const { maps, rows, columns } = drawn(layer.shape);
    assert.equal(maps * rows * columns, size(layer.shape));
    const met = new Set();
    for (let map = 0; map < shape[0]; map++) {
      for (let row = 0; row < shape[1]; row++) {
        for (let column = 0; column < shape[2]; column++) {
          const cell = cellOf(layer, [map, row, column]);
          assert.deepEqual(unitAt(layer, ...cell), [map, row, column]);
          assert.ok(cell.every((place, i) => place >= 0 && place < [maps, rows, columns][i]));
          met.add(cell.join());
        }
      }
    }
    assert.equal(met.size, size(layer.shape));
  }
});

test("units stand in their picture row after row, as F6 does in its code", () => {
  assert.deepEqual(cellOf({ shape: [84, 1, 1] }, [9, 0, 0]), [0, 1, 2]);
  assert.deepEqual(unitAt({ shape: [120, 1, 1] }, 0, 4, 23), [119, 0, 0]);
});
