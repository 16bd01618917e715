// @ts-check
// LossSurface without Python: rates, momentums and paths that do not fit are refused.
import { translate } from "../../system/language.js";
import { bytesOf } from "./material.js";
import { Refused, Twin, float, within } from "./twin.js";

class LossSurfaceTwin extends Twin {
  check(name, value) {
    const [least, most, heaviest, longest] = this.traits.limits;
    if (name === "rate") return within(name, value, least, most, float);
    // Python writes the lowest momentum as it has it, whole.
    const written = (one) => (one === 0 ? "0" : float(one));
    if (name === "momentum") return within(name, value, 0, heaviest, written);
    return name === "path" ? this.checkedPath(value, longest) : value;
  }

  checkedPath(path, longest) {
    const { centre, reach } = this.traits;
    const isOn = (place) => place.length === 2 && place.every((at, i) => Math.abs(at - centre[i]) <= reach);
    if (path.length >= 1 && path.length <= longest + 1 && path.every(isOn)) return path;
    const [x, y] = centre.map((middle) => middle.toFixed(2));
    throw new Refused(
      translate(
        "path must be 1 to {longest} places (first weight, second weight) on the map, within {reach:g} of " +
          "{first:.2f} and {second:.2f}.",
        { longest: longest + 1, reach, first: x, second: y },
      ),
    );
  }
}

/** @param {any} state */
export default async function lossSurface({ traits, losses }) {
  return new LossSurfaceTwin({ ...traits, losses: new DataView(bytesOf(losses).buffer) });
}
