// @ts-check
// DrawDigit: a sheet to draw on; the steps to the network's input; every layer and the answer, live.
import { translate } from "../system/language.js";
import { answerBars, button, element, floats, ink, layerStack, picture, size, widget } from "./shared.js";
import { nameOf } from "./names.js";
import { noDrawing, sheet } from "./sheet.js";

// Widths of the pen, as shares of the sheet.
const PENS = { thin: 0.04, medium: 1 / 11, thick: 0.14 };
// Files larger than this are made smaller before they go to the kernel, if the browser can read them.
const LARGE = 2_000_000; // bytes
const LONGEST = 1800; // pixels

/** A picture as a smaller JPEG file. */
async function smaller(bitmap) {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = element("canvas", {
    width: Math.round(bitmap.width * scale),
    height: Math.round(bitmap.height * scale),
  });
  const brush = canvas.getContext("2d");
  brush.fillStyle = "#fff";
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}

export default widget(
  "draw_digit",
  () => translate("Draw a digit"),
  (model, root, on, { guarded, needsKernel, send, show, signal }) => {
    const paper = sheet({
      side: model.get("side"),
      label: translate("sheet to draw on: or upload or paste a picture of a digit"),
      signal,
      guarded,
      onDrawing: (drawing) => send({ drawing }),
    });
    const steps = element("div", { class: "lenet-steps" });
    const layers = element("div", {});
    let stack = layerStack(model.get("layers"));
    const verdict = element("div", { class: "lenet-strong lenet-answer", "aria-live": "polite" });
    const chance = element("div", { class: "lenet-caption" });
    const chart = element("div", { class: "lenet-chart" });
    const note = element("div", { class: "lenet-caption", role: "status" });
    const file = element("input", {
      type: "file",
      accept: "image/*",
      class: "lenet-file",
      "aria-label": translate("upload a picture"),
    });
    const clear = button(
      translate("Clear"),
      guarded(() => {
        paper.blank();
        send({ drawing: noDrawing(), upload: noDrawing() });
      }),
    );
    const undo = button(translate("Undo"), guarded(paper.undo));
    const pen = element("select", { "aria-label": translate("width of the pen") });
    for (const [name, share] of Object.entries(PENS))
      pen.append(element("option", { value: String(share) }, nameOf(name)));
    pen.value = String(PENS.medium);
    pen.addEventListener("change", () => paper.setPen(model.get("side") * Number(pen.value)));
    const bar = element(
      "div",
      { class: "lenet-bar" },
      clear,
      undo,
      element("label", { class: "lenet-control" }, translate("pen"), pen),
      element("label", { class: "lenet-control" }, translate("upload"), file),
    );
    const toggles = {};
    for (const name of Object.keys(model.get("switches"))) {
      const turn = () => send({ switches: { ...model.get("switches"), [name]: toggles[name].checked } });
      toggles[name] = element("input", { type: "checkbox", change: guarded(turn) });
      if (model.get("with_steps"))
        bar.append(element("label", { class: "lenet-control" }, toggles[name], nameOf(name)));
    }
    // Without Python a picture is taken as it is.
    const plain = !("even" in model.get("switches"));
    const advice = plain
      ? [
          element(
            "div",
            { class: "lenet-caption" },
            translate("One digit on clean, evenly lit paper: only Python cleans photographs."),
          ),
        ]
      : [];
    const left = element("div", { class: "lenet-left" }, paper.canvas, verdict, chance, chart);
    const right = element("div", { class: "lenet-right" }, steps, layers);
    root.append(bar, note, ...advice, element("div", { class: "lenet-columns" }, left, right));
    needsKernel(bar, paper.canvas);

    file.addEventListener("change", () => file.files[0] && take(file.files[0]));
    root.addEventListener("paste", (event) => {
      const pasted = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (pasted) take(pasted);
      event.stopPropagation();
    });
    // The kernel reads the file itself: it knows more formats than a browser, and the picture in full.
    async function take(blob) {
      file.value = "";
      /** @type {ImageBitmap | null} */
      let bitmap = null;
      try {
        bitmap = await createImageBitmap(blob);
      } catch {
        if (blob.size > LARGE) {
          show(
            translate("This file is too large, and no picture that a browser can make smaller: try JPEG."),
          );
          return;
        }
      }
      try {
        const content = bitmap && blob.size > LARGE ? await smaller(bitmap) : blob;
        if (bitmap) paper.place(bitmap);
        else paper.blank();
        show("");
        send({ upload: new DataView(await content.arrayBuffer()) });
      } catch (error) {
        show(String(error));
      }
      bitmap?.close();
    }

    function paintSteps() {
      const described = model.get("steps");
      steps.hidden = described.length > 0 && !model.get("with_steps");
      if (!described.length) {
        const why = model.get("verdict") || translate("Draw a digit on the sheet.");
        steps.replaceChildren(element("div", { class: "lenet-caption" }, why));
        return;
      }
      const total = described.reduce((sum, step) => sum + size(step.shape), 0);
      const values = floats(model.get("pixels"), total, "steps");
      let from = 0;
      steps.replaceChildren(
        ...described.map(({ name, shape: [rows, columns] }) => {
          const part = values.subarray(from, (from += rows * columns));
          const shown = picture({ rows, columns, label: nameOf(name) });
          shown.paint(part, (value) =>
            name === "sheet" || name === "evened" ? ink(value, 1, 0) : ink(value, 0, 1),
          );
          const caption = element("div", { class: "lenet-caption" }, `${nameOf(name)} ${rows}×${columns}`);
          return element("div", { class: "lenet-step", "data-step": name }, caption, shown.root);
        }),
      );
    }
    function paintNote() {
      note.textContent = model.get("note") ?? ""; // only pages without a kernel have one
      note.hidden = !note.textContent;
    }
    function buildLayers() {
      stack = layerStack(model.get("layers"));
      layers.replaceChildren(stack.root);
      paintLayers();
    }
    function paintLayers() {
      const outputs = model.get("outputs");
      const answer = model.get("answer");
      stack.root.hidden = chart.hidden = !outputs || outputs.byteLength === 0;
      verdict.textContent = answer ? model.get("verdict") : "";
      chance.textContent = answer
        ? translate("probability {percent} %", { percent: (100 * model.get("probability")).toFixed(1) })
        : "";
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
    for (const name of ["verdict", "probability"]) on(`change:${name}`, paintLayers);
    on("change:verdict", paintSteps);
    on("change:switches", paintSwitches);
    on("change:layers", buildLayers);
    on("change:note", paintNote);
    on("msg:custom", (message) => (message.read || message.error) && paper.answered());
    paper.show(model.get("drawing"));
    paintSwitches();
    paintSteps();
    paintNote();
    buildLayers();
  },
);
