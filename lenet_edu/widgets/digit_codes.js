// @ts-check
// DigitCodes: the distance of F6 to every code, while the codes are redrawn.
import { translate } from "../system/language.js";
import { button, diverging, element, floats, imageSlider, number, picture, widget } from "./shared.js";

const CODE_LIMIT = 1.4; // a code's 1 and -1 are shown a little paler than the darkest

/** Squared distance of one F6 to each code (equation 7). */
export function distances(f6, codes) {
  return codes.map((code) => code.reduce((sum, pixel, i) => sum + (f6[i] - pixel) ** 2, 0));
}

export function nearest(lengths) {
  return lengths.indexOf(Math.min(...lengths));
}

export default widget(
  "digit_codes",
  () => translate("Digit codes"),
  (model, root, on, { guarded, needsKernel, send }) => {
    const [rows, columns] = model.get("size");
    const units = rows * columns;
    const labels = model.get("labels");
    const amplitude = model.get("amplitude");
    const all = floats(model.get("f6"), labels.length * units, "F6");

    const digit = imageSlider(
      labels,
      model.get("digit"),
      guarded((to) => send({ digit: to })),
    );
    const reset = button(
      translate("Reset the codes"),
      guarded(() => send({ codes: model.get("original") })),
    );
    const verdict = element("div", { class: "lenet-strong lenet-verdict", "aria-live": "polite" });
    const f6 = picture({ rows, columns, label: translate("F6 as a picture") });
    const left = element(
      "div",
      { class: "lenet-f6" },
      element("div", { class: "lenet-caption" }, "F6"),
      f6.root,
    );
    const codes = element("div", { class: "lenet-codes" });
    root.append(
      element("div", { class: "lenet-bar" }, digit.root, reset, verdict),
      element("div", { class: "lenet-columns" }, left, codes),
    );
    needsKernel(); // all is computed here

    const entries = model.get("codes").map((_, k) => {
      const pixels = picture({
        rows,
        columns,
        label: translate("code of {k}: arrow keys move, Enter turns a pixel", { k }),
        focus: true,
        onPick: guarded((row, column) => flip(k, row * columns + column)),
        onCell: guarded((row, column) => pixels.mark("cell", [row, column, 1, 1])),
        onLeave: () => pixels.mark("cell"),
      });
      const bar = element("div", { class: "lenet-fill" });
      const value = element("div", { class: "lenet-formula" });
      const track = element("div", { class: "lenet-track" }, bar);
      const name = element("div", { class: "lenet-strong" }, String(k));
      const entry = element("div", { class: "lenet-code" }, name, pixels.root, track, value);
      codes.append(entry);
      return { entry, pixels, bar, value };
    });

    function flip(k, pixel) {
      const flipped = (code) => code.map((on, j) => (j === pixel ? -on : on));
      send({ codes: model.get("codes").map((code, i) => (i === k ? flipped(code) : code)) });
    }
    function paint() {
      const place = model.get("digit");
      const shown = all.subarray(place * units, (place + 1) * units);
      f6.paint(shown, (value) => diverging(value, amplitude));
      const now = model.get("codes");
      const lengths = distances(shown, now);
      const best = nearest(lengths);
      const longest = Math.max(...lengths, 1);
      entries.forEach(({ entry, pixels, bar, value }, k) => {
        pixels.paint(now[k], (pixel) => diverging(pixel, CODE_LIMIT));
        bar.style.height = `${(100 * lengths[k]) / longest}%`;
        value.textContent = number(lengths[k], 1);
        entry.classList.toggle("lenet-best", k === best);
      });
      verdict.textContent = translate("nearest: {code}, at {distance}", {
        code: best,
        distance: number(lengths[best], 2),
      });
      digit.set(place);
    }
    on("change:codes", paint);
    on("change:digit", paint);
    paint();
  },
);
