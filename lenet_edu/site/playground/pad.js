// @ts-check
/** A sheet to draw a digit on, and what the network takes it for, while it learns. */

import { translate } from "../../system/language.js";
import { greyOf, inkOf, normalise } from "../../engine/normalise.js";
import { answerBars, button, element, ink, picture, run } from "../../widgets/shared.js";
import { sheet } from "../../widgets/sheet.js";
import { answerOf } from "../../widgets/training_panel.js";
import { tried } from "./parts.js";
import { inkForSize } from "../../widgets/training/sizes.js";

const SIDE = 112;
const FRAME = 32;

/**
 * @param {import("../../widgets/training/training_model.js").TrainingModel} training
 * @param {HTMLElement} place
 * @param {{onDrawing: () => void, onAdd: (ink: Float32Array, label: number) => Promise<void>}} listeners
 */
export function showPad(training, place, { onDrawing, onAdd }) {
  run(
    /** @type {any} */ (training),
    place,
    "pad",
    translate("Draw a digit"),
    (root, on, { guarded, signal, needsKernel }) => {
      /** @type {Float32Array | null} */
      let drawn = null;
      const answer = element("div", { class: "answer", role: "status" });
      const bars = element("div", { class: "lenet-answer-bars" });
      const seen = picture({
        rows: FRAME,
        columns: FRAME,
        label: translate("the drawing as the network sees it"),
        className: "seen",
      });
      const what = element("p", { class: "quiet" });
      const paper = sheet({
        side: SIDE,
        label: translate("sheet to draw a digit on"),
        signal,
        guarded,
        onDrawing: (view) => take(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)),
      });
      const label = element("select", { class: "label", "aria-label": translate("which digit it is") });
      for (let digit = 0; digit < 10; digit++)
        label.append(element("option", { value: digit }, String(digit)));
      const add = button(translate("Keep as a digit to train on"), () =>
        tried(() => onAdd(/** @type {Float32Array} */ (drawn), Number(label.value)), "drawing"),
      );
      const clear = button(
        translate("Clear"),
        guarded(() => {
          paper.blank();
          show(null);
        }),
      );
      const undo = button(translate("Undo"), guarded(paper.undo));

      /** @param {Uint8Array} levels */
      function take(levels) {
        const blank = levels.every((level) => level === levels[0]);
        show(blank ? null : normalise(inkOf(greyOf(levels, SIDE, SIDE))).values);
        if (drawn) onDrawing();
        paper.answered();
      }
      /** @param {Float32Array | null} image */
      function show(image) {
        drawn = image;
        seen.root.hidden = !image;
        add.disabled = !image;
        if (image) seen.paint(image, (value) => ink(value, 0, 1));
        sendDrawing();
      }
      function sendDrawing() {
        const { plan, scaling } = training;
        if (!plan || plan.input.maps !== 1 || !drawn) return training.showDrawing(null);
        const { background, ink: most } = scaling;
        const values = inkForSize(plan.input.size, drawn);
        return training.showDrawing(values.map((value) => value * (most - background) + background));
      }
      function paint() {
        const outputs = training.get("drawing_outputs");
        bars.hidden = !outputs;
        if (!outputs) {
          answer.textContent = "";
          what.textContent =
            training.plan?.input.maps === 3
              ? translate("This network reads pictures in colour, not drawings.")
              : translate("Draw with mouse, pen or finger. The answer changes while the network learns.");
          return;
        }
        const rbf = training.get("rbf");
        const winner = answerOf(outputs, rbf);
        const text = translate("read as {answer}", { answer: training.get("classes")[winner] });
        if (answer.textContent !== text) answer.textContent = text;
        what.textContent = "";
        bars.replaceChildren(
          ...answerBars(outputs, rbf, { barClass: (k) => (k === winner ? "lenet-won" : "") }),
        );
      }

      const tools = element("div", { class: "row" }, clear, undo);
      const keep = element("div", { class: "row" }, element("label", {}, translate("it is a "), label), add);
      const left = element("div", {}, paper.canvas, tools, seen.root);
      root.append(
        element(
          "div",
          { class: "pad" },
          left,
          element("div", { class: "answers" }, answer, bars, what, keep),
        ),
      );
      needsKernel();
      on("change:drawing_outputs", paint);
      on("change:plan", () => {
        sendDrawing();
        paint();
      });
      show(null);
      paint();
    },
  );
}
