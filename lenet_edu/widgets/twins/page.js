// @ts-check
// A widget on a page without a kernel: the script that JupyterLab uses too, a model, and a twin that answers.
import { translate } from "../../system/language.js";
import { withFiles } from "./material.js";
import { TwinModel } from "./model.js";
import { Twin } from "./twin.js";

/** @typedef {import("./material.js").Resources} Resources */

/** Which script a widget has: NAME.js beside this folder, and its twin NAME.js in it. */
export const WIDGETS = {
  C3Table: "c3_table",
  Convolution: "convolution",
  DigitCodes: "digit_codes",
  DrawDigit: "draw_digit",
  Exercise: "exercise",
  FeatureMaps: "feature_maps",
  LossSurface: "loss_surface",
  Predict: "predict",
  Robustness: "robustness",
  Subsampling: "subsampling",
  TrainingPanel: "training_panel",
};

const load = (path) => import(new URL(path, import.meta.url).href);
const decoder = new TextDecoder();

/** The widget's styles, in the page once: what all widgets share, and its own, which hold for no other. */
async function addStyles(name, resources) {
  for (const part of ["shared", name]) {
    if (document.querySelector(`style[data-lenet="${part}"]`)) continue;
    const text = decoder.decode(await resources.bytes(`widgets/${part}.css`));
    if (document.querySelector(`style[data-lenet="${part}"]`)) continue; // another widget was faster
    const style = document.createElement("style");
    style.dataset.lenet = part;
    style.textContent = part === "shared" ? text : `.lenet-widget[data-widget="${name}"] {\n${text}}\n`;
    document.head.append(style);
  }
}

/**
 * Bring a widget to life in an element, in place of the picture that is there. If that fails, the picture stays,
 * a line below it says why, and the error is thrown for who wants to say more.
 *
 * @param {HTMLElement} element
 * @param {{ widget: string, state: any }} description what the notebook's output says of the widget
 * @param {Resources} resources where the site's files are; `lenet_edu/site/assets.py` writes them. `module(path)`
 *   may give the scripts where a page cannot import them from beside this one
 * @returns {Promise<{ model: TwinModel, leave: () => void }>} the widget's model, and what takes the widget away
 */
export async function mount(element, description, resources) {
  try {
    const name = WIDGETS[description?.widget];
    if (!name) {
      const said = { name: JSON.stringify(description?.widget) };
      throw new Error(translate("There is no widget {name} for pages.", said));
    }
    const module = resources.module ?? load;
    const [view, twin, state] = await Promise.all([
      module(`../${name}.js`),
      module(`./${name}.js`),
      withFiles(description.state, resources),
      addStyles(name, resources),
    ]);
    const made = await twin.default(state, resources);
    const model = made instanceof Twin ? new TwinModel(made) : made;
    const place = document.createElement("div");
    // In the page before it is drawn, so that it can measure itself.
    place.className = "lenet-alive";
    element.append(place);
    view.default.initialize?.({ model });
    const leave = view.default.render({ model, el: place });
    const trouble = place.querySelector(".lenet-error:not([hidden])");
    if (trouble) {
      leave();
      place.remove();
      throw new Error(trouble.textContent ?? "");
    }
    element.replaceChildren(place);
    return { model, leave };
  } catch (error) {
    complain(element, error);
    throw error;
  }
}

/** Below the picture, why there is no more than a picture. */
function complain(element, error) {
  const line = document.createElement("p");
  line.className = "lenet-not-alive";
  line.setAttribute("role", "status");
  line.textContent = translate("This stays a picture, the instrument did not start: {error}", {
    error: error.message ?? error,
  });
  element.querySelector(":scope > .lenet-not-alive")?.remove();
  element.append(line);
}
