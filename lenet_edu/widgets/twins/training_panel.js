// @ts-check
// TrainingPanel without Python: a training in the page, on the digits that the page brings along, or on MNIST if the
// browser keeps it from the playground. Both share the runs that the browser keeps.
import { openStorage } from "../../engine/storage.js";
import { asker } from "../../engine/worker.js";
import { translate } from "../../system/language.js";
import { DATA, FIRST, defaultRecipe } from "../training/choices.js";
import { Library } from "../training/library.js";
import { changesOf } from "../training/settings.js";
import { TrainingModel } from "../training/training_model.js";
import { embeddedDigits, engineOf, jsonOf } from "./material.js";
import { offerTrained } from "./trained.js";

/**
 * @param {{ network: Record<string, any>, recipe: Record<string, any> | null, seed: number, source: string }} state
 *   network: its switches; recipe: null for the one that suits network and data; source: of the data
 * @param {import("./material.js").Resources} resources
 */
export default async function trainingPanel({ network, recipe, seed, source }, resources) {
  const [content, engine, digits, storage] = await Promise.all([
    jsonOf(resources, "training.json"),
    engineOf(resources),
    embeddedDigits(resources),
    openStorage().catch(() => null), // where the browser keeps nothing, the training lasts as long as the page
  ]);
  const worker = new Worker(new URL("../training/data_service.js", import.meta.url), { type: "module" });
  const library = new Library(content, asker(/** @type {any} */ (worker)), storage, digits);
  await library.restore();
  const { classes: _, ...switches } = network;
  const data = dataFor(library, network, source);
  const before = { ...FIRST, ...switches, data, seed };
  const images = library.get(data)?.train.labels.length ?? 0;
  const named = recipe
    ? { recipe: recipe.name, changes: changesOf(content, recipe) }
    : { recipe: defaultRecipe(content, before, images), changes: {} };
  const offered = () => DATA.filter((kind) => library.get(kind));
  const training = new TrainingModel({ content, engine, library, storage, offered });
  training.on("change:sum", async () => {
    const { plan, scaling } = training;
    if (training.get("begun")) offerTrained({ plan, scaling, weights: await training.weights() });
  });
  await training.begin({ ...before, ...named });
  training.show({ runs_title: translate("Runs in this browser"), note: noteOn(library) });
  return training;
}

/**
 * The data of the notebook if the page has it, else digits. Throws an Error where there is nothing of the kind.
 * @param {Library} library @param {Record<string, any>} network @param {string} source
 */
function dataFor(library, { network }, source) {
  const same = DATA.find((kind) => library.get(kind)?.source === source);
  if (same) return same;
  if (network !== "rgb") return "embedded";
  throw new Error(
    translate("it trains on pictures, which a page does not have. The playground takes a folder of them."),
  );
}

/** @param {Library} library */
function noteOn(library) {
  if (library.get("mnist")) return "";
  const { train, validation, test } = /** @type {import("../training/data_worker.js").Held} */ (
    library.get("embedded")
  );
  const count = [train, validation, test].reduce((sum, { labels }) => sum + labels.length, 0);
  return translate(
    "This page brings {count} small digits along to train on. Give MNIST to the playground once, and it can be chosen here, too.",
    { count: count.toLocaleString("en") },
  );
}
