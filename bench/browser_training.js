// A training on MNIST in the engine, from four files to the test split's accuracy: in node and in a page.
import { loadEngine } from "../lenet_edu/engine/engine.js";
import { readMnist } from "../lenet_edu/engine/data.js";
import { startTraining } from "../lenet_edu/engine/trainer.js";

/**
 * @param {{plan: object, recipe: object, scaling: object, seed: number, workers: number, epochs?: number}} given epochs: stop
 *   after so many
 * @param {{name: string, arrayBuffer(): Promise<ArrayBuffer>}[]} files MNIST's
 * @param {() => any} [spawn] makes a worker
 * @returns {Promise<{epochs: object[], accuracy: number, sha256: string}>} of each epoch its record and `wall`, the seconds
 *   from one end to the next; of the last weights the accuracy on the test split and their checksum
 */
export async function trainOnMnist({ epochs = Infinity, ...given }, files, spawn) {
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
  await training.play({ epochs });
  await ended;
  const { weights } = await training.state();
  const { accuracy } = await training.evaluate("test");
  training.close();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", weights));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { epochs: records, accuracy, sha256 };
}
