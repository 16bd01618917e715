// @ts-check
// Subsampling: maps before and after, and where on the squash their weighted sums fall.
import { translate } from "../system/language.js";
import {
  button,
  diverging,
  element,
  floats,
  largest,
  number,
  picture,
  scaledTanh,
  slider,
  svgElement,
  widget,
} from "./shared.js";
import { nameOf } from "./names.js";

/** Sum of each square of four, map after map. */
export function sumsOfFour(maps, [count, height, width]) {
  const [rows, columns] = [height / 2, width / 2];
  const sums = new Float32Array(count * rows * columns);
  for (let k = 0; k < count; k++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const at = (k * height + 2 * y) * width + 2 * x;
        sums[(k * rows + y) * columns + x] =
          maps[at] + maps[at + 1] + maps[at + width] + maps[at + width + 1];
      }
    }
  }
  return sums;
}

/** What the unit gives for 0 to 4 inputs at 1, the others at -1. */
export function votes(coefficient, bias, squash) {
  return VOTES.map((sum) => squash(coefficient * sum + bias));
}

/** The unit in a word. */
export function character(answers) {
  if (Math.max(...answers) - Math.min(...answers) < 0.1)
    return translate("always the same: the inputs hardly matter");
  const fires = answers.map((value) => value > 0);
  const firm = answers.every((value) => Math.abs(value) > 0.9);
  const fired = fires.map(Number).join();
  if (firm && fired === "0,1,1,1,1") return translate("OR: one is enough");
  if (firm && fired === "0,0,0,0,1") return translate("AND: all four are needed");
  if (Math.max(...answers) - Math.min(...answers) < 2) return translate("a blur: every input counts alike");
  return translate("between averaging and deciding");
}

const VOTES = [-4, -2, 0, 2, 4]; // the sums of 0 to 4 inputs at 1
const PRESETS = { mean: [0.25, 0], learned: [0.44, 0.21], OR: [2, 6], AND: [2, -6], negative: [-0.4, 0] };
const [WIDTH, HEIGHT] = [400, 220];
const MARGIN = { left: 34, right: 10, top: 8, bottom: 34 };
const REACH = 6; // weighted sums beyond are drawn at the edge
const BINS = 60;

/** How many of the values lie in each bin from -REACH to REACH; those beyond are in the outer ones. */
export function histogram(values) {
  const bins = Array.from({ length: BINS }, () => 0);
  for (const value of values) {
    const place = Math.floor(((value + REACH) / (2 * REACH)) * BINS);
    bins[Math.min(Math.max(place, 0), BINS - 1)] += 1;
  }
  return bins;
}

/** The squash with its axes, how many units have which weighted sum, and dots for 0 to 4 inputs at 1. */
function squashChart(f, amplitude) {
  const top = 1.1 * amplitude;
  const inside = (a) => Math.min(Math.max(a, -REACH), REACH);
  const x = (a) => MARGIN.left + ((inside(a) + REACH) / (2 * REACH)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value) => MARGIN.top + ((top - value) / (2 * top)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const [left, right, floor] = [x(-REACH), x(REACH), y(-top)];
  const line = (x1, y1, x2, y2) => svgElement("line", { x1, y1, x2, y2, class: "lenet-axis" });
  const text = (at, up, anchor, content) =>
    svgElement("text", { x: at, y: up, "text-anchor": anchor, class: "lenet-tick" }, content);
  const across = [-6, -4, -2, 0, 2, 4, 6].map((a) => text(x(a), floor + 13, "middle", String(a)));
  const up = [-amplitude, -1, 0, 1, amplitude].flatMap((value) => [
    line(left, y(value), right, y(value)),
    text(left - 4, y(value) + 4, "end", number(value, Number.isInteger(value) ? 0 : 1)),
  ]);
  const middle = (left + right) / 2;
  const caption = text(
    middle,
    HEIGHT - 4,
    "middle",
    translate("weighted sum: coefficient × sum of four + bias"),
  );
  const points = Array.from({ length: 121 }, (_, i) => -REACH + (i * REACH) / 60);
  const curve = svgElement("polyline", {
    points: points.map((a) => `${x(a)},${y(f(a))}`).join(" "),
    class: "lenet-squash",
  });
  const bars = svgElement("g", { class: "lenet-units" });
  const dots = svgElement("g", { class: "lenet-votes-at" });
  const label = translate("the squash, and where the weighted sums fall on it");
  const attributes = {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "lenet-curve",
    role: "img",
    "aria-label": label,
  };
  const root = svgElement(
    "svg",
    attributes,
    bars,
    line(x(0), MARGIN.top, x(0), floor),
    ...up,
    ...across,
    caption,
    curve,
    dots,
  );
  return {
    root,
    /** Show the units' weighted sums, and those of 0 to 4 inputs at 1. */
    draw(weighted, voted) {
      const bins = histogram(weighted);
      const most = Math.max(...bins);
      const width = (right - left) / BINS;
      bars.replaceChildren(
        ...bins.map((n, i) => {
          const height = (n / most) * 0.6 * (floor - MARGIN.top);
          return svgElement("rect", { x: left + i * width, y: floor - height, width: width - 1, height });
        }),
      );
      dots.replaceChildren(
        ...voted.map((a) => svgElement("circle", { cx: x(a), cy: y(f(inside(a))), r: 4.5 })),
      );
    },
  };
}

export default widget(
  "subsampling",
  () => translate("Subsampling"),
  (model, root, on, { guarded, needsKernel, send }) => {
    const shape = model.get("shape");
    const [count, height, width] = shape;
    const [rows, columns] = [height / 2, width / 2];
    const maps = floats(model.get("maps"), count * height * width, "maps");
    const sums = sumsOfFour(maps, shape);
    const squash = model.get("squash");
    const f = (a) => scaledTanh(a, squash);
    needsKernel(); // all is computed here

    const control = (label, min, max) =>
      slider({
        label: nameOf(label),
        min,
        max,
        step: 0.01,
        value: model.get(label),
        format: (value) => number(value, 2),
        onInput: guarded((value) => send({ [label]: value })),
      });
    const [coefficient, bias] = [control("coefficient", -3, 3), control("bias", -8, 8)];
    const presets = Object.entries(PRESETS).map(([name, [c, b]]) =>
      button(
        nameOf(name),
        guarded(() => send({ coefficient: c, bias: b })),
      ),
    );
    const row = (label, side) => {
      const pictures = Array.from({ length: count }, (_, k) => picture({ ...side, label: label(k) }));
      return { pictures, root: element("div", { class: "lenet-maps" }, ...pictures.map((one) => one.root)) };
    };
    const before = row((k) => translate("map {k} before", { k }), { rows: height, columns: width });
    const after = row((k) => translate("map {k} after", { k }), { rows, columns });
    const limit = largest(maps);
    const partOf = (values, k) =>
      values.subarray((k * values.length) / count, ((k + 1) * values.length) / count);
    before.pictures.forEach((one, k) => one.paint(partOf(maps, k), (value) => diverging(value, limit)));
    const chart = squashChart(f, squash[0]);
    const table = element("div", { class: "lenet-formula lenet-votes", "aria-live": "polite" });
    const caption = (text) => element("div", { class: "lenet-caption" }, text);
    const bars = caption(
      translate("the squash: bars count the units of all maps, dots are 0 to 4 inputs at 1"),
    );
    root.append(
      element("div", { class: "lenet-bar" }, coefficient.root, bias.root, ...presets),
      caption(translate("before")),
      before.root,
      caption(translate("after")),
      after.root,
      element("div", { class: "lenet-columns" }, element("div", {}, bars, chart.root), table),
    );

    function paint() {
      const [c, b] = [model.get("coefficient"), model.get("bias")];
      coefficient.set(c);
      bias.set(b);
      const weighted = sums.map((sum) => c * sum + b);
      after.pictures.forEach((one, k) =>
        one.paint(partOf(weighted, k).map(f), (value) => diverging(value, squash[0])),
      );
      chart.draw(
        weighted,
        VOTES.map((sum) => c * sum + b),
      );
      const answers = votes(c, b, f);
      table.replaceChildren(
        element("div", { class: "lenet-strong" }, character(answers)),
        ...answers.map((value, n) =>
          element("div", {}, translate("{n} of 4 inputs at 1: {value}", { n, value: number(value, 2) })),
        ),
      );
    }
    on("change:coefficient", paint);
    on("change:bias", paint);
    paint();
  },
);
