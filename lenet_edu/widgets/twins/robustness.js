// @ts-check
// Robustness without Python: the digit, or what was drawn, is changed and read.
import { translate } from "../../system/language.js";
import { change } from "../../engine/changes.js";
import { DataError } from "../../engine/data.js";
import { greyOf, inkOf, normalise, scaled } from "../../engine/normalise.js";
import { images, joined, network, view } from "./material.js";
import { Twin, float, sheet, within } from "./twin.js";

const KINDS = ["scale", "shift", "rotation", "noise"];

class RobustnessTwin extends Twin {
  constructor(traits, one, pictures) {
    super({ ...traits, drawing: new DataView(new ArrayBuffer(0)) });
    this.network = one;
    this.pictures = pictures;
    const [background, ink] = traits.levels;
    this.scaling = { name: "", background, ink };
    Object.assign(this.traits, this.answered());
  }

  check(name, value) {
    if (name === "digit") return within(name, value, 0, this.pictures.length - 1);
    if (name === "drawing") return sheet(name, value, this.traits.side);
    if (!KINDS.includes(name)) return value;
    const { min, max } = this.traits.sliders.find(({ kind }) => kind === name);
    return within(name, value, min, max, float);
  }

  changed(name) {
    if (name !== "digit" && name !== "drawing" && !KINDS.includes(name)) return;
    this.set(this.answered());
    this.connection.tell({ read: true });
  }

  answered() {
    const drawn = this.drawn();
    const original = drawn ?? this.pictures[this.traits.digit];
    const amounts = Object.fromEntries(KINDS.map((kind) => [kind, this.traits[kind]]));
    const changed = change(original, this.scaling, amounts);
    const pixels = joined([original, changed]);
    const outputs = this.network.output(pixels);
    const [unchanged, answer] = Array.from(this.network.classes(pixels), String);
    const output = outputs.slice(outputs.length / 2);
    const label = drawn ? "" : this.traits.labels[this.traits.digit];
    const expected = label || unchanged;
    const verdict = judged(output, answer, expected, Boolean(label), this.network.hasRbfOutput);
    return { pixels: view(pixels), outputs: view(output), answer, expected, verdict };
  }

  /** The drawing as the network's input, or null if there is nothing on the sheet. */
  drawn() {
    const { drawing, side } = this.traits;
    if (!drawing?.byteLength) return null;
    try {
      const bytes = new Uint8Array(drawing.buffer, drawing.byteOffset, drawing.byteLength);
      return scaled(normalise(inkOf(greyOf(bytes, side, side))), this.scaling);
    } catch (error) {
      if (error instanceof DataError) return null;
      throw error;
    }
  }
}

/** In words, with the numbers that decide: distances (RBF) or scores. */
function judged(output, answer, expected, labelled, rbf) {
  const said = {
    answer,
    what: rbf ? translate("distance") : translate("score"),
    value: output[Number(answer)].toFixed(1),
    expected,
    now: output[Number(expected)].toFixed(1),
  };
  if (answer === expected) {
    return labelled
      ? translate("reads {answer} ({what} {value}): right", said)
      : translate("reads {answer} ({what} {value}), as without a change", said);
  }
  return labelled
    ? translate("reads {answer} ({what} {value}): wrong, it is a {expected} ({now})", said)
    : translate("reads {answer} ({what} {value}); without a change it reads {expected} (now {now})", said);
}

/** @param {any} state @param {import("./material.js").Resources} resources */
export default async function robustness({ traits, network: one, images: described }, resources) {
  const [made, pictures] = await Promise.all([network(one, resources), images(described, resources)]);
  return new RobustnessTwin(traits, made, pictures);
}
