// DrawDigit: a sheet to draw on; the steps to the network's input; every layer and the answer, live.
import { button, element, floats, ink, layerStack, number, paintGreys, picture, run, size } from "./shared.js";

// A kernel that has not answered after so many milliseconds is asked again.
const PATIENCE = 1000;

/** Grey levels of a canvas, seen on white paper, as bytes. */
export function greys(pixels) {
  const levels = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < levels.length; i++) {
    const [r, g, b, a] = pixels.subarray(4 * i, 4 * i + 4);
    levels[i] = Math.round(255 - ((255 - (0.299 * r + 0.587 * g + 0.114 * b)) * a) / 255);
  }
  return levels;
}

export default {
  render({ model, el }) {
    return run(model, el, "Draw a digit", (root, on, { guarded, signal, show }) => {
      const side = model.get("side");
      const sheet = element("canvas", { width: side, height: side, class: "lenet-sheet", tabindex: 0, role: "img",
        "aria-label": "sheet to draw on: or upload or paste a picture of a digit" });
      const pen = sheet.getContext("2d", { willReadFrequently: true });
      const steps = element("div", { class: "lenet-steps" });
      const stack = layerStack(model.get("layers"));
      const verdict = element("div", { class: "lenet-strong lenet-answer", "aria-live": "polite" });
      const chart = element("div", { class: "lenet-chart" });
      const file = element("input", { type: "file", accept: "image/*", class: "lenet-file", "aria-label": "upload a picture" });
      const bar = element("div", { class: "lenet-bar" }, button("Clear", guarded(clear)), element("label", { class: "lenet-control" }, "upload", file));
      const toggles = {};
      for (const name of Object.keys(model.get("switches"))) {
        const box = element("input", { type: "checkbox", change: guarded(() => switched(name, box.checked)) });
        toggles[name] = box;
        bar.append(element("label", { class: "lenet-control" }, box, name));
      }
      root.append(bar, element("div", { class: "lenet-columns" },
        element("div", { class: "lenet-left" }, sheet, verdict, chart),
        element("div", { class: "lenet-right" }, steps, stack.root)));
      let last = null;
      let waiting = 0;
      let pending = false;
      let asked = 0; // when the last drawing went out, while its answer has not come
      let sent = "";
      signal.addEventListener("abort", () => clearTimeout(waiting));

      function paper() {
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, side, side);
        Object.assign(pen, { lineWidth: side / 11, lineCap: "round", lineJoin: "round", strokeStyle: "#111", fillStyle: "#111" });
      }
      function clear() {
        paper();
        sent = "";
        send(new Uint8Array(0));
      }
      function send(levels) {
        asked = levels.length ? performance.now() : 0;
        model.set("drawing", new DataView(levels.buffer));
        model.save_changes();
      }
      // One message at a time: the next goes when the last has been read, or when nobody answers.
      function changed() {
        pending = true;
        pump();
      }
      const pump = guarded(() => {
        clearTimeout(waiting);
        if (!pending) return;
        if (asked && performance.now() - asked < PATIENCE) {
          waiting = setTimeout(pump, PATIENCE);
          return;
        }
        pending = false;
        const levels = greys(pen.getImageData(0, 0, side, side).data);
        if (levels.join() === sent) return;
        sent = levels.join();
        send(levels);
      });
      function switched(name, on) {
        model.set("switches", { ...model.get("switches"), [name]: on });
        model.save_changes();
      }
      function at(event) {
        const box = sheet.getBoundingClientRect();
        return [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side];
      }
      sheet.addEventListener("pointerdown", guarded((event) => {
        sheet.setPointerCapture(event.pointerId);
        last = at(event);
        pen.beginPath();
        pen.arc(...last, side / 22, 0, 2 * Math.PI);
        pen.fill();
        changed();
        event.preventDefault();
      }));
      sheet.addEventListener("pointermove", guarded((event) => {
        if (!last) return;
        const to = at(event);
        pen.beginPath();
        pen.moveTo(...last);
        pen.lineTo(...to);
        pen.stroke();
        last = to;
        changed();
      }));
      for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => (last = null));
      // A finger draws; it does not scroll the page.
      sheet.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
      file.addEventListener("change", () => file.files[0] && take(file.files[0]));
      root.addEventListener("paste", (event) => {
        const found = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
        if (found) take(found);
        event.stopPropagation();
      });

      async function take(blob) {
        try {
          const bitmap = await createImageBitmap(blob);
          const scale = Math.min(side / bitmap.width, side / bitmap.height);
          paper();
          const [w, h] = [bitmap.width * scale, bitmap.height * scale];
          pen.imageSmoothingQuality = "high";
          pen.drawImage(bitmap, (side - w) / 2, (side - h) / 2, w, h);
          bitmap.close();
          changed();
        } catch {
          show("This file is no picture that a browser can read: try PNG or JPEG.");
        }
        file.value = "";
      }

      function paintSteps() {
        const described = model.get("steps");
        const total = described.reduce((sum, step) => sum + size(step.shape), 0);
        if (!described.length) {
          steps.replaceChildren(element("div", { class: "lenet-caption" }, "Draw a digit on the sheet."));
          return;
        }
        const values = floats(model.get("pixels"), total, "steps");
        let from = 0;
        steps.replaceChildren(...described.map(({ name, shape: [rows, columns] }) => {
          const part = values.subarray(from, (from += rows * columns));
          const shown = picture({ rows, columns, label: name });
          shown.paint(part, (value) => (name === "sheet" ? ink(value, 1, 0) : ink(value, 0, 1)));
          return element("div", { class: "lenet-step", "data-step": name }, element("div", { class: "lenet-caption" }, `${name} ${rows}×${columns}`), shown.root);
        }));
      }
      function paintLayers() {
        const outputs = model.get("outputs");
        stack.root.hidden = chart.hidden = !outputs || outputs.byteLength === 0;
        verdict.textContent = model.get("answer") ? `reads ${model.get("answer")}` : "";
        if (stack.root.hidden) return;
        const values = floats(outputs, stack.numbers, "outputs");
        bars(stack.paint(values));
      }
      function bars(part) {
        const rbf = model.get("rbf");
        const shown = Array.from(part, (value) => (rbf ? value : value - Math.min(...part)));
        const longest = Math.max(...shown, 1e-6);
        chart.replaceChildren(
          element("div", { class: "lenet-caption" }, rbf ? "distance to each code: the smallest wins" : "scores: the largest wins"),
          ...shown.map((value, k) => {
            const fill = element("div", { class: `lenet-length ${String(k) === model.get("answer") ? "lenet-won" : ""}` });
            fill.style.width = `${(100 * value) / longest}%`;
            return element("div", { class: "lenet-bar-row" }, element("span", {}, String(k)), element("div", { class: "lenet-rail" }, fill), element("span", { class: "lenet-formula" }, number(part[k], 1)));
          }),
        );
      }
      function paintSwitches() {
        for (const [name, on] of Object.entries(model.get("switches"))) if (toggles[name]) toggles[name].checked = on;
      }

      on("change:pixels", paintSteps);
      on("change:steps", paintSteps);
      on("change:outputs", paintLayers);
      on("change:answer", paintLayers);
      on("change:switches", paintSwitches);
      on("msg:custom", () => {
        asked = 0;
        pump();
      });
      paper();
      paintGreys(pen, side, model.get("drawing"));
      paintSwitches();
      paintSteps();
      paintLayers();
    });
  },
};
