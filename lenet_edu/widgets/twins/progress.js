// @ts-check
// What a reader has predicted and answered, kept in the browser: one entry of its storage, in one versioned form.
import { translate } from "../../system/language.js";

export const KEY = "lenet_edu.progress";
const VERSION = 1;
const EMPTY = { version: VERSION, predictions: {}, exercises: {} };

/**
 * @typedef {object} Record_
 * @property {number} version
 * @property {Record<string, { first?: string, choice: string, right: boolean }>} predictions by the question's name:
 *   letter or number of the first and the last choice, and whether the first one was right
 * @property {Record<string, { answer: any, right: boolean, attempts?: number }>} exercises by name, the last answer
 */

/** Why nothing is kept, for the reader; "" if it is. */
const blocked = () =>
  translate(
    "This browser lets the page keep nothing, so your answers are gone when you leave it. Export them first.",
  );
const newer = () =>
  translate(
    "Progress of a newer version of these pages is kept here. It is left as it is, and not added to.",
  );

/** Whether this is progress as it is written here. */
function isRecord(value) {
  const isMap = (part) => typeof part === "object" && part !== null && !Array.isArray(part);
  const every = (part, test) => isMap(part) && Object.values(part).every((one) => isMap(one) && test(one));
  return (
    isMap(value) &&
    value.version === VERSION &&
    every(value.predictions, (one) => typeof one.choice === "string" && typeof one.right === "boolean") &&
    every(value.exercises, (one) => "answer" in one && typeof one.right === "boolean")
  );
}

export class Progress {
  /** @param {Storage | null} storage where it is kept; null: nowhere, for as long as the page is open */
  constructor(storage) {
    this.storage = storage;
    this.note = storage ? "" : blocked();
    /** @type {Record_} */
    this.record = structuredClone(EMPTY);
    /** @type {Set<() => void>} */
    this.listeners = new Set();
  }

  /** What is kept now: another tab may have added to it. */
  read() {
    if (!this.storage) return this.record;
    try {
      const value = JSON.parse(this.storage.getItem(KEY) ?? "null");
      if (value?.version > VERSION) this.note = newer();
      // Damaged progress is no progress.
      else this.record = isRecord(value) ? value : structuredClone(EMPTY);
    } catch (error) {
      if (error instanceof SyntaxError) this.record = structuredClone(EMPTY);
      else this.note = blocked();
    }
    return this.record;
  }

  /** @param {Record_} record */
  write(record) {
    this.record = record;
    try {
      if (this.note !== newer()) this.storage?.setItem(KEY, JSON.stringify(record));
    } catch {
      this.storage = null;
      this.note = blocked();
    }
    for (const listener of this.listeners) listener();
  }

  /**
   * Keep an answer by the question's name that was kept by its English words, as older pages did. The first one counts.
   *
   * @param {string} name @param {{ question: string, choices?: Record<string, string> } | null | undefined} older
   *   the words, with the letter of each choice
   */
  rename(name, older) {
    const record = this.read();
    const before = older && record.predictions[older.question];
    if (!before) return;
    const letter = (words) => older.choices?.[words] ?? words;
    const first = letter(before.first ?? before.choice);
    const choice = record.predictions[name]?.choice ?? letter(before.choice);
    record.predictions[name] = { first, choice, right: before.right };
    delete record.predictions[older.question];
    this.write(record);
  }

  /** What the reader has committed to; undefined: nothing yet. @param {string} name */
  prediction(name) {
    return this.read().predictions[name]?.choice;
  }

  /** The first answer to a question counts. @param {string} name @param {string} choice @param {boolean} right */
  settle(name, choice, right) {
    const record = this.read();
    const before = record.predictions[name];
    if (before?.choice === choice) return;
    const first = before?.first ?? before?.choice ?? choice;
    record.predictions[name] = { first, choice, right: before?.right ?? right };
    this.write(record);
  }

  /** How the reader has done, as "2 of 3 right so far". @param {string[] | null} [among] of these only */
  score(among) {
    const counted = Object.entries(this.read().predictions).filter(
      ([asked]) => !among || among.includes(asked),
    );
    return translate("{right} of {count} right so far", {
      right: counted.filter(([, { right }]) => right).length,
      count: counted.length,
    });
  }

  /** The last answer to an exercise. @param {string} name */
  exercise(name) {
    return this.read().exercises[name];
  }

  /** @param {string} name @param {any} answer @param {boolean} right */
  answer(name, answer, right) {
    const record = this.read();
    const attempts = (record.exercises[name]?.attempts ?? 0) + 1;
    record.exercises[name] = { answer, right, attempts };
    this.write(record);
  }

  /** All of it as the text of a JSON file. */
  text() {
    return `${JSON.stringify(this.read(), null, 2)}\n`;
  }

  /** Take what `text()` gave, in place of what is here. @param {string} text */
  take(text) {
    let record;
    try {
      record = JSON.parse(text);
    } catch {
      record = null;
    }
    if (!isRecord(record)) {
      throw new Error(
        translate(
          'This is not progress of these pages, version {version}. Choose a file that "Export" has saved.',
          { version: VERSION },
        ),
      );
    }
    this.write(record);
  }

  /** Forget all of it. */
  clear() {
    this.note = this.storage ? "" : blocked();
    this.write(structuredClone(EMPTY));
  }
}

/** @type {Progress | undefined} */
let opened;

/** The progress that all widgets of a page share. */
export function openProgress() {
  if (!opened) {
    /** @type {Storage | null} */
    let storage = null;
    try {
      storage = globalThis.localStorage ?? null;
      storage?.getItem(KEY);
    } catch {
      storage = null; // a browser may forbid even to ask
    }
    opened = new Progress(storage);
  }
  return opened;
}

/**
 * A panel that says how far the reader has come, with buttons to export, to bring back and to clear it.
 *
 * @param {Progress} [progress]
 */
export function progressPanel(progress = openProgress()) {
  const make = (tag, values, ...children) => {
    const made = Object.assign(document.createElement(tag), values);
    made.append(...children);
    return made;
  };
  const line = make("p", { className: "lenet-progress-line" });
  const said = make("p", { className: "lenet-progress-note" });
  said.setAttribute("role", "status");
  const button = (label, onclick) => make("button", { type: "button", textContent: label, onclick });
  const file = make("input", { type: "file", accept: "application/json,.json", hidden: true });
  file.addEventListener("change", async () => {
    try {
      progress.take(await file.files[0].text());
      said.textContent = translate("Brought back. Pages that are open show it when they are loaded anew.");
    } catch (error) {
      said.textContent = error.message;
    }
    file.value = "";
  });
  const clear = button(translate("Clear"), () => {
    if (!globalThis.confirm(translate("Forget all predictions and answers in this browser?"))) return;
    progress.clear();
    said.textContent = translate("Cleared. Pages that are open ask again when they are loaded anew.");
  });
  const buttons = make(
    "div",
    { className: "lenet-progress-buttons" },
    button(translate("Export"), () => download(progress.text())),
    button(translate("Bring back …"), () => file.click()),
    clear,
    file,
  );
  function show() {
    const { predictions, exercises } = progress.read();
    const solved = Object.values(exercises).filter(({ right }) => right).length;
    line.textContent =
      (Object.keys(predictions).length
        ? translate("Predictions: {score}. ", { score: progress.score() })
        : translate("Predictions: none yet. ")) + translate("Exercises: {solved} solved.", { solved });
    if (progress.note) said.textContent = progress.note;
  }
  progress.listeners.add(show);
  globalThis.addEventListener("storage", (event) => event.key === KEY && show());
  show();
  return make(
    "section",
    { className: "lenet-progress", ariaLabel: translate("Your progress") },
    line,
    buttons,
    said,
  );
}

function download(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "lenet_edu-progress.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
