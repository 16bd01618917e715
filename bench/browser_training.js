// A training on MNIST in the engine, from four files to the test split's accuracy: in node and in a page.
import { loadEngine } from "../lenet_edu/engine/engine.js";
import { readMnist } from "../lenet_edu/engine/data.js";
import { startTraining } from "../lenet_edu/engine/trainer.js";
import { Clock, convNet, noise } from "./browser_measure.js";

/**
 * @param {{plan: object, recipe: object, scaling: object, seed: number, workers: number, epochs?: number, begun?: () => void}} given epochs: stop
 *   after so many; begun: called when the data is there and the training begins
 * @param {{name: string, arrayBuffer(): Promise<ArrayBuffer>}[]} files MNIST's
 * @param {() => any} [spawn] makes a worker
 * @returns {Promise<{epochs: object[], accuracy: number, sha256: string, megabytes?: number}>} of each epoch its record and `wall`, the seconds
 *   from one end to the next; of the last weights the accuracy on the test split and their checksum
 */
export async function trainOnMnist({ epochs = Infinity, begun = () => {}, ...given }, files, spawn) {
  const engine = await loadEngine();
  const training = await startTraining({ ...given, engine, data: await readMnist(files), spawn });
  const records = [];
  let last = performance.now();
  training.addEventListener("epoch", ({ detail }) => {
    const now = performance.now();
    records.push({ ...detail, wall: (now - last) / 1000 });
    last = now;
  });
  const ended = new Promise((resolve, reject) => {
    for (const name of ["paused", "finished"]) training.addEventListener(name, resolve);
    for (const name of ["diverged", "failed"]) {
      training.addEventListener(name, ({ detail }) => reject(new Error(detail.message)));
    }
  });
  begun();
  await training.play({ epochs });
  await ended;
  // What page, workers and their wasm hold, where a server has isolated the page; browsers take some seconds for it.
  const memory = await globalThis.performance.measureUserAgentSpecificMemory?.();
  const { weights } = await training.state();
  const { accuracy } = await training.evaluate("test");
  training.close();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", weights));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { epochs: records, accuracy, sha256, megabytes: memory && memory.bytes / 2 ** 20 };
}

// A training's steps an epoch, of which the last looks at the validation split and is not timed; and the examples of
// ConvNetJS between two steps. Short stretches find a moment when a busy machine interrupts neither.
const STEPS = 8;
const EXAMPLES = 2;

/**
 * Steps of a training in workers, in turns with ConvNetJS on one core: from messages to the update, all that a step takes.
 * @param {{plan: object, recipe: any, scaling: object, workers: number, convnet: string, rounds: number}} given
 * @param {() => any} [spawn] makes a worker
 * @returns {Promise<{milliseconds: Record<string, number>, timesConvNetJS: number}>} of one example, the shortest of all rounds
 */
export async function measureWorkers({ convnet, rounds, ...given }, spawn) {
  const count = given.recipe.batch_size * STEPS;
  const bytes = Uint8Array.from(noise(count * 784, 1), (share) => 255 * (share + 0.5));
  const split = { bytes, labels: Uint8Array.from({ length: count }, (_, i) => i % 10), size: 28 };
  const data = { train: split, validation: split, test: split, source: "noise" };
  const recipe = { ...given.recipe, epochs: rounds + 1, peak_rate: 1e-6 };
  const training = await startTraining({ ...given, recipe, engine: await loadEngine(), data, spawn });
  const play = (until) =>
    new Promise((resolve) => {
      training.addEventListener("paused", resolve, { once: true });
      training.play(until);
    });
  const { convnetjs, trainer } = convNet(convnet);
  const volume = new convnetjs.Vol(32, 32, 1, 0);
  const image = noise(1024, 2);
  const theirs = new Clock(EXAMPLES, () => {
    for (let n = 0; n < EXAMPLES; n++) {
      volume.w.set(image);
      trainer.train(volume, n % 10);
    }
  });
  let best = Infinity;
  for (let step = 1; step <= rounds * STEPS; step++) {
    const start = performance.now();
    await play({ steps: 1 });
    if (step % STEPS) best = Math.min(best, (performance.now() - start) / given.recipe.batch_size);
    theirs.take();
  }
  training.close();
  return { milliseconds: { ConvNetJS: theirs.best, engine: best }, timesConvNetJS: theirs.best / best };
}
