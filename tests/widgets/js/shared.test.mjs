// What all widgets share: numbers from bytes, colours, numbers as text, keys in a grid.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const {
  barLengths,
  bytes,
  count,
  diverging,
  drawn,
  floats,
  ink,
  inputColour,
  largest,
  moveInGrid,
  number,
  paintColours,
  size,
} = await load("shared");

test("bytes holds single precision, little end first", () => {
  const view = bytes([1, -2]);
  assert.ok(view instanceof DataView);
  assert.deepEqual([...new Uint8Array(view.buffer)], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
});

test("floats gives back what bytes was given", () => {
  assert.deepEqual([...floats(bytes([0, -0.5, 3.25]), 3, "maps")], [0, -0.5, 3.25]);
  assert.deepEqual([...floats(bytes([]), 0, "maps")], []);
});

test("floats reads a view wherever it lies in its buffer", () => {
  for (let offset = 0; offset < 9; offset++) {
    const view = new DataView(new ArrayBuffer(offset + 8 + 3), offset, 8);
    view.setFloat32(0, 1.5, true);
    view.setFloat32(4, -2, true);
    assert.deepEqual([...floats(view, 2, "maps")], [1.5, -2]);
  }
});

test("floats refuses another length, and says what was expected of which array", () => {
  const two = bytes([1, 2]);
  assert.throws(() => floats(two, 3, "maps"), { message: "maps: 12 bytes were expected, 8 came." });
  assert.throws(() => floats(two, 1, "maps"), { message: "maps: 4 bytes were expected, 8 came." });
  assert.throws(() => floats(new DataView(new ArrayBuffer(5)), 1, "maps"), /maps: 4 bytes .* 5 came/);
});

test("floats refuses what did not come at all", () => {
  for (const nothing of [undefined, null]) {
    assert.throws(() => floats(nothing, 2, "F6"), { message: "F6: 8 bytes were expected, none came." });
  }
});

test("floats refuses what is no finite number, wherever it stands", () => {
  for (const odd of [NaN, Infinity, -Infinity]) {
    for (const values of [
      [odd, 1, 2],
      [1, odd, 2],
      [1, 2, odd],
    ]) {
      assert.throws(() => floats(bytes(values), 3, "maps"), { message: "maps: not every number is finite." });
    }
  }
});

test("diverging is red at the limit, blue at minus the limit and white at 0", () => {
  assert.deepEqual(diverging(4, 4), [103, 0, 31]);
  assert.deepEqual(diverging(2, 4), [214, 96, 77]);
  assert.deepEqual(diverging(0, 4), [247, 247, 247]);
  assert.deepEqual(diverging(-2, 4), [67, 147, 195]);
  assert.deepEqual(diverging(-4, 4), [5, 48, 97]);
});

test("diverging goes evenly from one colour to the next", () => {
  assert.deepEqual(diverging(1, 4), [231, 172, 162]);
  assert.deepEqual(diverging(-3, 4), [36, 98, 146]);
});

test("diverging stays at its ends beyond the limit", () => {
  for (const far of [4.001, 1e30, Infinity]) {
    assert.deepEqual(diverging(far, 4), diverging(4, 4));
    assert.deepEqual(diverging(-far, 4), diverging(-4, 4));
  }
});

test("diverging with a limit of 0 is white for 0 and still a colour for the rest", () => {
  assert.deepEqual(diverging(0, 0), [247, 247, 247]);
  assert.deepEqual(diverging(5, 0), [103, 0, 31]);
  assert.deepEqual(diverging(-5, 0), [5, 48, 97]);
});

test("ink is white at the low end, black at the high end and grey between", () => {
  assert.deepEqual(ink(-0.1, -0.1, 1.1), [255, 255, 255]);
  assert.deepEqual(ink(1.1, -0.1, 1.1), [0, 0, 0]);
  assert.deepEqual(ink(0.25, 0, 1), [191, 191, 191]);
});

test("ink stays at its ends beyond them", () => {
  assert.deepEqual(ink(-7, 0, 1), [255, 255, 255]);
  assert.deepEqual(ink(7, 0, 1), [0, 0, 0]);
});

test("ink may run the other way, from black to white", () => {
  assert.deepEqual(ink(1, 1, 0), [255, 255, 255]);
  assert.deepEqual(ink(0, 1, 0), [0, 0, 0]);
  assert.deepEqual(ink(0.75, 1, 0), [191, 191, 191]);
});

test("ink without contrast is white", () => assert.deepEqual(ink(3, 3, 3), [255, 255, 255]));

test("largest takes the absolute value and is never 0", () => {
  assert.equal(largest([1, -4, 3]), 4);
  assert.equal(largest(Float32Array.from([2, 0.5])), 2);
  assert.equal(largest([0, -0]), 1e-6);
  assert.equal(largest([]), 1e-6);
});

test("number rounds to its digits", () => {
  assert.equal(number(3.14159), "3.142");
  assert.equal(number(-1.5), "-1.500");
  assert.equal(number(2.71828, 1), "2.7");
  assert.equal(number(12.6, 0), "13");
});

test("number never shows a minus before nothing", () => {
  for (const small of [-0, -0.0001, -0.00049]) assert.equal(number(small), "0.000");
  assert.equal(number(-0.04, 1), "0.0");
  assert.equal(number(-0.4, 0), "0");
  assert.equal(number(-0.001), "-0.001");
});

test("count puts commas between thousands", () => {
  assert.deepEqual([0, 999, 1000, 4704].map(count), ["0", "999", "1,000", "4,704"]);
  assert.deepEqual([340908, 1234567, 1515.6].map(count), ["340,908", "1,234,567", "1,516"]);
});

test("keys move in a grid by one cell, or to an end of the row", () => {
  const moved = (key) => moveInGrid(key, [1, 2], 3, 5);
  assert.deepEqual(moved("ArrowUp"), [0, 2]);
  assert.deepEqual(moved("ArrowDown"), [2, 2]);
  assert.deepEqual(moved("ArrowLeft"), [1, 1]);
  assert.deepEqual(moved("ArrowRight"), [1, 3]);
  assert.deepEqual(moved("Home"), [1, 0]);
  assert.deepEqual(moved("End"), [1, 4]);
});

test("keys do not lead out of a grid", () => {
  const first = ["ArrowUp", "ArrowLeft", "Home"].map((key) => moveInGrid(key, [0, 0], 3, 5));
  assert.deepEqual(first, [
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const last = ["ArrowDown", "ArrowRight", "End"].map((key) => moveInGrid(key, [2, 4], 3, 5));
  assert.deepEqual(last, [
    [2, 4],
    [2, 4],
    [2, 4],
  ]);
});

test("other keys lead nowhere", () => {
  for (const key of ["Enter", " ", "Tab", "a", "PageDown", ""]) {
    assert.equal(moveInGrid(key, [1, 2], 3, 5), undefined);
  }
});

test("size is the product of the sides", () => {
  assert.deepEqual([[16, 5, 5], [84], [112, 112]].map(size), [400, 84, 12544]);
});

test("maps are drawn as they are, units in a picture of their own", () => {
  assert.deepEqual(drawn([6, 28, 14]), { maps: 6, rows: 28, columns: 14 });
  for (const units of [[120, 1, 1], [120]]) assert.deepEqual(drawn(units), { maps: 1, rows: 5, columns: 24 });
  assert.deepEqual(drawn([84]), { maps: 1, rows: 12, columns: 7 });
  assert.deepEqual(drawn([10]), { maps: 1, rows: 1, columns: 10 });
  assert.deepEqual(drawn([22]), { maps: 1, rows: 2, columns: 11 });
  assert.deepEqual(drawn([23]), { maps: 1, rows: 1, columns: 23 });
});

test("a map of a colour picture is shown in its own colour, any other input as ink on paper", () => {
  assert.deepEqual(inputColour(3, 0)(1), [255, 0, 0]);
  assert.deepEqual(inputColour(3, 2)(-1), [0, 0, 0]);
  assert.deepEqual(inputColour(3, 1)(0), [0, 128, 0]);
  assert.deepEqual(inputColour(1, 0, 0, 2)(0.5), ink(0.5, 0, 2));
});

test("three maps make one picture, and what is beyond the scale is as dark or bright as can be", () => {
  const painted = [];
  const where = { paint: (values, colour) => painted.push(...values.map(colour)) };
  paintColours(where, Float32Array.from([1, -1, -1, 5, 0, -9]));
  assert.deepEqual(painted, [
    [255, 0, 128],
    [0, 255, 0],
  ]);
});

test("distances are drawn from nothing, scores from the lowest", () => {
  assert.deepEqual(barLengths([2, 4, 1], 1), [0.5, 1, 0.25]);
  assert.deepEqual(barLengths([-3, 1, -1], 0), [0, 1, 0.5]);
  assert.deepEqual(barLengths([5, 5], 0), [0, 0]);
});
