// Convolution: how many places there are, what happens at each, kernels of another size.
import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./load.mjs";

const { convolve, hasInk, outputSide, padded, products, resized, sideInWords, withMiddle } =
  await load("convolution");

const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const KERNEL = [
  [1, 10],
  [100, 1000],
];

test("an output's side counts the places where the window fits", () => {
  assert.equal(outputSide(32, 5, 0, 1), 28);
  assert.equal(outputSide(32, 5, 2, 1), 32);
  assert.equal(outputSide(5, 5, 0, 4), 1);
  assert.equal(outputSide(7, 3, 0, 2), 3);
  assert.equal(outputSide(8, 3, 0, 2), 3);
  assert.equal(outputSide(8, 3, 1, 2), 4);
});

test("the output's side is that of stepping by hand", () => {
  for (const [side, k, padding, stride] of [
    [9, 1, 0, 4],
    [9, 2, 1, 3],
    [12, 9, 4, 4],
    [10, 4, 0, 2],
  ]) {
    let places = 0;
    for (let start = -padding; start + k <= side + padding; start += stride) places += 1;
    assert.equal(outputSide(side, k, padding, stride), places);
  }
});

test("products are taken as they lie: nothing is flipped", () => {
  assert.deepEqual(products(NINE, [3, 3], KERNEL, 0, 1, [1, 0]), { patch: [4, 5, 7, 8], sum: 8754 });
});

test("outside the image is 0, on every side, and no row runs on into the next", () => {
  const at = (row, column) => products(NINE, [3, 3], KERNEL, 1, 1, [row, column]);
  assert.deepEqual(at(0, 0), { patch: [0, 0, 0, 1], sum: 1000 });
  assert.deepEqual(at(0, 3), { patch: [0, 0, 3, 0], sum: 300 });
  assert.deepEqual(at(3, 0), { patch: [0, 7, 0, 0], sum: 70 });
  assert.deepEqual(at(3, 3), { patch: [9, 0, 0, 0], sum: 9 });
  assert.deepEqual(at(1, 3), { patch: [3, 0, 6, 0], sum: 603 });
  assert.deepEqual(at(1, 0), { patch: [0, 1, 0, 4], sum: 4010 });
});

test("a stride skips places", () => {
  assert.deepEqual(products(NINE, [3, 3], [[1]], 0, 2, [1, 1]), { patch: [9], sum: 9 });
  assert.deepEqual(products(NINE, [3, 3], [[1]], 1, 2, [1, 1]), { patch: [5], sum: 5 });
});

test("the output holds the sum of every place, row after row", () => {
  const { rows, columns, sums } = convolve(
    [1, 2, 3, 4, 5, 6],
    [2, 3],
    [
      [1, 0],
      [0, -1],
    ],
    1,
    1,
  );
  assert.deepEqual([rows, columns], [3, 4]);
  assert.deepEqual([...sums], [-1, -2, -3, 0, -4, -4, -4, 3, 0, 4, 5, 6]);
});

test("the output of a stride is part of the output without it", () => {
  const whole = convolve(NINE, [3, 3], KERNEL, 1, 1);
  const part = convolve(NINE, [3, 3], KERNEL, 1, 3);
  assert.deepEqual([part.rows, part.columns], [2, 2]);
  assert.deepEqual(
    [...part.sums],
    [0, 3, 12, 15].map((place) => whole.sums[place]),
  );
});

test("a larger kernel has the smaller one in its middle and zeros around", () => {
  assert.deepEqual(resized([[7]], 3), [
    [0, 0, 0],
    [0, 7, 0],
    [0, 0, 0],
  ]);
  assert.deepEqual(resized(KERNEL, 4), [
    [0, 0, 0, 0],
    [0, 1, 10, 0],
    [0, 100, 1000, 0],
    [0, 0, 0, 0],
  ]);
});

test("a smaller kernel is the middle of the larger one", () => {
  assert.deepEqual(
    resized(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      1,
    ),
    [[5]],
  );
  assert.deepEqual(
    resized(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      3,
    ),
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
  );
});

test("growing a kernel keeps all its numbers, and shrinking it by as much gives it back", () => {
  for (let k = 1; k <= 9; k++) {
    const kernel = Array.from({ length: k }, (_, y) => Array.from({ length: k }, (__, x) => 1 + y * k + x));
    for (let to = k; to <= 9; to++) {
      const grown = resized(kernel, to);
      assert.deepEqual([grown.length, ...grown.map((row) => row.length)], Array(to + 1).fill(to));
      assert.deepEqual(grown.flat().filter(Boolean), kernel.flat());
      if ((to - k) % 2 === 0) assert.deepEqual(resized(grown, k), kernel);
    }
  }
});

test("a size that is made smaller and larger again by steps of two has its outer numbers and its middle", () => {
  const five = Array.from({ length: 5 }, (_, y) => Array.from({ length: 5 }, (__, x) => 10 * y + x));
  const three = resized(five, 3);
  assert.equal(three[1][1], five[2][2]);
  assert.deepEqual(resized(withMiddle(five, three), 5), five);
  const typed = three.map((row) => row.map(() => 7));
  const again = resized(withMiddle(five, typed), 5);
  assert.equal(again[0][4], 4);
  assert.deepEqual(resized(again, 3), typed);
});

test("a kernel that does not lie in the other's middle stands alone", () => {
  assert.deepEqual(withMiddle([[1]], KERNEL), KERNEL);
  assert.deepEqual(
    withMiddle(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      KERNEL,
    ),
    KERNEL,
  );
});

test("there is ink under a kernel where anything is above the image's lowest value", () => {
  const image = [-0.1, -0.1, -0.1, -0.1, -0.1, -0.1, -0.1, -0.1, 1];
  const ink = (padding, stride, place) => hasInk(image, [3, 3], 2, padding, stride, place);
  assert.deepEqual([ink(0, 1, [0, 0]), ink(0, 1, [0, 1]), ink(0, 1, [1, 1])], [false, false, true]);
  assert.deepEqual([ink(1, 1, [0, 0]), ink(1, 1, [3, 3]), ink(1, 3, [1, 1])], [false, true, true]);
});

test("padding lies round the image and holds no number of it", () => {
  assert.deepEqual(padded([1, 2], [1, 2], 1), [NaN, NaN, NaN, NaN, NaN, 1, 2, NaN, NaN, NaN, NaN, NaN]);
  assert.deepEqual(padded([1, 2], [1, 2], 0), [1, 2]);
});

test("the formula rounds down as the output does", () => {
  assert.equal(sideInWords([32, 32], 5, 0, 2), "output side: ⌊(32 + 2 × 0 − 5) / 2⌋ + 1 = 14");
  assert.match(sideInWords([6, 9], 3, 1, 1), /= 6 rows, .* = 9 columns$/);
});
