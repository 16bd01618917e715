// @ts-check
/** What the page's sections are made of. */

import { translate } from "../../system/language.js";
import { element, run } from "../../widgets/shared.js";
import { panelOf } from "../../widgets/training_panel.js";

/** @typedef {import("../../widgets/training_panel.js").Panel} Panel */

/** The place of that name in page.html. @param {string} id @returns {HTMLElement} */
export function placeOf(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * Parts of TrainingPanel's view in a place of the page, before the page's own model.
 * @param {HTMLElement} place
 * @param {string} label what a screen reader calls it
 * @param {import("../../widgets/training/training_model.js").TrainingModel} model
 * @param {(panel: Panel, root: HTMLElement, tools: import("../../widgets/shared.js").Tools) => HTMLElement[]} build
 */
export function showPanel(place, label, model, build) {
  run(/** @type {any} */ (model), place, "training_panel", label, (root, on, tools) =>
    root.append(...build(panelOf(model, on, tools), root, tools)),
  );
}

/**
 * A section that opens.
 * @param {string} title @param {string} hint what is in it @param {...(Node | string)} content
 */
export function section(title, hint, ...content) {
  const heading = element("h2", {}, title);
  const summary = element("summary", {}, heading, element("span", { class: "hint" }, hint));
  return element("details", { class: "card" }, summary, element("div", { class: "content" }, ...content));
}

/** Messages above the page; each can be put away. */
export const notices = {
  /**
   * @param {string} text
   * @param {{fault?: boolean, about?: string}} [options] about: a later one takes its place
   */
  show(text, { fault = false, about = text } = {}) {
    notices.remove(about);
    const close = element(
      "button",
      { type: "button", class: "lenet-button", click: () => notices.remove(about) },
      translate("Close"),
    );
    const role = fault ? "alert" : "status";
    const notice = element(
      "div",
      { class: `notice${fault ? " fault" : ""}`, role, "data-about": about },
      text,
      close,
    );
    placeOf("notices").append(notice);
  },
  /** @param {string} about */
  remove(about) {
    for (const notice of placeOf("notices").children) {
      if (/** @type {HTMLElement} */ (notice).dataset.about === about) notice.remove();
    }
  },
};

/** Do something, and say so if it fails. @param {() => any} action @param {string} about */
export async function tried(action, about) {
  try {
    notices.remove(about);
    return await action();
  } catch (error) {
    notices.show(error.message, { fault: true, about });
    return undefined;
  }
}

/** Give the reader a file. @param {Uint8Array} bytes @param {string} name */
export function download(bytes, name) {
  const address = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)]));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
