// @ts-check
/** The view of FeatureMaps before the network that trains: its maps, and the arithmetic of any unit, live. */

import featureMaps from "../../widgets/feature_maps.js";
import { LocalModel } from "../../widgets/training/local_model.js";

/** What FeatureMaps shows, as the reader moves about in it. */
class Watched extends LocalModel {
  /** @param {import("../../widgets/training/training_model.js").TrainingModel} training @param {Record<string, any>} traits */
  constructor(training, traits) {
    super(traits);
    this.training = training;
  }

  /** @param {string} name @param {any} value */
  take(name, value) {
    super.take(name, value);
    if (name === "digit") this.training.watch(value);
  }
}

/**
 * Show the network in a place. The drawing comes after a test image of each class.
 * @param {import("../../widgets/training/training_model.js").TrainingModel} training @param {HTMLElement} place
 * @returns {{watchDrawing: () => void}}
 */
export function showInside(training, place) {
  /** @type {Watched | null} */
  let shown = null;
  /** @type {any} */
  let plan = null;
  let leave = () => {};

  function build() {
    leave();
    plan = training.plan;
    const layers = training.describedLayers();
    const classes = training.get("classes");
    const images = plan.input.maps === 1 ? [...classes, "drawing"] : classes;
    shown = new Watched(training, {
      digit: Math.min(training.watched, images.length - 1),
      digits: images.length,
      labels: images,
      layer: plan.layers[0].name,
      layers,
      weights: "",
      weight_names: [""],
      classes,
      unit: [0, 0, 0],
      activations: training.get("activations"),
      parameters: training.get("parameters"),
    });
    leave = featureMaps.render({ model: /** @type {any} */ (shown), el: place });
  }
  training.on("change:look", () => {
    if (training.get("look") !== plan) return build();
    const { activations, parameters } = training.traits;
    return shown?.show({ activations, parameters }, ["activations"]);
  });
  // Numbers that change several times a second are not to be read aloud.
  training.on("change:status", () => {
    const live = training.get("status") === "running" ? "off" : "polite";
    place.querySelector(".lenet-value")?.setAttribute("aria-live", live);
  });
  return {
    watchDrawing() {
      if (plan?.input.maps === 1) {
        const place_ = training.get("classes").length;
        shown?.show({ digit: place_ });
        training.watch(place_);
      }
    },
  };
}
