// Subsampling: sums of four, the answers to 0 to 4 inputs, and the unit in a word.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { character, histogram, sumsOfFour, votes } = await load("subsampling");

const squash = (a) => 1.7159 * Math.tanh((2 / 3) * a);
const named = (coefficient, bias) => character(votes(coefficient, bias, squash));

test("each square of four of each map is summed once", () => {
  const maps = [1, 2, 3, 4, 10, 20, 30, 40, /**/ 5, 6, 7, 8, 50, 60, 70, 80];
  assert.deepEqual([...sumsOfFour(maps, [2, 2, 4])], [33, 77, 121, 165]);
  assert.deepEqual([...sumsOfFour([1, 2, 10, 20, 3, 4, 30, 40], [1, 4, 2])], [33, 77]);
});

test("votes are the answers to 0 to 4 inputs at 1, the others at -1", () => {
  assert.deepEqual(
    votes(0.5, 1, (a) => a),
    [-1, 0, 1, 2, 3],
  );
  assert.deepEqual(
    votes(-1, 0, (a) => 2 * a),
    [8, 4, 0, -4, -8],
  );
});

test("one input is enough for an OR, and an AND needs all four", () => {
  assert.equal(named(2, 6), "OR: one is enough");
  assert.equal(named(2, -6), "AND: all four are needed");
});

test("the mean of four is a blur", () => assert.match(named(0.25, 0), /^a blur/));

test("what decides for fewer or more than one or four inputs is neither OR nor AND", () => {
  for (const bias of [0, 2, -2]) assert.equal(named(2, bias), "between averaging and deciding");
  assert.equal(named(0.44, 0.21), "between averaging and deciding");
  assert.equal(named(-2, 6), "between averaging and deciding");
});

test("an OR whose answers are not firm is none", () => {
  const half = [-0.5, 1, 1.6, 1.7, 1.7];
  assert.equal(character(half), "between averaging and deciding");
  assert.equal(character([-0.95, 0.95, 1.6, 1.7, 1.7]), "OR: one is enough");
});

test("every value is counted once, those beyond the axis at its ends", () => {
  const bins = histogram([-100, -6, -5.99, 0, 5.99, 6, 100]);
  assert.deepEqual([bins[0], bins[30], bins[59]], [3, 1, 3]);
  assert.equal(
    bins.reduce((sum, n) => sum + n, 0),
    7,
  );
});
