// @ts-check
/** The network's ledger, and its table to be edited. */

import { translate } from "../../system/language.js";
import c3Table from "../../widgets/c3_table.js";
import { element } from "../../widgets/shared.js";
import { QUANTITIES, TOTALS, count, inWords, ledger, showShape } from "./ledger.js";
import { LocalModel } from "../../widgets/training/local_model.js";
import { planOf } from "../../widgets/training/plans.js";

/** Rows of X and dots. @param {boolean[][]} links */
const rowsOfLinks = (links) => links.map((row) => row.map((on) => (on ? "X" : ".")).join(""));

/** @param {string[]} rows */
const linksOfRows = (rows) => rows.map((row) => Array.from(row, (mark) => mark === "X"));

/** What a C3Table shows, whose links the reader sets. */
class Table extends LocalModel {
  /** @param {(rows: string[]) => void} heard @param {Record<string, any>} traits */
  constructor(heard, traits) {
    super(traits);
    this.heard = heard;
  }

  /** @param {string} name @param {any} value */
  take(name, value) {
    super.take(name, value);
    if (name === "links") this.heard(rowsOfLinks(value));
  }
}

/**
 * The paper's table, of all of whose links the others are variations.
 * @param {import("../../widgets/training/plans.js").Content} content
 */
function paperTable(content) {
  const network = {
    network: "lenet5",
    c3: "table",
    subsampling: "max",
    activation: "relu",
    output: "linear",
  };
  const c3 = planOf(content, network).layers.find(({ name }) => name === "C3");
  return { kernel: c3?.kernel, links: linksOfRows(/** @type {string[]} */ (c3?.table)) };
}

/** @param {import("../../widgets/training/training_model.js").TrainingModel} training @returns {HTMLElement} */
export function tableEditor(training) {
  const { kernel, links: paper } = paperTable(training.content);
  const full = paper.map((row) => row.map(() => true));
  const diagonal = paper.map((row, i) => row.map((_, k) => k % paper.length === i));
  const linksNow = () => {
    const { c3 } = training.choice;
    return Array.isArray(c3) ? linksOfRows(c3) : c3 === "full" ? full : paper;
  };
  const same = (/** @type {boolean[][]} */ one, /** @type {boolean[][]} */ other) =>
    String(one) === String(other);
  const heard = (/** @type {string[]} */ rows) => {
    const links = linksOfRows(rows);
    const c3 = same(links, paper) ? "table" : same(links, full) ? "full" : rows;
    training.choose({ ...(training.wanted ?? training.choice), c3, from: undefined });
  };
  const presets = Object.entries({ paper, full, diagonal, random: paper }).map(([name, links]) => ({
    name,
    links,
  }));
  const model = new Table(heard, { links: paper, presets, kernel, places: 100, note: "" });
  const root = element("div", {});
  c3Table.render({ model: /** @type {any} */ (model), el: root });
  const title = element("h3", {}, translate("Which maps of S2 feed which maps of C3"));
  const whole = element("div", {}, title, root);
  const paint = () => {
    if (!training.choice) return;
    whole.hidden = training.choice.network !== "lenet5";
    root.inert = training.get("begun");
    if (!whole.hidden && !same(model.get("links"), linksNow())) model.show({ links: linksNow() });
  };
  training.on("change:choice", paint);
  training.on("change:begun", paint);
  paint();
  return whole;
}

/** @param {import("../../widgets/training/training_model.js").TrainingModel} training @returns {HTMLElement} */
export function ledgerTable(training) {
  const place = element("div", {
    class: "wide",
    tabindex: 0,
    role: "region",
    "aria-label": translate("ledger of the network"),
  });
  const workings = element("div", { class: "workings" });
  const paint = () => {
    if (!training.plan) return;
    const { rows, totals } = ledger(training.plan);
    const names = Object.keys(QUANTITIES).filter((name) => name !== "side");
    const labels = names.map((name) => QUANTITIES[/** @type {keyof typeof QUANTITIES} */ (name)]());
    const head = [translate("layer"), translate("kind"), translate("output"), ...labels].map((text) =>
      element("th", { scope: "col" }, text),
    );
    const body = rows.map((row) => {
      const figures = names.map((name) => element("td", {}, count(row.quantities[name]?.value ?? 0)));
      const name = element("th", { scope: "row" }, row.name);
      return element(
        "tr",
        {},
        name,
        element("td", {}, row.kind),
        element("td", {}, showShape(row.output)),
        ...figures,
      );
    });
    const sums = names.map((name) => element("td", {}, TOTALS.includes(name) ? count(totals[name]) : ""));
    const foot = element(
      "tr",
      {},
      element("th", { scope: "row" }, translate("total")),
      element("td"),
      element("td"),
      ...sums,
    );
    place.replaceChildren(
      element(
        "table",
        { class: "ledger" },
        element("thead", {}, element("tr", {}, ...head)),
        element("tbody", {}, ...body),
        element("tfoot", {}, foot),
      ),
    );
    const lines = rows.flatMap(({ name, quantities }) =>
      Object.entries(QUANTITIES).flatMap(([key, label]) => {
        const quantity = quantities[key];
        const text = quantity ? inWords(quantity) : "";
        return text.includes(" = ")
          ? [element("div", {}, translate("{layer}, {label}: {text}", { layer: name, label: label(), text }))]
          : [];
      }),
    );
    workings.replaceChildren(...lines);
  };
  training.on("change:plan", paint);
  const how = element(
    "details",
    {},
    element("summary", {}, translate("How each figure comes about")),
    workings,
  );
  return element("div", {}, element("h3", {}, translate("The ledger")), place, how);
}
