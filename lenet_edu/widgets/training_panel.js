// @ts-check
// TrainingPanel: buttons and settings; curves; maps, kernels, gradients, confusion and mistakes as they form.
import { translate } from "../system/language.js";
import { chart } from "./chart.js";
import { COMPARED_COLOURS, runTable } from "./run_table.js";
import {
  answerBars,
  button,
  choice,
  diverging,
  element,
  floats,
  ink,
  largest,
  layerStack,
  number,
  paintColours,
  picture,
  slider,
  widget,
} from "./shared.js";
import { nameOf } from "./names.js";

/*
 * The parts are exported: JupyterLab shows them as one widget, the playground puts them in places of its own, before a
 * model that trains in the browser (lenet_edu/widgets/training/training_model.js).
 */

/**
 * What each part of the panel is given. `ask(action, more)` presses a button in Python, `send` sets traits
 * there, `follow(names, paint)` paints now and when one of these traits changes, `called(k)` names a class.
 * @typedef {{ model: any, guarded: (action: (...given: any[]) => any) => any,
 *   send: (values: object) => void, ask: (action: string, more?: object) => void,
 *   follow: (names: string[], paint: () => void) => void,
 *   called: (k: number) => string }} Panel
 */
/** How a training stands, see `_progress` in training_panel.py. @typedef {Record<string, any>} Progress */

const BATCHES = [1, 4, 16, 32, 64, 128, 256, 512, 1024].map(String);
const LOWEST_RATE = 1e-4;
const IMAGE_SIDE = 32;
const KERNEL_SIDE = 5;
// Below this a gradient has no bar.
const SMALLEST_GRADIENT = 1e-6;
const LEAST_ERROR = 0.05; // percent
const LEAST_LOSS = 0.001;

/**
 * Rows of [epoch, loss, accuracy] from Python's bytes; none if there are none yet.
 * @param {DataView | undefined} view
 * @param {string} what
 * @returns {number[][]}
 */
export function rows(view, what) {
  if (!view || !view.byteLength) return [];
  const values = floats(view, Math.floor(view.byteLength / 12) * 3, what);
  return Array.from({ length: values.length / 3 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);
}

/** 4 s, 2 min 5 s. @param {number} seconds */
export function duration(seconds) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return translate("{seconds} s", { seconds: whole });
  return translate("{minutes} min {seconds} s", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
}

/** What the panel says of a training. @param {Progress} progress @param {string} status */
export function summary(progress, status) {
  const { loss, validation, images_per_second: speed, seconds_left: left } = progress;
  const { epochs_done: done, epochs } = progress;
  const parts = [
    translate("epoch {done} of {epochs}", { done: number(done, 2), epochs }),
    translate("step {step}", { step: progress.steps }),
  ];
  if (typeof loss === "number") parts.push(translate("loss {loss}", { loss: number(loss, 3) }));
  if (typeof validation === "number") {
    parts.push(translate("validation {percent}%", { percent: number(100 * validation, 2) }));
  }
  if (speed) parts.push(translate("{count} images/s", { count: Math.round(speed).toLocaleString("en") }));
  if (status === "running" && left) parts.push(translate("{time} left", { time: duration(left) }));
  return parts.join(" · ");
}

/** The class that a network's last layer names. @param {ArrayLike<number>} outputs @param {boolean} rbf */
export function answerOf(outputs, rbf) {
  const values = Array.from(outputs);
  return values.indexOf(rbf ? Math.min(...values) : Math.max(...values));
}

/** Digits are called digits, and cats and dogs are classes. @param {string[]} classes */
export function classWord(classes) {
  return classes.every((name) => /^\d$/.test(name)) ? "digit" : "class";
}

/** Fill a choice anew; the value stands in it even if it is none of the options. */
function offer(control, options, value) {
  const select = control.root.querySelector("select");
  const all = options.includes(value) ? options : [...options, value];
  select.replaceChildren(...all.map((option) => element("option", { value: option }, nameOf(option))));
  select.value = value;
}

/** A number that is typed; `onInput(value)` hears it when it has been. */
function numberField(label, min, onInput) {
  const input = element("input", { type: "number", min, step: 1, "aria-label": label });
  input.addEventListener("change", () => onInput(Number(input.value)));
  return { root: element("label", { class: "lenet-control lenet-number" }, label, input), input };
}

function section(title, ...content) {
  return element(
    "div",
    { class: "lenet-part" },
    element("div", { class: "lenet-caption lenet-strong" }, title),
    ...content,
  );
}

/**
 * Notices above the buttons: a run that another kernel left, a training that another panel shows, an error.
 * @param {Panel} panel
 */
export function notices({ model, ask, follow }) {
  const left = element("span", {});
  const resume = button(translate("Load it"), () => ask("load", { name: model.get("interrupted") }));
  const interrupted = element("div", { class: "lenet-notice", role: "status" }, left, " ", resume);
  const givenAway = element(
    "div",
    { class: "lenet-notice", role: "status" },
    translate(
      "This training is now shown by a panel that was made later from the same arguments. " +
        "Run this cell again to have it here.",
    ),
  );
  const error = element("div", { class: "lenet-error", role: "alert" });
  const note = element("div", { class: "lenet-caption" });
  follow(["note"], () => {
    note.textContent = model.get("note") ?? ""; // only pages without a kernel have one
    note.hidden = !note.textContent;
  });
  follow(["interrupted", "begun", "runs"], () => {
    const name = model.get("interrupted");
    const run = model.get("runs").find((one) => one.name === name);
    interrupted.hidden = !run || model.get("begun");
    if (run) {
      left.textContent = translate(
        "The run {name} was interrupted when its kernel ended. It is saved at epoch {done} of {epochs}.",
        { name, done: number(run.epochs_done, 2), epochs: run.epochs },
      );
    }
  });
  follow(["given_away"], () => (givenAway.hidden = !model.get("given_away")));
  follow(["progress"], () => {
    error.textContent = model.get("progress").error || "";
    error.hidden = !error.textContent;
  });
  return { givenAway, others: element("div", {}, note, interrupted, error) };
}

/**
 * The buttons, and how the training stands. `frame.dataset.kernel` says whether Python still is there.
 * @param {Panel} panel
 * @param {HTMLElement} frame
 * @param {AbortSignal} signal
 */
export function trainingBar({ model, ask, follow }, frame, signal) {
  const action = (label, name, title) => button(label, () => ask(name), { title });
  const train = button(translate("Train"), () => ask("train"), {
    class: "lenet-button lenet-main",
    title: translate("to the end"),
  });
  const pause = action(translate("Pause"), "pause", translate("after the batch under way"));
  const step = action(translate("Step"), "step", translate("one batch"));
  const epoch = action(translate("Epoch"), "epoch", translate("to the end of the epoch"));
  const reset = action(
    translate("Reset"),
    "reset",
    translate("to the same initial weights; the run stays in its folder"),
  );
  const figures = element("span", { class: "lenet-formula lenet-said", "aria-live": "off" });
  const state = element("span", { class: "lenet-strong lenet-state", role: "status" });
  const safe = element("div", { class: "lenet-notice" });
  const bar = element("progress", { class: "lenet-progress", max: 1, "aria-label": translate("training") });

  function paint() {
    const status = model.get("status");
    const progress = model.get("progress");
    const begun = model.get("begun");
    const running = status === "running";
    const lost = frame.dataset.kernel === "lost";
    const unfinished = begun && status !== "finished";
    state.textContent = nameOf(lost && running ? "interrupted" : status);
    figures.textContent = summary(progress, lost ? "" : status);
    bar.value = progress.epochs ? Math.min(progress.epochs_done / progress.epochs, 1) : 0;
    safe.hidden = !lost || !unfinished || !progress.home;
    safe.textContent = translate(
      "The run {name} is not lost: it was saved at its last pause, and every twenty seconds. " +
        "Run this cell again: a training that still runs comes back. One that ended with its kernel goes on " +
        "from where it was saved, once you press Load beside its name and then Go on.",
      { name: progress.home },
    );
    train.textContent = begun ? translate("Go on") : translate("Train");
    for (const one of [train, step, epoch]) one.disabled = running || status === "finished";
    pause.disabled = !running;
    reset.disabled = !begun;
  }
  const observer = new MutationObserver(paint);
  observer.observe(frame, { attributes: true, attributeFilter: ["data-kernel"] });
  signal.addEventListener("abort", () => observer.disconnect());
  follow(["status", "progress", "begun"], paint);
  return {
    buttons: element("div", { class: "lenet-bar" }, train, pause, step, epoch, reset, state, figures),
    bar,
    safe,
  };
}

/** What is chosen before a run begins: network, recipe, data, device, seed. @param {Panel} panel */
export function settingsForm({ model, guarded, send, follow }) {
  const choose = (name) =>
    guarded((value) => send({ settings: { ...model.get("settings"), [name]: value } }));
  const seed = numberField(nameOf("seed"), 0, choose("seed"));
  const choices = element("div", { class: "lenet-choices" });
  const recipe = element("div", { class: "lenet-caption lenet-recipe" });
  const form = element("fieldset", { class: "lenet-bar lenet-settings" }, choices, seed.root);
  let controls = {};
  follow(["settings", "options"], () => {
    const names = Object.keys(model.get("options"));
    if (names.join() !== Object.keys(controls).join()) {
      const made = (name) => choice({ label: nameOf(name), options: [], value: "", onInput: choose(name) });
      controls = Object.fromEntries(names.map((name) => [name, made(name)]));
      choices.replaceChildren(...Object.values(controls).map((control) => control.root));
    }
    const values = model.get("settings");
    for (const [name, control] of Object.entries(controls))
      offer(control, model.get("options")[name], values[name]);
    seed.input.value = values.seed;
  });
  follow(["begun"], () => {
    form.disabled = model.get("begun");
    form.title = form.disabled ? translate("Reset before you choose another network, recipe or data.") : "";
  });
  follow(["recipe_text"], () => (recipe.textContent = model.get("recipe_text")));
  return element("div", {}, form, recipe);
}

/** What can be changed at any time: learning rate, momentum, batch size, epochs. @param {Panel} panel */
export function liveControls({ model, guarded, send, follow }) {
  const set = (name) => guarded((value) => send({ [name]: value }));
  const round = (/** @type {number} */ rate) => Number(rate.toPrecision(2));
  const rate = slider({
    label: translate("learning rate (peak)"),
    min: Math.log10(LOWEST_RATE),
    max: 0.5,
    step: 0.05,
    value: -1,
    format: (power) => String(round(10 ** power)),
    onInput: (power) => set("peak_rate")(round(10 ** power)),
  });
  const format = (/** @type {number} */ value) => value.toFixed(2);
  const momentum = slider({
    label: nameOf("momentum"),
    min: 0,
    max: 0.99,
    step: 0.01,
    value: 0.9,
    format,
    onInput: set("momentum"),
  });
  const setBatch = (value) => set("batch_size")(Number(value));
  const batch = choice({ label: translate("batch size"), options: BATCHES, value: "128", onInput: setBatch });
  const epochs = numberField(nameOf("epochs"), 1, set("epochs"));
  follow(["peak_rate"], () => rate.set(Math.log10(Math.max(model.get("peak_rate"), LOWEST_RATE))));
  follow(["momentum"], () => momentum.set(model.get("momentum")));
  follow(["batch_size"], () => offer(batch, BATCHES, String(model.get("batch_size"))));
  follow(["epochs"], () => (epochs.input.value = model.get("epochs")));
  follow(["status"], () => (epochs.input.disabled = model.get("status") === "finished"));
  return element("div", { class: "lenet-bar lenet-live" }, rate.root, momentum.root, batch.root, epochs.root);
}

/** The error and the loss of this run, and of those that are compared. @param {Panel} panel */
export function curves({ model, follow }) {
  const errors = chart(translate("error, % of the images"), LEAST_ERROR);
  const losses = chart(translate("loss"), LEAST_LOSS);
  const legend = element("div", { class: "lenet-caption lenet-legend" });
  const key = (name, text, colour = "") => {
    const line = element("span", { class: `lenet-key ${name}` });
    if (colour) line.style.borderColor = colour;
    return element("span", {}, line, text);
  };

  function paint() {
    const abandoned = rows(model.get("abandoned_curve"), "abandoned_curve");
    const others = model.get("compared_curves");
    const lines = others.flatMap(({ name, curve, validation }, i) => [
      { name: "lenet-train lenet-compared", points: rows(curve, name), colour: COMPARED_COLOURS[i] },
      {
        name: "lenet-validation lenet-compared",
        points: rows(validation, name),
        colour: COMPARED_COLOURS[i],
        dots: true,
      },
    ]);
    lines.push(
      { name: "lenet-abandoned", points: abandoned },
      { name: "lenet-train", points: rows(model.get("curve"), "curve") },
      { name: "lenet-validation", points: rows(model.get("validation"), "validation"), dots: true },
    );
    const epochs = lines.flatMap(({ points }) => points.map(([epoch]) => epoch));
    const last = Math.max(model.get("progress").epochs || 1, ...epochs);
    const draw = (where, pick) =>
      where.draw(
        lines.map((line) => ({ ...line, points: line.points.map(pick) })),
        last,
      );
    draw(errors, ([epoch, , accuracy]) => [epoch, 100 * (1 - accuracy)]);
    draw(losses, ([epoch, loss]) => [epoch, loss]);
    legend.replaceChildren(
      key("lenet-key-train", translate("training, as it goes")),
      key("lenet-key-validation", translate("validation, after each epoch")),
      ...(abandoned.length ? [key("lenet-key-abandoned", translate("after the last saved state"))] : []),
      ...others.map(({ name }, i) => key("lenet-key-compared", name, COMPARED_COLOURS[i])),
      element("span", { class: "lenet-axis" }, translate("along the axis: epochs")),
    );
  }
  follow(["curve", "validation", "abandoned_curve", "compared_curves", "progress"], paint);
  return element("div", {}, element("div", { class: "lenet-columns" }, errors.root, losses.root), legend);
}

/** All layers for one test image, down to what it is read as. @param {Panel} panel */
function mapsOfOneImage({ model, guarded, send, follow, called }) {
  const place = element("div", {});
  const verdict = element("div", { class: "lenet-strong lenet-reading" });
  const bars = element("div", { class: "lenet-answer-bars" });
  const chooser = element("div", {});
  let stack;
  let described = "";
  let word = "";
  let digit;
  follow(["classes", "digit"], () => {
    const classes = model.get("classes");
    if (word !== classWord(classes)) {
      word = classWord(classes);
      const onInput = guarded((value) => send({ digit: value }));
      digit = slider({
        label: nameOf(word),
        min: 0,
        max: classes.length - 1,
        value: 0,
        format: called,
        onInput,
      });
      chooser.replaceChildren(digit.root);
    }
    digit.input.max = classes.length - 1;
    digit.set(model.get("digit"));
  });
  follow(["outputs", "layers", "classes"], () => {
    const layers = model.get("layers");
    if (!layers.length) return;
    if (JSON.stringify(layers) !== described) {
      described = JSON.stringify(layers);
      stack = layerStack(layers);
      place.replaceChildren(stack.root);
    }
    const outputs = model.get("outputs");
    // While settings change, the shapes of one network can meet the maps of another.
    if (outputs?.byteLength !== 4 * stack.numbers) return;
    const last = Array.from(stack.paint(floats(outputs, stack.numbers, "outputs")));
    const answer = answerOf(last, model.get("rbf"));
    const actual = model.get("digit");
    const said = { actual: called(actual), answer: called(answer) };
    verdict.textContent =
      answer === actual
        ? translate("{actual} is rightly read as {answer}", said)
        : translate("{actual} is wrongly read as {answer}", said);
    verdict.classList.toggle("lenet-misread", answer !== actual);
    const barClass = (/** @type {number} */ k) => (k === answer ? "lenet-won" : "");
    bars.replaceChildren(...answerBars(last, model.get("rbf"), { called, barClass }));
  });
  return section(
    translate("The maps of one test image, and what it is read as"),
    chooser,
    place,
    verdict,
    bars,
  );
}

/** The kernels of C1 as they form. @param {Panel} panel */
export function firstKernels({ model, follow }) {
  const place = element("div", { class: "lenet-kernels" });
  let pictures = [];
  follow(["kernels", "layers"], () => {
    const view = model.get("kernels");
    if (!view?.byteLength) return;
    const values = floats(view, view.byteLength / 4, "kernels");
    const inputs = model.get("layers")[0]?.shape[0] === 3 ? 3 : 1;
    const each = inputs * KERNEL_SIDE ** 2;
    const count = values.length / each;
    if (pictures.length !== count) {
      const made = (_, k) =>
        picture({ rows: KERNEL_SIDE, columns: KERNEL_SIDE, label: translate("C1, kernel {k}", { k }) });
      pictures = Array.from({ length: count }, made);
      place.replaceChildren(...pictures.map((one) => one.root));
    }
    const limit = largest(values);
    pictures.forEach((one, k) => {
      const kernel = values.subarray(k * each, (k + 1) * each);
      // A kernel that reads red, green and blue is a picture in colour: grey is 0.
      if (inputs === 3)
        paintColours(
          one,
          kernel.map((weight) => weight / limit),
        );
      else one.paint(kernel, (value) => diverging(value, limit));
    });
  });
  return section(translate("C1's kernels: red adds, blue takes away"), place);
}

/** How large each layer's gradient is. @param {Panel} panel */
export function gradientBars({ model, follow }) {
  const place = element("div", { class: "lenet-gradients" });
  follow(["gradients"], () => {
    const bars = model.get("gradients").map(({ layer, size }) => {
      const bar = element("div", { class: "lenet-length" });
      const share = Math.log10(size / SMALLEST_GRADIENT) / -Math.log10(SMALLEST_GRADIENT);
      bar.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`;
      return element(
        "div",
        { class: "lenet-bar-row lenet-gradient" },
        element("span", {}, layer),
        element("div", { class: "lenet-rail" }, bar),
        element("span", { class: "lenet-formula" }, size ? size.toExponential(1) : "–"),
      );
    });
    place.replaceChildren(...bars);
  });
  return section(translate("Gradient of the last step, root mean square"), place);
}

const nothingYet = () => translate("after the first epoch");

/** How often each class is taken for each other one. @param {Panel} panel */
export function confusionTable({ model, follow, called }) {
  const place = element("div", {});
  follow(["confusion", "classes"], () => {
    const table = model.get("confusion");
    if (!table.length) {
      place.replaceChildren(element("div", { class: "lenet-caption" }, nothingYet()));
      return;
    }
    const mistakes = table.flatMap((line, actual) => line.filter((_, predicted) => predicted !== actual));
    const most = Math.max(1, ...mistakes);
    const heads = table.map((_, k) => element("th", { scope: "col" }, called(k)));
    const cell = (count, actual, predicted) => {
      const right = actual === predicted;
      const made = element("td", { class: right ? "lenet-right-one" : "" }, count ? String(count) : "");
      if (!right && count) made.style.background = `rgba(213, 94, 0, ${0.15 + 0.6 * (count / most)})`;
      return made;
    };
    const lines = table.map((line, actual) => {
      const cells = line.map((count, predicted) => cell(count, actual, predicted));
      return element("tr", {}, element("th", { scope: "row" }, called(actual)), ...cells);
    });
    const head = element("tr", {}, element("th", {}), ...heads);
    place.replaceChildren(element("table", { class: "lenet-confusion" }, head, ...lines));
  });
  return section(translate("Validation: rows are actual, columns predicted"), place);
}

/** The mistakes that the network is surest of. @param {Panel} panel */
export function surestMistakes({ model, follow, called }) {
  const place = element("div", { class: "lenet-worst" });
  follow(["mistakes", "mistake_images", "confusion", "classes"], () => {
    const mistakes = model.get("mistakes");
    if (!mistakes.length) {
      const text = model.get("confusion").length ? translate("none on the validation split") : nothingYet();
      place.replaceChildren(element("div", { class: "lenet-caption" }, text));
      return;
    }
    const view = model.get("mistake_images");
    const each = view.byteLength / 4 / mistakes.length;
    const maps = each / IMAGE_SIDE ** 2;
    // Mistakes and their pictures come one after the other.
    if (maps !== 1 && maps !== 3) return;
    const values = floats(view, mistakes.length * each, "mistakes");
    const pictures = mistakes.map(({ label, predicted, probability }, i) => {
      const text = translate("a {label}, read as {predicted}", {
        label: called(label),
        predicted: called(predicted),
      });
      const shown = picture({ rows: IMAGE_SIDE, columns: IMAGE_SIDE, label: text });
      const part = values.subarray(i * each, (i + 1) * each);
      const [low, high] = [Math.min(...part), Math.max(...part)];
      if (maps === 3) paintColours(shown, part);
      else shown.paint(part, (value) => ink(value, low, high));
      const caption = `${called(label)} → ${called(predicted)} ${Math.round(100 * probability)}%`;
      return element(
        "div",
        { class: "lenet-mistake" },
        shown.root,
        element("div", { class: "lenet-caption" }, caption),
      );
    });
    place.replaceChildren(...pictures);
  });
  return section(translate("The surest mistakes: actual → predicted"), place);
}

/**
 * The runs that there are, and a copy of this one under a name.
 * @param {Panel} panel @param {string} [title] says where they are kept
 */
export function runs({ model, guarded, send, ask, follow }, title = translate("Runs in this folder")) {
  const table = runTable({
    onCompare: guarded((compared) => send({ compared })),
    onLoad: (name) => ask("load", { name }),
    onDelete: (name) => ask("delete", { name }),
  });
  const name = element("input", {
    type: "text",
    "aria-label": translate("name"),
    placeholder: translate("a name for a copy"),
    class: "lenet-file",
  });
  const save = button(translate("Save a copy"), () => ask("save", { name: name.value.trim() }), {
    title: translate("of this run as it stands"),
  });
  follow(["runs", "compared", "status", "progress"], () => {
    const [compared, status] = [model.get("compared"), model.get("status")];
    const own = model.get("progress").home || "";
    table.paint(model.get("runs"), { own, compared, busy: status === "running" });
  });
  follow(["begun"], () => (save.disabled = !model.get("begun")));
  follow(["runs"], () => (name.value = ""));
  return section(title, table.root, element("div", { class: "lenet-bar lenet-keep" }, name, save));
}

/**
 * What the parts are given, from a widget's model and tools.
 * @param {any} model
 * @param {import("./shared.js").On} on
 * @param {import("./shared.js").Tools} tools
 * @returns {Panel}
 */
export function panelOf(model, on, { guarded, send }) {
  return {
    model,
    guarded,
    send,
    ask: guarded((action, more = {}) => model.send({ do: action, ...more })),
    follow(names, paint) {
      for (const name of names) on(`change:${name}`, paint);
      paint();
    },
    called: (k) => model.get("classes")[k] ?? String(k),
  };
}

export default widget(
  "training_panel",
  () => translate("Train the network"),
  (model, root, on, tools) => {
    const { needsKernel, signal } = tools;
    const frame = /** @type {HTMLElement} */ (root.closest(".lenet-widget"));
    const panel = panelOf(model, on, tools);
    const { givenAway, others } = notices(panel);
    const { buttons, bar, safe } = trainingBar(panel, frame, signal);
    const controls = element("div", {}, buttons, bar, settingsForm(panel), liveControls(panel));
    const maps = mapsOfOneImage(panel);
    const table = runs(panel, model.get("runs_title"));
    const inside = element(
      "div",
      { class: "lenet-columns" },
      element("div", { class: "lenet-inside" }, maps),
      element(
        "div",
        { class: "lenet-aside" },
        firstKernels(panel),
        gradientBars(panel),
        confusionTable(panel),
        surestMistakes(panel),
      ),
    );
    const work = element("div", {}, others, controls, curves(panel), inside, table);
    root.append(safe, givenAway, work);
    needsKernel(others, controls, maps.querySelector(".lenet-control"), table);
    panel.follow(["given_away"], () => (work.inert = model.get("given_away")));
  },
);
