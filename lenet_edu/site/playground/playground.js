// @ts-check
/**
 * The playground: what starts in the page, and in its workers, which run the same text.
 *
 * In the page: look whether the browser can do it, make the model (training_model.js), and put the parts of
 * the page
 * before it. A worker whose name is "data" serves data; others serve a training (engine/worker.js does that
 * itself).
 */

import { translate, useTranslations } from "../../system/language.js";
import { loadEmbeddedDigits } from "../../engine/data.js";
import { loadEngine } from "../../engine/engine.js";
import { openStorage } from "../../engine/storage.js";
import { asker } from "../../engine/worker.js";
import { nameOf } from "../../widgets/names.js";
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
import { FIRST, readLink, writeLink } from "../../widgets/training/choices.js";
import { dataSection } from "./data_section.js";
import { serveData } from "../../widgets/training/data_worker.js";
import { showInside } from "./inside.js";
import { Library } from "../../widgets/training/library.js";
import { ledgerTable, tableEditor } from "./network_section.js";
import { showPad } from "./pad.js";
import { notices, placeOf, section, showPanel } from "./parts.js";
import { runSection } from "./run_section.js";
import { DATA_NAMES } from "../../widgets/training/settings.js";
import { TrainingModel } from "../../widgets/training/training_model.js";

const THEME = "lenet-edu:theme"; // as the site's other pages have it

/** @typedef {import("../../widgets/training/choices.js").Choice} Choice */

/** A worker of the page's own text. @param {string} name @returns {Worker} */
function spawn(name) {
  const spoken = `globalThis.lenetTranslations = ${JSON.stringify(translations)};\n`;
  const address = URL.createObjectURL(new Blob([spoken, textOf("code")], { type: "text/javascript" }));
  const worker = new Worker(address, { name });
  worker.addEventListener("error", ({ message }) =>
    notices.show(
      translate("A worker stopped: {error}. Load the page anew.", {
        error: message ?? translate("it could not be started"),
      }),
      { fault: true },
    ),
  );
  return worker;
}

/** What stands in a script of the page. @param {string} id */
const textOf = (id) => (placeOf(id).textContent ?? "").trim();

/** What the page cannot do without, or a message that says so. */
async function prepare() {
  if (typeof Worker === "undefined") {
    throw new Error(
      translate(
        "This browser has no web workers, in which the network trains: switch them on, or use a recent Chrome, Firefox, Edge or Safari.",
      ),
    );
  }
  if (typeof WebAssembly === "undefined") {
    throw new Error(
      translate(
        "This browser has no WebAssembly, by which the network computes: use a recent Chrome, Firefox, Edge or Safari.",
      ),
    );
  }
  const engine = await loadEngine(textOf("engine"));
  const storage = await openStorage().catch((error) => {
    notices.show(error.message, { about: "storage" });
    return null;
  });
  return { engine, storage };
}

/** What the page says in the reader's language, by the English: the reader's is the address's, ?lang=zh. */
let translations = {};

/** Show the page in the reader's language, with links to the other ones that keep the run. */
function showLanguage() {
  const { languages, homes, texts } = JSON.parse(textOf("languages"));
  const asked = new URLSearchParams(location.search).get("lang") ?? "";
  const language = asked in languages ? asked : "en";
  translations = texts[language] ?? {};
  useTranslations(translations);
  document.documentElement.lang = language;
  for (const place of document.querySelectorAll("[data-text]")) {
    place.textContent = translate(place.textContent ?? "");
  }
  const home = /** @type {HTMLAnchorElement | null} */ (document.getElementById("home"));
  if (home) home.href = homes[language] ?? homes.en;
  for (const [name, called] of Object.entries(languages)) {
    if (name === language) continue;
    const link = element("a", { href: `?lang=${name}`, lang: name, hreflang: name }, called);
    link.addEventListener("click", () => (link.href = `?lang=${name}${location.hash}`));
    placeOf("languages-places").append(link);
  }
}

async function start() {
  showLanguage();
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
    notices.show(translate("{error} The page begins with a run of its own.", { error: error.message }), {
      fault: true,
      about: "link",
    });
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
  const data = nameOf(DATA_NAMES[choice.data]);
  const text =
    choice.data === "drawn"
      ? translate(
          "The run of this link is on {data}, which the page does not have. They are only in the browser in which " +
            "they were drawn. Until then the embedded digits stand in.",
          { data },
        )
      : translate(
          "The run of this link is on {data}, which the page does not have. Give it under Data, below. Until then " +
            "the embedded digits stand in.",
          { data },
        );
  notices.show(text, { about: "lacking" });
}

/** @param {TrainingModel} training @param {Library} library */
function showPage(training, library) {
  showPanel(placeOf("bar"), translate("Training"), training, (panel, root, { signal }) => {
    const frame = /** @type {HTMLElement} */ (root.closest(".lenet-widget"));
    const { buttons, bar } = trainingBar(panel, frame, signal);
    return [panelNotices(panel).others, buttons, bar, testLine(panel)];
  });
  showPanel(placeOf("curves"), translate("Curves"), training, (panel) => [curves(panel)]);
  const inside = showInside(training, placeOf("inside"));

  const data = dataSection(training, library, { use: (kind) => useData(training, kind) });
  const dataPart = section(
    translate("Data"),
    translate("MNIST, digits that you draw, pictures in colour"),
    data.content,
  );
  training.on("lacking", (kind) => {
    const data = nameOf(DATA_NAMES[kind]);
    notices.show(translate("The page does not have {data} yet: give it here.", { data }), {
      about: "lacking",
    });
    dataPart.open = true;
    dataPart.scrollIntoView({ block: "nearest" });
  });
  showPad(training, placeOf("pad"), {
    onDrawing: inside.watchDrawing,
    async onAdd(ink, label) {
      await library.addDrawing(ink, label);
      data.drawingsChanged();
      notices.show(
        translate("Kept as a {label}: you have drawn {count} digits so far (see Data).", {
          label,
          count: library.drawings.length,
        }),
        { about: "drawing" },
      );
    },
  });
  placeOf("sections").append(
    panelSection(
      translate("Network, data and recipe"),
      translate("what is trained, on what, and how"),
      training,
      (panel) => [settingsForm(panel), liveControls(panel)],
    ),
    section(
      translate("The network's ledger and table"),
      translate("every parameter counted; which maps feed which"),
      tableEditor(training),
      ledgerTable(training),
    ),
    dataPart,
    panelSection(translate("Mistakes"), translate("which digits it takes for which"), training, (panel) => [
      two(confusionTable(panel), surestMistakes(panel)),
    ]),
    panelSection(
      translate("Kernels and gradients"),
      translate("what C1 looks for, and how strongly each layer is moved"),
      training,
      (panel) => [two(firstKernels(panel), gradientBars(panel))],
    ),
    panelSection(translate("Runs"), translate("kept in this browser; compare them"), training, (panel) => [
      runs(panel, translate("Runs in this browser")),
    ]),
    section(
      translate("Link and weights"),
      translate("give this run away, or save what it has learned"),
      runSection(training),
    ),
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
      ? translate(
          "{percent}% of {count} test images are read rightly: images that it was neither trained nor chosen by.",
          { percent: (100 * test.accuracy).toFixed(2), count: test.images.toLocaleString("en") },
        )
      : "";
  });
  return line;
}

/** @param {TrainingModel} training @param {"mnist" | "drawn" | "pictures"} kind */
async function useData(training, kind) {
  notices.remove("lacking");
  if (training.get("begun")) {
    notices.show(
      translate("The page has {data} now. Reset the run that has begun, and choose them as its data.", {
        data: nameOf(DATA_NAMES[kind]),
      }),
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
    control.textContent = theme === "light" ? translate("Dark") : translate("Light");
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
  useTranslations(/** @type {any} */ (globalThis).lenetTranslations ?? {});
  if (self.name === "data") serveData(/** @type {any} */ (globalThis));
} else {
  start().catch((error) => notices.show(error.message, { fault: true }));
}
