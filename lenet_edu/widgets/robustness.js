// Robustness: a digit, given or drawn, is scaled, shifted, turned and covered with noise; what it is read as.
import { button, element, floats, ink, number, paintGreys, picture, run, slider } from "./shared.js";

/** An amount of a change in words. */
export function inWords(kind, amount) {
  if (kind === "scale") return `× ${number(amount, 2)}`;
  if (kind === "noise") return `${number(100 * amount, 0)} %`;
  if (amount === 0) return "none";
  const size = Math.abs(amount);
  return kind === "shift" ? `${number(size, 2)} ${amount > 0 ? "down" : "up"}` : `${number(size, 0)}° ${amount > 0 ? "left" : "right"}`;
}

/** Where the paper's estimate begins and ends on a slider, as shares of its length. */
export function estimate({ kind, min, max, paper }) {
  const ends = kind === "scale" ? [1 / paper, paper] : [-paper, paper];
  return ends.map((end) => (Math.min(Math.max(end, min), max) - min) / (max - min));
}

/** How long the bars of distances (RBF) or of scores are, as shares of the longest. */
export function barLengths(outputs, rbf) {
  const shown = outputs.map((value) => (rbf ? value : value - Math.min(...outputs)));
  const longest = Math.max(...shown, 1e-6);
  return shown.map((value) => value / longest);
}

/** Grey levels of an opaque canvas without colours, as bytes. */
export function levelsOf(pixels) {
  return Uint8Array.from({ length: pixels.length / 4 }, (_, i) => pixels[4 * i]);
}

export default {
  render({ model, el }) {
    return run(model, el, "Robustness", (root, on, { guarded, signal }) => {
      const [side, size] = [model.get("side"), model.get("size")];
      const labels = model.get("labels");
      const [background, foreground] = model.get("levels");
      const sheet = element("canvas", { width: side, height: side, class: "lenet-drawing", role: "img", "aria-label": "sheet to draw a digit on" });
      const pen = sheet.getContext("2d", { willReadFrequently: true });
      const digit = slider({
        label: "image", min: 0, max: labels.length - 1, value: model.get("digit"),
        format: (place) => (labels[place] ? `${place}: a ${labels[place]}` : String(place)),
        onInput: guarded((to) => {
          paper();
          save({ digit: to, drawing: new DataView(new ArrayBuffer(0)) });
        }),
      });
      const changes = model.get("sliders").map((one) => {
        const { kind, min, max, step, still } = one;
        const control = slider({
          label: kind, min, max, step, value: model.get(kind), format: (amount) => inWords(kind, amount),
          onInput: guarded((to) => save({ [kind]: to })),
        });
        const show = () => {
          control.set(model.get(kind));
          control.input.setAttribute("aria-valuetext", inWords(kind, model.get(kind)));
        };
        return { ...one, control, show, still };
      });
      const clear = button("Clear the drawing", guarded(() => {
        paper();
        save({ drawing: new DataView(new ArrayBuffer(0)) });
      }));
      const reset = button("No change", guarded(() => save(Object.fromEntries(changes.map(({ kind, still }) => [kind, still])))));
      const verdict = element("div", { class: "lenet-strong lenet-judged", "aria-live": "polite" });
      const chart = element("div", { class: "lenet-chart" });
      const captions = ["unchanged", "what the network sees"];
      const shown = captions.map((label) => picture({ rows: size, columns: size, label }));

      const panel = element("div", { class: "lenet-changes" });
      for (const one of changes) {
        panel.append(one.control.root);
        if (one.paper) {
          const [from, to] = estimate(one);
          const range = element("div", { title: "up to where the paper estimates that LeNet-5 reads accurately" });
          range.style.left = `${100 * from}%`;
          range.style.width = `${100 * (to - from)}%`;
          panel.append(element("div", { class: "lenet-estimate" }, range));
        }
      }
      panel.append(element("div", { class: "lenet-caption" }, "green: the paper's estimate of what LeNet-5 still reads"));
      const pair = element("div", { class: "lenet-pair" }, ...shown.map((one, i) =>
        element("div", {}, element("div", { class: "lenet-caption" }, captions[i]), one.root)));
      root.append(
        element("div", { class: "lenet-bar" }, digit.root, clear, reset),
        element("div", { class: "lenet-columns" },
          element("div", {}, element("div", { class: "lenet-caption" }, "or draw a digit here"), sheet),
          element("div", {}, panel, pair),
          element("div", { class: "lenet-reading" }, verdict, chart)),
      );

      function save(values) {
        for (const [name, value] of Object.entries(values)) model.set(name, value);
        model.save_changes();
      }
      function paper() {
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, side, side);
        Object.assign(pen, { lineWidth: side / 11, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
      }
      let last = null;
      let asked = 0;
      signal.addEventListener("abort", () => cancelAnimationFrame(asked));
      // However fast the pointer is, the drawing goes out once a frame.
      function drawn() {
        cancelAnimationFrame(asked);
        asked = requestAnimationFrame(guarded(() =>
          save({ drawing: new DataView(levelsOf(pen.getImageData(0, 0, side, side).data).buffer) })));
      }
      const draw = guarded((event) => {
        if (!last) return;
        const box = sheet.getBoundingClientRect();
        const to = [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side];
        pen.beginPath();
        pen.moveTo(...(last.length ? last : to));
        pen.lineTo(...to);
        pen.stroke();
        last = to;
        drawn();
      });
      sheet.addEventListener("pointerdown", (event) => {
        sheet.setPointerCapture(event.pointerId);
        last = [];
        draw(event);
        event.preventDefault();
      });
      sheet.addEventListener("pointermove", draw);
      for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => (last = null));
      // A finger draws; it does not scroll the page.
      sheet.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });

      function paintPictures() {
        const area = size * size;
        const values = floats(model.get("pixels"), 2 * area, "pixels");
        shown.forEach((one, i) => one.paint(values.subarray(area * i, area * (i + 1)), (value) => ink(value, background, foreground)));
      }
      function paintAnswer() {
        const [answer, expected, rbf, view] = ["answer", "expected", "rbf", "outputs"].map((name) => model.get(name));
        const right = answer === expected;
        verdict.textContent = model.get("verdict");
        verdict.classList.toggle("lenet-misread", !right);
        const outputs = Array.from(floats(view, view.byteLength / 4, "outputs"));
        const lengths = barLengths(outputs, rbf);
        chart.replaceChildren(
          element("div", { class: "lenet-caption" }, rbf ? "distance to each code: the smallest wins" : "scores: the largest wins"),
          ...outputs.map((value, k) => {
            const won = String(k) === answer ? (right ? "lenet-as-expected" : "lenet-not-expected") : "";
            const fill = element("div", { class: `lenet-length ${won}` });
            fill.style.width = `${100 * lengths[k]}%`;
            const row = `lenet-bar-row ${String(k) === expected ? "lenet-expected" : ""}`;
            return element("div", { class: row }, element("span", {}, String(k)), element("div", { class: "lenet-rail" }, fill), element("span", { class: "lenet-formula" }, number(value, 1)));
          }),
        );
      }

      on("change:pixels", paintPictures);
      for (const name of ["outputs", "answer", "expected", "verdict"]) on(`change:${name}`, paintAnswer);
      on("change:digit", () => digit.set(model.get("digit")));
      for (const { kind, show } of changes) on(`change:${kind}`, show);
      paper();
      paintGreys(pen, side, model.get("drawing"));
      for (const { show } of changes) show();
      paintPictures();
      paintAnswer();
    });
  },
};
