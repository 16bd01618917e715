// Subsampling: maps before and after, and where on the squash their weighted sums fall.
import { button, diverging, element, floats, largest, number, picture, run, slider } from "./shared.js";

/** Sum of each square of four, map after map. */
export function sumsOfFour(maps, [count, height, width]) {
  const [rows, columns] = [height / 2, width / 2];
  const sums = new Float32Array(count * rows * columns);
  for (let k = 0; k < count; k++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const at = (k * height + 2 * y) * width + 2 * x;
        sums[(k * rows + y) * columns + x] = maps[at] + maps[at + 1] + maps[at + width] + maps[at + width + 1];
      }
    }
  }
  return sums;
}

/** What the unit gives for 0 to 4 inputs at 1, the others at -1. */
export function votes(coefficient, bias, squash) {
  return [-4, -2, 0, 2, 4].map((sum) => squash(coefficient * sum + bias));
}

/** The unit in a word. */
export function character(answers) {
  if (Math.max(...answers) - Math.min(...answers) < 0.1) return "always the same: the inputs hardly matter";
  const fires = answers.map((value) => value > 0);
  const firm = answers.every((value) => Math.abs(value) > 0.9);
  const name = { "0,1,1,1,1": "OR: one is enough", "0,0,0,0,1": "AND: all four are needed" }[fires.map(Number).join()];
  if (firm && name) return name;
  if (Math.max(...answers) - Math.min(...answers) < 2) return "a blur: every input counts alike";
  return "between averaging and deciding";
}

const PRESETS = { mean: [0.25, 0], learned: [0.44, 0.21], OR: [2, 6], AND: [2, -6], negative: [-0.4, 0] };

export default {
  render({ model, el }) {
    return run(model, el, "subsampling", "Subsampling", (root, on, { guarded }) => {
      const shape = model.get("shape");
      const [count, height, width] = shape;
      const [rows, columns] = [height / 2, width / 2];
      const maps = floats(model.get("maps"), count * height * width, "maps");
      const sums = sumsOfFour(maps, shape);
      const [amplitude, slope] = model.get("squash");
      const f = (a) => amplitude * Math.tanh(slope * a);

      const bar = element("div", { class: "lenet-bar" });
      const control = (name, from, to) => slider({
        label: name, min: from, max: to, step: 0.01, value: model.get(name), format: (value) => number(value, 2),
        onInput: guarded((value) => (model.set(name, value), model.save_changes())),
      });
      const coefficient = control("coefficient", -3, 3);
      const bias = control("bias", -8, 8);
      bar.append(coefficient.root, bias.root);
      for (const [name, [c, b]] of Object.entries(PRESETS)) {
        bar.append(button(name, guarded(() => {
          model.set("coefficient", c);
          model.set("bias", b);
          model.save_changes();
        })));
      }
      const before = element("div", { class: "lenet-maps" });
      const after = element("div", { class: "lenet-maps" });
      const limit = largest(maps);
      for (let k = 0; k < count; k++) {
        const shown = picture({ rows: height, columns: width, label: `map ${k} before` });
        shown.paint(maps.subarray(k * height * width, (k + 1) * height * width), (value) => diverging(value, limit));
        before.append(shown.root);
      }
      const pictures = Array.from({ length: count }, (_, k) => {
        const shown = picture({ rows, columns, label: `map ${k} after` });
        after.append(shown.root);
        return shown;
      });
      const curve = element("canvas", { width: 360, height: 180, class: "lenet-curve", role: "img", "aria-label": "the squash, and where the weighted sums fall on it" });
      const table = element("div", { class: "lenet-formula lenet-votes", "aria-live": "polite" });
      root.append(
        bar, element("div", { class: "lenet-caption" }, "before"), before,
        element("div", { class: "lenet-caption" }, "after"), after,
        element("div", { class: "lenet-columns" }, element("div", {},
          element("div", { class: "lenet-caption" }, "the squash: bars tell how many units have this weighted sum"), curve), table),
      );

      function paint() {
        const [c, b] = [model.get("coefficient"), model.get("bias")];
        coefficient.set(c);
        bias.set(b);
        const size = rows * columns;
        pictures.forEach((shown, k) => {
          const values = sums.subarray(k * size, (k + 1) * size).map((sum) => f(c * sum + b));
          shown.paint(values, (value) => diverging(value, amplitude));
        });
        draw(c, b);
        const answers = votes(c, b, f);
        table.replaceChildren(
          element("div", { class: "lenet-strong" }, character(answers)),
          ...answers.map((value, n) => element("div", {}, `${n} of 4 inputs at 1: ${number(value, 2)}`)),
        );
      }

      function draw(c, b) {
        const context = curve.getContext("2d");
        const style = getComputedStyle(root);
        const [w, h, reach] = [curve.width, curve.height, 6];
        const x = (a) => ((Math.min(Math.max(a, -reach), reach) + reach) / (2 * reach)) * w;
        const y = (value) => h / 2 - (value / 1.9) * (h / 2);
        context.clearRect(0, 0, w, h);
        const bins = Array.from({ length: 60 }, () => 0);
        for (const sum of sums) bins[Math.min(59, Math.floor(x(c * sum + b) / (w / 60)))] += 1;
        const most = Math.max(...bins);
        context.fillStyle = "#56b4e9";
        bins.forEach((n, i) => context.fillRect((i * w) / 60, h - (n / most) * h * 0.6, w / 60 - 1, (n / most) * h * 0.6));
        context.strokeStyle = style.color;
        context.globalAlpha = 0.3;
        context.strokeRect(w / 2, -1, 0, h + 2);
        context.strokeRect(-1, h / 2, w + 2, 0);
        context.globalAlpha = 1;
        context.lineWidth = 2;
        context.strokeStyle = "#d55e00";
        context.beginPath();
        for (let i = 0; i <= w; i += 2) context.lineTo(i, y(f((i / w) * 2 * reach - reach)));
        context.stroke();
        context.fillStyle = style.color;
        for (const sum of [-4, -2, 0, 2, 4]) {
          const a = c * sum + b;
          context.beginPath();
          context.arc(x(a), y(f(Math.min(Math.max(a, -reach), reach))), 4, 0, 2 * Math.PI);
          context.fill();
        }
      }
      on("change:coefficient", paint);
      on("change:bias", paint);
      paint();
    });
  },
};
