// FeatureMaps: all layers for one image; a unit under the pointer shows what it sees and how it is computed.
import { count, diverging, drawn, element, floats, ink, inputColour, keepKeys, largest, mapsPlace, number, paintColours, picture, run, size, slider } from "./shared.js";

const SQUASH = {
  scaled_tanh: (a, [amplitude, slope]) => amplitude * Math.tanh(slope * a),
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  relu: (a) => Math.max(a, 0),
};

/** Whether a layer subsamples, one way or another. */
const subsamples = (layer) => ["trainable", "average", "max"].includes(layer.kind);

/** How many biases a layer has: one a map, or one a unit. */
const biasCount = (layer) => (layer.bias === "unit" ? size(layer.shape) : layer.shape[0]);

/** How many numbers a layer has, given the shape of the one below. */
export function parameterCount(layer, below) {
  const [maps] = layer.shape;
  if (layer.kind === "convolution") return maps * below.shape[0] * layer.size ** 2 + biasCount(layer);
  if (layer.kind === "trainable") return 2 * maps;
  const inputs = below ? size(below.shape) : 0;
  if (layer.kind === "linear") return maps * inputs + maps;
  return layer.kind === "rbf" ? maps * inputs : 0;
}

/** The layers with the places of their activations and parameters in the two long arrays. */
export function lay(layers) {
  let outputs = 0;
  let weights = 0;
  return layers.map((layer, i) => {
    const placed = { ...layer, index: i, outputs, weights };
    outputs += size(layer.shape);
    weights += i ? parameterCount(layer, layers[i - 1]) : 0;
    return placed;
  });
}

/** The square of units in the layer below that a unit reads, the border's too: [top, left, height, width]. */
export function window_(layer, below, row, column) {
  if (layer.kind === "convolution") {
    const [top, left] = [row, column].map((place) => place * layer.stride - layer.padding);
    return [top, left, layer.size, layer.size];
  }
  if (subsamples(layer)) return [row * layer.size, column * layer.size, layer.size, layer.size];
  return [0, 0, below.shape[1], below.shape[2]];
}

/** The part of a square that lies in a map of this shape, not in its border. */
export function inside([top, left, height, width], [, rows, columns]) {
  const [first, start] = [Math.max(top, 0), Math.max(left, 0)];
  return [first, start, Math.min(top + height, rows) - first, Math.min(left + width, columns) - start];
}

/** The rectangle of input pixels that a unit sees. */
export function field(layers, index, row, column) {
  let square = [row, column, 1, 1];
  for (let i = index; i > 0; i--) {
    const [top, left, height, width] = square;
    const first = window_(layers[i], layers[i - 1], top, left);
    const last = window_(layers[i], layers[i - 1], top + height - 1, left + width - 1);
    const reach = [first[0], first[1], last[0] + last[2] - first[0], last[1] + last[3] - first[1]];
    square = inside(reach, layers[i - 1].shape);
  }
  return square;
}

/** The maps below that a map reads. */
export function reads(layer, below, map) {
  if (layer.kind === "convolution") return layer.reads[map];
  if (subsamples(layer)) return [Math.floor(map / layer.copies)];
  return Array.from({ length: below.shape[0] }, (_, i) => i);
}

/**
 * How a unit comes to its value: its inputs and weights in order, how many of them are the border's, their sum,
 * the bias, the weighted sum `a`, and the value after the squash.
 */
export function arithmetic(layers, activations, parameters, index, [map, row, column]) {
  const layer = layers[index];
  const [, height, width] = layer.shape;
  const value = activations[layer.outputs + (map * height + row) * width + column];
  if (index === 0) return { value, terms: [], beyond: 0 };
  const below = layers[index - 1];
  const [top, left, rows, columns] = window_(layer, below, row, column);
  const terms = [];
  let beyond = 0;
  const [mapsBelow, heightBelow, widthBelow] = below.shape;
  reads(layer, below, map).forEach((from) => {
    for (let y = top; y < top + rows; y++) {
      for (let x = left; x < left + columns; x++) {
        const place = (from * heightBelow + y) * widthBelow + x;
        let weight = 1;
        if (layer.kind === "convolution") {
          weight = parameters[layer.weights + ((map * mapsBelow + from) * rows + y - top) * columns + x - left];
        } else if (layer.kind === "linear" || layer.kind === "rbf") {
          weight = parameters[layer.weights + map * size(below.shape) + place];
        }
        const there = y >= 0 && y < heightBelow && x >= 0 && x < widthBelow;
        terms.push([there ? activations[below.outputs + place] : layer.border, weight]);
        beyond += !there;
      }
    }
  });
  return { value, terms, beyond, ...combine(layer, below, parameters, [map, row, column], terms) };
}

function combine(layer, below, parameters, [map, row, column], terms) {
  const inputs = terms.map(([input]) => input);
  const products = terms.reduce((sum, [input, weight]) => sum + input * weight, 0);
  if (layer.kind === "rbf") {
    const distance = terms.reduce((sum, [input, weight]) => sum + (input - weight) ** 2, 0);
    return { sum: distance, a: distance, result: distance };
  }
  if (layer.kind === "max") return { a: Math.max(...inputs), result: Math.max(...inputs) };
  if (layer.kind === "average") {
    return { sum: products, a: products / terms.length, result: products / terms.length };
  }
  const end = layer.weights + parameterCount(layer, below);
  const [, height, width] = layer.shape;
  const place = layer.bias === "unit" ? (map * height + row) * width + column : map;
  const bias = parameters[end - biasCount(layer) + place];
  const coefficient = layer.kind === "trainable" ? parameters[layer.weights + map] : 1;
  const a = products * coefficient + bias;
  const squash = SQUASH[layer.activation] || ((x) => x);
  return { sum: products, coefficient, bias, a, result: squash(a, layer.squash) };
}

/** The arithmetic as a line of text with its real numbers. */
export function explain(layer, done) {
  const n = done.terms.length;
  const border = done.beyond ? `, ${count(done.beyond)} of them the border's ${layer.border}` : "";
  const some = (show) => {
    const all = done.terms.map(show);
    return n > 5 ? `${all.slice(0, 3).join(" + ")} + … + ${all[n - 1]} (${count(n)} terms${border})` : all.join(" + ");
  };
  if (layer.kind === "input") return `= ${number(done.value)}, an image's number: nothing is computed`;
  if (layer.kind === "rbf") {
    return `${some(([x, w]) => `(${number(x, 2)} − ${number(w, 0)})²`)} = ${number(done.result)}`;
  }
  if (layer.kind === "max") {
    return `largest of ${done.terms.map(([x]) => number(x, 2)).join(", ")} = ${number(done.result)}`;
  }
  if (layer.kind === "average") {
    return `(${done.terms.map(([x]) => number(x, 2)).join(" + ")}) / ${n} = ${number(done.result)}`;
  }
  const squash = layer.activation ? ` → ${layer.activation.replace("_", " ")} → ${number(done.result)}` : "";
  if (layer.kind === "trainable") {
    const inputs = done.terms.map(([x]) => number(x, 2)).join(" + ");
    return `(${inputs}) = ${number(done.sum)}; × coefficient ${number(done.coefficient)} + bias ${number(done.bias)} = ${number(done.a)}${squash}`;
  }
  const products = some(([x, w]) => `${number(x, 2)}×${number(w, 2)}`);
  return `${products} = ${number(done.sum)}; + bias ${number(done.bias)} = ${number(done.a)}${squash}`;
}

/** The unit, [map, row, column], at a cell of a drawn map; and back. */
export function unitAt(layer, map, row, column) {
  return layer.shape[1] > 1 ? [map, row, column] : [row * drawn(layer.shape).columns + column, 0, 0];
}
export function cellOf(layer, [map, row, column]) {
  if (layer.shape[1] > 1) return [map, row, column];
  const { columns } = drawn(layer.shape);
  return [0, Math.floor(map / columns), map % columns];
}

export default {
  render({ model, el }) {
    return run(model, el, "feature_maps", "Feature maps", (root, on, { guarded }) => {
      const layers = lay(model.get("layers"));
      const last = layers[layers.length - 1];
      let activations;
      let parameters;
      let active = layers.find((layer) => layer.name === model.get("layer")) || layers[0];
      let unit = model.get("unit");

      const bar = element("div", { class: "lenet-bar" });
      const stack = element("div", { class: "lenet-stack" });
      const largeBox = element("div", { class: "lenet-large" });
      const title = element("div", { class: "lenet-strong" });
      const value = element("div", { class: "lenet-formula lenet-value", "aria-live": "polite" });
      const how = element("div", { class: "lenet-formula lenet-how" });
      const kernels = element("div", { class: "lenet-kernels" });
      const detail = element("div", { class: "lenet-detail" }, largeBox, element("div", {}, title, value, how, kernels));
      const verdict = element("div", { class: "lenet-caption lenet-verdict" });
      root.append(bar, element("div", { class: "lenet-split" }, stack, detail));

      const labels = model.get("labels");
      const digit = slider({
        label: "image",
        min: 0,
        max: model.get("digits") - 1,
        value: model.get("digit"),
        format: (place) => (labels[place] ? `${place}: a ${labels[place]}` : String(place)),
        onInput: (to) => (model.set("digit", to), model.save_changes()),
      });
      const names = model.get("weight_names");
      const weights = slider({
        label: "weights",
        min: 0,
        max: names.length - 1,
        value: names.indexOf(model.get("weights")),
        format: (place) => names[place] ?? "?",
        onInput: (to) => (model.set("weights", names[to]), model.save_changes()),
      });
      bar.append(digit.root);
      if (names.length > 1) bar.append(weights.root);

      const inputs = layers[0].shape[0];
      const whole = inputs === 3 && picture({ rows: layers[0].shape[1], columns: layers[0].shape[2], label: "the picture", className: "lenet-small" });
      const pictures = layers.map((layer) => {
        const { maps, rows, columns } = drawn(layer.shape);
        const line = element("div", { class: "lenet-row", "data-layer": layer.name });
        line.append(element("div", { class: "lenet-name" }, layer.name));
        if (layer === layers[0] && whole) line.append(element("div", { class: "lenet-map lenet-whole" }, whole.root));
        const place = mapsPlace(line, maps);
        const made = Array.from({ length: maps }, (_, map) => {
          const small = picture({
            rows,
            columns,
            label: `${layer.name}, ${maps > 1 ? `map ${map}` : "all units"}`,
            className: "lenet-small",
            onCell: guarded((row, column) => point(layer, unitAt(layer, map, row, column))),
            onLeave: guarded(() => point(active, unit)),
          });
          const pick = element("button", { type: "button", class: "lenet-map", "aria-label": `${layer.name}, map ${map}` });
          keepKeys(pick);
          pick.style.flexGrow = columns / rows > 2 ? 4 : 1;
          pick.style.maxWidth = `${layer.shape[1] === 1 && rows > columns ? 40 : Math.min(60 * Math.max(1, columns / rows), 300)}px`;
          pick.addEventListener("click", guarded(() => choose(layer, map)));
          pick.addEventListener("keydown", (event) => {
            const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (step) made[map + step]?.pick.focus();
          });
          pick.append(small.root);
          place.append(pick);
          return { ...small, pick };
        });
        if (layer === last) line.append(verdict);
        stack.append(line);
        return made;
      });
      let large;

      function choose(layer, map) {
        active = layer;
        const [, row, column] = cellOf(layer, unit);
        const { rows, columns } = drawn(layer.shape);
        unit = unitAt(layer, map, Math.min(row, rows - 1), Math.min(column, columns - 1));
        model.set("unit", [0, 0, 0]);
        model.set("layer", layer.name);
        model.save_changes();
        enlarge();
      }

      function enlarge() {
        const [map, row, column] = cellOf(active, unit);
        const { rows, columns } = drawn(active.shape);
        large = picture({
          rows,
          columns,
          label: `${active.name}, enlarged: move with the arrow keys`,
          focus: true,
          onCell: guarded((y, x) => {
            unit = unitAt(active, map, y, x);
            point(active, unit);
          }),
        });
        large.place(row, column);
        large.root.style.width = `min(100%, ${rows > 1 ? 260 : 420}px)`;
        largeBox.replaceChildren(large.root);
        for (const made of pictures.flat()) made.pick.removeAttribute("aria-pressed");
        pictures[active.index][map].pick.setAttribute("aria-pressed", "true");
        paintMap(large, active, map);
        paintKernels(map);
        point(active, unit);
      }

      // A map's kernels, one for each map below that it reads.
      function paintKernels(map) {
        kernels.replaceChildren();
        if (active.kind !== "convolution") return;
        const below = layers[active.index - 1];
        const area = active.size ** 2;
        const start = active.weights + map * below.shape[0] * area;
        const all = parameters.subarray(start, start + below.shape[0] * area);
        const limit = largest(all);
        kernels.append(element("div", { class: "lenet-caption" }, "its kernels, by the map they read"));
        for (const from of active.reads[map]) {
          const shown = picture({ rows: active.size, columns: active.size, label: `kernel for map ${from} of ${below.name}` });
          shown.paint(all.subarray(from * area, (from + 1) * area), (x) => diverging(x, limit));
          kernels.append(element("div", { class: "lenet-kernel-of" }, shown.root, element("span", { class: "lenet-caption" }, String(from))));
        }
      }

      function paintMap(where, layer, map) {
        const { rows, columns } = drawn(layer.shape);
        const all = activations.subarray(layer.outputs, layer.outputs + size(layer.shape));
        const values = all.subarray(map * rows * columns, (map + 1) * rows * columns);
        if (layer === layers[0] && whole) {
          where.paint(values, inputColour(inputs, map));
        } else if (layer === layers[0] || layer === last) {
          const low = Math.min(...all);
          const high = Math.max(...all);
          where.paint(values, (x) => ink(x, low, high));
        } else {
          const limit = largest(all);
          where.paint(values, (x) => diverging(x, limit));
        }
      }

      function point(layer, at) {
        for (const made of [...pictures.flat(), large, ...(whole ? [whole] : [])]) for (const name of ["unit", "feeds", "field"]) made.mark(name);
        const [map, row, column] = cellOf(layer, at);
        pictures[layer.index][map].mark("unit", [row, column, 1, 1]);
        if (layer === active) large.mark("unit", [row, column, 1, 1]);
        if (layer.index > 0) {
          const below = layers[layer.index - 1];
          const square = below.shape[1] > 1 ? inside(window_(layer, below, at[1], at[2]), below.shape) : [0, 0, drawn(below.shape).rows, drawn(below.shape).columns];
          const from = below.shape[1] > 1 ? reads(layer, below, at[0]) : [0];
          for (const i of from) pictures[below.index][i].mark("feeds", square);
          for (const made of [...pictures[0], ...(whole ? [whole] : [])]) made.mark("field", field(layers, layer.index, at[1], at[2]));
        }
        const done = arithmetic(layers, activations, parameters, layer.index, at);
        const place = layer.shape[1] > 1 ? `map ${at[0]}, row ${at[1]}, column ${at[2]}` : `unit ${at[0]}`;
        title.textContent = `${layer.name}, ${place}`;
        value.textContent = `value ${number(done.value, 5)}`;
        how.textContent = explain(layer, done);
      }

      function take() {
        const total = layers.reduce((sum, layer) => sum + size(layer.shape), 0);
        const held = layers.reduce((sum, layer, i) => sum + (i ? parameterCount(layer, layers[i - 1]) : 0), 0);
        activations = floats(model.get("activations"), total, "activations");
        parameters = floats(model.get("parameters"), held, "parameters");
        const output = Array.from(activations.subarray(last.outputs));
        const best = last.kind === "rbf" ? Math.min(...output) : Math.max(...output);
        const named = output.indexOf(best);
        verdict.textContent = `${last.kind === "rbf" ? "smallest" : "largest"}: ${model.get("classes")[named] ?? named} (${number(best, 1)})`;
        if (whole) paintColours(whole, activations.subarray(0, size(layers[0].shape)));
        layers.forEach((layer, i) => pictures[i].forEach((made, map) => paintMap(made, layer, map)));
        enlarge();
      }

      on("change:activations", take);
      on("change:parameters", take);
      on("change:digit", () => digit.set(model.get("digit")));
      on("change:weights", () => weights.set(names.indexOf(model.get("weights"))));
      on("change:layer", () => {
        const layer = layers.find((one) => one.name === model.get("layer"));
        if (layer === active) return;
        active = layer;
        unit = [0, 0, 0];
        enlarge();
      });
      on("change:unit", () => {
        if (model.get("unit").some((place) => place > 0)) {
          unit = model.get("unit");
          enlarge();
        }
      });
      take();
    });
  },
};
