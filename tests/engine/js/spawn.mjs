// node's workers with the face of a page's.
import { Worker } from "node:worker_threads";

export function spawn() {
  const worker = new Worker(new URL("./worker.mjs", import.meta.url), { execArgv: [] });
  const face = {
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
    onmessage: null,
    onerror: null,
  };
  worker.on("message", (data) => face.onmessage?.({ data }));
  worker.on("error", (error) => face.onerror?.(error));
  return face;
}

/** Resolves when one of these events comes, with its name and detail. */
export function next(training, ...names) {
  return new Promise((resolve) => {
    for (const name of names) {
      training.addEventListener(name, ({ detail }) => resolve({ name, detail }), { once: true });
    }
  });
}
