// @ts-check
/** The run as something to give away: its link, the sum of its weights, its weights as a file. */

import { translate } from "../../system/language.js";
import { button, element } from "../../widgets/shared.js";
import { recipeOf, withConfig, writeLink } from "../../widgets/training/choices.js";
import { download, tried } from "./parts.js";
import { readWeights, weightsFile } from "../../widgets/training/plans.js";
import { weightsSum } from "../../widgets/training/sha256.js";

const SHORT = 12;

/** @param {import("../../widgets/training/training_model.js").TrainingModel} training @returns {HTMLElement} */
export function runSection(training) {
  const link = element("input", {
    class: "link",
    readonly: true,
    "aria-label": translate("link to this run"),
  });
  const copy = button(translate("Copy the link"), () => tried(() => copyText(link), "link"));
  const sum = element("div", {
    class: "sum",
    "aria-label": translate("SHA-256 of the weights"),
    role: "status",
  });
  const about = element("p", { class: "quiet" });
  const save = button(translate("Save the weights"), () => tried(() => saveWeights(training), "weights"));
  const file = element("input", {
    type: "file",
    accept: ".safetensors",
    "aria-label": translate("load weights"),
  });
  file.addEventListener("change", () =>
    tried(async () => {
      const [chosen] = file.files;
      file.value = "";
      if (chosen) await loadWeights(training, await chosen.arrayBuffer());
    }, "weights"),
  );
  function paint() {
    if (!training.choice) return;
    link.value = location.href.replace(/#.*$/, "") + writeLink(training.content, training.choice);
    sum.textContent = training.get("sum")
      ? translate("weights SHA-256 {sum}", { sum: training.get("sum") })
      : "";
    about.textContent = training.get("changed")
      ? translate(
          "The recipe was changed while it trained: the link leads to a run without that change, and to other weights.",
        )
      : training.choice.from
        ? translate(
            "This run began with the weights of a file. The link cannot carry them: who follows it has to load that file.",
          )
        : translate(
            "Who follows the link and trains as far has the same curve and the same weights, to the last bit: compare the sums.",
          );
  }
  for (const name of ["choice", "sum", "changed"]) training.on(`change:${name}`, paint);
  paint();
  return element(
    "div",
    {},
    element("div", { class: "row" }, link, copy),
    about,
    sum,
    element(
      "div",
      { class: "row" },
      save,
      element("label", { class: "row" }, translate("Load weights (.safetensors)"), file),
    ),
    element(
      "p",
      { class: "quiet" },
      translate("In Python, this gives the same network from the file: "),
      element("code", {}, 'load_network("lenet.safetensors")'),
    ),
  );
}

/** @param {HTMLInputElement} input */
async function copyText(input) {
  input.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(input.value);
  else document.execCommand("copy");
}

/** @param {import("../../widgets/training/training_model.js").TrainingModel} training */
async function saveWeights(training) {
  const { content, choice, plan } = training;
  const notes = {
    seed: choice.seed,
    data: training.data?.source,
    classes: training.get("classes"),
    scaling: training.scaling,
    recipe: recipeOf(content, choice),
    link: writeLink(content, choice),
  };
  download(weightsFile(plan, await training.weights(), notes), `${choice.network}.safetensors`);
}

/** @param {import("../../widgets/training/training_model.js").TrainingModel} training @param {ArrayBuffer} file */
async function loadWeights(training, file) {
  if (training.get("status") === "running")
    throw new Error(translate("Pause the training before you load other weights."));
  const { plan, weights } = readWeights(training.content, file);
  const fits = plan.input.maps === training.plan.input.maps;
  if (
    !fits ||
    (plan.input.maps === 3 && plan.layers[plan.layers.length - 1].units !== training.get("classes").length)
  ) {
    throw new Error(
      plan.input.maps === 3
        ? translate(
            "These weights read pictures in colour: give a folder with as many classes under Data first.",
          )
        : translate("These weights read digits: choose digits as the data first."),
    );
  }
  const from = weightsSum(weights).slice(0, SHORT);
  await training.beginWith({ ...withConfig(training.choice, plan.network), from }, weights);
}
