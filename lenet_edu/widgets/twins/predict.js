// @ts-check
// Predict without Python: judges a prediction when the reader commits to it, and keeps it in the browser.
import { translate } from "../../system/language.js";
import { unveiled } from "./material.js";
import { openProgress } from "./progress.js";
import { Refused, Twin, oneOf, quoted, readFloat } from "./twin.js";

/** @typedef {{ right: boolean, said: string }} Judgement */

/** The judgement of a choice, by its letter. */
function judgeChoice({ right, said }, letter) {
  oneOf(translate("The prediction"), letter, Object.keys(said));
  return { right: letter === right, said: said[letter] };
}

/** The judgement of a number: within a factor of the right one is near enough. */
function judgeNumber({ right, hints, factor }, guess) {
  const number = readFloat(guess.replace(/[, ]/g, ""));
  if (!Number.isFinite(number)) {
    throw new Refused(
      translate("The prediction must be a number, such as 1,000; got {guess!r}.", { guess: quoted(guess) }),
    );
  }
  const near = (wanted) => wanted / factor <= number && number <= wanted * factor;
  if (near(right))
    return { right: true, said: number === right ? translate("to the digit.") : translate("near enough.") };
  const hint = hints.find(([wrong]) => near(wrong))?.[1];
  return { right: false, said: hint ?? (number > right ? translate("too many.") : translate("too few.")) };
}

class PredictTwin extends Twin {
  constructor(traits, answer, progress) {
    super(traits);
    this.answer = unveiled(answer);
    this.progress = progress;
    progress.rename(traits.name, this.answer.older);
    const before = progress.prediction(traits.name);
    if (before === undefined || traits.settled) return;
    try {
      Object.assign(this.traits, this.settled(before));
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // the question has other choices now: it is asked anew
    }
  }

  receive({ commit = "" }) {
    try {
      this.set(this.settled(commit));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.connection.tell({ error: error.message });
    }
  }

  /** All that changes with a choice. */
  settled(choice) {
    const { choices, name } = this.traits;
    const { right, said } = (choices.length ? judgeChoice : judgeNumber)(this.answer, choice);
    this.progress.settle(name, choice, right);
    const verdict = right ? translate("Yes: {said}", { said }) : translate("No: {said}", { said });
    const answer = translate("It is {answer}", { answer: this.answer.answer });
    return {
      committed: choice,
      response: right && choices.length ? verdict : `${verdict}\n${answer}`,
      is_right: right,
      right: choices.length ? this.answer.right : "",
      shown: this.answer.shown,
      score: this.progress.score(this.answer.among),
      settled: true,
    };
  }
}

/** @param {any} state @param {import("./material.js").Resources} resources */
export default async function predict({ traits, answer }, resources) {
  return new PredictTwin(traits, answer, resources.progress ?? openProgress());
}
