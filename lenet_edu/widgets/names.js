// @ts-check
// What readers see for the names that Python and JavaScript share: of settings, states, changes, steps and presets.
import { translate } from "../system/language.js";

/** @type {Record<string, () => string>} */
const WORDS = {
  // settings of a training, and what can be chosen
  network: () => translate("network"),
  data: () => translate("data"),
  recipe: () => translate("recipe"),
  device: () => translate("device"),
  seed: () => translate("seed"),
  peak_rate: () => translate("learning rate"),
  momentum: () => translate("momentum"),
  batch_size: () => translate("batch size"),
  epochs: () => translate("epochs"),
  subsampling: () => translate("subsampling"),
  activation: () => translate("activation"),
  output: () => translate("output"),
  auto: () => translate("auto"),
  training: () => translate("training"),
  validation: () => translate("validation"),
  test: () => translate("test"),
  yes: () => translate("yes"),
  no: () => translate("no"),
  own: () => translate("own"),
  table: () => translate("table"),
  trainable: () => translate("trainable"),
  average: () => translate("average"),
  max: () => translate("max"),
  linear: () => translate("linear"),
  rbf: () => translate("rbf"),
  default: () => translate("default"),
  "embedded digits": () => translate("embedded digits"),
  "embedded digits (scikit-learn)": () => translate("embedded digits (scikit-learn)"),
  "my drawings": () => translate("my drawings"),
  "pictures in colour": () => translate("pictures in colour"),
  digit: () => translate("digit"),
  class: () => translate("class"),
  drawing: () => translate("drawing"),
  untrained: () => translate("untrained"),
  trained: () => translate("trained"),
  scaled_tanh: () => translate("scaled tanh"),
  // how a training stands
  ready: () => translate("ready"),
  running: () => translate("running"),
  paused: () => translate("paused"),
  finished: () => translate("finished"),
  stopped: () => translate("stopped"),
  interrupted: () => translate("interrupted"),
  damaged: () => translate("damaged"),
  // tables, kernels and units to choose
  paper: () => translate("paper"),
  full: () => translate("full"),
  diagonal: () => translate("diagonal"),
  random: () => translate("random"),
  "edge: ink above": () => translate("edge: ink above"),
  "edge: ink on the left": () => translate("edge: ink on the left"),
  blur: () => translate("blur"),
  spot: () => translate("spot"),
  "leave as it is": () => translate("leave as it is"),
  "your own": () => translate("your own"),
  padding: () => translate("padding"),
  stride: () => translate("stride"),
  coefficient: () => translate("coefficient"),
  bias: () => translate("bias"),
  mean: () => translate("mean"),
  learned: () => translate("learned"),
  OR: () => translate("OR"),
  AND: () => translate("AND"),
  negative: () => translate("negative"),
  // a drawn digit on its way to the network
  thin: () => translate("thin"),
  medium: () => translate("medium"),
  thick: () => translate("thick"),
  even: () => translate("even"),
  invert: () => translate("invert"),
  pick: () => translate("pick"),
  crop: () => translate("crop"),
  centre: () => translate("centre"),
  sheet: () => translate("sheet"),
  evened: () => translate("evened"),
  ink: () => translate("ink"),
  cropped: () => translate("cropped"),
  glyph: () => translate("glyph"),
  image: () => translate("image"),
  // changes of an image
  scale: () => translate("scale"),
  shift: () => translate("shift"),
  rotation: () => translate("rotation"),
  noise: () => translate("noise"),
};

const LEARNED_MAP = /^learned, map (\d+)$/;

/** A name in the reader's language; one that nobody has listed, such as a reader's own, as it is. @param {string} name */
export function nameOf(name) {
  const map = LEARNED_MAP.exec(name)?.[1];
  if (map) return translate("learned, map {map}", { map });
  return Object.hasOwn(WORDS, name) ? WORDS[name]() : name;
}
