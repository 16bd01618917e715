// @ts-check
// What Python's Widget does for every widget, for the twins: it holds the traits, refuses what does not fit, and
// answers. A twin NAME.js does what NAME.py does; the tests replay the same messages through both.
import { translate } from "../../system/language.js";
import { same } from "./model.js";

/** What cannot be shown; the traits are as they were. */
export class Refused extends Error {
  name = "Refused";
}

/** @typedef {{ update: (values: Record<string, any>) => void, tell: (message: object) => void }} Connection */

export class Twin {
  /** @param {Record<string, any>} traits */
  constructor(traits) {
    this.traits = traits;
    /** @type {Connection} */
    this.connection = { update() {}, tell() {} };
  }

  /** @param {Connection} connection the side of the widget */
  connect(connection) {
    this.connection = connection;
  }

  /** The value that a trait is to have; throws `Refused` for one that it cannot have. */
  check(name, value) {
    return value;
  }

  /** A trait has another value. @param {string} _name @returns {void | Promise<void>} */
  changed(_name) {}

  /** A message of the widget's own. @param {any} _content @returns {void | Promise<void>} */
  receive(_content) {}

  /** Traits that the widget has set: all of them or, if one is refused, none. */
  async take(changes) {
    const before = this.traits;
    const names = Object.keys(changes).filter((name) => name in before);
    try {
      this.traits = { ...before };
      for (const name of names) this.traits[name] = changes[name];
      for (const name of names) this.traits[name] = this.check(name, this.traits[name]);
    } catch (error) {
      this.traits = before;
      if (!(error instanceof Refused)) throw error;
      this.connection.tell({ error: error.message });
      this.connection.update(Object.fromEntries(names.map((name) => [name, before[name]])));
      return;
    }
    const changed = names.filter((name) => !same(before[name], this.traits[name]));
    for (const name of changed) await this.changed(name);
  }

  /** Set traits from this side; the widget hears of those that are new. */
  set(values) {
    const changed = Object.entries(values).filter(([name, value]) => !same(this.traits[name], value));
    Object.assign(this.traits, Object.fromEntries(changed));
    if (changed.length) this.connection.update(Object.fromEntries(changed));
  }
}

/**
 * The value of a trait, if it is from `low` to `high`; `written` is how Python writes such numbers.
 *
 * @param {string} name @param {number} value @param {number} low @param {number} high
 * @param {(number: number) => string} written
 */
export function within(name, value, low, high, written = String) {
  if (value >= low && value <= high) return value;
  throw new Refused(
    translate("{name} must be from {low} to {high}; got {value}.", {
      name,
      low: written(low),
      high: written(high),
      value: written(value),
    }),
  );
}

/** The grey levels of a sheet, side x side or none at all. */
export function sheet(name, value, side) {
  const count = value?.byteLength ?? 0;
  if (count === 0 || count === side * side) return value;
  throw new Refused(
    translate("{name} must be {side} x {side} bytes; got {value_count}.", { name, side, value_count: count }),
  );
}

/** One of the names that there are. */
export function oneOf(what, value, names) {
  if (names.includes(value)) return value;
  throw new Refused(
    translate("{what} must be one of {choices}; got {given!r}.", {
      what,
      choices: names.join(", "),
      given: quoted(value),
    }),
  );
}

// How Python writes values in its messages.

/** A float: 1 is 1.0. */
export function float(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const text = String(value).replace(/e([+-])(\d)$/, "e$10$2");
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A list of whole numbers, within others or not: [1, 2]. */
export function list(values) {
  return `[${values.map((value) => (Array.isArray(value) ? list(value) : String(value))).join(", ")}]`;
}

/** A text in quotes. */
export function quoted(text) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replace(/\\/g, "\\\\")
    .replace(/\n/g, "\\n")
    .replace(/\t/g, "\\t")
    .replace(/\r/g, "\\r");
  return quote + (quote === "'" ? escaped.replace(/'/g, "\\'") : escaped) + quote;
}

/** A number that a reader typed, as Python's float() reads it: NaN for what is none. */
export function readFloat(text) {
  const plain = text.trim().replace(/[０-９]/g, (digit) => digit.normalize("NFKC"));
  const digits = "\\d+(_\\d+)*";
  const number = new RegExp(`^[+-]?(${digits}\\.?(${digits})?|\\.${digits})(e[+-]?${digits})?$`, "i");
  if (number.test(plain)) return Number(plain.replaceAll("_", ""));
  if (/^[+-]?inf(inity)?$/i.test(plain)) return plain.startsWith("-") ? -Infinity : Infinity;
  return NaN;
}
