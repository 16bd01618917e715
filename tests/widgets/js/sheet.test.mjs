// The sheet: grey levels of a canvas, and drawings that go out one at a time.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { greys, oneAtATime } = await load("sheet");

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

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("the newest value goes out when the one before was answered", () => {
  const posted = [];
  const post = oneAtATime(new AbortController().signal, (value) => posted.push(value), 60_000);
  for (const value of [1, 2, 3]) post.give(value);
  assert.deepEqual(posted, [1]);
  post.answered();
  assert.deepEqual(posted, [1, 3]);
  post.answered();
  post.give(4);
  assert.deepEqual(posted, [1, 3, 4]);
  post.answered();
});

test("a kernel that does not answer is given the next value, and none when the view has gone", async () => {
  const leave = new AbortController();
  const posted = [];
  const post = oneAtATime(leave.signal, (value) => posted.push(value), 20);
  for (const value of [1, 2, 3]) post.give(value);
  await pause(60);
  assert.deepEqual(posted, [1, 3]);
  for (const value of [4, 5]) post.give(value);
  leave.abort();
  await pause(60);
  assert.deepEqual(posted, [1, 3, 4]);
});
