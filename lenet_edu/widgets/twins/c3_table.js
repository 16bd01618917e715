// @ts-check
// C3Table without Python: what is no table of the right size is refused.
import { translate } from "../../system/language.js";
import { Refused, Twin } from "./twin.js";

class C3TableTwin extends Twin {
  check(name, links) {
    if (name !== "links") return links;
    const [rows, columns] = [this.traits.presets[0].links.length, this.traits.presets[0].links[0].length];
    const shape = shapeOf(links);
    if (shape.length === 2 && shape[0] === rows && shape[1] === columns) {
      return links.map((row) => row.map(Boolean));
    }
    throw new Refused(
      translate(
        "The table must be {rows}x{columns} booleans (rows: maps of S2, columns: maps of C3); " +
          "got {kind} of shape {shape}.",
        { rows, columns, kind: "list", shape: `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` },
      ),
    );
  }
}

/** The shape that numpy sees: rows of unequal length make no array at all. */
function shapeOf(links) {
  if (!links.length) return [0];
  const [first] = links;
  return links.every((row) => row.length === first.length) ? [links.length, first.length] : [0];
}

/** @param {any} state */
export default async function c3Table({ traits }) {
  return new C3TableTwin(traits);
}
