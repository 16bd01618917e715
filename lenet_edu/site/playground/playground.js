// @ts-check
/**
 * The playground: what starts in the page, and in its workers, which run the same text.
 *
 * In the page: look whether the browser can do it, make the model (training_model.js), and put the parts of
 * the page
 * before it. A worker whose name is "data" serves data; others serve a training (engine/worker.js does that
 * itself).
 */

import { loadEmbeddedDigits } from "../../engine/data.js";
import { loadEngine } from "../../engine/engine.js";
import { openStorage } from "../../engine/storage.js";
import { asker } from "../../engine/worker.js";
import { element } from "../../widgets/shared.js";
import {
  confusionTable,
  curves,
  firstKernels,
  gradientBars,
  liveControls,
  notices as panelNotices,
  runs,
  settingsForm,
  surestMistakes,
  trainingBar,
} from "../../widgets/training_panel.js";
import { FIRST, readLink, writeLink } from "./choices.js";
import { dataSection } from "./data_section.js";
import { serveData } from "./data_worker.js";
import { showInside } from "./inside.js";
import { Library } from "./library.js";
import { ledgerTable, tableEditor } from "./network_section.js";
import { showPad } from "./pad.js";
import { notices, placeOf, section, showPanel } from "./parts.js";
import { runSection } from "./run_section.js";
import { DATA_NAMES, TrainingModel } from "./training_model.js";

const THEME = "lenet-edu:theme"; // as the site's other pages have it

/** @typedef {import("./choices.js").Choice} Choice */

/** A worker of the page's own text. @param {string} name @returns {Worker} */
function spawn(name) {
  const address = URL.createObjectURL(new Blob([textOf("code")], { type: "text/javascript" }));
  const worker = new Worker(address, { name });
  worker.addEventListener("error", ({ message }) =>
    notices.show(`A worker stopped: ${message ?? "it could not be started"}. Load the page anew.`, {
      fault: true,
    }),
  );
  return worker;
}

/** What stands in a script of the page. @param {string} id */
const textOf = (id) => (placeOf(id).textContent ?? "").trim();

/** What the page cannot do without, or a message that says so. */
async function prepare() {
  if (typeof Worker === "undefined") {
    throw new Error(
      "This browser has no web workers, in which the network trains: switch them on, or use a recent Chrome, Firefox, Edge or Safari.",
    );
  }
  if (typeof WebAssembly === "undefined") {
    throw new Error(
      "This browser has no WebAssembly, by which the network computes: use a recent Chrome, Firefox, Edge or Safari.",
    );
  }
  const engine = await loadEngine(textOf("engine"));
  const storage = await openStorage().catch((error) => {
    notices.show(error.message, { about: "storage" });
    return null;
  });
  return { engine, storage };
}

async function start() {
  showTheme();
  const content = JSON.parse(textOf("content"));
  const { engine, storage } = await prepare();
  const digits = await loadEmbeddedDigits(textOf("digits"));
  const library = new Library(content, asker(/** @type {any} */ (spawn("data"))), storage, digits);
  const training = new TrainingModel({ content, engine, library, storage, spawn: () => spawn("training") });
  showPage(training, library);
  await library.restore();
  await follow(training, library, location.hash);
  window.addEventListener("hashchange", () => {
    if (location.hash !== writeLink(content, training.choice)) void follow(training, library, location.hash);
  });
}

/**
 * Take up the run of a link; without a link the first choice's. Where its data is lacking, others step in
 * until it comes.
 * @param {TrainingModel} training @param {Library} library @param {string} hash
 */
async function follow(training, library, hash) {
  /** @type {Choice} */
  let choice = FIRST;
  try {
    if (hash.length > 1) choice = readLink(training.content, hash);
  } catch (error) {
    notices.show(`${error.message} The page begins with a run of its own.`, { fault: true, about: "link" });
  }
  if (library.get(choice.data)) return training.begin(choice);
  awaitData(choice);
  return training.begin(FIRST);
}

/** The run of a link whose data the page does not have yet. @type {Choice | null} */
let awaited = null;

/** @param {Choice} choice */
function awaitData(choice) {
  awaited = choice;
  const data = DATA_NAMES[choice.data];
  const where =
    choice.data === "drawn"
      ? "They are only in the browser in which they were drawn"
      : "Give it under Data, below";
  notices.show(
    `The run of this link is on ${data}, which the page does not have. ${where}. Until then the embedded digits stand in.`,
    { about: "lacking" },
  );
}

/** @param {TrainingModel} training @param {Library} library */
function showPage(training, library) {
  showPanel(placeOf("bar"), "Training", training, (panel, root, { signal }) => {
    const frame = /** @type {HTMLElement} */ (root.closest(".lenet-widget"));
    const { buttons, bar } = trainingBar(panel, frame, signal);
    return [panelNotices(panel).others, buttons, bar, testLine(panel)];
  });
  showPanel(placeOf("curves"), "Curves", training, (panel) => [curves(panel)]);
  const inside = showInside(training, placeOf("inside"));

  const data = dataSection(training, library, { use: (kind) => useData(training, kind) });
  const dataPart = section("Data", "MNIST, digits that you draw, pictures in colour", data.content);
  training.on("lacking", (kind) => {
    const name = DATA_NAMES[kind];
    notices.show(`The page does not have ${name} yet: give it here.`, { about: "lacking" });
    dataPart.open = true;
    dataPart.scrollIntoView({ block: "nearest" });
  });
  showPad(training, placeOf("pad"), {
    onDrawing: inside.watchDrawing,
    async onAdd(ink, label) {
      await library.addDrawing(ink, label);
      data.drawingsChanged();
      notices.show(
        `Kept as a ${label}: you have drawn ${library.drawings.length} digits so far (see Data).`,
        { about: "drawing" },
      );
    },
  });
  placeOf("sections").append(
    panelSection("Network, data and recipe", "what is trained, on what, and how", training, (panel) => [
      settingsForm(panel),
      liveControls(panel),
    ]),
    section(
      "The network's ledger and table",
      "every parameter counted; which maps feed which",
      tableEditor(training),
      ledgerTable(training),
    ),
    dataPart,
    panelSection("Mistakes", "which digits it takes for which", training, (panel) => [
      two(confusionTable(panel), surestMistakes(panel)),
    ]),
    panelSection(
      "Kernels and gradients",
      "what C1 looks for, and how strongly each layer is moved",
      training,
      (panel) => [two(firstKernels(panel), gradientBars(panel))],
    ),
    panelSection("Runs", "kept in this browser; compare them", training, (panel) => [
      runs(panel, "Runs in this browser"),
    ]),
    section("Link and weights", "give this run away, or save what it has learned", runSection(training)),
  );
  training.on("change:choice", () => showLink(training));
}

/** @param {...HTMLElement} parts */
const two = (...parts) => element("div", { class: "two" }, ...parts);

/**
 * @param {string} title
 * @param {string} hint
 * @param {TrainingModel} training
 * @param {(panel: any) => HTMLElement[]} build
 */
function panelSection(title, hint, training, build) {
  const place = element("div", {});
  const whole = section(title, hint, place);
  showPanel(place, title, training, build);
  return whole;
}

/**
 * What the network makes of digits that it was neither trained nor chosen by, once it has finished.
 * @param {any} panel
 */
function testLine({ model, follow: followTraits }) {
  const line = element("div", { class: "lenet-strong test", role: "status" });
  followTraits(["test"], () => {
    const test = model.get("test");
    line.hidden = !test;
    line.textContent = test
      ? `${(100 * test.accuracy).toFixed(2)}% of ${test.images.toLocaleString("en")} test images are read rightly: images that it was neither trained nor chosen by.`
      : "";
  });
  return line;
}

/** @param {TrainingModel} training @param {"mnist" | "drawn" | "pictures"} kind */
async function useData(training, kind) {
  notices.remove("lacking");
  if (training.get("begun")) {
    notices.show(
      `The page has ${DATA_NAMES[kind]} now. Reset the run that has begun, and choose them as its data.`,
      { about: "lacking" },
    );
    return undefined;
  }
  if (awaited?.data !== kind) return training.choose({ ...training.choice, data: kind });
  const choice = awaited;
  awaited = null;
  return training.begin(choice);
}

/** The address says what is trained. @param {TrainingModel} training */
function showLink(training) {
  if (awaited && training.choice === FIRST) return;
  awaited = null;
  history.replaceState(null, "", writeLink(training.content, training.choice));
}

/** Light or dark, as the system has it or as the reader chose. */
function showTheme() {
  const control = placeOf("theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem(THEME);
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const paint = (/** @type {string} */ theme) => {
    document.documentElement.dataset.theme = theme;
    document.body.dataset.jpThemeLight = String(theme === "light");
    control.textContent = theme === "light" ? "Dark" : "Light";
  };
  const now = () => chosen() ?? (system.matches ? "dark" : "light");
  system.addEventListener("change", () => paint(now()));
  control.addEventListener("click", () => {
    const other = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    try {
      localStorage.setItem(THEME, other);
    } catch {
      // it holds for this visit
    }
    paint(other);
  });
  paint(now());
}

if (typeof document === "undefined") {
  if (self.name === "data") serveData(/** @type {any} */ (globalThis));
} else {
  start().catch((error) => notices.show(error.message, { fault: true }));
}
