// @ts-check
// FeatureMaps without Python: the outputs of all layers for the image shown, with the weights shown.
import { translate } from "../../system/language.js";
import { flatParameters, images, joined, network, view } from "./material.js";
import { Refused, Twin, list, oneOf, within } from "./twin.js";

class FeatureMapsTwin extends Twin {
  constructor(traits, networks, pictures) {
    super(traits);
    this.networks = networks;
    this.pictures = pictures;
    Object.assign(this.traits, this.computed());
  }

  check(name, value) {
    if (name === "digit") return within(name, value, 0, this.traits.digits - 1);
    if (name === "layer") {
      return oneOf(
        name,
        value,
        this.traits.layers.map((layer) => layer.name),
      );
    }
    if (name === "weights") return oneOf(name, value, this.traits.weight_names);
    if (name === "unit" && !this.isInside(value)) {
      throw new Refused(
        translate("unit must lie in {layer}, {shape}; got {unit}.", {
          layer: this.traits.layer,
          shape: list(this.shape()),
          unit: list(value),
        }),
      );
    }
    return value;
  }

  changed(name) {
    if (name === "layer" && !this.isInside(this.traits.unit)) this.set({ unit: [0, 0, 0] });
    if (name === "digit" || name === "weights") this.set(this.computed());
  }

  /** The shape of the layer shown. */
  shape() {
    return this.traits.layers.find(({ name }) => name === this.traits.layer).shape;
  }

  isInside(unit) {
    const shape = this.shape();
    return unit.length === 3 && unit.every((at, i) => at >= 0 && at < shape[i]);
  }

  computed() {
    const one = this.networks[this.traits.weights];
    const outputs = one.forward(this.pictures[this.traits.digit]);
    return {
      activations: view(joined(Object.values(outputs))),
      parameters: view(flatParameters(one)),
    };
  }
}

/** @param {any} state @param {import("./material.js").Resources} resources */
export default async function featureMaps({ traits, networks, images: described }, resources) {
  const entries = Object.entries(networks).map(async ([name, one]) => [name, await network(one, resources)]);
  const made = Object.fromEntries(await Promise.all(entries));
  return new FeatureMapsTwin(traits, made, await images(described, resources));
}
