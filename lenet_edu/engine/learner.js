// @ts-check
/**
 * What one worker does in a training: it reads images, distorts them, and has a network learn its shards of each batch.
 *
 * A batch is cut into the same shards however many workers there are, and their gradients are added in the order of the
 * shards. So a seed leads to the same bits on one core and on eight.
 */

import { reader } from "./data.js";
import { distort, distorts, drawDistortions } from "./distortions.js";
import { Generator } from "./random.js";

export const SHARDS = 4;

// Images that are judged are made into floats so many at a time: a split of MNIST would fill hundreds of megabytes.
const AT_ONCE = 256;

// The network computes eight images side by side: a shard is a multiple of these.
const LANES = 8;

/** @typedef {import("./recipes.js").Recipe} Recipe */
/** @typedef {import("./data.js").Data} Data */
/** @typedef {{epoch: number, from: number, to: number}} Batch places of the epoch's order, `to` not included */
/**
 * What came of a shard; its gradient stands aside in the network, as part `shard` of SHARDS.
 * @typedef {{shard: number, loss: number, right: number}} Part
 */

/** Where each shard of a batch begins, and where the last one ends. @param {Batch} batch */
export function shardBounds({ from, to }) {
  const width = LANES * Math.ceil((to - from) / LANES / SHARDS);
  return Array.from({ length: SHARDS + 1 }, (_, shard) => Math.min(from + shard * width, to));
}

export class Learner {
  /**
   * @param {import("./engine.js").Network} network
   * @param {Data} data
   * @param {import("./data.js").Scaling} scaling
   */
  constructor(network, data, scaling) {
    this.network = network;
    this.data = data;
    const { maps, size } = network.plan.input;
    this.readers = {
      train: reader(data.train, scaling, size),
      validation: reader(data.validation, scaling, size),
      test: reader(data.test, scaling, size),
    };
    this.side = size;
    this.pixels = maps * size * size;
    // Paper surrounds a digit; a picture fills its frame.
    this.background = maps === 1 ? scaling.background : null;
  }

  /**
   * From now on the epochs of this seed and recipe. Their order and distortions depend on seed and epoch alone, as in
   * lenet_edu/training/loop.py: whoever goes on after an interruption needs none of the draws before.
   * @param {number} seed @param {Recipe} recipe
   */
  follow(seed, recipe) {
    this.seed = seed;
    this.recipe = recipe;
    this.epoch = -1;
  }

  /** @param {number} epoch from 0 */
  #planEpoch(epoch) {
    if (epoch === this.epoch) return;
    const count = this.data.train.labels.length;
    const generator = new Generator(/** @type {number} */ (this.seed) * 2 ** 20 + epoch);
    this.order = generator.randperm(count);
    const recipe = /** @type {Recipe} */ (this.recipe);
    this.distortions = distorts(recipe) ? drawDistortions(recipe, count, generator) : null;
    this.epoch = epoch;
  }

  /**
   * Learn some shards of a batch, at the network's weights: their gradients are put aside. Empty shards are left out.
   * @param {Batch} batch
   * @param {number[]} shards which
   * @returns {Part[]}
   */
  gradients(batch, shards) {
    this.#planEpoch(batch.epoch);
    const bounds = shardBounds(batch);
    const { loss, smoothing } = /** @type {Recipe} */ (this.recipe);
    return shards
      .filter((shard) => bounds[shard] < bounds[shard + 1])
      .map((shard) => {
        const { images, labels } = this.#trainingImages(bounds[shard], bounds[shard + 1]);
        const options = this.network.hasRbfOutput ? { loss } : { loss, smoothing };
        const learned = this.network.learn(images, labels, {
          ...options,
          scale: 1 / (batch.to - batch.from),
        });
        this.network.putAside(shard, SHARDS);
        return { shard, ...learned };
      });
  }

  /** @param {number} from @param {number} to places of the epoch's order */
  #trainingImages(from, to) {
    const order = /** @type {Uint32Array} */ (this.order);
    const images = new Float32Array((to - from) * this.pixels);
    const plain = new Float32Array(this.pixels);
    for (let place = from; place < to; place++) {
      const out = images.subarray((place - from) * this.pixels, (place - from + 1) * this.pixels);
      this.readers.train(order[place], this.distortions ? plain : out);
      if (this.distortions) distort(plain, this.side, this.distortions, place, this.background, out);
    }
    const labels = Uint8Array.from(order.subarray(from, to), (i) => this.data.train.labels[i]);
    return { images, labels };
  }

  /**
   * What the network says of some images: the last layer's output, (to - from, classes), flat.
   * @param {"train" | "validation" | "test"} split @param {number} from @param {number} to
   */
  outputs(split, from, to) {
    const classes = this.network.classCount;
    const outputs = new Float32Array((to - from) * classes);
    const room = new Float32Array(Math.min(to - from, AT_ONCE) * this.pixels);
    for (let first = from; first < to; first += AT_ONCE) {
      const images = room.subarray(0, Math.min(to - first, AT_ONCE) * this.pixels);
      for (let at = 0, i = first; at < images.length; at += this.pixels, i++) {
        this.readers[split](i, images.subarray(at, at + this.pixels));
      }
      outputs.set(this.network.output(images), (first - from) * classes);
    }
    return outputs;
  }
}
