// @ts-check
import { translate } from "../system/language.js";

/**
 * Recipes as lenet_edu/training/recipes.py describes them; they come from there as JSON.
 *
 * @typedef {object} Fields
 * @property {string} name
 * @property {number} epochs passes over the training split
 * @property {number} batch_size images a step
 * @property {number} peak_rate the highest learning rate
 * @property {number} momentum
 * @property {number} weight_decay on every parameter
 * @property {number} warm_up the share of all steps that lead up to the highest rate
 * @property {number} rotation the largest one in degrees, as are the following distortions in their own units
 * @property {number} shift in pixels
 * @property {number} scale as a share of the size
 * @property {number} shear as a share of the size
 * @property {number} elastic in pixels
 * @property {number} smoothing the share of every label that is spread over all classes
 * @property {number} halve_every epochs after which the rate is halved, or 0 for the schedule in straight lines
 * @property {boolean} nesterov
 * @property {number} horizontal_flip how likely it is
 * @property {number} vertical_flip how likely it is
 * @property {number} colour the largest change of brightness, contrast and saturation, as a share
 * @property {number} squeeze as a share of the size
 * @property {string} start how initial weights are drawn: "scaled" or "torch"
 *
 * @typedef {Fields & Record<string, any>} Recipe
 */

/** A recipe that cannot be trained by: the message names the field, what was expected, and what came. */
export class RecipeError extends Error {
  name = "RecipeError";
}

/** The least and the largest value of each number, as in Python. */
const LIMITS = {
  epochs: [1, Infinity],
  batch_size: [1, Infinity],
  halve_every: [0, Infinity],
  peak_rate: [0, Number.MAX_VALUE],
  momentum: [0, 0.999],
  weight_decay: [0, 1],
  warm_up: [0, 1],
  rotation: [0, 180],
  shift: [0, 32],
  scale: [0, 0.9],
  shear: [0, 1],
  elastic: [0, 32],
  smoothing: [0, 0.9],
  horizontal_flip: [0, 1],
  vertical_flip: [0, 1],
  colour: [0, 0.9],
  squeeze: [0, 0.9],
};
const WHOLE = ["epochs", "batch_size", "halve_every"];

/** @param {any} recipe @returns {Recipe} the same; raises RecipeError unless it is whole and within its limits */
export function checkRecipe(recipe) {
  if (typeof recipe !== "object" || recipe === null) {
    throw new RecipeError(`A recipe must be an object with the fields of a Recipe; got ${recipe}.`);
  }
  for (const [name, [least, most]] of Object.entries(LIMITS)) {
    const value = recipe[name];
    const fits = WHOLE.includes(name) ? Number.isSafeInteger(value) : Number.isFinite(value);
    if (!fits || value < least || value > most) {
      const said = { name, least, most, value: JSON.stringify(value) };
      throw new RecipeError(
        WHOLE.includes(name)
          ? translate("{name} must be a whole number from {least} to {most}; got {value}.", said)
          : translate("{name} must be a number from {least} to {most}; got {value}.", said),
      );
    }
  }
  if (typeof recipe.nesterov !== "boolean") {
    throw new RecipeError(`nesterov must be true or false; got ${JSON.stringify(recipe.nesterov)}.`);
  }
  if (recipe.start !== "scaled" && recipe.start !== "torch") {
    throw new RecipeError(`start must be one of scaled, torch; got ${JSON.stringify(recipe.start)}.`);
  }
  return recipe;
}

/**
 * The learning rate when the share `progress` (0 to 1) of all steps is done.
 * @param {Recipe} recipe @param {number} progress
 */
export function rateAt({ peak_rate, warm_up, halve_every, epochs }, progress) {
  if (halve_every) {
    // A hair more, since an epoch that has just ended may come as 9.999999. Halving is exact in every browser.
    let rate = peak_rate;
    for (let done = halve_every; done <= progress * epochs + 1e-6; done += halve_every) rate /= 2;
    return rate;
  }
  if (progress < warm_up) return (peak_rate * progress) / warm_up;
  return warm_up < 1 ? (peak_rate * (1 - progress)) / (1 - warm_up) : peak_rate;
}
