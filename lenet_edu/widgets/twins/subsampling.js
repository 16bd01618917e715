// @ts-check
// Subsampling without Python: numbers out of range are refused.
import { bytesOf } from "./material.js";
import { Twin, float, within } from "./twin.js";

const LIMIT = 10;

class SubsamplingTwin extends Twin {
  check(name, value) {
    const isNumber = name === "coefficient" || name === "bias";
    // Python writes the limits as it has them, whole, and what came as the float that it is.
    return isNumber
      ? within(name, value, -LIMIT, LIMIT, (one) => (one === value ? float(one) : String(one)))
      : value;
  }
}

/** @param {any} state */
export default async function subsampling({ traits, maps }) {
  return new SubsamplingTwin({ ...traits, maps: new DataView(bytesOf(maps).buffer) });
}
