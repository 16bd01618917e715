// @ts-check
/** Where a reader gives the page data: MNIST's files, drawings, a folder of pictures. */

import { translate } from "../../system/language.js";
import { button, element } from "../../widgets/shared.js";
import { download, notices, tried } from "./parts.js";
import { DATA_NAMES } from "../../widgets/training/settings.js";

/** @param {Iterable<File>} files */
const named = (files) => [...files];

/**
 * @param {import("../../widgets/training/training_model.js").TrainingModel} training
 * @param {import("../../widgets/training/library.js").Library} library
 * @param {{use: (kind: "mnist" | "drawn" | "pictures") => Promise<any>}} listeners use: train on data that has just come
 * @returns {{content: HTMLElement, drawingsChanged: () => void}}
 */
export function dataSection(training, library, { use }) {
  const drawn = ownDigits(training, library, use);
  return {
    content: element(
      "div",
      { class: "choices" },
      mnistChoice(library, use),
      drawn.root,
      picturesChoice(library, use),
    ),
    drawingsChanged: drawn.paint,
  };
}

/** @param {import("../../widgets/training/library.js").Library} library @param {(kind: "mnist") => Promise<any>} use */
function mnistChoice(library, use) {
  const state = element("p", { role: "status" });
  const works = (/** @type {() => Promise<any>} */ get) => () =>
    tried(async () => {
      state.textContent = translate("Reading and checking MNIST …");
      try {
        await get();
        await use("mnist");
      } finally {
        paint();
      }
    }, "mnist");
  const files = element("input", {
    type: "file",
    multiple: true,
    "aria-label": translate("MNIST's four files"),
  });
  files.addEventListener("change", () => {
    const chosen = named(files.files);
    files.value = "";
    if (chosen.length) void works(() => library.takeMnist(chosen))();
  });
  const fromServer = button(
    translate("Get it from this server"),
    works(() => library.fetchMnist()),
  );
  fromServer.disabled = location.protocol === "file:";
  const forget = button(translate("Forget it"), () =>
    tried(async () => {
      await library.forgetMnist();
      paint();
    }, "mnist"),
  );
  const drop = element(
    "div",
    { class: "drop" },
    element("div", {}, translate("Choose the four files, or drop them here:")),
    files,
  );
  acceptDrop(drop, (dropped) => void works(() => library.takeMnist(dropped))());
  function paint() {
    const there = library.get("mnist");
    forget.hidden = !there;
    state.textContent = there
      ? translate("MNIST is here, 60,000 digits to train on and 10,000 to test.")
      : location.protocol === "file:"
        ? translate(
            "This page was opened as a file: choose MNIST's files. Only a page that `lenet-edu site --serve` serves can get them itself.",
          )
        : translate("Choose its files, or let the page get them if `lenet-edu site --serve` serves it.");
  }
  paint();
  return element(
    "div",
    {},
    element("h3", {}, "MNIST"),
    state,
    drop,
    element("div", { class: "row" }, fromServer, forget),
  );
}

/** @param {HTMLElement} place @param {(files: File[]) => void} take */
function acceptDrop(place, take) {
  const over = (/** @type {boolean} */ is) => (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    place.classList.toggle("over", is);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (event) => {
    over(false)(event);
    take(named(event.dataTransfer?.files ?? []));
  });
}

/**
 * @param {import("../../widgets/training/training_model.js").TrainingModel} training
 * @param {import("../../widgets/training/library.js").Library} library @param {(kind: "drawn") => Promise<any>} use
 */
function ownDigits(training, library, use) {
  const state = element("p", { role: "status" });
  const train = button(translate("Train on them"), () => tried(() => use("drawn"), "drawn"));
  const forget = button(translate("Throw them away"), () =>
    tried(async () => {
      await library.forgetDrawings();
      if (training.choice?.data === "drawn") await training.choose({ ...training.choice, data: "embedded" });
      paint();
    }, "drawn"),
  );
  function paint() {
    const { drawings } = library;
    const labels = drawings.map(({ label }) => label);
    const counts = [...new Set(labels)]
      .sort()
      .map((digit) => `${labels.filter((one) => one === digit).length} × ${digit}`);
    train.disabled = !library.get("drawn");
    forget.hidden = !drawings.length;
    const wanted = translate(
      "Of at least two different digits three are needed: one each to train, to validate and to test.",
    );
    const there = drawings.length
      ? translate("{digits}. ", { digits: counts.join(", ") })
      : translate("None yet: draw above, and keep what you draw. ");
    state.textContent = there + (train.disabled ? wanted : "");
  }
  paint();
  return {
    root: element(
      "div",
      {},
      element("h3", {}, translate("Digits that you draw")),
      state,
      element("div", { class: "row" }, train, forget),
    ),
    paint,
  };
}

/** @param {import("../../widgets/training/library.js").Library} library @param {(kind: "pictures") => Promise<any>} use */
function picturesChoice(library, use) {
  const state = element(
    "p",
    { role: "status" },
    translate(
      "A folder with a folder of pictures for each class. The RGB LeNet trains on them, at 32×32 pixels.",
    ),
  );
  const files = element("input", {
    type: "file",
    webkitdirectory: true,
    "aria-label": translate("folder of pictures"),
  });
  files.addEventListener("change", () =>
    tried(async () => {
      const chosen = named(files.files);
      files.value = "";
      state.textContent = translate("Reading {count} files …", {
        count: chosen.length.toLocaleString("en"),
      });
      const { note, classes, train } = await library.takePictures(chosen).catch((error) => {
        state.textContent = "";
        throw error;
      });
      if (note) notices.show(note, { about: "pictures" });
      state.textContent = translate("Pictures of {classes}: {count} to train on.", {
        classes: classes.join(", "),
        count: train.labels.length.toLocaleString("en"),
      });
      await use("pictures");
    }, "pictures"),
  );
  return element("div", {}, element("h3", {}, translate("Pictures in colour")), state, files);
}
