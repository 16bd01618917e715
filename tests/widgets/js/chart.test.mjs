// The chart: scales, ticks and paths.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { epochTicks, path, scales, span, ticks } = await load("chart");

test("ticks are powers of ten, with twos and fives where these are few", () => {
  assert.deepEqual(ticks(0.04, 3), [0.05, 0.1, 0.2, 0.5, 1, 2]);
  assert.deepEqual(ticks(1, 10), [1, 2, 5, 10]);
  assert.deepEqual(ticks(0.05, 110), [0.1, 1, 10, 100]);
});

test("a short axis has at least three ticks, all round and within", () => {
  assert.deepEqual(ticks(2.05, 2.6), [2.1, 2.2, 2.3, 2.4, 2.5, 2.6]);
  for (const low of [1e-4, 0.0123, 0.9, 1.7, 2.3, 6.9, 48, 77]) {
    for (const ratio of [1.33, 1.5, 2, 3, 7, 40, 1000]) {
      const values = ticks(low, low * ratio);
      assert.ok(values.length >= 3 && values.length <= 8, `${low} ${ratio}: ${values}`);
      assert.ok(values.every((value) => value >= low * 0.999999 && value <= low * ratio * 1.000001));
    }
  }
});

test("epochs are marked evenly, and not too often", () => {
  assert.deepEqual(epochTicks(1), [0, 0.5, 1]);
  assert.deepEqual(epochTicks(5), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(epochTicks(40), [0, 10, 20, 30, 40]);
  for (const last of [1, 2, 3, 7, 20, 90, 400, 3000]) {
    assert.ok(epochTicks(last).length >= 3 && epochTicks(last).length <= 8, String(last));
  }
});

test("a span holds all values, and never touches 0", () => {
  const [low, high] = span([2, 0.01, 5], 0.05);
  assert.ok(low > 0.04 && low < 0.05 && high > 5);
  const [only, more] = span([0], 0.05);
  assert.ok(only > 0 && more > only);
});

test("a zero stands at half of the smallest other value, not at the end of the world", () => {
  const [low] = span([0, 1.6, 90], 0.05);
  assert.ok(low < 0.8 && low > 0.6);
});

test("epochs go to the right evenly, larger values stand higher, evenly on a logarithmic scale", () => {
  const { x, y } = scales(2, [1, 100]);
  assert.ok(x(0) < x(1) && Math.abs(x(1) - x(0) - (x(2) - x(1))) < 1e-9);
  assert.ok(y(1) > y(10) && Math.abs(y(1) - y(10) - (y(10) - y(100))) < 1e-9);
});

test("what lies outside is drawn at the edge", () => {
  const { y } = scales(1, [1, 100]);
  assert.equal(y(1e-9), y(1));
  assert.equal(y(0), y(1));
  assert.equal(y(1e9), y(100));
});

test("a path goes through its points as the scales have them", () => {
  const scale = { x: (value) => 10 * value, y: (value) => 100 - value };
  assert.equal(
    path(
      [
        [0, 1],
        [1, 10],
        [2, 100],
      ],
      scale,
    ),
    "M0.0 99.0L10.0 90.0L20.0 0.0",
  );
  assert.equal(path([], scale), "");
});
