// TrainingPanel: buttons and settings; curves; maps, kernels, gradients, confusion and mistakes as they form.
import { button, choice, diverging, element, floats, ink, largest, layerStack, number, paintColours, picture, run, slider } from "./shared.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 460;
const HEIGHT = 200;
const BATCHES = [1, 4, 16, 32, 64, 128, 256, 512, 1024].map(String);
const MARGIN = { left: 44, right: 8, top: 8, bottom: 24 };

/** Rows of [epoch, loss, accuracy] from Python's bytes; none if there are none yet. */
export function rows(view, what) {
  if (!view || !view.byteLength) return [];
  const values = floats(view, Math.floor(view.byteLength / 12) * 3, what);
  return Array.from({ length: values.length / 3 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);
}

/** The powers of ten, and their double and fivefold, from `low` to `high`. */
export function ticks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const times of [1, 2, 5]) found.push(Number((times * 10 ** power).toPrecision(3)));
  }
  return found.filter((value) => value >= low && value <= high);
}

/** Marks on an axis of `last` epochs: whole numbers, at most about six. */
export function epochTicks(last) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => last / size <= 6) || 1000;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
}

/** The smallest and the largest of some positive values, a little apart. */
export function span(values, least) {
  const low = Math.max(Math.min(...values), least);
  return [low / 1.15, Math.max(Math.max(...values), low) * 1.15];
}

/** The `d` of a path through [x, y] points; y is drawn on a logarithmic scale. */
export function path(points, last, [low, high]) {
  const x = (value) => MARGIN.left + (value / (last || 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value) => {
    const share = Math.log(Math.min(Math.max(value, low), high) / low) / Math.log(high / low);
    return HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom);
  };
  return points.map(([at, value], i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
}

/** 4 s, 2 min 5 s. */
export function duration(seconds) {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** What the panel says of the training under way. */
export function summary(told, status) {
  const said = [`epoch ${number(told.epochs_done, 2)} of ${told.epochs}`, `step ${told.steps}`];
  if (told.loss !== null && told.loss !== undefined) said.push(`loss ${number(told.loss, 3)}`);
  if (told.validation !== null && told.validation !== undefined) said.push(`validation ${number(100 * told.validation, 2)}%`);
  if (told.images_per_second) said.push(`${Math.round(told.images_per_second).toLocaleString("en")} images/s`);
  if (status === "running" && told.seconds_left) said.push(`${duration(told.seconds_left)} left`);
  return said.join(" · ");
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A chart of several lines over epochs. `draw(lines, last)`: each [class, points]. */
function chart(title, least, format) {
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "lenet-curves", role: "img", "aria-label": title });
  const root = element("figure", { class: "lenet-chart-of" }, element("figcaption", { class: "lenet-caption" }, title), svg);
  return {
    root,
    draw(lines, last) {
      const values = lines.flatMap(([, points]) => points.map(([, value]) => value));
      const limits = span(values.length ? values : [least, 1], least);
      const parts = [];
      for (const value of ticks(...limits)) {
        const at = path([[0, value], [last, value]], last, limits);
        const label = shape("text", { x: MARGIN.left - 5, y: Number(at.match(/^M\S+ (\S+)L/)[1]) + 4, class: "lenet-tick", "text-anchor": "end" });
        label.textContent = format(value);
        parts.push(shape("path", { d: at, class: "lenet-grid" }), label);
      }
      for (const value of epochTicks(last)) {
        const x = Number(path([[value, limits[0]]], last, limits).match(/^M(\S+)/)[1]);
        const label = shape("text", { x, y: HEIGHT - 8, class: "lenet-tick", "text-anchor": "middle" });
        label.textContent = value;
        parts.push(label);
      }
      for (const [name, points] of lines) {
        if (!points.length) continue;
        parts.push(shape("path", { d: path(points, last, limits), class: `lenet-line-of ${name}` }));
        if (name.startsWith("lenet-validation")) {
          for (const point of points) {
            const [, x, y] = path([point], last, limits).match(/^M(\S+) (\S+)/);
            parts.push(shape("circle", { cx: x, cy: y, r: 2.5, class: name }));
          }
        }
      }
      svg.replaceChildren(...parts);
    },
  };
}

export default {
  render({ model, el }) {
    return run(model, el, "training_panel", "Train the network", (root, on, { guarded }) => {
      const ask = (doing, more = {}) => guarded(() => model.send({ do: doing, ...more }));
      const buttons = {
        train: button("Train", ask("train"), { class: "lenet-button lenet-main" }),
        pause: button("Pause", ask("pause")),
        step: button("Step", ask("step"), { title: "one batch" }),
        epoch: button("Epoch", ask("epoch"), { title: "to the end of the epoch" }),
        reset: button("Reset", ask("reset"), { title: "to the same initial weights" }),
      };
      const said = element("span", { class: "lenet-formula lenet-said", "aria-live": "off" });
      const state = element("span", { class: "lenet-strong lenet-state", role: "status" });
      const trouble = element("div", { class: "lenet-error", role: "alert", hidden: true });
      const before = element("fieldset", { class: "lenet-bar lenet-settings" });
      const settings = {};
      const choices = element("div", { class: "lenet-choices" });
      before.append(choices);
      const seed = element("input", { type: "number", min: 0, step: 1, "aria-label": "seed", change: guarded(() => choose("seed", Number(seed.value))) });
      before.append(element("label", { class: "lenet-control lenet-seed" }, "seed", seed));

      const set = (name) => guarded((value) => {
        model.set(name, value);
        model.save_changes();
      });
      const rate = slider({ label: "learning rate (peak)", min: -4, max: 0.5, step: 0.05, value: -1, format: (power) => Number((10 ** power).toPrecision(2)).toString(), onInput: (power) => set("peak_rate")(Number((10 ** power).toPrecision(2))) });
      const momentum = slider({ label: "momentum", min: 0, max: 0.99, step: 0.01, value: 0.9, format: (value) => value.toFixed(2), onInput: set("momentum") });
      const batch = choice({ label: "batch size", options: BATCHES, value: "128", onInput: (value) => set("batch_size")(Number(value)) });
      const digit = slider({ label: "class", min: 0, max: model.get("classes").length - 1, value: model.get("digit"), format: (k) => called(k), onInput: set("digit") });

      const errors = chart("error, % of the images", 0.05, (value) => String(value));
      const losses = chart("loss", 0.001, (value) => String(value));
      const legend = element("div", { class: "lenet-caption lenet-legend" },
        element("span", { class: "lenet-key lenet-key-train" }, "training, as it goes"),
        element("span", { class: "lenet-key lenet-key-validation" }, "validation, after each epoch"),
        element("span", { class: "lenet-key lenet-key-compared" }, "compared run"));
      const stackPlace = element("div", {});
      const kernelPlace = element("div", { class: "lenet-kernels" });
      const gradients = element("div", { class: "lenet-gradients" });
      const confusion = element("div", {});
      const worst = element("div", { class: "lenet-worst" });
      const name = element("input", { type: "text", "aria-label": "name", placeholder: "a name for this run", class: "lenet-file" });
      const kept = choice({ label: "kept runs", options: [], value: "", onInput: () => {} });
      const compared = choice({ label: "compare with", options: [""], value: "", onInput: set("compared") });
      const save = button("Save", guarded(() => model.send({ do: "save", name: name.value.trim() })));
      const load = button("Load", guarded(() => kept.root.querySelector("select").value && model.send({ do: "load", name: kept.root.querySelector("select").value })));
      const part = (title, ...content) => element("div", { class: "lenet-part" }, element("div", { class: "lenet-caption lenet-strong" }, title), ...content);

      root.append(
        element("div", { class: "lenet-bar" }, ...Object.values(buttons), state, said),
        trouble,
        before,
        element("div", { class: "lenet-bar" }, rate.root, momentum.root, batch.root),
        element("div", { class: "lenet-columns" }, errors.root, losses.root),
        legend,
        element("div", { class: "lenet-columns" },
          element("div", { class: "lenet-inside" }, part("The maps of one test image", digit.root, stackPlace)),
          element("div", { class: "lenet-aside" },
            part("C1's kernels", kernelPlace),
            part("Gradient of the last step, root mean square", gradients),
            part("Validation: rows are actual, columns predicted", confusion),
            part("The surest mistakes: actual → predicted", worst))),
        element("div", { class: "lenet-bar lenet-keep" }, name, save, kept.root, load, compared.root),
      );

      function choose(what, value) {
        model.set("settings", { ...model.get("settings"), [what]: value });
        model.save_changes();
      }
      function paintStatus() {
        const status = model.get("status");
        const running = status === "running";
        const begun = model.get("begun");
        state.textContent = status;
        trouble.textContent = model.get("told").error || "";
        trouble.hidden = !trouble.textContent;
        said.textContent = summary(model.get("told"), status);
        buttons.train.textContent = begun ? "Go on" : "Train";
        for (const one of ["train", "step", "epoch"]) buttons[one].disabled = running || status === "finished";
        buttons.pause.disabled = !running;
        buttons.reset.disabled = !begun;
        before.disabled = begun;
        save.disabled = !begun;
        load.disabled = running;
      }
      function called(k) {
        return model.get("classes")[k] ?? String(k);
      }
      function paintSettings() {
        const now = model.get("settings");
        const names = Object.keys(model.get("options"));
        if (names.join() !== Object.keys(settings).join()) {
          for (const name of Object.keys(settings)) delete settings[name];
          for (const name of names) settings[name] = choice({ label: name, options: [], value: "", onInput: guarded((value) => choose(name, value)) });
          choices.replaceChildren(...Object.values(settings).map((control) => control.root));
        }
        for (const [what, control] of Object.entries(settings)) offer(control, model.get("options")[what], now[what]);
        seed.value = now.seed;
      }
      function paintLive() {
        rate.set(Math.log10(Math.max(model.get("peak_rate"), 1e-4)));
        momentum.set(model.get("momentum"));
        offer(batch, BATCHES, String(model.get("batch_size")));
        digit.input.max = model.get("classes").length - 1;
        digit.set(model.get("digit"));
      }
      function offer(control, options, value, label = (option) => option) {
        const select = control.root.querySelector("select");
        const all = options.includes(value) ? options : [...options, value];
        select.replaceChildren(...all.map((option) => element("option", { value: option }, label(option))));
        select.value = value;
      }
      function paintCurves() {
        const lines = [["curve", "compared_curve"], ["validation", "compared_validation"]].map(([own, other]) => [rows(model.get(own), own), rows(model.get(other), other)]);
        const [[train, otherTrain], [validation, otherValidation]] = lines;
        const all = [...train, ...otherTrain, ...validation, ...otherValidation];
        const last = Math.max(model.get("told").epochs || 1, ...all.map(([epoch]) => epoch));
        const drawn = (pick) => [
          ["lenet-train lenet-compared", otherTrain.map(pick)],
          ["lenet-validation lenet-compared", otherValidation.map(pick)],
          ["lenet-train", train.map(pick)],
          ["lenet-validation", validation.map(pick)],
        ];
        errors.draw(drawn(([epoch, , accuracy]) => [epoch, 100 * (1 - accuracy)]), last);
        losses.draw(drawn(([epoch, loss]) => [epoch, loss]), last);
        legend.lastChild.hidden = !model.get("compared");
      }
      let stack;
      let described = "";
      function paintMaps() {
        const layers = model.get("layers");
        if (!layers.length) return;
        if (JSON.stringify(layers) !== described) {
          described = JSON.stringify(layers);
          stack = layerStack(layers);
          stackPlace.replaceChildren(stack.root);
        }
        const outputs = model.get("outputs");
        // While settings change, the shapes of one network can meet the maps of another.
        if (outputs && outputs.byteLength === 4 * stack.numbers) stack.paint(floats(outputs, stack.numbers, "outputs"));
      }
      let kernels = [];
      function paintKernels() {
        const view = model.get("kernels");
        const side = 5;
        const values = floats(view, view.byteLength / 4, "kernels");
        const inputs = model.get("layers")[0]?.shape[0] === 3 ? 3 : 1;
        const many = values.length / side ** 2 / inputs;
        if (kernels.length !== many) {
          kernels = Array.from({ length: many }, (_, k) => picture({ rows: side, columns: side, label: `C1, kernel ${k}` }));
          kernelPlace.replaceChildren(...kernels.map((one) => one.root));
        }
        const limit = largest(values);
        kernels.forEach((one, k) => {
          const kernel = values.subarray((k * values.length) / many, ((k + 1) * values.length) / many);
          // A kernel that reads red, green and blue is a picture in colour: grey is 0.
          if (inputs === 3) paintColours(one, kernel.map((weight) => weight / limit));
          else one.paint(kernel, (value) => diverging(value, limit));
        });
      }
      function paintGradients() {
        const sizes = model.get("gradients");
        const low = 1e-6;
        gradients.replaceChildren(...sizes.map(({ layer, size }) => {
          const fill = element("div", { class: "lenet-length" });
          fill.style.width = `${Math.min(Math.max(Math.log10(size / low) / 6, 0), 1) * 100}%`;
          return element("div", { class: "lenet-bar-row lenet-gradient" }, element("span", {}, layer), element("div", { class: "lenet-rail" }, fill), element("span", { class: "lenet-formula" }, size ? size.toExponential(1) : "–"));
        }));
      }
      function paintConfusion() {
        const table = model.get("confusion");
        if (!table.length) {
          confusion.replaceChildren(element("div", { class: "lenet-caption" }, "after the first epoch"));
          return;
        }
        const most = Math.max(1, ...table.flatMap((line, actual) => line.filter((_, predicted) => predicted !== actual)));
        const head = element("tr", {}, element("th", {}), ...table.map((_, k) => element("th", { scope: "col" }, called(k))));
        const lines = table.map((line, actual) => element("tr", {}, element("th", { scope: "row" }, called(actual)), ...line.map((count, predicted) => {
          const cell = element("td", { class: actual === predicted ? "lenet-right-one" : "" }, count ? String(count) : "");
          if (actual !== predicted && count) cell.style.background = `rgba(213, 94, 0, ${0.15 + 0.6 * (count / most)})`;
          return cell;
        })));
        confusion.replaceChildren(element("table", { class: "lenet-confusion" }, head, ...lines));
      }
      function paintWorst() {
        const found = model.get("mistakes");
        const view = model.get("mistake_images");
        if (!found.length) {
          worst.replaceChildren(element("div", { class: "lenet-caption" }, "after the first epoch"));
          return;
        }
        const side = 32;
        const maps = view.byteLength / (4 * found.length * side ** 2);
        if (maps !== 1 && maps !== 3) return;
        const values = floats(view, found.length * maps * side ** 2, "mistakes");
        worst.replaceChildren(...found.map(({ label, predicted, probability }, i) => {
          const shown = picture({ rows: side, columns: side, label: `a ${called(label)}, read as ${called(predicted)}` });
          const part = values.subarray(i * maps * side ** 2, (i + 1) * maps * side ** 2);
          const [low, high] = [Math.min(...part), Math.max(...part)];
          if (maps === 3) paintColours(shown, part);
          else shown.paint(part, (value) => ink(value, low, high));
          return element("div", { class: "lenet-mistake" }, shown.root, element("div", { class: "lenet-caption" }, `${called(label)} → ${called(predicted)} ${Math.round(100 * probability)}%`));
        }));
      }
      function paintRuns() {
        const runs = model.get("runs");
        const label = (run) => {
          const found = runs.find((one) => one.name === run);
          return found ? `${run} (${found.epochs} epochs, ${number(100 * found.accuracy, 2)}%)` : "–";
        };
        const names = runs.map((one) => one.name);
        const chosen = kept.root.querySelector("select").value;
        offer(kept, ["", ...names], names.includes(chosen) ? chosen : "", label);
        offer(compared, ["", ...names], model.get("compared"), label);
        name.value = "";
      }

      for (const what of ["status", "told", "begun"]) on(`change:${what}`, paintStatus);
      for (const what of ["settings", "options"]) on(`change:${what}`, paintSettings);
      for (const what of ["peak_rate", "momentum", "batch_size", "digit", "classes"]) on(`change:${what}`, paintLive);
      for (const what of ["curve", "validation", "compared_curve", "compared_validation", "told"]) on(`change:${what}`, paintCurves);
      for (const what of ["outputs", "layers"]) on(`change:${what}`, paintMaps);
      for (const what of ["kernels", "layers"]) on(`change:${what}`, paintKernels);
      on("change:gradients", paintGradients);
      for (const what of ["confusion", "classes"]) on(`change:${what}`, paintConfusion);
      for (const what of ["mistakes", "mistake_images"]) on(`change:${what}`, paintWorst);
      on("change:runs", paintRuns);
      paintStatus();
      paintSettings();
      paintLive();
      paintCurves();
      paintMaps();
      paintKernels();
      paintGradients();
      paintConfusion();
      paintWorst();
      paintRuns();
    });
  },
};
