// @ts-check
/** Looks into a network: now, and again and again while it trains. */

import { firstKernels, flatParameters, gradientSizes, viewOf } from "./plans.js";

// Milliseconds between two looks into a network under way.
const LOOK_EVERY = 120;
const NOTHING = new Float32Array(0);

/** @typedef {import("./training_model.js").TrainingModel} TrainingModel */

export class Looks {
  /** @param {TrainingModel} model shows what is seen @param {number} watched the image that is watched at first */
  constructor(model, watched) {
    this.model = model;
    /** A test image of each class, one after the other, as the network reads them. */
    this.images = NOTHING;
    /** @type {Float32Array | null} */
    this.drawing = null;
    this.watched = watched;
    this.looking = false;
    this.again = false;
  }

  /**
   * Show what the network makes of a drawing, beside the test images.
   * @param {Float32Array | null} image as the network sees it
   */
  showDrawing(image) {
    this.drawing = image;
    void this.look();
  }

  /** The image that is watched: a test image, or after the last of them the drawing. @param {number} place */
  watch(place) {
    this.watched = place;
    void this.look();
  }

  async look() {
    const { model } = this;
    this.again = true;
    if (this.looking) return;
    this.looking = true;
    try {
      while (model.training && (this.again || model.get("status") === "running")) {
        this.again = false;
        await this.#once();
        if (model.get("status") === "running") await pause(LOOK_EVERY);
      }
    } finally {
      this.looking = false;
    }
  }

  async #once() {
    const { model, drawing } = this;
    const training = /** @type {import("../../engine/trainer.js").Training} */ (model.training);
    const { plan } = model;
    const { outputs, weights, gradient } = await training.look(this.#imagesToSee());
    if (model.training !== training) return;
    const [first, second] = [0, 1].map((n) => layersOf(outputs, n, 2));
    await nextFrame();
    const maps = viewOf(first);
    const parameters = viewOf(flatParameters(plan, weights));
    model.show({ activations: maps, outputs: maps, parameters, look: plan }, ["look", "outputs"]);
    await nextFrame();
    model.show({ kernels: viewOf(firstKernels(plan, weights)), gradients: gradientSizes(plan, gradient) });
    const last = plan.layers[plan.layers.length - 1].name;
    const answer = second.subarray(second.length - outputs[last].length / 2);
    model.show({ drawing_outputs: drawing ? Array.from(answer) : null });
    if (model.get("status") !== "running") return;
    await nextFrame();
    model.showProgress();
  }

  /** The image that is watched, and the drawing. */
  #imagesToSee() {
    const { images, watched, drawing, model } = this;
    const { maps, size } = model.plan.input;
    const pixels = maps * size * size;
    const blank = () => new Float32Array(pixels).fill(maps === 1 ? model.scaling.background : 0);
    const own = drawing?.length === pixels ? drawing : blank();
    const isImage = watched < images.length / pixels;
    const both = new Float32Array(2 * pixels);
    both.set(isImage ? images.subarray(watched * pixels, (watched + 1) * pixels) : own);
    both.set(own, pixels);
    return both;
  }
}

/**
 * All layers' outputs for image `n` of `count`, one after the other.
 * @param {Record<string, Float32Array>} outputs
 * @param {number} n
 * @param {number} count
 */
function layersOf(outputs, n, count) {
  const parts = Object.values(outputs).map((all) => {
    const each = all.length / count;
    return all.subarray(n * each, (n + 1) * each);
  });
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
