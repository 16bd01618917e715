// @ts-check
// DigitCodes without Python: codes that are none are refused.
import { translate } from "../../system/language.js";
import { bytesOf } from "./material.js";
import { Refused, Twin, within } from "./twin.js";

class DigitCodesTwin extends Twin {
  check(name, value) {
    if (name === "digit") return within(name, value, 0, this.traits.labels.length - 1);
    if (name !== "codes") return value;
    const units = this.traits.size[0] * this.traits.size[1];
    const isCode = (code) => code.length === units && code.every((pixel) => pixel === 1 || pixel === -1);
    if (value.length === 10 && value.every(isCode)) return value;
    throw new Refused(translate("codes must be 10 lists of {units} times 1 or -1.", { units }));
  }
}

/** @param {any} state */
export default async function digitCodes({ traits, f6 }) {
  return new DigitCodesTwin({ ...traits, f6: new DataView(bytesOf(f6).buffer) });
}
