// @ts-check
// The conditions of exercises with many right answers, in the order of Python's, which has the hints. Each takes an
// answer and the facts that Python gave along.

/** @type {Record<string, ((answer: any, facts: any) => boolean)[]>} */
export const CONDITIONS = {
  // Another table for C3: `paper` is the paper's.
  "c3.table": [
    (table, { paper }) => links(table) === links(paper),
    (table) => columns(table).every((column) => column.some(Boolean)),
    (table) => new Set(columns(table).map(String)).size === table[0].length,
    (table, { paper }) => table.every((row) => links([row]) === Math.floor(links(paper) / paper.length)),
    (table, { paper }) => String(table) !== String(paper),
  ],
  // An OR of four, as coefficient and bias: `none` and `some` are sums of four inputs.
  "s2.or": [
    (pair) => pair.length === 2,
    ([coefficient]) => coefficient > 0,
    (pair, { none, squash }) => none.every((sum) => unit(sum, pair, squash) <= -1),
    (pair, { some, squash }) => some.every((sum) => unit(sum, pair, squash) >= 1),
  ],
};

const links = (table) => table.flat().filter(Boolean).length;
const columns = (table) => table[0].map((_, k) => table.map((row) => row[k]));

/** A unit's answer, in single precision as torch has it. */
function unit(sum, [coefficient, bias], [amplitude, slope]) {
  const f = Math.fround;
  return f(f(amplitude) * f(Math.tanh(f(f(slope) * f(f(f(coefficient) * f(sum)) + f(bias))))));
}
