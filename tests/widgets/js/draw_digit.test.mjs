// DrawDigit: grey levels of a canvas.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { greys } = await load("draw_digit");

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
