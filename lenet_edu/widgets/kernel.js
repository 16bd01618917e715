// @ts-check
// Whether Python still stands behind a widget, and what a notebook keeps of its widgets when it is saved.
//
// A widget made with `run` has all of this without a line of its own: whatever the reader does in it asks the
// kernel for a sign of life; when none comes, a notice appears above the controls, and the controls are shut
// off.
import { translate } from "../system/language.js";

/**
 * The part of anywidget's model that widgets use.
 *
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(content: object) => void} send
 * @property {(name: string, listener: (message?: any) => void) => void} on
 * @property {(name: string, listener: (message?: any) => void) => void} off
 * @property {any} [widget_manager]
 */

const PATIENCE = 3000; // milliseconds without an answer before the reader is told
const GONE = 12_000; // milliseconds after which an idle kernel that does not answer knows nothing of the widget
const FRESH = 2000; // milliseconds for which an answer holds
const STATE = "application/vnd.jupyter.widget-state+json";
const VIEW = "application/vnd.jupyter.widget-view+json";
const SAVES = Symbol.for("lenet_edu.saves"); // each widget has its own copy of this module

/** What the reader is told in each state of the kernel. */
export const NOTICES = {
  alive: () => "",
  silent: () =>
    translate(
      "Python has not answered for some seconds. While a cell is running, wait; otherwise run this cell again.",
    ),
  lost: () =>
    translate(
      "This is no longer connected to Python: the kernel was restarted or stopped, " +
        "or the notebook was opened anew. Run this cell again to bring it back.",
    ),
};

/**
 * Ask the kernel for a sign of life now, whenever the reader acts in `el`, and when the connection changes.
 * `tell(state)` hears "alive", "silent" (busy, or gone) and "lost".
 *
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {(state: keyof typeof NOTICES) => void} tell
 */
export function watchKernel(model, el, signal, tell) {
  const manager = model.widget_manager;
  if (!manager) return; // a page without a kernel answers by itself
  let asked = 0; // when the question that has not been answered went out
  let heard = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const disconnected = () => Boolean(el.closest(".jupyter-widgets-disconnected")) || manager.kernel === null;
  function ask() {
    if (disconnected()) return tell("lost");
    const now = performance.now();
    if (asked || now - heard < FRESH) return undefined;
    asked = now;
    try {
      model.send({ ping: true });
    } catch {
      asked = 0; // the connection has been closed
      return tell("lost");
    }
    timer = setTimeout(wait, PATIENCE);
    return undefined;
  }
  function wait() {
    const gone = manager.kernel?.status === "idle" && performance.now() - asked > GONE;
    if (disconnected() || gone) {
      asked = 0;
      tell("lost");
      return;
    }
    tell("silent");
    timer = setTimeout(wait, PATIENCE);
  }
  function hear(message) {
    if (!message.pong) return;
    clearTimeout(timer);
    asked = 0;
    heard = performance.now();
    tell("alive");
  }
  function reconnect() {
    clearTimeout(timer);
    asked = 0;
    heard = -Infinity;
    ask();
  }
  model.on("msg:custom", hear);
  model.on("comm_live_update", reconnect);
  for (const event of ["pointerdown", "pointerenter", "keydown", "change"]) {
    el.addEventListener(event, ask, { capture: true, signal });
  }
  document.addEventListener("visibilitychange", () => document.hidden || ask(), { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("msg:custom", hear);
    model.off("comm_live_update", reconnect);
  });
  ask();
}

/** The ids of all widgets in a notebook's outputs. */
export function shownIds(notebook) {
  const outputs = notebook.cells.flatMap((cell) => cell.outputs ?? []);
  return outputs.map((output) => output.data?.[VIEW]?.model_id).filter(Boolean);
}

/**
 * The states of these widgets, and of all that they are made of.
 *
 * @param {string[]} ids
 * @param {Record<string, { state: object }>} states
 */
export function statesOf(ids, states) {
  /** @type {Record<string, { state: object }>} */
  const chosen = {};
  const open = [...ids];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id in chosen || !(id in states)) continue;
    chosen[id] = states[id];
    for (const [, other] of JSON.stringify(states[id].state).matchAll(/"IPY_MODEL_([^"]+)"/g))
      open.push(other);
  }
  return chosen;
}

/**
 * Let JupyterLab save the widgets that a notebook shows with it: opened again without its kernel, the
 * notebook
 * shows them as they were. What was saved before and is still shown stays. Other hosts have their own ways.
 */
export function keepStates(model) {
  const manager = model.widget_manager;
  const context = manager?.context;
  if (!context?.saveState?.connect || !manager.get_state_sync || manager[SAVES]) return;
  manager[SAVES] = true;
  context.saveState.connect((_, stage) => {
    if (stage !== "started") return;
    const before = context.model.getMetadata("widgets")?.[STATE];
    const now = manager.get_state_sync({ drop_defaults: true });
    const state = statesOf(shownIds(context.model.toJSON()), { ...before?.state, ...now.state });
    if (Object.keys(state).length) context.model.setMetadata("widgets", { [STATE]: { ...now, state } });
    else if (before) context.model.deleteMetadata("widgets");
  });
}
