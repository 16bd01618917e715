// @ts-check
/**
 * What stands behind the views of TrainingPanel where no kernel is: the same traits and the same messages as
 * lenet_edu/widgets/training_panel.py, answered by a training in workers (engine/trainer.js).
 */

import { translate } from "../../system/language.js";
import { startTraining } from "../../engine/trainer.js";
import {
  LIVE,
  DATA,
  SWITCHES,
  configOf,
  defaultRecipe,
  recipeInWords,
  recipeOf,
  recipesFor,
  runName,
} from "./choices.js";
import { imagesOf, oneOfEach } from "./library.js";
import { LocalModel } from "./local_model.js";
import { curveOf, describeRun, validationOf } from "./run_records.js";
import {
  NETWORKS,
  describeLayers,
  firstKernels,
  flatParameters,
  gradientSizes,
  isRbf,
  planOf,
  viewOf,
} from "./plans.js";
import { shapesOf } from "../../engine/engine.js";

/** @typedef {import("./choices.js").Choice} Choice */
/** @typedef {import("./plans.js").Plan} Plan */

// Milliseconds between two looks into a network under way.
const LOOK_EVERY = 120;
const SUREST_MISTAKES = 10;
const MOST_COMPARED = 4;
const MOST_SEED = 2 ** 31 - 1;
const OWN = "own";
const STORE = "trainings";
const NOTHING = new Float32Array(0);

/** What data is called in the panel. @type {Record<string, string>} */
export const DATA_NAMES = {
  embedded: "embedded digits",
  mnist: "MNIST",
  drawn: "my drawings",
  pictures: "pictures in colour",
};

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
   * @param {() => any} given.spawn makes a worker for a training
   */
  constructor({ content, engine, library, storage, spawn }) {
    super(TRAITS);
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

    /** A test image of each class, the drawing, and which of them is watched. */
    this.testImages = NOTHING;
    /** @type {Float32Array | null} */
    this.drawing = null;
    this.watched = TRAITS.digit;
    this.looking = false;
    this.looksAgain = false;
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
    this.testImages = await imagesOf(
      data.test,
      oneOfEach(data.test.labels, classes.length),
      scaling,
      plan.input.size,
    );
    await this.#takeState(await training.state());
    await this.#listRuns();
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
    const { choice, content } = this;
    if (!choice) return;
    const networks = Object.values(NETWORKS);
    const { c3, subsampling, activation, output } = choice;
    /** @type {Record<string, any>} */
    const switches =
      choice.network === "lenet5"
        ? { c3: Array.isArray(c3) ? OWN : c3, subsampling, activation, output }
        : choice.network === "rgb"
          ? { f7: choice.f7 ? "yes" : "no" }
          : {};
    const offered = Object.fromEntries(
      Object.keys(switches).map((name) => [
        name,
        name === "f7" ? ["yes", "no"] : SWITCHES[/** @type {keyof typeof SWITCHES} */ (name)],
      ]),
    );
    const settings = {
      network: NETWORKS[choice.network],
      ...switches,
      data: DATA_NAMES[choice.data],
      recipe: choice.recipe,
      seed: choice.seed,
    };
    const options = {
      network: networks,
      ...offered,
      data: Object.values(DATA_NAMES),
      recipe: recipesFor(content, choice),
    };
    this.show({ options, settings });
  }

  /** What the reader set. @param {string} name @param {any} value */
  take(name, value) {
    if (name === "settings") this.#choose(value);
    else if (LIVE.includes(name)) this.#change(name, value);
    else if (name === "compared") void this.#compare(value);
    else super.take(name, value);
  }

  /**
   * Take up what differs from the settings that are shown; of a choice that is being taken up nothing is yet.
   * @param {Record<string, any>} given all settings, as the form has them
   */
  #choose(given) {
    const shown = this.get("settings");
    const settings = Object.fromEntries(
      Object.entries(given).filter(([name, value]) => value !== shown[name]),
    );
    const before = this.wanted ?? this.choice;
    if (this.get("begun")) {
      this.refuse(translate("A run has begun: reset it before you choose another network, recipe or data."));
      return this.#showChoice();
    }
    const named = (/** @type {Record<string, string>} */ names, /** @type {string} */ text) =>
      Object.keys(names).find((name) => names[name] === text);
    const { network, data, f7, c3, ...rest } = settings;
    const choice = /** @type {Choice} */ ({
      ...before,
      ...rest,
      ...(network ? { network: named(NETWORKS, network) } : {}),
      ...(data ? { data: named(DATA_NAMES, data) } : {}),
      ...(f7 ? { f7: f7 === "yes" } : {}),
      ...(c3 && c3 !== OWN ? { c3 } : {}),
      from: undefined,
    });
    if (!Number.isInteger(choice.seed) || choice.seed < 0 || choice.seed > MOST_SEED) {
      this.refuse(
        translate("seed must be a whole number from 0 to {highest}; got {seed}.", {
          highest: MOST_SEED,
          seed: choice.seed,
        }),
      );
      return this.#showChoice();
    }
    return void this.choose(choice, before);
  }

  /**
   * Take up another choice after what has to change with it: pictures need the RGB network, and each
   * network and kind
   * of data a recipe that suits them. What data the page lacks is told as an event, "lacking".
   * @param {Choice} choice @param {Choice} [before]
   */
  choose(choice, before = this.wanted ?? this.choice) {
    const next = { ...choice };
    if (next.network !== before.network) {
      if (next.network === "rgb") next.data = "pictures";
      else if (next.data === "pictures") next.data = "embedded";
    } else if (next.data !== before.data) {
      if (next.data === "pictures") next.network = "rgb";
      else if (next.network === "rgb") next.network = "lenet5";
    }
    if (!this.library.get(next.data)) {
      this.#showChoice();
      this.tell("lacking", next.data);
      return undefined;
    }
    if (next.recipe !== before.recipe) next.changes = {};
    const images = this.library.get(next.data)?.train.labels.length ?? 0;
    const otherKind = next.data !== before.data || next.network !== before.network;
    if (otherKind || !recipesFor(this.content, next).includes(next.recipe)) {
      next.recipe = defaultRecipe(this.content, next, images);
      next.changes = {};
    }
    return this.begin(next);
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
      this.#showProgress();
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
      delete: () => this.#delete(name),
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
    void this.look();
  }

  async #reset() {
    const { training, choice, storage } = this;
    if (!training) return;
    await training.reset(choice.seed, recipeOf(this.content, choice));
    await storage?.remove(STORE, this.home);
    await this.#takeState(await training.state());
    await this.#listRuns();
  }

  /** @param {string} name */
  async #saveCopy(name) {
    if (!this.storage)
      throw new Error(translate("This browser keeps nothing for the page: save the weights as a file."));
    if (!name) throw new Error(translate("Give the copy a name."));
    if ((await this.storage.keys(STORE)).includes(name))
      throw new Error(translate("There is a run {name} already: choose another name.", { name }));
    await this.storage.put(STORE, name, await this.training?.state());
    await this.#listRuns();
  }

  /** @param {string} name */
  async #load(name) {
    const state = await this.storage.get(STORE, name);
    const data = DATA.find((kind) => this.library.get(kind)?.source === state.source);
    if (!data)
      throw new Error(
        translate("{name} was trained on {data}, which the page does not have. Give it under Data.", {
          name,
          data: state.source,
        }),
      );
    const { classes: _, ...config } = state.network;
    const named = state.startedWith ?? state.recipe;
    const first = this.content.recipes[named.name];
    const changes = Object.fromEntries(
      LIVE.filter((field) => named[field] !== first[field]).map((field) => [field, named[field]]),
    );
    const choice = { ...this.choice, ...config, data, recipe: named.name, changes, seed: state.seed };
    await this.#begin(/** @type {Choice} */ (choice), state);
  }

  /** @param {string} name */
  async #delete(name) {
    if (name === this.home) {
      throw new Error(translate("{name} is the run of this page. Reset before you delete it.", { name }));
    }
    await this.storage.remove(STORE, name);
    await this.#compare(this.get("compared").filter((/** @type {string} */ other) => other !== name));
    await this.#listRuns();
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
    return /** @type {any} */ (await this.training?.state()).weights;
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
    await this.#listRuns();
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
    this.#showProgress();
    await this.look();
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

  #showProgress() {
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

  /** Look into the network: now, and again and again while it trains. */
  async look() {
    this.looksAgain = true;
    if (this.looking) return;
    this.looking = true;
    try {
      while (this.training && (this.looksAgain || this.get("status") === "running")) {
        this.looksAgain = false;
        await this.#lookOnce();
        if (this.get("status") === "running") await pause(LOOK_EVERY);
      }
    } finally {
      this.looking = false;
    }
  }

  async #lookOnce() {
    const training = /** @type {import("../../engine/trainer.js").Training} */ (this.training);
    const { plan, scaling, testImages: test, watched, drawing } = this;
    const { maps, size } = plan.input;
    const pixels = maps * size * size;
    const blank = () => new Float32Array(pixels).fill(maps === 1 ? scaling.background : 0);
    const count = test.length / pixels;
    const own = drawing?.length === pixels ? drawing : blank();
    const shown = watched < count ? test.subarray(watched * pixels, (watched + 1) * pixels) : own;
    const images = new Float32Array(2 * pixels);
    images.set(shown);
    images.set(own, pixels);
    const { outputs, weights, gradient } = await training.look(images);
    if (this.training !== training) return;
    const [first, second] = [0, 1].map((n) => layersOf(outputs, n, 2));
    await nextFrame();
    this.show({ activations: viewOf(first), parameters: viewOf(flatParameters(plan, weights)), look: plan }, [
      "look",
    ]);
    await nextFrame();
    this.show({ kernels: viewOf(firstKernels(plan, weights)), gradients: gradientSizes(plan, gradient) });
    const last = second.subarray(
      second.length - outputs[plan.layers[plan.layers.length - 1].name].length / 2,
    );
    this.show({ drawing_outputs: drawing ? Array.from(last) : null });
    if (this.get("status") !== "running") return;
    await nextFrame();
    this.#showProgress();
  }

  /** For FeatureMaps' view. */
  describedLayers() {
    return describeLayers(this.plan, this.content.squash);
  }

  // The runs that the browser keeps ---------------------------------------------------------------------

  async #listRuns() {
    if (!this.storage) return;
    const names = await this.storage.keys(STORE);
    const runs = await Promise.all(
      names.map(async (/** @type {string} */ name) => describeRun(name, await this.storage.get(STORE, name))),
    );
    this.show({ runs: runs.reverse() });
  }

  /** @param {string[]} names */
  async #compare(names) {
    if (names.length > MOST_COMPARED) {
      this.refuse(
        translate("At most {most_compared} runs can be compared at once; got {names_count}.", {
          most_compared: MOST_COMPARED,
          names_count: names.length,
        }),
      );
      return this.show({ compared: this.get("compared") });
    }
    const states = await Promise.all(names.map((name) => this.storage.get(STORE, name)));
    const compared_curves = states.map(({ curve, history }, i) => ({
      name: names[i],
      curve: curveOf(curve),
      validation: validationOf(history),
    }));
    return this.show({ compared: names, compared_curves });
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

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
