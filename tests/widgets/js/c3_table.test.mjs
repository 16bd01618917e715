// C3Table: what a table of connections costs, and tables by chance.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { counts, shuffled } = await load("c3_table");

/** A table with so many links, the first ones. */
function table(links) {
  return Array.from({ length: 6 }, (_, i) => Array.from({ length: 16 }, (__, k) => 16 * i + k < links));
}

test("the paper's 60 links make its 1,516 parameters and 151,600 connections", () => {
  assert.deepEqual(counts(table(60), 5, 100), { links: 60, parameters: 1516, connections: 151600 });
});

test("a full table makes 2,416 parameters", () => {
  assert.deepEqual(counts(table(96), 5, 100), { links: 96, parameters: 2416, connections: 241600 });
});

test("a table without links keeps its biases", () => {
  assert.deepEqual(counts(table(0), 5, 100), { links: 0, parameters: 16, connections: 1600 });
});

test("each link costs one kernel, wherever it is", () => {
  for (let links = 0; links <= 96; links++) {
    assert.equal(counts(shuffled(table(links)), 5, 100).parameters, 25 * links + 16);
  }
  assert.deepEqual(counts([[true, false, true]], 3, 4), { links: 2, parameters: 21, connections: 84 });
});

test("shuffling keeps the shape and the number of links, and leaves what it was given alone", () => {
  for (const links of [0, 1, 16, 60, 96]) {
    const before = table(links);
    const after = shuffled(before);
    assert.deepEqual(
      after.map((row) => row.length),
      Array(6).fill(16),
    );
    assert.equal(after.flat().filter((cell) => cell === true).length, links);
    assert.equal(after.flat().filter((cell) => cell === false).length, 96 - links);
    assert.deepEqual(before, table(links));
  }
});

test("shuffling goes by the chance it is given", () => {
  assert.deepEqual(
    shuffled(
      [
        ["a", "b"],
        ["c", "d"],
      ],
      () => 1 - 1e-9,
    ),
    [
      ["a", "b"],
      ["c", "d"],
    ],
  );
  assert.deepEqual(
    shuffled(
      [
        ["a", "b"],
        ["c", "d"],
      ],
      () => 0,
    ),
    [
      ["b", "c"],
      ["d", "a"],
    ],
  );
});

test("every cell may come to every place", () => {
  const met = new Set();
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let i = 0; i < 500; i++) {
    shuffled(
      [
        [0, 1],
        [2, 3],
      ],
      random,
    )
      .flat()
      .forEach((cell, at) => met.add(`${cell}${at}`));
  }
  assert.equal(met.size, 16);
});
