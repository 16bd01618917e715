// @ts-check
/** What a training's state says of it, as the views of TrainingPanel take it. */

import { viewOf } from "./plans.js";

// The most points of a curve that are drawn.
const POINTS = 300;

/**
 * A run as the table of runs shows it: see `describe_runs` in training/sessions.py.
 * @param {string} name
 * @param {any} state
 */
export function describeRun(
  name,
  { name: network, network: { network: kind }, source, seed, seen, images, recipe, history },
) {
  const accuracies = history.map((/** @type {any} */ epoch) => epoch.validation_accuracy);
  const { peak_rate, momentum, batch_size, epochs } = recipe;
  return {
    name,
    network,
    kind,
    data: source,
    recipe: recipe.name,
    ...{ peak_rate, momentum, batch_size, epochs, seed },
    state: history.length >= epochs ? "finished" : "paused",
    epochs_done: history.length + seen / images,
    accuracy: accuracies.length ? Math.max(...accuracies) : null,
  };
}

/** Rows of epoch, loss, accuracy; long curves as means of neighbours. @param {any[]} points */
export function curveOf(points) {
  const together = Math.ceil(points.length / POINTS) || 1;
  const rows = [];
  for (let from = 0; from < points.length; from += together) {
    const part = points.slice(from, from + together);
    for (const name of ["epoch", "loss", "accuracy"]) {
      rows.push(part.reduce((sum, point) => sum + point[name], 0) / part.length);
    }
  }
  return viewOf(Float32Array.from(rows));
}

/** @param {any[]} history */
export function validationOf(history) {
  return viewOf(
    Float32Array.from(
      history.flatMap(({ epoch, validation_loss, validation_accuracy }) => [
        epoch,
        validation_loss,
        validation_accuracy,
      ]),
    ),
  );
}
