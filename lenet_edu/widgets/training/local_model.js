// @ts-check
/**
 * The `model` of a widget's view where no kernel is: values by name, and whoever wants to hear of them. It
 * has the face
 * of anywidget's model, so that a view does not know the difference.
 */

export class LocalModel {
  /** @param {Record<string, any>} traits */
  constructor(traits) {
    this.traits = { ...traits };
    /** @type {Record<string, any>} */
    this.given = {};
    /** @type {Map<string, Set<(message?: any) => void>>} */
    this.listeners = new Map();
  }

  /** @param {string} name */
  get(name) {
    return this.traits[name];
  }

  /** What a view sets counts from `save_changes` on. @param {string} name @param {any} value */
  set(name, value) {
    this.given[name] = value;
  }

  save_changes() {
    const { given } = this;
    this.given = {};
    for (const [name, value] of Object.entries(given)) this.take(name, value);
  }

  /**
   * What becomes of a value that the reader set: here it is shown as it is.
   * @param {string} name
   * @param {any} value
   */
  take(name, value) {
    this.show({ [name]: value });
  }

  /** A message from a view, such as a button's. @param {any} message */
  send(message) {
    throw new Error(`Nobody here answers ${JSON.stringify(message)}.`);
  }

  /**
   * Set values, and then tell of all of them, or of those that are named.
   * @param {Record<string, any>} values @param {string[]} [told]
   */
  show(values, told = Object.keys(values)) {
    Object.assign(this.traits, values);
    for (const name of told) this.tell(`change:${name}`);
  }

  /** Show a message where the view shows its errors; an empty one takes it away. @param {string} error */
  refuse(error) {
    this.tell("msg:custom", { error });
  }

  /** @param {string} event @param {any} [message] */
  tell(event, message) {
    for (const listener of Array.from(this.listeners.get(event) ?? [])) listener(message);
  }

  /** @param {string} event @param {(message?: any) => void} listener */
  on(event, listener) {
    const heard = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, heard.add(listener));
  }

  /** @param {string} event @param {(message?: any) => void} listener */
  off(event, listener) {
    this.listeners.get(event)?.delete(listener);
  }
}
