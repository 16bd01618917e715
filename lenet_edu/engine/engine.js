// The networks of this suite in a browser: a door to lenet.wasm. Needs nothing else, and runs in pages, workers and node.
//
//   import { loadEngine } from "./engine.js";
//   const engine = await loadEngine();                      // lenet.wasm from beside this file; or from bytes, or base64
//   const network = engine.network(plan);                   // plan: what lenet_edu.engine.plan.plan(architecture) gives
//   const notes = network.loadSafetensors(bytes);           // weights that Python wrote
//   network.forward(images).C3                              // every layer's output: Float32Array (N, 16, 10, 10), flat
//   network.classes(images)                                 // the class of every image: Int32Array (N,)
//   const { loss, right } = network.learn(images, labels, { loss: "cross_entropy", smoothing: 0.1 });  // adds a gradient
//   network.step({ rate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 5e-4 });                    // and uses it up
//   const file = network.toSafetensors({ seed: 0 });        // weights that Python's load_network reads
//
//   network.rates = rates; network.trainPatterns(images, labels, order, { loss: "map" })   // 1998: one update a pattern, by
//   network.curvature(images)                                                              // rates from the curvature
//
// Images are Float32Arrays of N x maps x size x size numbers, as Python's networks take them; labels any list of whole
// numbers. Parameters as one array are in the order of Python's `named_parameters()`; `network.parameters` tells what
// stands where. What does not fit raises an EngineError that names it.
//
// The same calls give the same bits in every browser. A batch's gradient is summed image after image in blocks of eight;
// `learn` adds to the gradient that is there, so shards that several workers learn can be put together in one order:
// each sends `network.takeGradient()`, one adds them all by `network.addGradient(part)` and takes the step.
import { translate } from "../system/language.js";

/** @typedef {"scaled_tanh" | "sigmoid" | "relu" | null} Activation */
/**
 * @typedef {object} LayerPlan
 * @property {"convolution" | "subsampling" | "linear" | "rbf"} kind
 * @property {string} name
 * @property {number} [maps] convolution: feature maps
 * @property {number} [units] linear, rbf: units
 * @property {number} [kernel] convolution: side of the kernels
 * @property {number} [stride]
 * @property {number} [padding]
 * @property {number} [border] convolution: what stands beyond the edge
 * @property {"map" | "unit"} [bias] convolution: one bias for each of these
 * @property {string[] | null} [table] convolution: a text for each map below, an X for each map that reads it; null: all
 * @property {"trainable" | "average" | "max"} [pooling]
 * @property {number} [size] subsampling: side of the squares
 * @property {number} [copies] subsampling: how many maps read each map below
 * @property {Activation} [activation]
 * @property {string[]} [codes] rbf: a text for each class, an X for +1
 */
/**
 * @typedef {object} Plan
 * @property {number} format
 * @property {string} name
 * @property {object} network the architecture's config, which weights in a file name
 * @property {{name: string, maps: number, size: number}} input
 * @property {LayerPlan[]} layers
 */
/**
 * @typedef {object} Parameter
 * @property {string} name as in Python, such as "C3.weight"
 * @property {number[]} shape
 * @property {number} offset where it begins among all parameters
 * @property {number} size how many numbers it has
 */
/**
 * @typedef {object} Loss
 * @property {"cross_entropy" | "map" | "distance" | "squared"} [loss] by default what Python's `criterion` takes: "map" for
 *   an RBF output, "cross_entropy" for others
 * @property {number} [smoothing] cross_entropy: the share of each label that is spread over all classes; 0
 * @property {number} [j] map: the distance of the class of rubbish (equation 9); 1
 */
/** @typedef {Record<string, {shape: number[], data: Float32Array}>} Tensors */

const FORMAT = 1;
const NOTES_KEY = "lenet_edu";
const ACTIVATIONS = { none: 0, scaled_tanh: 1, sigmoid: 2, relu: 3 };
const POOLINGS = { trainable: 0, average: 1, max: 2 };
const LOSSES = { cross_entropy: 0, map: 1, distance: 2, squared: 3 };
const RBF_LOSSES = ["map", "distance"];
const BIASES = { map: 0, unit: 1 };

/** Bad input: the message names the thing, what was expected, what came, and what to do. */
export class EngineError extends Error {
  name = "EngineError";
}

/**
 * Compile lenet.wasm.
 * @param {URL | string | ArrayBuffer | Uint8Array} [source] an address; the bytes; or their base64 text, for pages without
 *   files beside them. By default lenet.wasm beside this file.
 * @returns {Promise<Engine>}
 */
export async function loadEngine(source = new URL("./lenet.wasm", import.meta.url)) {
  const bytes = await bytesOf(source);
  try {
    return new Engine(await WebAssembly.compile(bytes));
  } catch (error) {
    throw new EngineError(
      `lenet.wasm could not be compiled (${error.message}). A browser with WebAssembly SIMD is needed: ` +
        "Chrome 91, Firefox 89, Safari 16.4, node 18, or newer.",
    );
  }
}

// How the base64 texts of a wasm file and of a gzip file begin: by that they are told from addresses.
const BASE64 = /^(AGFzbQ|H4sI)[A-Za-z0-9+/=\s]+$/;

/**
 * Bytes that come as they are, as base64 text, or from an address.
 * @param {URL | string | ArrayBuffer | Uint8Array} source
 * @returns {Promise<any>}
 */
export async function bytesOf(source) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  if (typeof source === "string" && BASE64.test(source)) {
    return Uint8Array.from(atob(source.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
  }
  const url = new URL(source, import.meta.url);
  if (url.protocol === "file:" && typeof process === "object" && process.versions?.node) {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const answer = await fetch(url).catch((error) => {
    throw new EngineError(
      `${url} could not be fetched: ${error.message}. Give the bytes or their base64 text instead.`,
    );
  });
  if (!answer.ok) throw new EngineError(`${url} could not be fetched: status ${answer.status}.`);
  return answer.arrayBuffer();
}

/** Compiled code, from which networks are made. `module` may be posted to workers: `new Engine(module)` there. */
export class Engine {
  /** @param {WebAssembly.Module} module */
  constructor(module) {
    if (!(module instanceof WebAssembly.Module)) {
      throw new EngineError(
        "An Engine is made of a WebAssembly.Module. Use await loadEngine(), or engine.module.",
      );
    }
    this.module = module;
  }

  /**
   * A network with weights that are all 0, in memory of its own.
   * @param {Plan} plan
   * @param {{plain?: boolean}} [options] plain: by the plain kernels only, which the fast ones are tested against
   * @returns {Network}
   */
  network(plan, options = {}) {
    return new Network(this.module, plan, options);
  }
}

/** One network: its weights, and what computes with them. Made by `engine.network(plan)`. */
export class Network {
  #wasm;
  #room;
  #pixels;

  constructor(module, plan, { plain = false } = {}) {
    checkPlan(plan);
    /** @type {Plan} */
    this.plan = plan;
    /** Output shapes by layer name, INPUT's first. @type {Record<string, number[]>} */
    this.shapes = shapesOf(plan);
    /** @type {Parameter[]} */
    this.parameters = parametersOf(plan);
    /** How many parameters there are in all. */
    this.size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0);
    const last = plan.layers.at(-1);
    this.hasRbfOutput = last.kind === "rbf";
    this.classCount = last.units;
    /** Probabilities are as sure as they are right at the temperature that was chosen for the weights, by default 1. */
    this.temperature = 1;
    this.#pixels = product(this.shapes[plan.input.name]);
    this.#wasm = new WebAssembly.Instance(module, {}).exports;
    try {
      this.#build();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
      throw new EngineError(
        `There is not enough memory for ${plan.name} and its ${this.size.toLocaleString("en")} parameters.`,
      );
    }
    this.#wasm.use_plain(plain ? 1 : 0);
    this.#room = this.#wasm.room();
  }

  #build() {
    const wasm = this.#wasm;
    if (this.plan.layers.length > wasm.most_layers()) {
      throw new EngineError(
        `A plan can have ${wasm.most_layers()} layers; ${this.plan.name} has ${this.plan.layers.length}.`,
      );
    }
    if (this.size * Float32Array.BYTES_PER_ELEMENT > 2 ** 31) throw new RangeError("more than wasm's memory");
    wasm.begin(this.plan.input.maps, this.plan.input.size);
    let shape = this.shapes[this.plan.input.name];
    for (const layer of this.plan.layers) {
      const squash = ACTIVATIONS[layer.activation ?? "none"];
      if (layer.kind === "convolution") {
        const rows = layer.table ?? Array(shape[0]).fill("X".repeat(layer.maps));
        const table = this.#place(
          Uint8Array,
          Array.from(rows.join(""), (mark) => +(mark === "X")),
        );
        const { maps, kernel, stride, padding, border } = layer;
        wasm.add_convolution(maps, kernel, stride, padding, border, BIASES[layer.bias], squash, table);
      } else if (layer.kind === "subsampling") {
        wasm.add_subsampling(POOLINGS[layer.pooling], layer.size, layer.copies, squash);
      } else if (layer.kind === "linear") {
        wasm.add_linear(layer.units, squash);
      } else {
        const codes = Array.from(layer.codes.join(""), (mark) => (mark === "X" ? 1 : -1));
        wasm.add_rbf(layer.units, this.#place(Float32Array, codes));
      }
      shape = this.shapes[layer.name];
    }
    wasm.finish();
    if (wasm.count_parameters() !== this.size)
      throw new EngineError("engine.js and lenet.wasm do not belong together.");
  }

  #place(Type, numbers) {
    const place = this.#wasm.allocate(numbers.length * Type.BYTES_PER_ELEMENT);
    new Type(this.#wasm.memory.buffer, place, numbers.length).set(numbers);
    return place;
  }

  // Views are made anew each time, since memory that grows leaves old ones without any.
  #floats(place, count) {
    return new Float32Array(this.#wasm.memory.buffer, place, count);
  }

  /** A copy of all parameters. Assign another Float32Array of the same length to set them. @returns {Float32Array} */
  get weights() {
    return this.#floats(this.#wasm.weights_at(), this.size).slice();
  }

  /** @param {Float32Array} numbers */
  set weights(numbers) {
    this.#floats(this.#wasm.weights_at(), this.size).set(this.#checked("weights", numbers));
  }

  /** A copy of the momentum: for each parameter the running sum of its gradients. Can be assigned, to go on from there. @returns {Float32Array} */
  get momentum() {
    return this.#floats(this.#wasm.momentum_at(), this.size).slice();
  }

  /** @param {Float32Array} numbers */
  set momentum(numbers) {
    this.#floats(this.#wasm.momentum_at(), this.size).set(this.#checked("momentum", numbers));
  }

  /** A copy of the gradient that `learn` has added up since the last `step`. Can be assigned. @returns {Float32Array} */
  get gradient() {
    return this.#floats(this.#wasm.gradient_at(), this.size).slice();
  }

  /** @param {Float32Array} numbers */
  set gradient(numbers) {
    this.#floats(this.#wasm.gradient_at(), this.size).set(this.#checked("gradient", numbers));
  }

  /** The gradient, which is 0 from here. @returns {Float32Array} */
  takeGradient() {
    const taken = this.gradient;
    this.#floats(this.#wasm.gradient_at(), this.size).fill(0);
    return taken;
  }

  /** Add a gradient that another network of the same plan has taken. @param {Float32Array} part */
  addGradient(part) {
    const gradient = this.#floats(this.#wasm.gradient_at(), this.size);
    this.#checked("gradient", part);
    for (let p = 0; p < gradient.length; p++) gradient[p] += part[p];
  }

  /**
   * The gradient becomes part `n` of `count`, and is 0 from here: where the shards of a batch wait for each other, so that
   * `addPart` can add them up in one order. @param {number} n @param {number} count
   */
  putAside(n, count) {
    this.part(n, count);
    this.#wasm.put_aside(n);
  }

  /** Part `n` of `count`, in place: to be read or set at once, since the next call may move it. @param {number} n @param {number} count */
  part(n, count) {
    checkWhole("count of parts", count, 1);
    checkChoice("part", n, [...Array(count).keys()]);
    return this.#floats(this.#wasm.part_at(n, count), this.size);
  }

  /** Add part `n` of `count` to the gradient. @param {number} n @param {number} count */
  addPart(n, count) {
    this.part(n, count);
    this.#wasm.add_part(n);
  }

  /**
   * For benchmarks: one kernel of one layer over and over, for eight of the images that `learn` was given last.
   * @param {string} layer its name
   * @param {"forward" | "gradient" | "back"} kernel
   * @param {number} times
   */
  repeatKernel(layer, kernel, times) {
    const place = this.plan.layers.findIndex(({ name }) => name === layer);
    if (place < 0) throw new EngineError(`${this.plan.name} has no layer ${described(layer)}.`);
    checkChoice("kernel", kernel, ["forward", "gradient", "back"]);
    this.#wasm.repeat(place, ["forward", "gradient", "back"].indexOf(kernel), times);
  }

  #checked(what, numbers) {
    if (!(numbers instanceof Float32Array) || numbers.length !== this.size) {
      throw new EngineError(
        `${what} of ${this.plan.name} must be a Float32Array of ${this.size}; got ${described(numbers)}.`,
      );
    }
    return numbers;
  }

  /**
   * Every layer's output by name, INPUT's first, each flat: (N, maps, height, width) or (N, units) as `shapes` has them.
   * @param {Float32Array} images
   * @returns {Record<string, Float32Array>}
   */
  forward(images) {
    const count = this.#count(images);
    const names = Object.keys(this.shapes);
    const sizes = names.map((name) => product(this.shapes[name]));
    const outputs = sizes.map((size) => new Float32Array(count * size));
    this.#inParts(images, count, (first, part) => {
      const place = this.#outputs(part);
      for (let n = 0; n < names.length; n++)
        outputs[n].set(this.#floats(place(n), part * sizes[n]), first * sizes[n]);
    });
    return Object.fromEntries(names.map((name, n) => [name, outputs[n]]));
  }

  /**
   * The last layer's output: distances for RBF, scores for others, (N, classes).
   * @param {Float32Array} images
   */
  output(images) {
    const count = this.#count(images);
    const output = new Float32Array(count * this.classCount);
    this.#inParts(images, count, (first, part) => {
      const place = this.#outputs(part)(this.plan.layers.length);
      output.set(this.#floats(place, part * this.classCount), first * this.classCount);
    });
    return output;
  }

  /**
   * (N, classes) that sum to 1: the softmax of the scores, or of minus the distances, over the temperature.
   * @param {Float32Array} images @param {number} [temperature] in place of the network's own
   */
  probabilities(images, temperature = this.temperature) {
    const output = this.output(images);
    for (let at = 0; at < output.length; at += this.classCount) {
      const scores = Array.from(
        output.subarray(at, at + this.classCount),
        (x) => (this.hasRbfOutput ? -x : x) / temperature,
      );
      const highest = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - highest));
      const whole = shares.reduce((sum, share) => sum + share, 0);
      output.set(
        shares.map((share) => share / whole),
        at,
      );
    }
    return output;
  }

  /**
   * The likeliest class of each image.
   * @param {Float32Array} images
   * @returns {Int32Array} (N,)
   */
  classes(images) {
    const output = this.output(images);
    const sign = this.hasRbfOutput ? -1 : 1;
    return Int32Array.from({ length: output.length / this.classCount }, (_, n) => {
      let winner = 0;
      const at = n * this.classCount;
      for (let c = 1; c < this.classCount; c++)
        if (sign * output[at + c] > sign * output[at + winner]) winner = c;
      return winner;
    });
  }

  /**
   * Add the gradient of these images' loss to `gradient`.
   * @param {Float32Array} images
   * @param {ArrayLike<number>} labels (N,)
   * @param {Loss & {scale?: number}} [options] scale: what each image's gradient is multiplied by; by default 1/N, the
   *   gradient of the mean loss. A shard of a batch of N takes 1/N too.
   * @returns {{loss: number, right: number}} summed loss and right answers, with the weights as they stand
   */
  learn(images, labels, { scale, ...loss } = {}) {
    const count = this.#count(images, labels);
    if (scale !== undefined && !Number.isFinite(scale)) {
      throw new EngineError(`scale must be a finite number; got ${described(scale)}.`);
    }
    this.#setLoss(loss);
    const total = { loss: 0, right: 0 };
    this.#inParts(images, count, (first, part) => {
      this.#placeLabels(labels, first, part);
      total.loss += this.#wasm.learn(part, scale ?? 1 / count, 0);
    });
    total.right = this.#wasm.take_right_answers();
    return total;
  }

  /**
   * One step of gradient descent by `gradient`, which is 0 afterwards: what torch.optim.SGD does.
   * @param {{rate: number, momentum?: number, nesterov?: boolean, weightDecay?: number}} options
   */
  step({ rate, momentum = 0, nesterov = false, weightDecay = 0 }) {
    for (const [what, value] of Object.entries({ rate, momentum, weightDecay })) {
      if (!(Number.isFinite(value) && value >= 0)) {
        throw new EngineError(`${what} must be a finite number, zero or more; got ${described(value)}.`);
      }
    }
    this.#wasm.step(rate, momentum, nesterov ? 1 : 0, weightDecay);
  }

  /** A copy of the rate of every parameter, for `trainPatterns`. Assign a Float32Array to set them; they are 0 at first. @returns {Float32Array} */
  get rates() {
    return this.#floats(this.#wasm.rates_at(), this.size).slice();
  }

  /** @param {Float32Array} numbers */
  set rates(numbers) {
    this.#floats(this.#wasm.rates_at(), this.size).set(this.#checked("rates", numbers));
  }

  /**
   * One update for each pattern of the order: parameter -= its rate times the gradient of that pattern's loss, undivided.
   * What Python's compiled loops do. `gradient` must not hold anything.
   * @param {Float32Array} images
   * @param {ArrayLike<number>} labels (N,)
   * @param {ArrayLike<number> | null} [order] indices of images, any number of them; by default each once
   * @param {Loss} [options]
   * @returns {{loss: number, right: number}} summed loss and right answers, each before its update
   */
  trainPatterns(images, labels, order = null, options = {}) {
    const count = this.#count(images, labels);
    this.#setLoss(options);
    const total = { loss: 0, right: 0 };
    const patterns = order?.length ?? count;
    const place = this.#floats(this.#wasm.images_at(), this.#room * this.#pixels);
    for (let first = 0; first < patterns; first += this.#room) {
      const indices = Array.from(
        { length: Math.min(this.#room, patterns - first) },
        (_, n) => order?.[first + n] ?? first + n,
      );
      for (const [n, index] of indices.entries()) {
        if (!(Number.isInteger(index) && index >= 0 && index < count)) {
          throw new EngineError(`order must hold whole numbers from 0 to ${count - 1}; got ${index}.`);
        }
        place.set(images.subarray(index * this.#pixels, (index + 1) * this.#pixels), n * this.#pixels);
      }
      this.#placeLabels(
        indices.map((index) => labels[index]),
        0,
        indices.length,
      );
      total.loss += this.#wasm.train_patterns(indices.length);
    }
    total.right = this.#wasm.take_right_answers();
    return total;
  }

  /**
   * The second derivative h of the loss along every parameter, by appendix C: a mean over the images, in double precision,
   * zero or more. What Python's `curvature` gives, in the order of `parameters`.
   * @param {Float32Array} images
   * @param {Loss} [options]
   * @returns {Float64Array}
   */
  curvature(images, options = {}) {
    const count = this.#count(images);
    if (!count) throw new EngineError("curvature takes a mean over images; got none.");
    this.#setLoss(options);
    const place = this.#wasm.curvature_at();
    const h = () => new Float64Array(this.#wasm.memory.buffer, place, this.size);
    h().fill(0);
    this.#inParts(images, count, (_, part) => this.#wasm.curve(part));
    return h().map((sum) => sum / count);
  }

  /**
   * Put the weights of a safetensors file in, as Python's `save_network` and `toSafetensors` write it.
   * @param {ArrayBuffer | Uint8Array} file
   * @returns {object} the file's notes
   */
  loadSafetensors(file) {
    const { tensors, notes } = readSafetensors(file);
    if (notes.network === undefined)
      throw new EngineError(translate("The file holds tensors but no network. Give best.safetensors."));
    if (canonical(notes.network) !== canonical(this.plan.network)) {
      throw new EngineError(
        `The weights are of another network: wanted ${JSON.stringify(this.plan.network)}, got ${JSON.stringify(notes.network)}.`,
      );
    }
    const { temperature = 1 } = notes;
    if (!(Number.isFinite(temperature) && temperature > 0))
      throw new EngineError(
        `temperature of the file must be a number above 0; got ${described(temperature)}.`,
      );
    const weights = this.joined(tensors);
    if (!weights.every(Number.isFinite))
      throw new EngineError(
        translate("The file's weights are not all finite numbers: its training had diverged."),
      );
    this.weights = weights;
    this.temperature = temperature;
    return notes;
  }

  /**
   * The weights as the bytes of a safetensors file.
   * @param {object} [notes] anything that JSON can hold; the network's config is added
   * @returns {Uint8Array}
   */
  toSafetensors(notes = {}) {
    return writeSafetensors(this.split(this.weights), { ...notes, network: this.plan.network });
  }

  /**
   * One array of all parameters from named tensors.
   * @param {Tensors} tensors
   */
  joined(tensors) {
    const joined = new Float32Array(this.size);
    for (const name of new Set([
      ...this.parameters.map((parameter) => parameter.name),
      ...Object.keys(tensors),
    ])) {
      const parameter = this.parameters.find((one) => one.name === name);
      const wanted = parameter ? `(${parameter.shape})` : "absent";
      const came = tensors[name] ? `(${tensors[name].shape})` : "absent";
      if (wanted !== came) {
        throw new EngineError(
          `The weights do not fit ${this.plan.name}: ${name} should be ${wanted}, is ${came}.`,
        );
      }
      joined.set(tensors[name].data, parameter.offset);
    }
    return joined;
  }

  /**
   * Named tensors from one array of all parameters, such as `weights` or `gradient`.
   * @param {Float32Array} numbers
   * @returns {Tensors}
   */
  split(numbers) {
    this.#checked("parameters", numbers);
    const part = ({ name, shape, offset, size }) => [
      name,
      { shape, data: numbers.slice(offset, offset + size) },
    ];
    return Object.fromEntries(this.parameters.map(part));
  }

  #count(images, labels) {
    const shape = this.shapes[this.plan.input.name];
    if (!(images instanceof Float32Array) || images.length % this.#pixels) {
      throw new EngineError(
        `${this.plan.name} takes images as a Float32Array of N x ${shape.join(" x ")} numbers; got ${described(images)}.`,
      );
    }
    const count = images.length / this.#pixels;
    if (labels !== undefined && labels?.length !== count) {
      throw new EngineError(`There must be a label for each of ${count} images; got ${described(labels)}.`);
    }
    return count;
  }

  // Where layer n's output for the images in place is to be read. A single image has kernels of its own, to the same bits.
  #outputs(part) {
    if (part > 1) {
      this.#wasm.forward(part);
      return (n) => this.#wasm.unpack(n, part);
    }
    this.#wasm.forward_one(this.#wasm.images_at());
    return (n) => this.#wasm.output_of_one(n);
  }

  #inParts(images, count, work) {
    for (let first = 0; first < count; first += this.#room) {
      const part = Math.min(this.#room, count - first);
      const pixels = images.subarray(first * this.#pixels, (first + part) * this.#pixels);
      this.#floats(this.#wasm.images_at(), pixels.length).set(pixels);
      work(first, part);
    }
  }

  #placeLabels(labels, first, part) {
    const place = new Int32Array(this.#wasm.memory.buffer, this.#wasm.labels_at(), part);
    for (let n = 0; n < part; n++) {
      const label = labels[first + n];
      if (!(Number.isInteger(label) && label >= 0 && label < this.classCount)) {
        throw new EngineError(
          `Label ${first + n} must be a whole number from 0 to ${this.classCount - 1}; got ${label}.`,
        );
      }
      place[n] = label;
    }
  }

  #setLoss({ loss = this.hasRbfOutput ? "map" : "cross_entropy", smoothing = 0, j = 1, ...others }) {
    const unknown = Object.keys(others);
    if (unknown.length)
      throw new EngineError(`There is no option ${unknown[0]}. Options are loss, smoothing, j and scale.`);
    if (!Object.hasOwn(LOSSES, loss) || RBF_LOSSES.includes(loss) !== this.hasRbfOutput) {
      const fitting = Object.keys(LOSSES).filter((name) => RBF_LOSSES.includes(name) === this.hasRbfOutput);
      throw new EngineError(
        `The loss of ${this.plan.name} must be one of ${fitting.join(", ")}; got ${described(loss)}.`,
      );
    }
    if (!(smoothing >= 0 && smoothing < 1))
      throw new EngineError(`smoothing must be from 0 to below 1; got ${smoothing}.`);
    if (!(j > 0 && j < Infinity)) throw new EngineError(`j must be a number above 0; got ${j}.`);
    this.#wasm.set_loss(LOSSES[loss], smoothing, j);
  }
}

/** Output shapes by layer name, INPUT's first: [maps, height, width] or [units]. @param {Plan} plan */
export function shapesOf(plan) {
  const { maps, size } = plan.input;
  const shapes = { [plan.input.name]: [maps, size, size] };
  let shape = [maps, size, size];
  for (const layer of plan.layers) {
    if (layer.kind === "convolution") {
      const side = Math.floor((shape[1] + 2 * layer.padding - layer.kernel) / layer.stride) + 1;
      shape = [layer.maps, side, side];
    } else if (layer.kind === "subsampling") {
      const side = Math.floor(shape[1] / layer.size);
      shape = [shape[0] * layer.copies, side, side];
    } else {
      shape = [layer.units];
    }
    shapes[layer.name] = shape;
  }
  return shapes;
}

/** What stands where among all parameters, in the order of Python's `named_parameters()`. @param {Plan} plan @returns {Parameter[]} */
export function parametersOf(plan) {
  const shapes = shapesOf(plan);
  const parameters = [];
  let [below] = Object.values(shapes);
  const add = (name, shape) => {
    const last = parameters.at(-1);
    parameters.push({ name, shape, offset: last ? last.offset + last.size : 0, size: product(shape) });
  };
  for (const layer of plan.layers) {
    const shape = shapes[layer.name];
    if (layer.kind === "convolution") {
      const links = layer.table ? [countLinks(layer.table)] : [layer.maps, below[0]];
      add(`${layer.name}.weight`, [...links, layer.kernel, layer.kernel]);
      add(`${layer.name}.bias`, layer.bias === "unit" ? shape : [layer.maps]);
    } else if (layer.kind === "subsampling" && layer.pooling === "trainable") {
      add(`${layer.name}.coefficient`, [shape[0]]);
      add(`${layer.name}.bias`, [shape[0]]);
    } else if (layer.kind === "linear") {
      add(`${layer.name}.weight`, [layer.units, product(below)]);
      add(`${layer.name}.bias`, [layer.units]);
    }
    below = shape;
  }
  return parameters;
}

/**
 * The plan of a LeNet-5 with another table in C3.
 * @param {Plan} plan
 * @param {string[]} rows for each map of S2 a text, with an X for each map of C3 that reads it
 * @returns {Plan}
 */
export function withTable(plan, rows) {
  const place = plan.layers.findIndex((layer) => layer.name === "C3");
  if (plan.network?.network !== "lenet5" || place < 0) {
    throw new EngineError(`Only the table of a LeNet-5 can be changed; got a plan of ${plan.name}.`);
  }
  // A table without gaps is no table: Python keeps the weights of such a layer by map and map below.
  const full = Array.isArray(rows) && !rows.some((row) => String(row).includes("."));
  const layers = plan.layers.map((layer, n) =>
    n === place ? { ...layer, table: full ? null : rows } : layer,
  );
  const changed = {
    ...plan,
    name: "LeNet-5",
    network: { ...plan.network, c3: full ? "full" : rows },
    layers,
  };
  checkTable({ ...plan.layers[place], table: rows }, shapesOf(plan).S2[0]);
  return changed;
}

/**
 * Named tensors and notes of a safetensors file that this suite wrote.
 * @param {ArrayBuffer | Uint8Array} file
 * @returns {{tensors: Tensors, notes: any}}
 */
export function readSafetensors(file) {
  if (!(file instanceof ArrayBuffer) && !ArrayBuffer.isView(file)) {
    throw new EngineError(
      `A safetensors file must come as an ArrayBuffer or a Uint8Array; got ${described(file)}.`,
    );
  }
  const bytes =
    file instanceof ArrayBuffer
      ? new Uint8Array(file)
      : new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const damaged = (why) =>
    new EngineError(
      translate(
        "This is not a whole safetensors file ({why}). It is truncated, damaged or of another kind.",
        { why },
      ),
    );
  if (bytes[0] === 0x80 || (bytes[0] === 0x50 && bytes[1] === 0x4b)) {
    throw new EngineError(
      translate("This is a pickle, not a safetensors file. Only safetensors files are loaded."),
    );
  }
  if (bytes.length < 8) throw damaged(translate("{count} bytes", { count: bytes.length }));
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8)
    throw damaged(translate("its header should have {count} bytes", { count: length }));
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw damaged(translate("its header is not JSON"));
  }
  if (typeof header !== "object" || header === null) throw damaged(translate("its header is no object"));
  const { __metadata__: metadata, ...entries } = header;
  if (typeof metadata?.[NOTES_KEY] !== "string") {
    throw new EngineError(
      translate("The file was not written by lenet_edu: it does not say which network it belongs to."),
    );
  }
  let notes;
  try {
    notes = JSON.parse(metadata[NOTES_KEY]);
  } catch {
    notes = null;
  }
  if (typeof notes !== "object" || notes === null) {
    throw new EngineError(
      translate("The file has damaged notes: they do not say which network it belongs to."),
    );
  }
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets } = {}] of Object.entries(entries)) {
    if (dtype !== "F32")
      throw new EngineError(
        translate("Tensor {name} must be of F32; got {dtype}. Save it as float32.", { name, dtype }),
      );
    if (!Array.isArray(shape) || !Array.isArray(offsets))
      throw damaged(translate("{name} has no shape or place", { name }));
    const [start, end] = offsets.map((offset) => 8 + length + offset);
    if (!(start >= 8 + length && end <= bytes.length) || end - start !== 4 * product(shape)) {
      throw damaged(translate("{name} does not lie inside", { name }));
    }
    tensors[name] = { shape, data: new Float32Array(bytes.slice(start, end).buffer) };
  }
  return { tensors, notes };
}

/**
 * The bytes of a safetensors file.
 * @param {Tensors} tensors
 * @param {object} notes anything that JSON can hold
 * @returns {Uint8Array}
 */
export function writeSafetensors(tensors, notes) {
  const header = { __metadata__: { [NOTES_KEY]: JSON.stringify(notes) } };
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, (end += 4 * data.length)] };
  }
  let text = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  text = padded;
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  for (const [name, { data }] of Object.entries(tensors)) {
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      8 + text.length + header[name].data_offsets[0],
    );
  }
  return bytes;
}

// ---- checks ----

function product(shape) {
  return shape.reduce((size, side) => size * side, 1);
}

function countLinks(table) {
  return table.join("").split("X").length - 1;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)}}`;
}

function described(value) {
  if (ArrayBuffer.isView(value) || Array.isArray(value))
    return `${value.constructor.name} of ${value.length}`;
  if (typeof value === "object" && value !== null) return value.constructor?.name;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Raise EngineError, which names the layer and what is wrong with it, unless a network can be made of the plan. @param {any} plan */
export function checkPlan(plan) {
  if (
    typeof plan !== "object" ||
    plan === null ||
    !plan.input ||
    !Array.isArray(plan.layers) ||
    !plan.layers.length
  ) {
    throw new EngineError(
      `A plan must have an input and layers; got ${described(plan)}. Make it with lenet_edu.engine.plan.`,
    );
  }
  if (plan.format !== FORMAT) {
    throw new EngineError(
      `The plan must be of format ${FORMAT}; got ${described(plan.format)}. Make it anew with lenet_edu.`,
    );
  }
  if (typeof plan.input.name !== "string") {
    throw new EngineError(`The input of a plan must have a name; got ${described(plan.input.name)}.`);
  }
  checkWhole("maps of the input", plan.input.maps, 1);
  checkWhole("size of the input", plan.input.size, 1);
  const names = new Set([plan.input.name]);
  let shape = [plan.input.maps, plan.input.size, plan.input.size];
  for (const [n, layer] of plan.layers.entries()) {
    if (typeof layer?.name !== "string" || names.has(layer.name)) {
      throw new EngineError(
        `Layer ${n} of ${plan.name} must have a name of its own; got ${described(layer?.name)}.`,
      );
    }
    names.add(layer.name);
    checkLayer(layer, shape);
    shape = shapesOf({ ...plan, layers: plan.layers.slice(0, n + 1) })[layer.name];
    if (layer.kind === "rbf" && n < plan.layers.length - 1)
      throw new EngineError(`${layer.name} is of kind rbf: it must be the last layer.`);
    if (shape.length > 1 && shape[1] < 1)
      throw new EngineError(`${layer.name} has no room for a unit: its maps below are too small.`);
  }
  if (shape.length > 1)
    throw new EngineError(`The last layer of ${plan.name} must be of kind linear or rbf.`);
}

function checkLayer(layer, shape) {
  const { name } = layer;
  checkChoice(`kind of ${name}`, layer.kind, ["convolution", "subsampling", "linear", "rbf"]);
  if (layer.kind !== "rbf")
    checkChoice(`activation of ${name}`, layer.activation ?? "none", Object.keys(ACTIVATIONS));
  if ((layer.kind === "convolution" || layer.kind === "subsampling") && shape.length < 3) {
    throw new EngineError(
      `${name} is of kind ${layer.kind} and must read maps; the layer below has units only.`,
    );
  }
  if (layer.kind === "convolution") {
    for (const what of ["maps", "kernel", "stride"]) checkWhole(`${what} of ${name}`, layer[what], 1);
    checkWhole(`padding of ${name}`, layer.padding, 0);
    if (!Number.isFinite(layer.border))
      throw new EngineError(`border of ${name} must be a number; got ${described(layer.border)}.`);
    checkChoice(`bias of ${name}`, layer.bias, Object.keys(BIASES));
    if (layer.table !== null) checkTable(layer, shape[0]);
  } else if (layer.kind === "subsampling") {
    checkChoice(`pooling of ${name}`, layer.pooling, Object.keys(POOLINGS));
    checkWhole(`size of ${name}`, layer.size, 1);
    checkWhole(`copies of ${name}`, layer.copies, 1);
  } else {
    checkWhole(`units of ${name}`, layer.units, 1);
    if (layer.kind === "rbf") checkMarks(`codes of ${name}`, layer.codes, layer.units, product(shape));
  }
}

function checkTable(layer, mapsBelow) {
  checkMarks(`table of ${layer.name}`, layer.table, mapsBelow, layer.maps);
}

function checkMarks(what, rows, count, length) {
  const fits =
    Array.isArray(rows) &&
    rows.length === count &&
    rows.every((row) => typeof row === "string" && row.length === length);
  if (!fits || /[^X.]/.test(rows.join(""))) {
    throw new EngineError(
      `${what} must be ${count} texts of ${length} marks, each X or a dot; got ${JSON.stringify(rows)?.slice(0, 80)}.`,
    );
  }
}

function checkWhole(what, value, least) {
  if (!Number.isInteger(value) || value < least) {
    throw new EngineError(`${what} must be a whole number of at least ${least}; got ${described(value)}.`);
  }
}

function checkChoice(what, value, choices) {
  if (!choices.includes(value))
    throw new EngineError(`${what} must be one of ${choices.join(", ")}; got ${described(value)}.`);
}
