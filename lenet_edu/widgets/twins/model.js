// @ts-check
// What stands for anywidget's model on a page without a kernel: the widget talks to it as to any other, and the
// widget's twin answers in place of Python.

/** @typedef {import("./twin.js").Twin} Twin */

/** Whether two values of a trait are the same, bytes by their content. */
export function same(one, other) {
  if (one === other) return true;
  if (ArrayBuffer.isView(one) && ArrayBuffer.isView(other)) {
    if (one.byteLength !== other.byteLength) return false;
    const [a, b] = [one, other].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    return a.every((byte, i) => byte === b[i]);
  }
  if (ArrayBuffer.isView(one) || ArrayBuffer.isView(other)) return false;
  return typeof one === "object" && JSON.stringify(one) === JSON.stringify(other);
}

/** A model whose other side is a twin. What the twin answers comes later, one message after another. */
export class TwinModel {
  /** @param {Twin} twin */
  constructor(twin) {
    this.twin = twin;
    this.values = { ...twin.traits };
    /** @type {Record<string, any>} */
    this.pending = {}; // set by the widget, and not yet sent
    /** @type {Map<string, Set<(message?: any) => void>>} */
    this.listeners = new Map();
    this.answered = Promise.resolve(); // when all that was sent has been answered
    twin.connect({ update: (values) => this.update(values), tell: (message) => this.tell(message) });
  }

  /** @param {string} name */
  get(name) {
    return this.values[name];
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    if (same(this.values[name], value)) return;
    this.values[name] = this.pending[name] = value;
    this.trigger(`change:${name}`);
  }

  save_changes() {
    const changes = this.pending;
    if (!Object.keys(changes).length) return;
    this.pending = {};
    this.post(() => this.twin.take(changes));
  }

  /** @param {object} content */
  send(content) {
    this.post(() => this.twin.receive(content));
  }

  /** @param {string} event @param {(message?: any) => void} listener */
  on(event, listener) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)?.add(listener);
  }

  /** @param {string} event @param {(message?: any) => void} listener */
  off(event, listener) {
    this.listeners.get(event)?.delete(listener);
  }

  /** What the twin has changed. What the widget has set meanwhile, and not sent, stays. */
  update(values) {
    const changed = Object.keys(values).filter(
      (name) => !(name in this.pending) && !same(this.values[name], values[name]),
    );
    for (const name of changed) this.values[name] = values[name];
    for (const name of changed) this.trigger(`change:${name}`);
  }

  /** A message of the twin's own. */
  tell(message) {
    this.trigger("msg:custom", message);
  }

  trigger(event, message) {
    for (const listener of Array.from(this.listeners.get(event) ?? [])) listener(message);
  }

  /** The twin takes one thing after another; if it stumbles, the widget says so and goes on. */
  post(action) {
    this.answered = this.answered.then(action).catch((error) => this.tell({ error: error.message }));
  }
}
