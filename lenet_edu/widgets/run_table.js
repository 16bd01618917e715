// @ts-check
// The runs of a folder as a table: what they were made of, what came of them; compare, load, delete.
import { translate } from "../system/language.js";
import { nameOf } from "./names.js";
import { button, element, number } from "./shared.js";

/** A run as Python's `describe_runs` tells of it. @typedef {Record<string, any>} RunDescription */

/** How the runs that are compared are drawn, in the order in which they were chosen. */
export const COMPARED_COLOURS = ["#c2609a", "#009e73", "#d55e00", "#8576d8"];

const SETTINGS = ["network", "data", "recipe", "peak_rate", "momentum", "batch_size", "epochs", "seed"];
const HESITATION = 4000; // milliseconds in which a second click deletes

/**
 * The settings that differ between runs, and those that all have in common, by their names.
 * @param {RunDescription[]} runs
 */
export function compareSettings(runs) {
  const readable = runs.filter(({ network }) => network !== undefined);
  const differ = SETTINGS.filter((name) => new Set(readable.map((run) => run[name])).size > 1);
  const common = SETTINGS.filter((name) => readable.length && !differ.includes(name));
  return { differ, common };
}

/** How far a run is, in words. @param {RunDescription} run */
export function stateInWords({ state, epochs_done: done, epochs }) {
  if (done === undefined) return nameOf("damaged");
  if (state === "finished") return nameOf("finished");
  return translate("{state} at epoch {done} of {epochs}", {
    state: nameOf(state),
    done: number(done, 2),
    epochs,
  });
}

/** @param {string} setting @param {RunDescription} run */
function show(setting, run) {
  const value = run[setting];
  if (value === undefined) return "";
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : nameOf(value);
}

/** A button that has to be pressed twice. @param {string} label @param {() => void} act */
function deleteButton(label, act) {
  let timer = 0;
  const made = button(
    translate("Delete"),
    () => {
      if (!timer) {
        made.textContent = translate("Really delete?");
        timer = window.setTimeout(() => {
          made.textContent = translate("Delete");
          timer = 0;
        }, HESITATION);
        return;
      }
      clearTimeout(timer);
      act();
    },
    { "aria-label": label },
  );
  return made;
}

/**
 * The table. `paint(runs, state)` shows runs; the three listeners hear the reader.
 * @param {{ onCompare: (names: string[]) => void, onLoad: (name: string) => void,
 *   onDelete: (name: string) => void }} listeners
 */
export function runTable({ onCompare, onLoad, onDelete }) {
  const common = element("div", { class: "lenet-caption" });
  const place = element("div", { class: "lenet-runs" });

  /** @param {RunDescription} run @param {string[]} compared */
  function compareBox({ name }, compared) {
    const chosen = compared.indexOf(name);
    const box = element("input", {
      type: "checkbox",
      "aria-label": translate("compare {name}", { name }),
      change: () => onCompare(box.checked ? [...compared, name] : compared.filter((other) => other !== name)),
    });
    box.checked = chosen >= 0;
    const key = element("span", { class: "lenet-swatch" });
    if (chosen >= 0) key.style.background = COMPARED_COLOURS[chosen];
    return element("label", {}, box, key);
  }

  return {
    root: element("div", {}, common, place),
    /**
     * @param {RunDescription[]} runs
     * @param {{ own: string, compared: string[], busy: boolean }} state own: the panel's
     */
    paint(runs, { own, compared, busy }) {
      if (!runs.length) {
        common.textContent = translate(
          "None yet. A run is kept in a folder of its own from its first step on.",
        );
        place.replaceChildren();
        return;
      }
      const { differ, common: same } = compareSettings(runs);
      const example = runs.find((run) => run.network) || {};
      const alike = same.map((name) => `${nameOf(name)} ${show(name, example)}`);
      common.textContent =
        runs.length > 1 && alike.length
          ? translate("All have: {settings}", { settings: alike.join(" · ") })
          : "";
      // A single run has its settings in its own line.
      const columns = runs.length > 1 ? differ : same;
      const titles = [
        translate("compare"),
        translate("run"),
        ...columns.map(nameOf),
        translate("state"),
        translate("validation"),
        "",
      ];
      const head = element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)));
      const lines = runs.map((run) => {
        const { name, accuracy } = run;
        const readable = run.network !== undefined;
        const load = button(translate("Load"), () => onLoad(name), {
          "aria-label": translate("load {name}", { name }),
        });
        load.disabled = busy || !readable || run.state === "running";
        const remove = deleteButton(translate("delete {name}", { name }), () => onDelete(name));
        remove.disabled = name === own || run.state === "running";
        return element(
          "tr",
          { class: name === own ? "lenet-own-run" : "" },
          element("td", {}, readable ? compareBox(run, compared) : ""),
          element("th", { scope: "row" }, name, name === own ? translate(" (this run)") : ""),
          ...columns.map((setting) => element("td", {}, show(setting, run))),
          element("td", {}, stateInWords(run)),
          element("td", {}, typeof accuracy === "number" ? `${number(100 * accuracy, 2)}%` : "–"),
          element("td", { class: "lenet-actions" }, load, remove),
        );
      });
      place.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines)));
    },
  };
}
