// @ts-check
/** The trainings that the browser keeps, and what a training's state says of it, as the panel takes it. */

import { translate } from "../../system/language.js";
import { viewOf } from "./plans.js";

/** Where the browser keeps trainings: see engine/storage.js. */
export const STORE = "trainings";
const MOST_COMPARED = 4;

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
    peak_rate,
    momentum,
    batch_size,
    epochs,
    seed,
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

export class KeptRuns {
  /**
   * @param {import("./local_model.js").LocalModel} model shows them
   * @param {any} storage null where the browser keeps nothing
   */
  constructor(model, storage) {
    this.model = model;
    this.storage = storage;
  }

  async list() {
    if (!this.storage) return;
    const names = await this.storage.keys(STORE);
    const runs = await Promise.all(
      names.map(async (/** @type {string} */ name) => describeRun(name, await this.storage.get(STORE, name))),
    );
    this.model.show({ runs: runs.reverse() });
  }

  /** Keep a copy. @param {string} name @param {any} state */
  async save(name, state) {
    if (!this.storage)
      throw new Error(translate("This browser keeps nothing for the page: save the weights as a file."));
    if (!name) throw new Error(translate("Give the copy a name."));
    if ((await this.storage.keys(STORE)).includes(name))
      throw new Error(translate("There is a run {name} already: choose another name.", { name }));
    await this.storage.put(STORE, name, state);
    await this.list();
  }

  /** @param {string} name @param {string} own the name of the run that the page trains */
  async remove(name, own) {
    if (name === own) {
      throw new Error(translate("{name} is the run of this page. Reset before you delete it.", { name }));
    }
    await this.storage.remove(STORE, name);
    await this.compare(this.model.get("compared").filter((/** @type {string} */ other) => other !== name));
    await this.list();
  }

  /** Show the curves of some beside those of the page's run. @param {string[]} names */
  async compare(names) {
    const { model, storage } = this;
    if (names.length > MOST_COMPARED) {
      model.refuse(
        translate("At most {most_compared} runs can be compared at once; got {names_count}.", {
          most_compared: MOST_COMPARED,
          names_count: names.length,
        }),
      );
      return model.show({ compared: model.get("compared") });
    }
    const states = await Promise.all(names.map((name) => storage.get(STORE, name)));
    const compared_curves = states.map(({ curve, history }, i) => ({
      name: names[i],
      curve: curveOf(curve),
      validation: validationOf(history),
    }));
    return model.show({ compared: names, compared_curves });
  }
}
