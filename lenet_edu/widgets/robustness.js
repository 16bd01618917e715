// @ts-check
// Robustness: a digit, given or drawn, is scaled, shifted, turned and covered with noise; what it is read as.
import { translate } from "../system/language.js";
import {
  answerBars,
  button,
  element,
  floats,
  imageSlider,
  ink,
  number,
  picture,
  slider,
  widget,
} from "./shared.js";
import { nameOf } from "./names.js";
import { noDrawing, oneAtATime, sheet } from "./sheet.js";

/** An amount of a change in words. */
export function inWords(kind, amount) {
  if (kind === "scale") return `× ${number(amount, 2)}`;
  if (kind === "noise") return `${number(100 * amount, 0)} %`;
  if (amount === 0) return translate("none");
  if (kind === "shift") {
    const size = number(Math.abs(amount), 2);
    return amount > 0 ? translate("{size} down", { size }) : translate("{size} up", { size });
  }
  const angle = number(Math.abs(amount), 0);
  return amount > 0 ? translate("{angle}° left", { angle }) : translate("{angle}° right", { angle });
}

/** Where the paper's estimate begins and ends on a slider, as shares of its length. */
export function estimate({ kind, min, max, paper }) {
  const ends = kind === "scale" ? [1 / paper, paper] : [-paper, paper];
  return ends.map((end) => (Math.min(Math.max(end, min), max) - min) / (max - min));
}

/**
 * The sliders of all changes, each with the paper's estimate below it; `onInput(kind, amount)` hears them.
 */
function changeSliders(model, onInput) {
  const root = element("div", { class: "lenet-changes" });
  const sliders = model.get("sliders").map((one) => {
    const { kind, min, max, step, still } = one;
    const format = (amount) => inWords(kind, amount);
    const control = slider({
      label: nameOf(kind),
      min,
      max,
      step,
      value: model.get(kind),
      format,
      onInput: (to) => onInput(kind, to),
    });
    root.append(control.root);
    if (one.paper) {
      const [from, to] = estimate(one);
      const range = element("div", {
        title: translate("up to where the paper estimates that LeNet-5 reads accurately"),
      });
      range.style.left = `${100 * from}%`;
      range.style.width = `${100 * (to - from)}%`;
      root.append(element("div", { class: "lenet-estimate" }, range));
    }
    function show() {
      control.set(model.get(kind));
      control.input.setAttribute("aria-valuetext", format(model.get(kind)));
    }
    return { kind, still, show };
  });
  root.append(
    element(
      "div",
      { class: "lenet-caption" },
      translate("green: the paper's estimate of what LeNet-5 still reads"),
    ),
  );
  return { root, sliders };
}

export default widget(
  "robustness",
  () => translate("Robustness"),
  (model, root, on, { guarded, needsKernel, send, signal }) => {
    const [side, size] = [model.get("side"), model.get("size")];
    const [background, foreground] = model.get("levels");
    const paper = sheet({
      side,
      label: translate("sheet to draw a digit on"),
      signal,
      guarded,
      onDrawing: (drawing) => send({ drawing }),
    });
    // Sliders are faster than the network reads: what they say meanwhile goes out together.
    let moved = {};
    const post = oneAtATime(signal, () => {
      send(moved);
      moved = {};
    });
    function move(values) {
      const changed = Object.entries(values).filter(
        ([name, value]) => name in moved || model.get(name) !== value,
      );
      if (changed.length) post.give(Object.assign(moved, Object.fromEntries(changed)));
    }

    const digit = imageSlider(model.get("labels"), model.get("digit"), (to) => {
      paper.blank();
      move({ digit: to, drawing: noDrawing() });
    });
    const { root: panel, sliders } = changeSliders(model, (kind, to) => move({ [kind]: to }));
    const clear = button(
      translate("Clear the drawing"),
      guarded(() => {
        paper.blank();
        move({ drawing: noDrawing() });
      }),
    );
    const reset = button(
      translate("No change"),
      guarded(() => {
        move(Object.fromEntries(sliders.map(({ kind, still }) => [kind, still])));
      }),
    );
    const verdict = element("div", { class: "lenet-strong lenet-judged", "aria-live": "polite" });
    const chart = element("div", { class: "lenet-chart" });
    const captions = [translate("unchanged"), translate("what the network sees")];
    const shown = captions.map((label) => picture({ rows: size, columns: size, label }));
    const titled = (title, content) =>
      element("div", {}, element("div", { class: "lenet-caption" }, title), content);
    const pair = element(
      "div",
      { class: "lenet-pair" },
      ...shown.map((one, i) => titled(captions[i], one.root)),
    );
    root.append(
      element("div", { class: "lenet-bar" }, digit.root, clear, reset),
      element(
        "div",
        { class: "lenet-columns" },
        titled(translate("or draw a digit here"), paper.canvas),
        element("div", {}, panel, pair),
        element("div", { class: "lenet-reading" }, verdict, chart),
      ),
    );
    needsKernel(root);

    function paintPictures() {
      const area = size * size;
      const values = floats(model.get("pixels"), 2 * area, "pixels");
      const colour = (value) => ink(value, background, foreground);
      shown.forEach((one, i) => one.paint(values.subarray(area * i, area * (i + 1)), colour));
    }
    function paintAnswer() {
      const [answer, expected, rbf, view] = ["answer", "expected", "rbf", "outputs"].map((name) =>
        model.get(name),
      );
      const right = answer === expected;
      const won = right ? "lenet-as-expected" : "lenet-not-expected";
      verdict.textContent = model.get("verdict");
      verdict.classList.toggle("lenet-misread", !right);
      const bars = answerBars(Array.from(floats(view, view.byteLength / 4, "outputs")), rbf, {
        barClass: (k) => (String(k) === answer ? `lenet-won ${won}` : ""),
        rowClass: (k) => (String(k) === expected ? "lenet-expected" : ""),
      });
      chart.replaceChildren(...bars);
    }

    on("change:pixels", paintPictures);
    for (const name of ["outputs", "answer", "expected", "verdict"]) on(`change:${name}`, paintAnswer);
    on("change:digit", () => digit.set(model.get("digit")));
    for (const { kind, show } of sliders) on(`change:${kind}`, show);
    on("msg:custom", (message) => {
      if (!message.read && !message.error) return;
      paper.answered();
      post.answered();
    });
    paper.show(model.get("drawing"));
    for (const { show } of sliders) show();
    paintPictures();
    paintAnswer();
  },
);
