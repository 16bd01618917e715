// How long the engine and its contenders take, in turns: what `make bench-browser` runs in node and in a worker of Chromium.
import { loadEngine } from "../lenet_edu/engine/engine.js";
import { Im2col } from "./browser_im2col.js";

const BATCH = 128;
const PATTERNS = 20;
const IMAGES = 20; // clocks of browsers have steps of a tenth of a millisecond

/** The shortest of several stretches, in milliseconds for each of what a stretch does `count` of. */
export class Clock {
  best = Infinity;
  constructor(count, work) {
    Object.assign(this, { count, work });
  }

  take() {
    const start = performance.now();
    this.work();
    this.best = Math.min(this.best, (performance.now() - start) / this.count);
  }
}

/** Numbers from -1/2 to 1/2 that look random and are the same each time. */
export function noise(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

export function convNet(text) {
  const convnetjs = new Function("window", "module", `${text}; return convnetjs;`)({}, { exports: {} });
  const net = new convnetjs.Net();
  const convolution = (filters) => ({ type: "conv", sx: 5, filters, stride: 1, pad: 0, activation: "relu" });
  const maximum = { type: "pool", sx: 2, stride: 2 };
  net.makeLayers([
    { type: "input", out_sx: 32, out_sy: 32, out_depth: 1 },
    convolution(6),
    maximum,
    convolution(16),
    maximum,
    convolution(120),
    { type: "fc", num_neurons: 84, activation: "relu" },
    { type: "softmax", num_classes: 10 },
  ]);
  const settings = { learning_rate: 0.01, momentum: 0.9, batch_size: BATCH, l2_decay: 0 };
  return { convnetjs, trainer: new convnetjs.SGDTrainer(net, settings) };
}

/**
 * @param {{plans: Record<string, object>, convnet: string, rounds: number}} given plans "modern" and "1998"; ConvNetJS as text
 * @returns {Promise<object>} milliseconds: of one example in training, of one image, of one update; kernels in microseconds
 */
export async function measure({ plans, convnet, rounds }) {
  const engine = await loadEngine();
  const images = noise(BATCH * 1024, 1);
  const labels = Int32Array.from({ length: BATCH }, (_, n) => n % 10);
  const networks = Object.fromEntries(
    Object.entries(plans).map(([name, plan]) => {
      const network = engine.network(plan);
      network.weights = noise(network.size, 2).map((x) => x / 5);
      return [name, network];
    }),
  );
  const { modern, 1998: original } = networks;

  const im2col = new Im2col(modern.parameters);
  im2col.weights.set(modern.weights);
  const losses = [im2col.learn(images, labels), modern.learn(images, labels).loss];
  const gradient = modern.takeGradient();
  const apart = Math.max(...im2col.gradient.map((value, p) => Math.abs(value - gradient[p])));
  if (Math.abs(losses[0] - losses[1]) > 1e-3 || apart > 1e-5) {
    throw new Error(`im2col and the engine disagree: losses ${losses}, gradients ${apart} apart.`);
  }
  im2col.gradient.fill(0);

  const { convnetjs, trainer } = convNet(convnet);
  const volume = new convnetjs.Vol(32, 32, 1, 0);
  original.rates = new Float32Array(original.size).fill(1e-7);
  const train = (network) => () => {
    network.learn(images, labels);
    network.step({ rate: 1e-6, momentum: 0.9 });
  };
  const one = images.slice(0, 1024);
  const alone = (network) => {
    for (let n = 0; n < IMAGES; n++) network.forward(one);
  };
  const few = images.slice(0, PATTERNS * 1024);
  const clocks = {
    ConvNetJS: new Clock(BATCH / 4, () => {
      for (let n = 0; n < BATCH / 4; n++) {
        volume.w.set(images.subarray(n * 1024, (n + 1) * 1024));
        trainer.train(volume, labels[n]);
      }
    }),
    "plain JavaScript, im2col": new Clock(BATCH, () => {
      im2col.learn(images, labels);
      im2col.step(1e-6, 0.9);
    }),
    "engine, modern": new Clock(BATCH, train(modern)),
    "engine, 1998": new Clock(BATCH, train(original)),
    "engine, modern, forward": new Clock(BATCH, () => modern.output(images)),
    "engine, modern, one image, every layer": new Clock(IMAGES, () => alone(modern)),
    "engine, 1998, one image, every layer": new Clock(IMAGES, () => alone(original)),
    "engine, 1998, one update a pattern": new Clock(PATTERNS, () =>
      original.trainPatterns(few, labels.subarray(0, PATTERNS)),
    ),
  };
  const kernels = {};
  for (const [name, network] of Object.entries(networks)) {
    for (const { name: layer } of network.plan.layers) {
      for (const kernel of ["forward", "gradient", "back"]) {
        kernels[`${name} ${layer} ${kernel}`] = new Clock(8 * 20, () => network.repeatKernel(layer, kernel, 20));
      }
    }
  }
  const ratios = [];
  for (let round = 0; round < rounds; round++) {
    for (const clock of Object.values(clocks)) clock.take();
    for (const clock of Object.values(kernels)) clock.take();
    ratios.push(clocks.ConvNetJS.best / clocks["engine, modern"].best);
  }
  const best = (all, scale) =>
    Object.fromEntries(Object.entries(all).map(([name, clock]) => [name, clock.best * scale]));
  return { milliseconds: best(clocks, 1), microseconds: best(kernels, 1000), timesConvNetJS: ratios.at(-1) };
}
