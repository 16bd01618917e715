// @ts-check
// DrawDigit without Python: what is drawn, or a picture that the browser can decode, becomes the network's input.
import { translate } from "../../system/language.js";
import { DataError } from "../../engine/data.js";
import { greyOf, isCleanAndTiny, normalisation, resized, scaled } from "../../engine/normalise.js";
import { engineOf, joined, network, view } from "./material.js";
import { onTrained } from "./trained.js";
import { Refused, Twin, sheet } from "./twin.js";

const LONGEST = 900; // pixels of an uploaded picture's longer side
const SIDE = 32; // pixels of what it gives to the network
const SWITCHES = ["invert", "crop", "scale", "centre"];
const NOTHING = () => new DataView(new ArrayBuffer(0));
const CLEARED = () => ({
  steps: [],
  pixels: NOTHING(),
  outputs: NOTHING(),
  answer: "",
  probability: 0,
  others: 0,
});

class DrawDigitTwin extends Twin {
  constructor(traits, one, { scaling: [background, ink], sure, photoTemperature }) {
    super({ ...traits, ...CLEARED(), drawing: NOTHING(), upload: NOTHING() });
    this.network = one;
    this.scaling = { name: "", background, ink };
    this.sure = sure;
    this.photoTemperature = photoTemperature;
    /** Of a network that the reader trained. @type {import("../../engine/engine.js").Plan | null} */
    this.plan = null;
    /** @type {import("../../engine/normalise.js").Sheet | null} */
    this.uploaded = null;
  }

  /**
   * Read with the reader's network from now on, if it reads what this pad gives.
   * @param {import("../../engine/engine.js").Engine} engine @param {import("./trained.js").Trained} trained
   */
  takeNetwork(engine, { plan, weights, scaling }) {
    if (plan.input.maps !== 1 || plan.input.size !== SIDE) return;
    if (this.plan !== plan) this.network = engine.network(plan);
    this.plan = plan;
    this.network.weights = weights;
    this.scaling = scaling;
    this.photoTemperature = undefined;
    this.set({
      ...CLEARED(),
      layers: Object.entries(this.network.shapes).map(([name, shape]) => ({ name, shape })),
      rbf: Number(this.network.hasRbfOutput),
      note: translate("This pad reads with the network that you have trained on this page."),
    });
    this.set(this.read());
  }

  async take(changes) {
    if (changes.upload?.byteLength) {
      try {
        this.uploaded = await greyFromPicture(changes.upload);
      } catch (error) {
        this.connection.tell({ error: error.message });
        this.connection.update({ upload: this.traits.upload });
        return;
      }
    }
    await super.take(changes);
  }

  check(name, value) {
    if (name === "drawing") return sheet(name, value, this.traits.side);
    if (name === "switches") {
      const isRight = SWITCHES.every((step) => typeof value[step] === "boolean");
      if (!isRight || Object.keys(value).length > SWITCHES.length) {
        throw new Refused(
          translate("switches must tell of {steps}, each true or false.", { steps: SWITCHES.join(", ") }),
        );
      }
    }
    return value;
  }

  changed(name) {
    const { drawing, upload } = this.traits;
    if (!["drawing", "upload", "switches"].includes(name)) return;
    const other =
      name === "upload" && upload.byteLength
        ? "drawing"
        : name === "drawing" && drawing.byteLength
          ? "upload"
          : "";
    if (other && this.traits[other].byteLength) {
      this.set({ [other]: NOTHING() });
      this.changed(other);
    }
    this.set(this.read());
    this.connection.tell({ read: true });
  }

  /** What is on the sheet; null if there is nothing. */
  grey() {
    const { drawing, upload, side } = this.traits;
    if (upload.byteLength) return this.uploaded;
    if (!drawing.byteLength) return null;
    return greyOf(new Uint8Array(drawing.buffer, drawing.byteOffset, drawing.byteLength), side, side);
  }

  read() {
    const grey = this.grey();
    if (!grey) return { ...CLEARED(), verdict: "" };
    let shown;
    try {
      shown = normalisation(grey, this.traits.switches);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const isBlank = grey.values.every((level) => level === grey.values[0]);
      return { ...CLEARED(), verdict: isBlank ? "" : error.message };
    }
    const image = scaled(shown.image, this.scaling);
    const isPhoto = this.traits.upload.byteLength > 0 && !isCleanAndTiny(grey);
    const chances = Array.from(
      this.network.probabilities(image, isPhoto ? this.photoTemperature : undefined),
    );
    const probability = Math.max(...chances);
    const answer = String(chances.indexOf(probability));
    const small = Object.entries(shown).map(([name, step]) => ({ name, ...this.forDisplay(step) }));
    return {
      steps: small.map(({ name, rows, columns }) => ({ name, shape: [rows, columns] })),
      pixels: view(joined(small.map(({ values }) => values))),
      outputs: view(joined(Object.values(this.network.forward(image)))),
      answer,
      probability,
      others: 0,
      verdict:
        probability >= this.sure
          ? translate("reads {answer}", { answer })
          : translate("reads {answer}, not sure", { answer }),
    };
  }

  /** No larger than a drawing. */
  forDisplay(step) {
    const { side } = this.traits;
    const longer = Math.max(step.rows, step.columns);
    if (longer <= side) return step;
    const [rows, columns] = [step.rows, step.columns].map((one) =>
      Math.max(1, Math.round((one * side) / longer)),
    );
    return resized(step, rows, columns);
  }
}

/** The grey levels of a picture file, made smaller if it is large. @param {DataView} file */
async function greyFromPicture(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([/** @type {any} */ (file)]));
  } catch {
    throw new Refused(
      translate(
        "the picture could not be read as a picture: this browser does not know its format. Try JPEG.",
      ),
    );
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  brush.imageSmoothingQuality = "high";
  brush.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return greyOf(brush.getImageData(0, 0, width, height).data, height, width);
}

/** @param {any} state @param {import("./material.js").Resources} resources */
export default async function drawDigit({ traits, network: one, ...how }, resources) {
  if (one.tensors === undefined) return new DrawDigitTwin(traits, await network(one, resources), how);
  // A network of the notebook's own: who trains one on the page draws for that.
  const note = translate(
    "This pad reads with the network that was trained for this page. Train your own in the panel, and it reads with yours.",
  );
  const [engine, made] = await Promise.all([engineOf(resources), network(one, resources)]);
  const twin = new DrawDigitTwin({ ...traits, note }, made, how);
  onTrained((trained) => twin.takeNetwork(engine, trained));
  return twin;
}
