// @ts-check
/** The form of the panel's settings, and the choice that a reader makes in it: see choices.js. */

import { translate } from "../../system/language.js";
import { DATA, LIVE, SWITCHES, defaultRecipe, recipesFor } from "./choices.js";
import { NETWORKS } from "./plans.js";

/** @typedef {import("./choices.js").Choice} Choice */
/** @typedef {import("./plans.js").Content} Content */
/** @typedef {import("./library.js").Library} Library */

const MOST_SEED = 2 ** 31 - 1;
/** In place of a table's name: the reader's own. */
const OWN = "own";

/** What data is called in the panel. @type {Record<string, string>} */
export const DATA_NAMES = {
  embedded: "embedded digits",
  mnist: "MNIST",
  drawn: "my drawings",
  pictures: "pictures in colour",
};

/**
 * The panel's `settings` and `options` for a choice.
 * @param {Content} content @param {Choice} choice
 * @param {Choice["data"][]} offered the data that can be chosen, and with pictures the network for them
 */
export function formOf(content, choice, offered) {
  const switches = switchesOf(choice);
  const named = Object.keys(switches).map((name) => [
    name,
    name === "f7" ? ["yes", "no"] : SWITCHES[/** @type {keyof typeof SWITCHES} */ (name)],
  ]);
  const settings = {
    network: NETWORKS[choice.network],
    ...switches,
    data: DATA_NAMES[choice.data],
    recipe: choice.recipe,
    seed: choice.seed,
  };
  const networks = Object.entries(NETWORKS).filter(
    ([name]) => name !== "rgb" || offered.includes("pictures"),
  );
  const options = {
    network: networks.map(([, name]) => name),
    ...Object.fromEntries(named),
    data: offered.map((kind) => DATA_NAMES[kind]),
    recipe: recipesFor(content, choice),
  };
  return { options, settings };
}

/** @param {Choice} choice @returns {Record<string, any>} */
function switchesOf({ network, c3, subsampling, activation, output, f7 }) {
  if (network === "lenet5") return { c3: Array.isArray(c3) ? OWN : c3, subsampling, activation, output };
  return network === "rgb" ? { f7: f7 ? "yes" : "no" } : {};
}

/**
 * The choice that comes of one before by what the reader changed in the form. Throws an Error for what cannot be.
 * @param {Choice} before
 * @param {Record<string, any>} given all settings, as the form has them now
 * @param {Record<string, any>} shown the settings that were shown
 * @returns {Choice}
 */
export function changedChoice(before, given, shown) {
  const changed = Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== shown[name]));
  const named = (/** @type {Record<string, string>} */ names, /** @type {string} */ text) =>
    Object.keys(names).find((name) => names[name] === text);
  const { network, data, f7, c3, ...rest } = changed;
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
    throw new Error(
      translate("seed must be a whole number from 0 to {highest}; got {seed}.", {
        highest: MOST_SEED,
        seed: choice.seed,
      }),
    );
  }
  return choice;
}

/**
 * A choice with all that has to change with it: pictures need the RGB network, and each network and kind of data a
 * recipe that suits them.
 * @param {Content} content @param {Library} library @param {Choice} choice @param {Choice} before
 * @returns {Choice}
 */
export function suited(content, library, choice, before) {
  const next = { ...choice };
  if (next.network !== before.network) {
    if (next.network === "rgb") next.data = "pictures";
    else if (next.data === "pictures") next.data = "embedded";
  } else if (next.data !== before.data) {
    if (next.data === "pictures") next.network = "rgb";
    else if (next.network === "rgb") next.network = "lenet5";
  }
  if (next.recipe !== before.recipe) next.changes = {};
  const isOfAnotherKind = next.data !== before.data || next.network !== before.network;
  if (isOfAnotherKind || !recipesFor(content, next).includes(next.recipe)) {
    const images = library.get(next.data)?.train.labels.length ?? 0;
    next.recipe = defaultRecipe(content, next, images);
    next.changes = {};
  }
  return next;
}

/**
 * The choice that made a training, by its state. Throws an Error if the page lacks its data.
 * @param {Content} content @param {Library} library @param {Choice} before @param {any} state
 * @param {string} name what the training is called
 * @returns {Choice}
 */
export function choiceOf(content, library, before, state, name) {
  const data = DATA.find((kind) => library.get(kind)?.source === state.source);
  if (!data) {
    throw new Error(
      translate("{name} was trained on {data}, which the page does not have. Give it under Data.", {
        name,
        data: state.source,
      }),
    );
  }
  const { classes: _, ...config } = state.network;
  const recipe = state.startedWith ?? state.recipe;
  const changes = changesOf(content, recipe);
  return /** @type {Choice} */ ({
    ...before,
    ...config,
    data,
    recipe: recipe.name,
    changes,
    seed: state.seed,
  });
}

/**
 * What can be changed of a recipe and is other than in the suite's of that name.
 * @param {Content} content @param {any} recipe
 * @returns {Record<string, number>}
 */
export function changesOf(content, recipe) {
  const first = content.recipes[recipe.name];
  return Object.fromEntries(
    LIVE.filter((field) => recipe[field] !== first[field]).map((field) => [field, recipe[field]]),
  );
}
