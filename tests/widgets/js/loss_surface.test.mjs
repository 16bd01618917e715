// LossSurface: a surface between the points of a grid, steps on it, and what is said of them.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { colourOf, cubic, inWords, rateInWords, surface } = await load("loss_surface");

/** (x - 1)^2 + 4 y^2 around (0, 0), as far as 3. */
function bowl(points = 21) {
  const at = (i) => -3 + (6 * i) / (points - 1);
  const losses = Float32Array.from(
    { length: points * points },
    (_, i) => (at(i % points) - 1) ** 2 + 4 * at(Math.floor(i / points)) ** 2,
  );
  return surface({ losses, points, centre: [0, 0], reach: 3 });
}

test("four neighbours weigh 1 together, and the middle ones alone at the grid's points", () => {
  assert.deepEqual(
    cubic(0).weights.map((w) => w + 0),
    [0, 1, 0, 0],
  );
  assert.deepEqual(
    cubic(1).weights.map((w) => w + 0),
    [0, 0, 1, 0],
  );
  for (const t of [0.1, 0.5, 0.8]) {
    assert.ok(Math.abs(cubic(t).weights.reduce((sum, w) => sum + w) - 1) < 1e-12);
    assert.ok(Math.abs(cubic(t).slopes.reduce((sum, w) => sum + w)) < 1e-12);
  }
});

test("a parabola is interpolated exactly, its slope too", () => {
  const { loss, slope } = bowl().at([0.37, -0.81]);
  assert.ok(Math.abs(loss - (0.63 ** 2 + 4 * 0.81 ** 2)) < 1e-4);
  assert.ok(Math.abs(slope[0] + 2 * 0.63) < 1e-3 && Math.abs(slope[1] + 8 * 0.81) < 1e-3);
});

test("a step goes against the slope, and momentum adds the last one", () => {
  const ground = bowl();
  const first = ground.step([[-1, 1]], 0.1, 0.9);
  assert.ok(Math.abs(first[0] + 0.6) < 1e-3 && Math.abs(first[1] - 0.2) < 1e-3);
  const [x, y] = ground.step([[-1, 1], first], 0.1, 0.5);
  const { slope } = ground.at(first);
  assert.ok(Math.abs(x - (first[0] + 0.5 * (first[0] + 1) - 0.1 * slope[0])) < 1e-9);
  assert.ok(Math.abs(y - (first[1] + 0.5 * (first[1] - 1) - 0.1 * slope[1])) < 1e-9);
});

test("the map ends where the grid ends", () => {
  assert.equal(bowl().holds([3, -3]), true);
  assert.equal(bowl().holds([3.01, 0]), false);
});

test("a step is said with its numbers, the last one only if there is momentum", () => {
  assert.equal(inWords([2, -4], [1, 1], 0.1, 0), "next step: −0.1 × slope (2.000, -4.000) = (-0.200, 0.400)");
  assert.match(
    inWords([2, -4], [1, 1], 0.1, 0.5),
    /\+ 0\.50 × last step \(1\.000, 1\.000\) = \(0\.300, 0\.900\)/,
  );
});

test("a rate has two digits that count", () => {
  assert.equal(rateInWords(0.1), "0.1");
  assert.equal(rateInWords(0.034567), "0.035");
  assert.equal(rateInWords(1.9999), "2");
});

test("small losses are dark, large ones light", () => {
  const light = (loss) => colourOf(loss, 0, 10).reduce((sum, part) => sum + part);
  assert.deepEqual(colourOf(0, 0, 10), [68, 1, 84]);
  assert.deepEqual(colourOf(10, 0, 10), [253, 231, 37]);
  assert.ok(light(1) < light(4) && light(4) < light(9));
});
