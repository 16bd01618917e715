// DrawDigit: grey levels of a canvas, and how layers are drawn.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { drawn, greys, size } = await load("draw_digit");

const levels = (...pixels) => [...greys(Uint8ClampedArray.from(pixels.flat()))];

test("grey stays the grey it is", () => {
  for (let level = 0; level < 256; level++) assert.deepEqual(levels([level, level, level, 255]), [level]);
});

test("there is one byte a pixel, in order", () => {
  const found = greys(Uint8ClampedArray.from([0, 0, 0, 255, 255, 255, 255, 255, 9, 9, 9, 255]));
  assert.ok(found instanceof Uint8Array);
  assert.deepEqual([...found], [0, 255, 9]);
});

test("colours count by their brightness", () => {
  assert.deepEqual(levels([255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]), [76, 150, 29]);
});

test("what is transparent counts as white paper", () => {
  assert.deepEqual(levels([0, 0, 0, 0], [255, 0, 0, 0], [255, 255, 255, 0]), [255, 255, 255]);
  assert.deepEqual(levels([0, 0, 0, 51], [0, 0, 0, 128], [200, 200, 200, 51]), [204, 127, 244]);
});

test("size is the product of the sides", () => {
  assert.deepEqual([[16, 5, 5], [84], [112, 112]].map(size), [400, 84, 12544]);
});

test("maps are drawn as they are, units in a picture of their own", () => {
  assert.deepEqual(drawn([6, 28, 14]), [6, 28, 14]);
  assert.deepEqual(drawn([120, 1, 1]), [1, 5, 24]);
  assert.deepEqual(drawn([120]), [1, 5, 24]);
  assert.deepEqual(drawn([84]), [1, 12, 7]);
  assert.deepEqual(drawn([10]), [1, 1, 10]);
});
