// @ts-check
// An exercise without Python: judges a number, a letter, a table or a pair as its checker does, with the same hints.
import { translate } from "../../system/language.js";
import { CONDITIONS } from "./conditions.js";
import { unveiled } from "./material.js";
import { openProgress } from "./progress.js";
import { Refused, Twin, quoted, readFloat } from "./twin.js";

/** Whether two numbers are as near as Python's math.isclose has it, by a relative tolerance. */
function isClose(one, other, tolerance) {
  return one === other || Math.abs(one - other) <= tolerance * Math.max(Math.abs(one), Math.abs(other));
}

/** A number as Python's format ",.6g" writes it. */
export function sixDigits(number) {
  const [mantissa, exponent] = number.toExponential(5).split("e").map(Number);
  const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent < -4 || exponent >= 6) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${trimmed(mantissa.toFixed(5))}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  const [whole, ...fraction] = trimmed(number.toFixed(5 - exponent)).split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...fraction].join(".");
}

/** A number as a reader types it: 1,516 or 2/3 too. */
export function typedNumber(text) {
  const parts = text.replace(/[, ]/g, "").split("/").map(readFloat);
  const number = parts.length === 2 ? parts[0] / parts[1] : parts.length === 1 ? parts[0] : NaN;
  if (Number.isFinite(number)) return number;
  throw new Refused(
    translate("A single number is wanted, such as 28 or 2/3; got {text}.", { text: quoted(text) }),
  );
}

function judgeNumber({ right, because, hints, tolerance }, text) {
  const number = typedNumber(text);
  const is = (wanted) => isClose(number, wanted, Math.max(tolerance, 1e-9));
  if (is(right)) return { right: true, verdict: because };
  const hint = hints.find(([wrong]) => is(wrong))?.[1];
  const said = { number: sixDigits(number) };
  const plain =
    number > right
      ? translate("{number:,.6g} is too large. Write the formula down, then put numbers into it.", said)
      : translate("{number:,.6g} is too small. Write the formula down, then put numbers into it.", said);
  return { right: false, verdict: hint ?? plain };
}

function judgeChoice({ right, because, hints }, letter) {
  if (letter === right) return { right: true, verdict: because };
  const letters = [right, ...Object.keys(hints)].sort();
  const offered = { letters: letters.slice(0, -1).join(", "), last: letters.at(-1), letter: quoted(letter) };
  const plain = translate("One of the letters {letters} or {last} is wanted; got {letter}.", offered);
  return { right: false, verdict: hints[letter] ?? plain };
}

function judgeConditions({ because, hints, facts }, answer, name) {
  const failed = CONDITIONS[name].findIndex((holds) => !holds(answer, facts));
  return failed < 0 ? { right: true, verdict: because } : { right: false, verdict: hints[failed] };
}

const JUDGES = {
  number: judgeNumber,
  choice: judgeChoice,
  table: judgeConditions,
  pair: (checker, texts, name) => judgeConditions(checker, texts.map(typedNumber), name),
};

class ExerciseTwin extends Twin {
  constructor(traits, checker, progress) {
    const facts = checker.facts ?? {};
    super({ ...traits, rows: facts.paper?.length ?? 0, columns: facts.paper?.[0].length ?? 0 });
    this.checker = checker;
    this.progress = progress;
    const before = progress.exercise(traits.name)?.answer;
    if (before === undefined || !(traits.form in JUDGES)) return;
    try {
      Object.assign(this.traits, this.judged(before));
    } catch {
      // The exercise asks for something else now: it is asked anew.
    }
  }

  receive({ check }) {
    try {
      const judged = this.judged(check);
      this.progress.answer(this.traits.name, check, judged.right);
      this.set(judged);
      this.connection.tell({ judged: true });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.connection.tell({ error: error.message });
    }
  }

  judged(answer) {
    return { answer, ...JUDGES[this.traits.form](this.checker, answer, this.traits.name) };
  }
}

/** @param {any} state @param {import("./material.js").Resources} resources */
export default async function exercise({ traits, checker }, resources) {
  return new ExerciseTwin(traits, unveiled(checker), resources.progress ?? openProgress());
}
