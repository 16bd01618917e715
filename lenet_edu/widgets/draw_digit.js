// @ts-check
// DrawDigit: a sheet to draw on; the steps to the network's input; every layer and the answer, live.
import { answerBars, button, element, floats, ink, layerStack, picture, size, widget } from "./shared.js";
import { noDrawing, sheet } from "./sheet.js";

export default widget(
  "draw_digit",
  "Draw a digit",
  (model, root, on, { guarded, needsKernel, send, show, signal }) => {
    const paper = sheet({
      side: model.get("side"),
      label: "sheet to draw on: or upload or paste a picture of a digit",
      signal,
      guarded,
      onDrawing: (drawing) => send({ drawing }),
    });
    const steps = element("div", { class: "lenet-steps" });
    const stack = layerStack(model.get("layers"));
    const verdict = element("div", { class: "lenet-strong lenet-answer", "aria-live": "polite" });
    const chart = element("div", { class: "lenet-chart" });
    const file = element("input", {
      type: "file",
      accept: "image/*",
      class: "lenet-file",
      "aria-label": "upload a picture",
    });
    const clear = button(
      "Clear",
      guarded(() => {
        paper.blank();
        send({ drawing: noDrawing() });
      }),
    );
    const bar = element(
      "div",
      { class: "lenet-bar" },
      clear,
      element("label", { class: "lenet-control" }, "upload", file),
    );
    const toggles = {};
    for (const name of Object.keys(model.get("switches"))) {
      const turn = () => send({ switches: { ...model.get("switches"), [name]: toggles[name].checked } });
      toggles[name] = element("input", { type: "checkbox", change: guarded(turn) });
      bar.append(element("label", { class: "lenet-control" }, toggles[name], name));
    }
    const left = element("div", { class: "lenet-left" }, paper.canvas, verdict, chart);
    const right = element("div", { class: "lenet-right" }, steps, stack.root);
    root.append(bar, element("div", { class: "lenet-columns" }, left, right));
    needsKernel(bar, paper.canvas);

    file.addEventListener("change", () => file.files[0] && take(file.files[0]));
    root.addEventListener("paste", (event) => {
      const pasted = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (pasted) take(pasted);
      event.stopPropagation();
    });
    async function take(blob) {
      try {
        const bitmap = await createImageBitmap(blob);
        paper.place(bitmap);
        bitmap.close();
        show("");
      } catch {
        show("This file is no picture that a browser can read: try PNG or JPEG.");
      }
      file.value = "";
    }

    function paintSteps() {
      const described = model.get("steps");
      if (!described.length) {
        steps.replaceChildren(element("div", { class: "lenet-caption" }, "Draw a digit on the sheet."));
        return;
      }
      const total = described.reduce((sum, step) => sum + size(step.shape), 0);
      const values = floats(model.get("pixels"), total, "steps");
      let from = 0;
      steps.replaceChildren(
        ...described.map(({ name, shape: [rows, columns] }) => {
          const part = values.subarray(from, (from += rows * columns));
          const shown = picture({ rows, columns, label: name });
          shown.paint(part, (value) => (name === "sheet" ? ink(value, 1, 0) : ink(value, 0, 1)));
          const caption = element("div", { class: "lenet-caption" }, `${name} ${rows}×${columns}`);
          return element("div", { class: "lenet-step", "data-step": name }, caption, shown.root);
        }),
      );
    }
    function paintLayers() {
      const outputs = model.get("outputs");
      const answer = model.get("answer");
      stack.root.hidden = chart.hidden = !outputs || outputs.byteLength === 0;
      verdict.textContent = answer ? `reads ${answer}` : "";
      if (stack.root.hidden) return;
      const last = Array.from(stack.paint(floats(outputs, stack.numbers, "outputs")));
      const wins = (k) => String(k) === answer;
      const barClass = (k) => (wins(k) ? "lenet-won" : "");
      const rowClass = (k) => (wins(k) ? "lenet-winner" : "");
      chart.replaceChildren(...answerBars(last, model.get("rbf"), { barClass, rowClass }));
    }
    function paintSwitches() {
      for (const [name, taken] of Object.entries(model.get("switches"))) toggles[name].checked = taken;
    }

    on("change:pixels", paintSteps);
    on("change:steps", paintSteps);
    on("change:outputs", paintLayers);
    on("change:answer", paintLayers);
    on("change:switches", paintSwitches);
    on("msg:custom", (message) => (message.read || message.error) && paper.answered());
    paper.show(model.get("drawing"));
    paintSwitches();
    paintSteps();
    paintLayers();
  },
);
