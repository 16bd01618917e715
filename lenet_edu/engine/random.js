// @ts-check
/**
 * Random numbers as torch draws them on a CPU, from the same seed: the Mersenne Twister MT19937 of Matsumoto and
 * Nishimura (ACM TOMACS 8(1), 1998), and what torch makes of its 32-bit integers. So a start, an order of digits and
 * a distortion are the same in Python and in the browser, and the same in every browser: only arithmetic that
 * IEEE 754 fixes to the last bit is used, none of Math.sin, Math.log and the like.
 */

import { log, sine } from "./functions.js";

const SIZE = 624;
const SHIFT = 397;

/** A stream of random numbers: `torch.Generator().manual_seed(seed)`. */
export class Generator {
  /** @param {number} seed a whole number from 0 to 2^53; as in torch, its last 32 bits decide */
  constructor(seed) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`A seed must be a whole number of at least 0; got ${seed}.`);
    }
    this.state = new Uint32Array(SIZE);
    this.state[0] = seed % 2 ** 32;
    for (let i = 1; i < SIZE; i++) {
      const before = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, before) + i;
    }
    this.next = SIZE;
  }

  /** The next integer, from 0 to 2^32 - 1. */
  integer() {
    if (this.next === SIZE) this.#renew();
    let y = this.state[this.next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #renew() {
    const { state } = this;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }

  /**
   * `torch.rand(count)`: uniform from 0 up to 1, 24 bits each.
   * @param {number} count
   */
  rand(count) {
    return Float32Array.from({ length: count }, () => (this.integer() & 0xffffff) / 2 ** 24);
  }

  /**
   * `torch.randperm(count)`: every order is as likely as any other (Fisher and Yates).
   * @param {number} count
   */
  randperm(count) {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = 0; i < count - 1; i++) {
      const other = i + (this.integer() % (count - i));
      [order[i], order[other]] = [order[other], order[i]];
    }
    return order;
  }

  /**
   * `torch.randn(count)` for count >= 16, to a few units in the last place: normal with mean 0 and deviation 1, two
   * at a time from two uniform numbers (Box and Muller, 1958). Torch takes them in sixteens, eight and eight, and
   * draws the last sixteen anew where they do not come out even.
   * @param {number} count
   */
  randn(count) {
    const numbers = this.rand(count);
    for (let start = 0; start + 16 <= count; start += 16) boxMuller(numbers, start);
    if (count % 16) {
      numbers.set(this.rand(16), count - 16);
      boxMuller(numbers, count - 16);
    }
    return numbers;
  }
}

/** @param {Float32Array} numbers @param {number} start */
function boxMuller(numbers, start) {
  for (let i = start; i < start + 8; i++) {
    const radius = Math.sqrt(-2 * log(Math.fround(1 - numbers[i])));
    const { sin, cos } = sine(2 * Math.PI * numbers[i + 8]);
    numbers[i] = radius * cos;
    numbers[i + 8] = radius * sin;
  }
}
