// @ts-check
// The language that a reader sees, as language.py has it. English stands in the code; whoever sets up a page, a widget
// or a worker gives the translations, which are made from the same catalogue.

/** @type {Map<string, string>} */
let translations = new Map();

/** Show everything in another language from now on. @param {Record<string, string>} texts its texts by the English */
export function useTranslations(texts) {
  translations = new Map(Object.entries(texts));
}

/**
 * The text in the reader's language, with values in place of the names in braces. Values come as they are to be seen: a
 * format that Python has for one counts for nothing here.
 *
 * @param {string} text
 * @param {Record<string, unknown>} [values]
 */
export function translate(text, values = {}) {
  const said = translations.get(text) ?? text;
  return said.replace(/\{(\w+)[^{}]*\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
