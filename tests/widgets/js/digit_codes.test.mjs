// DigitCodes: distances by equation 7 and the code that is nearest.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { distances, nearest } = await load("digit_codes");

test("a distance is the sum of squared differences", () => {
  const f6 = Float32Array.from([0.5, -1, 1.5]);
  assert.deepEqual(
    distances(f6, [
      [1, -1, 1],
      [-1, 1, -1],
      [1, 1, 1],
    ]),
    [0.5, 2.25 + 4 + 6.25, 4.5],
  );
});

test("a code is at distance 0 from itself and 4 a pixel from another", () => {
  assert.deepEqual(
    distances(
      [1, -1, 1],
      [
        [1, -1, 1],
        [1, 1, -1],
      ],
    ),
    [0, 8],
  );
});

test("the nearest code is the one at the smallest distance, the first of equal ones", () => {
  assert.equal(nearest([3, 0.5, 7]), 1);
  assert.equal(nearest([0.1, 3]), 0);
  assert.equal(nearest([5, 2, 2]), 1);
});
