// @ts-check
/**
 * What stands behind the views of TrainingPanel where no kernel is: the same traits and the same messages as
 * lenet_edu/widgets/training_panel.py, answered by a training in workers (engine/trainer.js).
 */

import { shapesOf } from "../../engine/engine.js";
import { startTraining } from "../../engine/trainer.js";
import { translate } from "../../system/language.js";
import { DATA, LIVE, configOf, recipeInWords, recipeOf, runName } from "./choices.js";
import { imagesOf, oneOfEach } from "./library.js";
import { LocalModel } from "./local_model.js";
import { Looks, nextFrame } from "./looks.js";
import { describeLayers, isRbf, planOf, viewOf } from "./plans.js";
import { KeptRuns, STORE, curveOf, validationOf } from "./run_records.js";
import { changedChoice, choiceOf, formOf, suited } from "./settings.js";

/** @typedef {import("./choices.js").Choice} Choice */
/** @typedef {import("./plans.js").Plan} Plan */

const SUREST_MISTAKES = 10;
const NOTHING = new Float32Array(0);

const TRAITS = {
  status: "ready",
  begun: false,
  given_away: false,
  settings: {},
  options: {},
  recipe_text: "",
  peak_rate: 0.1,
  momentum: 0.9,
  batch_size: 128,
  epochs: 1,
  digit: 3,
  classes: [],
  runs: [],
  interrupted: "",
  compared: [],
  progress: { epochs_done: 0, epochs: 1, steps: 0 },
  layers: [],
  rbf: false,
  curve: viewOf(NOTHING),
  validation: viewOf(NOTHING),
  abandoned_curve: viewOf(NOTHING),
  compared_curves: [],
  outputs: viewOf(NOTHING),
  kernels: viewOf(NOTHING),
  gradients: [],
  confusion: [],
  mistakes: [],
  mistake_images: viewOf(NOTHING),
  // What the page shows besides.
  choice: null,
  plan: null,
  sum: "",
  test: null,
  drawing_outputs: null,
  changed: false,
};

export class TrainingModel extends LocalModel {
  /**
   * @param {object} given
   * @param {import("./plans.js").Content} given.content
   * @param {import("../../engine/engine.js").Engine} given.engine
   * @param {import("./library.js").Library} given.library
   * @param {any} given.storage null where the browser keeps nothing
   * @param {() => any} [given.spawn] makes a worker for a training
   * @param {() => Choice["data"][]} [given.offered] the data that can be chosen; what the page lacks is asked for then
   */
  constructor({ content, engine, library, storage, spawn, offered = () => DATA }) {
    super(TRAITS);
    this.offered = offered;
    this.content = content;
    this.engine = engine;
    this.library = library;
    this.storage = storage;
    this.spawn = spawn;

    /** @type {import("../../engine/trainer.js").Training | null} */
    this.training = null;
    /** What it trains on. @type {import("./data_worker.js").Held | null} */
    this.data = null;
    /** @type {import("../../engine/data.js").Scaling} */
    this.scaling = content.scalings.digits;
    /** The name under which the browser keeps it, or none. */
    this.home = "";
    /** The choice that is being taken up, or is next, and the work on it. @type {Choice | null} */
    this.wanted = null;
    /** @type {Promise<void> | null} */
    this.starting = null;

    /** @type {any[]} */
    this.points = [];
    /** @type {any[]} */
    this.history = [];
    /** @type {any} */
    this.recipe = null;
    this.steps = 0;
    this.epochsDone = 0;
    this.imagesAnEpoch = 0;
    this.speed = 0;
    this.error = "";
    this.playedFrom = { time: 0, epochs: 0 };

    this.looks = new Looks(this, TRAITS.digit);
    this.kept = new KeptRuns(this, storage);
  }

  /** @returns {Choice} */
  get choice() {
    return this.get("choice");
  }

  /** @returns {Plan} */
  get plan() {
    return this.get("plan");
  }

  // What is chosen --------------------------------------------------------------------------------------

  /**
   * Take up the run of a choice: where the browser kept it, or from its first step. Of several choices that
   * come while
   * one is being set up, the last counts.
   * @param {Choice} choice
   * @returns {Promise<void>}
   */
  begin(choice) {
    this.wanted = choice;
    this.starting ??= this.#beginWanted().finally(() => (this.starting = null));
    return this.starting;
  }

  async #beginWanted() {
    while (this.wanted) {
      const choice = this.wanted;
      try {
        await this.#begin(choice);
      } catch (error) {
        this.refuse(error.message);
        this.#showChoice();
      }
      if (this.wanted === choice) this.wanted = null;
    }
  }

  /** @param {Choice} choice @param {any} [state] to go on from */
  async #begin(choice, state) {
    const { content, engine, library, storage, spawn } = this;
    const classes = library.classesOf(choice.data);
    const plan = planOf(content, configOf(choice, classes.length));
    const { data, scaling } = await library.fitted(choice.data, plan);
    const recipe = recipeOf(content, choice);
    const name = storage ? runName(content, choice) : undefined;
    // The one before is closed first, so that two never keep a state under one name.
    await this.#leave();
    const training = await startTraining({
      plan,
      data: /** @type {any} */ (data),
      scaling,
      seed: choice.seed,
      recipe,
      name,
      engine,
      spawn,
    });
    if (state) await training.restore(state);
    this.training = training;
    this.data = data;
    this.scaling = scaling;
    this.home = name ?? "";
    this.#watch(training);
    this.show({ choice, plan, classes, digit: Math.min(this.get("digit"), classes.length - 1) });
    this.looks.images = await imagesOf(
      data.test,
      oneOfEach(data.test.labels, classes.length),
      scaling,
      plan.input.size,
    );
    await this.#takeState(await training.state());
    await this.kept.list();
  }

  async #leave() {
    const { training } = this;
    this.training = null;
    if (!training) return;
    await training.pause();
    if (this.get("begun") && this.storage) await training.save();
    training.close();
  }

  /** What is chosen, as the panel's form has it. */
  #showChoice() {
    if (this.choice) this.show(formOf(this.content, this.choice, this.offered()));
  }

  /** What the reader set. @param {string} name @param {any} value */
  take(name, value) {
    if (name === "settings") this.#choose(value);
    else if (LIVE.includes(name)) this.#change(name, value);
    else if (name === "compared") void this.kept.compare(value);
    else super.take(name, value);
    if (name === "digit") this.watch(value);
  }

  /**
   * Take up what differs from the settings that are shown; of a choice that is being taken up nothing is yet.
   * @param {Record<string, any>} given all settings, as the form has them
   */
  #choose(given) {
    const before = this.wanted ?? this.choice;
    try {
      if (this.get("begun")) {
        throw new Error(
          translate("A run has begun: reset it before you choose another network, recipe or data."),
        );
      }
      this.choose(changedChoice(before, given, this.get("settings")), before);
    } catch (error) {
      this.refuse(error.message);
      this.#showChoice();
    }
  }

  /**
   * Take up another choice, and with it what suits it. What data the page lacks is told as an event, "lacking".
   * @param {Choice} choice @param {Choice} [before]
   */
  choose(choice, before = this.wanted ?? this.choice) {
    const next = suited(this.content, this.library, choice, before);
    if (this.library.get(next.data)) return this.begin(next);
    this.#showChoice();
    this.tell("lacking", next.data);
    return undefined;
  }

  /** Another value of the recipe. @param {string} name of LIVE @param {number} value */
  #change(name, value) {
    const before = this.get(name);
    this.show({ [name]: value });
    const refuse = (/** @type {Error} */ error) => {
      this.refuse(error.message);
      this.show({ [name]: before });
    };
    if (!this.get("begun")) {
      const choice = this.wanted ?? this.choice;
      const next = { ...choice, changes: { ...choice.changes, [name]: value } };
      if (this.content.recipes[choice.recipe][name] === value) delete next.changes[name];
      try {
        recipeOf(this.content, next);
      } catch (error) {
        return refuse(error);
      }
      return void this.begin(next);
    }
    const least = this.history.length + 1;
    if (name === "epochs" && !(value >= least)) {
      return refuse(
        new Error(
          translate("epochs must be at least {least}: so many have begun; got {value}.", { least, value }),
        ),
      );
    }
    return void this.training?.change({ [name]: value }).then(() => {
      this.recipe = { ...this.recipe, [name]: value };
      this.show({ changed: true, recipe_text: recipeInWords(this.content, this.recipe) });
      this.showProgress();
    }, refuse);
  }

  // What is asked for -----------------------------------------------------------------------------------

  /** A button of the panel. @param {{do: string, name?: string}} message */
  send({ do: action, name = "" }) {
    const actions = /** @type {Record<string, () => any>} */ ({
      train: () => this.#play({}),
      step: () => this.#play({ steps: 1 }),
      epoch: () => this.#play({ epochs: 1 }),
      pause: () => this.training?.pause(),
      reset: () => this.#reset(),
      save: () => this.#saveCopy(name),
      load: () => this.#load(name),
      delete: () => this.kept.remove(name, this.home),
    });
    Promise.resolve(this.starting)
      .then(actions[action])
      .catch((error) => this.refuse(error.message));
  }

  /** @param {{steps?: number, epochs?: number}} until */
  async #play(until) {
    this.show({ begun: true, status: "running" });
    this.error = "";
    this.playedFrom = { time: performance.now(), epochs: this.epochsDone };
    await this.training?.play(until);
    void this.looks.look();
  }

  async #reset() {
    const { training, choice, storage } = this;
    if (!training) return;
    await training.reset(choice.seed, recipeOf(this.content, choice));
    await storage?.remove(STORE, this.home);
    await this.#takeState(await training.state());
    await this.kept.list();
  }

  /** @param {string} name */
  async #saveCopy(name) {
    await this.kept.save(name, await this.training?.state());
  }

  /** @param {string} name */
  async #load(name) {
    const state = await this.storage.get(STORE, name);
    await this.#begin(choiceOf(this.content, this.library, this.choice, state, name), state);
  }

  /**
   * Begin with the weights of a file, of whatever network they are.
   * @param {Choice} choice with their network, and `from`
   * @param {Float32Array} weights
   */
  async beginWith(choice, weights) {
    await this.starting;
    await this.#begin(choice);
    const state = /** @type {any} */ (await this.training?.state());
    if (state.steps) return; // the browser kept the run that went on from them
    await this.training?.restore({ ...state, weights, lastWeights: weights, bestWeights: weights });
    await this.#takeState(await /** @type {any} */ (this.training).state());
  }

  /** The weights as they stand. @returns {Promise<Float32Array>} */
  async weights() {
    return (await /** @type {any} */ (this.training).state()).weights;
  }

  // What is shown ---------------------------------------------------------------------------------------

  /** @param {import("../../engine/trainer.js").Training} training */
  #watch(training) {
    const on = (/** @type {string} */ event, /** @type {(detail: any) => void} */ heard) =>
      training.addEventListener(event, (message) => {
        if (this.training === training) heard(/** @type {CustomEvent} */ (message).detail);
      });
    on("point", (point) => {
      this.points.push(point);
      this.steps = point.steps;
      this.epochsDone = point.epoch;
    });
    on("epoch", ({ confusion, mistakes, ...record }) => {
      this.history.push(record);
      void this.#showMistakes(confusion, mistakes);
    });
    for (const event of ["paused", "finished", "diverged"]) {
      on(event, ({ message = "" }) => {
        this.error = message;
        void this.#settle(event === "diverged" ? "stopped" : event);
      });
    }
    on("failed", ({ message }) => {
      this.refuse(message);
      this.show({ status: "stopped" });
    });
  }

  /** After a pause or the end: all there is to see. @param {string} status */
  async #settle(status) {
    const { training } = this;
    if (!training) return;
    const state = await training.state();
    if (this.training !== training) return;
    await this.#takeState(state, status);
    await this.kept.list();
  }

  /** @param {any} state @param {string} [status] */
  async #takeState(state, status) {
    const training = /** @type {any} */ (this.training);
    const finished = state.history.length >= state.recipe.epochs;
    // As in Python: what is left of a finished training is what did best on the validation split.
    if (finished) await training.restore({ ...state, weights: state.bestWeights });
    this.points = [...state.curve];
    this.history = [...state.history];
    this.recipe = state.recipe;
    this.steps = state.steps;
    this.epochsDone = state.history.length + state.seen / state.images;
    this.imagesAnEpoch = state.images;
    const begun = state.steps > 0;
    const live = Object.fromEntries(LIVE.map((name) => [name, state.recipe[name]]));
    this.show({
      ...live,
      begun,
      rbf: isRbf(this.plan),
      changed: Boolean(state.changed),
      sum: await this.library.ask("weightsSum", finished ? state.bestWeights : state.weights),
      recipe_text: recipeInWords(this.content, state.recipe),
      layers: Object.entries(shapesOf(this.plan)).map(([name, shape]) => ({ name, shape })),
      status: finished ? "finished" : (status ?? (begun ? "paused" : "ready")),
      test: null,
    });
    await nextFrame();
    this.#showChoice();
    await nextFrame();
    this.showProgress();
    await this.looks.look();
    if (!this.history.length) this.show({ confusion: [], mistakes: [] });
    else {
      const { confusion, mistakes } = await training.evaluate("validation");
      await this.#showMistakes(confusion, mistakes.slice(0, SUREST_MISTAKES));
    }
    if (finished) {
      const { accuracy } = await training.evaluate("test");
      this.show({ test: { accuracy, images: this.data?.test.labels.length } });
    }
  }

  /** How far, how fast, how good, and the curves. */
  showProgress() {
    const { epochsDone, history, points, playedFrom, recipe, imagesAnEpoch } = this;
    const last = points[points.length - 1];
    const since = (performance.now() - playedFrom.time) / 1000;
    const images = Math.max(epochsDone - playedFrom.epochs, 0) * imagesAnEpoch;
    if (this.get("status") === "running") this.speed = since > 0.2 ? images / since : 0;
    this.show(
      {
        progress: {
          epochs_done: epochsDone,
          epochs: recipe.epochs,
          steps: this.steps,
          images_per_second: this.get("begun") ? this.speed : 0,
          seconds_left: this.speed
            ? (Math.max(recipe.epochs - epochsDone, 0) * imagesAnEpoch) / this.speed
            : 0,
          loss: last?.loss,
          accuracy: last?.accuracy,
          validation: history[history.length - 1]?.validation_accuracy,
          home: this.get("begun") ? this.home : "",
          error: this.error ?? "",
          finished: this.get("status") === "finished",
        },
        curve: curveOf(points),
        validation: validationOf(history),
      },
      ["curve", "progress"],
    );
  }

  /** @param {number[][]} confusion @param {any[]} mistakes */
  async #showMistakes(confusion, mistakes) {
    const { scaling, plan } = this;
    const data = /** @type {import("./data_worker.js").Held} */ (this.data);
    const images = await imagesOf(
      data.validation,
      mistakes.map(({ index }) => index),
      scaling,
      plan.input.size,
    );
    await nextFrame();
    this.show({ confusion, mistakes, mistake_images: viewOf(images) }, ["confusion"]);
  }

  // What is seen in the network: see looks.js.

  /** @param {Float32Array | null} image */
  showDrawing(image) {
    this.looks.showDrawing(image);
  }

  /** @param {number} place */
  watch(place) {
    this.looks.watch(place);
  }

  get watched() {
    return this.looks.watched;
  }

  /** For FeatureMaps' view. */
  describedLayers() {
    return describeLayers(this.plan, this.content.squash);
  }
}
