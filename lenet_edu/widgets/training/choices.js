// @ts-check
/**
 * What a reader chooses, which makes a run: network, data, recipe and seed. A link holds all of it after
 * its #, so that
 * whoever follows the link has the same network, the same seed, the same curve and the same weights.
 */

import { translate } from "../../system/language.js";
import { crc32 } from "../../engine/data.js";
import { checkRecipe } from "../../engine/recipes.js";
import { NETWORKS, isRbf, planOf } from "./plans.js";

/** @typedef {import("./plans.js").Content} Content */
/** @typedef {import("../../engine/recipes.js").Recipe} Recipe */
/**
 * @typedef {object} Choice
 * @property {keyof typeof NETWORKS} network
 * @property {"table" | "full" | string[]} c3 Table I of the paper, all, or rows of one's own
 * @property {string} subsampling
 * @property {string} activation
 * @property {string} output
 * @property {boolean} f7 of the RGB network
 * @property {"embedded" | "mnist" | "drawn" | "pictures"} data
 * @property {string} recipe the name of one of the suite's
 * @property {Record<string, number>} changes what is other than in the recipe, of LIVE
 * @property {number} seed
 * @property {string} [from] the sum of weights that a file gave, if the run does not begin with drawn ones
 */

/** The version of links. Those of another version mean something else. */
const VERSION = "1";
const ROWS = 6;
const COLUMNS = 16;

/** What can be changed of a recipe, as the panel has it. */
export const LIVE = ["peak_rate", "momentum", "batch_size", "epochs"];
export const SWITCHES = {
  c3: ["table", "full"],
  subsampling: ["trainable", "average", "max"],
  activation: ["scaled_tanh", "sigmoid", "relu"],
  output: ["rbf", "linear"],
};
/** @type {Choice["data"][]} */
export const DATA = ["embedded", "mnist", "drawn", "pictures"];

/** What each part of a link is called, and what it stands for. */
const NAMES = {
  net: "network",
  c3: "c3",
  sub: "subsampling",
  act: "activation",
  out: "output",
  f7: "f7",
  data: "data",
  recipe: "recipe",
  epochs: "epochs",
  rate: "peak_rate",
  momentum: "momentum",
  batch: "batch_size",
  seed: "seed",
  from: "from",
};

/**
 * The page as it is opened without a link: the network of today on digits that are at hand.
 * @type {Choice}
 */
export const FIRST = {
  network: "lenet5",
  c3: "full",
  subsampling: "max",
  activation: "relu",
  output: "linear",
  f7: true,
  data: "embedded",
  recipe: "small",
  changes: {},
  seed: 0,
};

/** A link that means nothing: the message says what was expected, and what came. */
export class LinkError extends Error {
  name = "LinkError";
}

/**
 * An architecture's config, as Python has it.
 * @param {Choice} choice
 * @param {number} [classes] of pictures
 */
export function configOf({ network, c3, subsampling, activation, output, f7 }, classes = 2) {
  if (network === "lenet5") return { network, c3, subsampling, activation, output };
  return network === "rgb" ? { network, classes, f7 } : { network };
}

/**
 * The choice with another network, by its config.
 * @param {Choice} choice
 * @param {any} config
 * @returns {Choice}
 */
export function withConfig(choice, config) {
  const { classes: _, ...switches } = config;
  return { ...choice, ...switches };
}

/**
 * The recipe of a choice, its changes in it.
 * @param {Content} content
 * @param {Choice} choice
 * @returns {Recipe}
 */
export function recipeOf(content, { recipe, changes }) {
  return checkRecipe({ ...content.recipes[recipe], ...changes });
}

/**
 * The recipes that suit a network and its kind of images, by name.
 * @param {Content} content
 * @param {Choice} choice
 */
export function recipesFor(content, choice) {
  const plan = planOf(content, configOf(choice));
  const all = Object.values(content.recipes);
  const isForPictures = (/** @type {Recipe} */ one) =>
    Boolean(one.horizontal_flip || one.vertical_flip || one.colour);
  const suiting = all.filter((one) => {
    if (plan.input.maps > 1) return isForPictures(one) || one.name === "plain";
    // How digits are read decides the size of the gradients, and so the rate.
    return !isForPictures(one) && one.name.endsWith("_rbf") === isRbf(plan);
  });
  return suiting.map(({ name }) => name);
}

/**
 * The quick recipe for a network and so many images: few images want more epochs.
 * @param {Content} content
 * @param {Choice} choice
 * @param {number} images
 */
export function defaultRecipe(content, choice, images) {
  if (choice.network === "rgb") return "pictures";
  const plan = planOf(content, configOf(choice));
  const size = images >= content.manyImages ? "fast" : "small";
  return isRbf(plan) ? `${size}_rbf` : size;
}

/** What stands after a page's address. @param {Content} content @param {Choice} choice */
export function writeLink(content, choice) {
  const { network, data, recipe, seed, from } = choice;
  const values = { v: VERSION, net: network, ...switchesOf(choice), data, recipe };
  const named = content.recipes[recipe];
  const now = recipeOf(content, choice);
  /** @type {Record<string, string | number>} */
  const parts = { ...values, epochs: now.epochs };
  for (const [part, name] of /** @type {const} */ ([
    ["rate", "peak_rate"],
    ["momentum", "momentum"],
    ["batch", "batch_size"],
  ])) {
    if (now[name] !== named[name]) parts[part] = now[name];
  }
  parts.seed = seed;
  if (from) parts.from = from;
  return `#${Object.entries(parts)
    .map(([name, value]) => `${name}=${value}`)
    .join("&")}`;
}

/** @param {Choice} choice @returns {Record<string, string>} */
function switchesOf({ network, c3, subsampling, activation, output, f7 }) {
  if (network === "rgb") return { f7: f7 ? "yes" : "no" };
  if (network !== "lenet5") return {};
  const table = Array.isArray(c3) ? hexOf(c3) : c3 === "table" ? "paper" : c3;
  return { c3: table, sub: subsampling, act: activation, out: output };
}

/** A table as 24 hexadecimal digits, four links each. @param {string[]} rows */
export function hexOf(rows) {
  const bits = rows.join("").replaceAll("X", "1").replaceAll(".", "0");
  return (bits.match(/.{4}/g) ?? []).map((four) => parseInt(four, 2).toString(16)).join("");
}

/** @param {string} hex */
export function rowsOf(hex) {
  const bits = Array.from(hex, (digit) => parseInt(digit, 16).toString(2).padStart(4, "0")).join("");
  const marks = bits.replaceAll("1", "X").replaceAll("0", ".");
  return Array.from({ length: ROWS }, (_, i) => marks.slice(i * COLUMNS, (i + 1) * COLUMNS));
}

/**
 * What a link means. Raises LinkError.
 * @param {Content} content
 * @param {string} hash from # on
 * @returns {Choice}
 */
export function readLink(content, hash) {
  const parts = Object.fromEntries(new URLSearchParams(hash.replace(/^#/, "")));
  if (parts.v !== VERSION) {
    throw new LinkError(
      translate("A link to a run begins with #v={version}; this one has v={came}.", {
        version: VERSION,
        came: parts.v ?? translate("nothing"),
      }),
    );
  }
  const unknown = Object.keys(parts).find((name) => name !== "v" && !(name in NAMES));
  if (unknown)
    throw new LinkError(
      translate("A link has no part {unknown}; parts are {names}.", {
        unknown,
        names: Object.keys(NAMES).join(", "),
      }),
    );
  const oneOf = (
    /** @type {string} */ part,
    /** @type {string[]} */ values,
    /** @type {string} */ otherwise,
  ) => {
    const value = parts[part] ?? otherwise;
    if (!values.includes(value))
      throw new LinkError(
        translate("{part} in a link must be one of {values}; got {value}.", {
          part,
          values: values.join(", "),
          value,
        }),
      );
    return value;
  };
  const network = /** @type {keyof typeof NETWORKS} */ (oneOf("net", Object.keys(NETWORKS), FIRST.network));
  const choice = /** @type {Choice} */ ({
    network,
    c3: readTable(parts.c3),
    subsampling: oneOf("sub", SWITCHES.subsampling, FIRST.subsampling),
    activation: oneOf("act", SWITCHES.activation, FIRST.activation),
    output: oneOf("out", SWITCHES.output, FIRST.output),
    f7: oneOf("f7", ["yes", "no"], "yes") === "yes",
    data: oneOf(
      "data",
      network === "rgb" ? ["pictures"] : DATA.slice(0, 3),
      network === "rgb" ? "pictures" : "embedded",
    ),
    recipe: "",
    changes: {},
    seed: wholeNumber("seed", parts.seed ?? "0", 0, 2 ** 31 - 1),
    ...(parts.from ? { from: parts.from } : {}),
  });
  const suiting = recipesFor(content, choice);
  choice.recipe = oneOf("recipe", suiting, defaultRecipe(content, choice, 0));
  choice.changes = readChanges(content, choice.recipe, parts);
  return choice;
}

/** @param {string | undefined} text @returns {"table" | "full" | string[]} */
function readTable(text) {
  if (text === undefined || text === "full") return "full";
  if (text === "paper") return "table";
  if (!/^[0-9a-f]{24}$/.test(text))
    throw new LinkError(
      translate("c3 in a link must be paper, full or 24 hexadecimal digits; got {text}.", { text }),
    );
  return /^f+$/.test(text) ? "full" : rowsOf(text);
}

/** @param {string} part @param {string} text @param {number} least @param {number} most */
function wholeNumber(part, text, least, most) {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new LinkError(
      translate("{part} in a link must be a whole number from {least} to {most}; got {text}.", {
        part,
        least,
        most,
        text,
      }),
    );
  return value;
}

/** @param {Content} content @param {string} recipe @param {Record<string, string>} parts */
function readChanges(content, recipe, parts) {
  const named = content.recipes[recipe];
  /** @type {Record<string, number>} */
  const changes = {};
  for (const [part, name] of Object.entries(NAMES)) {
    if (!LIVE.includes(name) || parts[part] === undefined) continue;
    const value = parts[part].trim() === "" ? NaN : Number(parts[part]);
    if (value !== named[name]) changes[name] = value;
  }
  try {
    checkRecipe({ ...named, ...changes });
  } catch (error) {
    throw new LinkError(
      translate("The link's recipe cannot be trained by: {error}", { error: error.message }),
    );
  }
  return changes;
}

/**
 * A short name under which the browser keeps the run: the same choice has the same name.
 * @param {Content} content
 * @param {Choice} choice
 */
export function runName(content, choice) {
  const sum = crc32(new TextEncoder().encode(writeLink(content, choice)));
  const { network, data, recipe, seed } = choice;
  return `${network}-${data}-${recipe}-${seed}-${sum.toString(16).padStart(8, "0").slice(0, 5)}`;
}

/**
 * How the distortions of training images are called; shares are given in percent.
 * @type {Record<string, (value: number) => string>}
 */
const DISTORTIONS = {
  rotation: (value) => translate("turned by up to {value:g}°", { value }),
  shift: (value) => translate("moved by up to {value:g} pixels", { value }),
  scale: (value) => translate("resized by up to {value:.0%}", { value: percent(value) }),
  shear: (value) => translate("slanted by up to {value:.0%}", { value: percent(value) }),
  squeeze: (value) => translate("squeezed by up to {value:.0%}", { value: percent(value) }),
  elastic: (value) => translate("bent by about {value:g} pixels", { value }),
  horizontal_flip: (value) => translate("mirrored with probability {value:.0%}", { value: percent(value) }),
  vertical_flip: (value) =>
    translate("turned upside down with probability {value:.0%}", { value: percent(value) }),
  colour: (value) => translate("changed in colour by up to {value:.0%}", { value: percent(value) }),
};

/** @param {number} share */
function percent(share) {
  const whole = Math.floor(100 * share);
  const rest = 100 * share - whole;
  // As Python rounds: halves to the even number.
  const up = Math.abs(rest - 0.5) < 1e-9 ? whole % 2 : Math.round(rest);
  return `${whole + up}%`;
}

/**
 * What a recipe does, in a sentence: see `in_words` in widgets/training_panel.py.
 * @param {Content} content
 * @param {Recipe} recipe
 */
export function recipeInWords(content, recipe) {
  const changes = Object.entries(DISTORTIONS)
    .filter(([name]) => recipe[name])
    .map(([name, say]) => say(recipe[name]));
  const named = content.recipes[recipe.name];
  const same = !named || Object.entries(named).every(([name, value]) => recipe[name] === value);
  return translate("{name}: {epochs} in batches of {batch}; {rate}; {images}.", {
    name: same ? recipe.name : translate("{name}, changed", { name: recipe.name }),
    epochs: recipe.epochs > 1 ? translate("{count} epochs", { count: recipe.epochs }) : translate("1 epoch"),
    batch: recipe.batch_size,
    rate: rateInWords(recipe),
    images: changes.length
      ? translate("training images {changes}", { changes: changes.join(translate(", ")) })
      : translate("training images as they are"),
  });
}

/** @param {Recipe} recipe */
function rateInWords({ peak_rate, halve_every, warm_up }) {
  const rate = Number(peak_rate.toPrecision(3));
  if (halve_every) {
    return translate("learning rate {rate:.3g}, halved every {count} epochs", { rate, count: halve_every });
  }
  if (!warm_up) return translate("learning rate {rate:.3g}", { rate });
  return translate(
    "learning rate {rate:.3g} after the first {share:.0%} of the steps, then down to 0 in a straight line",
    { rate, share: percent(warm_up) },
  );
}
