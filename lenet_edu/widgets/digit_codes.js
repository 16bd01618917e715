// DigitCodes: the distance of F6 to every code, while the codes are redrawn.
import { button, diverging, element, floats, number, picture, run, slider } from "./shared.js";

/** Squared distance of one F6 to each code (equation 7). */
export function distances(f6, codes) {
  return codes.map((code) => code.reduce((sum, pixel, i) => sum + (f6[i] - pixel) ** 2, 0));
}

export function nearest(found) {
  return found.indexOf(Math.min(...found));
}

export default {
  render({ model, el }) {
    return run(model, el, "digit_codes", "Digit codes", (root, on, { guarded }) => {
      const [rows, columns] = model.get("size");
      const units = rows * columns;
      const labels = model.get("labels");
      const amplitude = model.get("amplitude");
      const all = floats(model.get("f6"), labels.length * units, "F6");

      const bar = element("div", { class: "lenet-bar" });
      const digit = slider({
        label: "image", min: 0, max: labels.length - 1, value: model.get("digit"),
        format: (place) => (labels[place] ? `${place}: a ${labels[place]}` : String(place)),
        onInput: guarded((to) => (model.set("digit", to), model.save_changes(), paint())),
      });
      const reset = button("Reset the codes", guarded(() => send(model.get("original"))));
      const verdict = element("div", { class: "lenet-strong lenet-verdict", "aria-live": "polite" });
      bar.append(digit.root, reset, verdict);
      const f6 = picture({ rows, columns, label: "F6 as a picture" });
      const left = element("div", { class: "lenet-f6" }, element("div", { class: "lenet-caption" }, "F6"), f6.root);
      const codes = element("div", { class: "lenet-codes" });
      root.append(bar, element("div", { class: "lenet-columns" }, left, codes));

      const entries = model.get("codes").map((_, k) => {
        const pixels = picture({
          rows, columns, label: `code of ${k}: arrow keys move, Enter turns a pixel`, focus: true,
          onPick: guarded((row, column) => flip(k, row * columns + column)),
          onCell: guarded((row, column) => pixels.mark("cell", [row, column, 1, 1])),
          onLeave: () => pixels.mark("cell"),
        });
        const bar = element("div", { class: "lenet-fill" });
        const value = element("div", { class: "lenet-formula" });
        const root = element("div", { class: "lenet-code" }, pixels.root, element("div", { class: "lenet-track" }, bar), value);
        codes.append(root);
        return { root, pixels, bar, value };
      });

      function send(value) {
        model.set("codes", value);
        model.save_changes();
      }
      function flip(k, pixel) {
        send(model.get("codes").map((code, i) => (i === k ? code.map((on, j) => (j === pixel ? -on : on)) : code)));
      }
      function paint() {
        const place = model.get("digit");
        const shown = all.subarray(place * units, (place + 1) * units);
        f6.paint(shown, (value) => diverging(value, amplitude));
        const now = model.get("codes");
        const found = distances(shown, now);
        const best = nearest(found);
        const longest = Math.max(...found, 1);
        entries.forEach(({ root, pixels, bar, value }, k) => {
          pixels.paint(now[k], (pixel) => diverging(pixel, 1.4));
          bar.style.height = `${(100 * found[k]) / longest}%`;
          value.textContent = number(found[k], 1);
          root.classList.toggle("lenet-best", k === best);
        });
        verdict.textContent = `nearest: ${best}, at ${number(found[best], 2)}`;
        digit.set(place);
      }
      on("change:codes", paint);
      on("change:digit", paint);
      paint();
    });
  },
};
