// @ts-check
// Convolution: a kernel slides over an image; its products and their sum stand beside it, and the output
// builds up.
import { translate } from "../system/language.js";
import {
  button,
  choice,
  diverging,
  element,
  floats,
  ink,
  largest,
  number,
  picture,
  slider,
  widget,
} from "./shared.js";
import { nameOf } from "./names.js";

const OWN = "your own";
const WAITING = [222, 226, 230]; // the colour of an output that has not been computed yet
const PLAY = 12_000; // milliseconds in which the kernel crosses a whole image, unless that is too fast to see
const FASTEST = 16; // milliseconds a place
const SLOWEST = 160;

/** Side of the output: places at which a window of k fits into a side with padding on both ends. */
export function outputSide(side, k, padding, stride) {
  return Math.floor((side + 2 * padding - k) / stride) + 1;
}

/** The products of kernel and patch at one place of the output, and their sum; outside the image is 0. */
export function products(image, [height, width], kernel, padding, stride, [row, column]) {
  const k = kernel.length;
  let sum = 0;
  const patch = [];
  for (let y = 0; y < k; y++) {
    for (let x = 0; x < k; x++) {
      const top = row * stride - padding + y;
      const left = column * stride - padding + x;
      const inside = top >= 0 && top < height && left >= 0 && left < width;
      const value = inside ? image[top * width + left] : 0;
      patch.push(value);
      sum += value * kernel[y][x];
    }
  }
  return { patch, sum };
}

/** The whole output, row after row. */
export function convolve(image, shape, kernel, padding, stride) {
  const [rows, columns] = shape.map((side) => outputSide(side, kernel.length, padding, stride));
  const sums = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      sums[row * columns + column] = products(image, shape, kernel, padding, stride, [row, column]).sum;
    }
  }
  return { rows, columns, sums };
}

/** A kernel of another size: cut or filled with zeros around its middle. */
export function resized(kernel, k) {
  const shift = Math.floor((kernel.length - k) / 2);
  const at = (y, x) => kernel[y + shift]?.[x + shift] ?? 0;
  return Array.from({ length: k }, (_, y) => Array.from({ length: k }, (__, x) => at(y, x)));
}

/** A kernel with other numbers in its middle; those alone if they do not lie in its middle. */
export function withMiddle(kernel, middle) {
  const shift = (kernel.length - middle.length) / 2;
  if (shift < 0 || !Number.isInteger(shift)) return middle;
  return kernel.map((row, y) => row.map((value, x) => middle[y - shift]?.[x - shift] ?? value));
}

/** Whether there is more than blank paper (the image's lowest value) under the kernel at a place. */
export function hasInk(image, [height, width], k, padding, stride, [row, column]) {
  const paper = image.reduce((low, value) => Math.min(low, value), Infinity);
  const [top, left] = [row, column].map((at) => at * stride - padding);
  for (let y = Math.max(top, 0); y < Math.min(top + k, height); y++) {
    for (let x = Math.max(left, 0); x < Math.min(left + k, width); x++) {
      if (image[y * width + x] > paper + 1e-6) return true;
    }
  }
  return false;
}

/** The image with its padding round it, row after row: NaN where the padding is. */
export function padded(image, [height, width], padding) {
  const [rows, columns] = [height + 2 * padding, width + 2 * padding];
  return Array.from({ length: rows * columns }, (_, i) => {
    const [y, x] = [Math.floor(i / columns) - padding, (i % columns) - padding];
    return y >= 0 && y < height && x >= 0 && x < width ? image[y * width + x] : NaN;
  });
}

const placeInWords = (row, column) => translate("row {row}, column {column}", { row, column });

/** The sum at a place in words. */
export function inWords({ patch, sum }, kernel, [row, column]) {
  const weights = kernel.flat();
  const terms = patch.map((value, i) => `${number(value, 1)}×${number(weights[i], 2)}`);
  const some = terms.length > 5 ? [...terms.slice(0, 3), "…", terms[terms.length - 1]] : terms;
  return `${placeInWords(row, column)}: ${some.join(" + ")} = ${number(sum, 4)}`;
}

/** The output's side as a formula with its numbers. */
export function sideInWords([height, width], k, padding, stride) {
  const formula = (side) =>
    `⌊(${side} + 2 × ${padding} − ${k}) / ${stride}⌋ + 1 = ${outputSide(side, k, padding, stride)}`;
  if (height === width) return translate("output side: {formula}", { formula: formula(height) });
  return translate("output: {rows} rows, {columns} columns", {
    rows: formula(height),
    columns: formula(width),
  });
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The kernel's numbers as fields to type in; `onNumber(row, column, value)` hears a new one. */
function kernelGrid(guarded, onNumber) {
  const root = element("div", { class: "lenet-kernel", role: "grid", "aria-label": translate("kernel") });

  function cellOf(value, limit, y, x) {
    const text = number(value, 2);
    const cell = element("input", {
      type: "number",
      step: "0.1",
      value: text,
      "aria-label": placeInWords(y, x),
    });
    const [r, g, b] = diverging(value, limit);
    cell.style.background = `rgb(${r} ${g} ${b})`;
    cell.style.color = Math.abs(value) > 0.6 * limit ? "#fff" : "#22313f";
    const take = guarded(() => {
      if (!cell.isConnected || cell.value === text) return;
      const typed = Number(cell.value);
      if (cell.value === "" || !Number.isFinite(typed)) {
        cell.value = text;
        throw new Error(
          translate("A kernel holds numbers only: row {row}, column {column} is {text} again.", {
            row: y,
            column: x,
            text,
          }),
        );
      }
      onNumber(y, x, typed);
    });
    cell.addEventListener("change", take);
    cell.addEventListener("keydown", (event) => event.key === "Enter" && take());
    return cell;
  }
  return {
    root,
    show(kernel) {
      const limit = largest(kernel.flat());
      root.style.setProperty("--side", String(kernel.length));
      root.classList.toggle("lenet-wide", kernel.length > 5);
      root.replaceChildren(...kernel.flatMap((row, y) => row.map((value, x) => cellOf(value, limit, y, x))));
    },
  };
}

export default widget(
  "convolution",
  () => translate("Convolution"),
  (model, root, on, { guarded, needsKernel, send, signal }) => {
    const shape = model.get("shape");
    const [height, width] = shape;
    const image = floats(model.get("image"), height * width, "image");
    const [low, high] = [Math.min(...image), Math.max(...image)];
    const presets = model.get("presets");
    let memory = model.get("kernel"); // the kernel with what lay outside before it was made smaller
    let own = memory;
    /** @type {{ rows: number, columns: number, sums: Float32Array }} */
    let output;
    /** @type {Set<number> | null} */
    let seen = null; // the places of the output computed so far, while it builds up; null: all
    let timer = 0;
    let input;
    let patch;
    let shown;
    signal.addEventListener("abort", () => cancelAnimationFrame(timer));
    needsKernel(); // all is computed here

    const preset = choice({
      label: translate("kernel"),
      called: nameOf,
      options: [...presets.map((one) => one.name), OWN],
      value: presets[0].name,
      onInput: guarded((name) => send({ kernel: presets.find((one) => one.name === name)?.kernel ?? own })),
    });
    const sizeSlider = slider({
      label: translate("size"),
      min: 1,
      max: 9,
      step: 2,
      value: memory.length,
      onInput: guarded((to) => send({ kernel: resized(memory, to) })),
    });
    const option = (label, min, max) =>
      slider({
        label: nameOf(label),
        min,
        max,
        value: model.get(label),
        onInput: guarded((to) => send({ [label]: to })),
      });
    const [padding, stride] = [option("padding", 0, 4), option("stride", 1, 4)];
    const play = button(
      translate("Play"),
      guarded(() => (timer ? pause() : start())),
      { "aria-pressed": "false" },
    );
    const step = button(
      translate("Step"),
      guarded(() => (pause(), advance())),
    );
    const restart = button(
      translate("From the start"),
      guarded(() => (pause(), (seen = new Set()), go([0, 0]))),
    );
    const grid = kernelGrid(guarded, (y, x, value) => {
      const changed = model.get("kernel").map((row) => [...row]);
      changed[y][x] = value;
      memory = withMiddle(memory, changed);
      send({ kernel: changed });
    });
    const [inputBox, patchBox, result] = ["lenet-input", "lenet-patch", "lenet-result"].map((name) =>
      element("div", { class: name }),
    );
    const formula = element("div", { class: "lenet-formula" });
    const sum = element("div", { class: "lenet-formula lenet-sum", "aria-live": "polite" });
    const column = (caption, content) =>
      element("div", { class: "lenet-column" }, element("div", { class: "lenet-caption" }, caption), content);
    root.append(
      element("div", { class: "lenet-bar" }, preset.root, sizeSlider.root, padding.root, stride.root),
      element("div", { class: "lenet-bar" }, play, step, restart),
      element(
        "div",
        { class: "lenet-columns" },
        column(translate("image: drag the kernel over it"), inputBox),
        column(translate("patch under the kernel"), patchBox),
        column(translate("kernel: type other numbers"), grid.root),
        column(translate("output"), result),
      ),
      formula,
      sum,
    );

    const settings = () => [model.get("padding"), model.get("stride")];
    const placeAt = (index) => [Math.floor(index / output.columns), index % output.columns];
    const indexOf = ([row, at]) => row * output.columns + at;
    function place() {
      return model.get("place").map((at, i) => Math.min(at, (i ? output.columns : output.rows) - 1));
    }
    function go(to) {
      const stays = same(model.get("place"), to);
      send({ place: to });
      if (stays) point();
    }
    function advance() {
      go(placeAt((indexOf(place()) + 1) % output.sums.length));
    }
    /** The next place with ink under the kernel; blank ones on the way are computed without a stop. */
    function nextInk() {
      for (let index = indexOf(place()) + 1; index < output.sums.length; index++) {
        if (hasInk(image, shape, model.get("kernel").length, ...settings(), placeAt(index))) return index;
        seen?.add(index);
      }
      return -1;
    }
    function start() {
      play.textContent = translate("Pause");
      play.setAttribute("aria-pressed", "true");
      if (!seen || indexOf(place()) === output.sums.length - 1) {
        seen = new Set([0]);
        model.set("place", [0, 0]);
      }
      const pause_ = Math.min(Math.max(PLAY / output.sums.length, FASTEST), SLOWEST);
      let last = 0;
      const tick = guarded((now) => {
        timer = requestAnimationFrame(tick);
        if (now - last < pause_ - 4) return;
        last = now;
        const index = nextInk();
        if (index < 0) {
          pause();
          seen = null;
          go(placeAt(output.sums.length - 1));
          return;
        }
        model.set("place", placeAt(index)); // Python hears of it at the end
      });
      timer = requestAnimationFrame(tick);
    }
    function pause() {
      if (!timer) return;
      cancelAnimationFrame(timer);
      timer = 0;
      play.textContent = translate("Play");
      play.setAttribute("aria-pressed", "false");
      model.save_changes();
    }

    function drawInput() {
      const [p, s] = settings();
      const [rows, columns] = shape.map((side) => side + 2 * p);
      input = picture({
        rows,
        columns,
        label: translate("image: drag the kernel over it"),
        focus: true,
        onCell: guarded((row, at) => {
          const middle = (model.get("kernel").length - 1) / 2;
          const to = (where, count) => Math.min(Math.max(Math.round((where - middle) / s), 0), count - 1);
          pause();
          go([to(row, output.rows), to(at, output.columns)]);
        }),
      });
      const outside = ink(0, low, high).map((level, i) => Math.round(level * [0.72, 0.85, 1][i]));
      input.paint(padded(image, shape, p), (value) =>
        Number.isNaN(value) ? outside : ink(value, low, high),
      );
      if (p) input.mark("image", [p, p, height, width]);
      inputBox.replaceChildren(input.root);
    }
    function rebuild() {
      const kernel = model.get("kernel");
      const k = kernel.length;
      if (!same(kernel, resized(memory, k))) memory = kernel;
      const name = presets.find((one) => same(one.kernel, kernel))?.name;
      if (!name) own = kernel;
      preset.set(name ?? OWN);
      sizeSlider.input.min = k % 2 ? 1 : 2; // steps of two keep the middle where it is
      sizeSlider.set(k);
      padding.set(model.get("padding"));
      stride.set(model.get("stride"));
      grid.show(kernel);
      const [p, s] = settings();
      if (k > Math.min(height, width) + 2 * p)
        throw new Error(translate("The kernel is larger than the image with its padding."));
      output = convolve(image, shape, kernel, p, s);
      seen = null;
      drawInput();
      shown = picture({
        rows: output.rows,
        columns: output.columns,
        label: translate("output"),
        focus: true,
        onCell: guarded((row, at) => (pause(), go([row, at]))),
      });
      result.replaceChildren(shown.root);
      patch = picture({ rows: k, columns: k, label: translate("patch under the kernel") });
      patchBox.replaceChildren(patch.root);
      formula.textContent = sideInWords(shape, k, p, s);
      point();
    }
    function paintOutput() {
      const most = largest(output.sums);
      const computed = output.sums.map((value, i) => (seen && !seen.has(i) ? NaN : value));
      shown.paint(computed, (value) => (Number.isNaN(value) ? WAITING : diverging(value, most)));
    }
    function point() {
      const kernel = model.get("kernel");
      const at = place();
      const [, s] = settings();
      seen?.add(indexOf(at));
      if (seen?.size === output.sums.length) seen = null;
      paintOutput();
      const done = products(image, shape, kernel, ...settings(), at);
      patch.paint(done.patch, (value) => ink(value, low, high));
      input.mark("window", [...at.map((where) => where * s), kernel.length, kernel.length]);
      shown.mark("window", [...at, 1, 1]);
      shown.place(...at);
      sum.textContent = inWords(done, kernel, at);
    }

    on("change:kernel", rebuild);
    on("change:padding", rebuild);
    on("change:stride", rebuild);
    on("change:place", point);
    rebuild();
  },
);
