// @ts-check
// FeatureMaps: all layers for one image; a unit under the pointer shows what it sees and how it is computed.
import { translate } from "../system/language.js";
import {
  count,
  diverging,
  drawn,
  element,
  floats,
  imageSlider,
  isPlain,
  keepKeys,
  largest,
  layerPictures,
  number,
  picture,
  scaledTanh,
  size,
  slider,
  widget,
} from "./shared.js";
import { nameOf } from "./names.js";

const SQUASH = {
  scaled_tanh: scaledTanh,
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

/**
 * The part of a square that lies in a map of this shape, not in its border.
 *
 * @param {number[]} square
 * @param {number[]} shape
 */
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
 * How a unit comes to its value: its inputs and weights in order, how many of them are the border's, their
 * sum,
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
          weight =
            parameters[layer.weights + ((map * mapsBelow + from) * rows + y - top) * columns + x - left];
        } else if (layer.kind === "linear" || layer.kind === "rbf") {
          weight = parameters[layer.weights + map * size(below.shape) + place];
        }
        const there = y >= 0 && y < heightBelow && x >= 0 && x < widthBelow;
        terms.push([there ? activations[below.outputs + place] : layer.border, weight]);
        beyond += there ? 0 : 1;
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
  const terms = done.beyond
    ? translate("({count} terms, {beyond} of them the border's {border})", {
        count: count(n),
        beyond: count(done.beyond),
        border: layer.border,
      })
    : translate("({count} terms)", { count: count(n) });
  const some = (show) => {
    const all = done.terms.map(show);
    return n > 5 ? `${all.slice(0, 3).join(" + ")} + … + ${all[n - 1]} ${terms}` : all.join(" + ");
  };
  if (layer.kind === "input") {
    return translate("= {value}, an image's number: nothing is computed", { value: number(done.value) });
  }
  if (layer.kind === "rbf") {
    return `${some(([x, w]) => `(${number(x, 2)} − ${number(w, 0)})²`)} = ${number(done.result)}`;
  }
  if (layer.kind === "max") {
    return translate("largest of {inputs} = {result}", {
      inputs: done.terms.map(([x]) => number(x, 2)).join(", "),
      result: number(done.result),
    });
  }
  if (layer.kind === "average") {
    return `(${done.terms.map(([x]) => number(x, 2)).join(" + ")}) / ${n} = ${number(done.result)}`;
  }
  const name = layer.activation && nameOf(layer.activation);
  const squash = name ? ` → ${name} → ${number(done.result)}` : "";
  if (layer.kind === "trainable") {
    const inputs = done.terms.map(([x]) => number(x, 2)).join(" + ");
    const [sum, coefficient, bias, a] = [done.sum, done.coefficient, done.bias, done.a].map((one) =>
      number(one),
    );
    const weighted = translate("({inputs}) = {sum}; × coefficient {coefficient} + bias {bias} = {a}", {
      inputs,
      sum,
      coefficient,
      bias,
      a,
    });
    return weighted + squash;
  }
  const products = some(([x, w]) => `${number(x, 2)}×${number(w, 2)}`);
  const weighted = translate("{products} = {sum}; + bias {bias} = {a}", {
    products,
    sum: number(done.sum),
    bias: number(done.bias),
    a: number(done.a),
  });
  return weighted + squash;
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

/**
 * The weights with which a unit reads the layer below, as pictures: [{ title, rows, columns, values }], one
 * for each
 * map below that it reads. A pooling layer has none.
 */
export function weightPictures(layers, parameters, index, map) {
  const layer = layers[index];
  const below = layers[index - 1];
  if (index === 0 || subsamples(layer)) return [];
  const convolves = layer.kind === "convolution";
  const shown = convolves ? { rows: layer.size, columns: layer.size } : drawn(below.shape);
  const area = shown.rows * shown.columns;
  const inputs = convolves ? below.shape[0] * area : size(below.shape);
  const all = parameters.subarray(layer.weights + map * inputs, layer.weights + (map + 1) * inputs);
  const from = convolves ? layer.reads[map] : Array.from({ length: inputs / area }, (_, i) => i);
  return from.map((i) => ({
    title: from.length > 1 || convolves ? String(i) : "",
    rows: shown.rows,
    columns: shown.columns,
    values: all.subarray(i * area, (i + 1) * area),
  }));
}

const WEIGHTS = {
  convolution: () => translate("its kernels, by the map they read"),
  linear: () => translate("its weights, as the layer below is drawn"),
  rbf: () => translate("its code, as the layer below is drawn"),
};

/** The weights of the unit that is pointed at; painted again only for another map. */
function weightsBox(layers) {
  const root = element("div", { class: "lenet-kernels" });
  let last = "";
  return {
    root,
    forget: () => (last = ""),
    show(parameters, index, map) {
      if (last === `${index} ${map}`) return;
      last = `${index} ${map}`;
      const all = weightPictures(layers, parameters, index, map);
      const limit = Math.max(...all.map((one) => largest(one.values)));
      const pictures = all.map(({ title, rows, columns, values }) => {
        const one = picture({ rows, columns, label: translate("weights {title}", { title }) });
        one.paint(values, (value) => diverging(value, limit));
        const wide = rows * columns > 25 ? "lenet-wide" : "";
        const name = element("span", { class: "lenet-caption" }, title);
        return element("div", { class: `lenet-kernel-of ${wide}` }, one.root, name);
      });
      const caption = element("div", { class: "lenet-caption" }, WEIGHTS[layers[index].kind]?.() ?? "");
      root.replaceChildren(caption, ...pictures);
    },
  };
}

/** The names of a last layer's units, each under its own. */
function unitNames(layer, classes) {
  const { rows, columns } = drawn(layer.shape);
  if (rows > 1 || columns > 20) return [];
  const names = Array.from({ length: columns }, (_, k) => element("span", {}, classes[k] ?? String(k)));
  const root = element("div", { class: "lenet-units", "aria-hidden": "true" }, ...names);
  root.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
  return [root];
}

export default widget(
  "feature_maps",
  () => translate("Feature maps"),
  (model, root, on, { guarded, needsKernel, send }) => {
    const layers = lay(model.get("layers"));
    const last = layers[layers.length - 1];
    const classes = model.get("classes");
    const layerNamed = (name) => layers.find((layer) => layer.name === name);
    let activations;
    let parameters;
    let active = layerNamed(model.get("layer")) ?? layers[0];
    let unit = model.get("unit");
    let large;
    /** The unit under the pointer, with its layer. @type {[any, number[]] | null} */
    let hovered = null;

    const largeBox = element("div", { class: "lenet-large" });
    const title = element("div", { class: "lenet-strong" });
    const value = element("div", { class: "lenet-formula lenet-value", "aria-live": "polite" });
    const how = element("div", { class: "lenet-formula lenet-how" });
    const weights = weightsBox(layers);
    const words = element("div", { class: "lenet-words" }, title, value, how, weights.root);
    const verdict = element("div", { class: "lenet-caption lenet-verdict" });
    const picks = new Map();
    const stack = layerPictures(layers, {
      unit: 60,
      isOutput: (layer) => layer === last,
      onCell: guarded((layer, map, row, column) => {
        const at = unitAt(layer, map, row, column);
        hovered = [layer, at];
        point(layer, at);
      }),
      onLeave: guarded(() => {
        hovered = null;
        point(active, unit);
      }),
      wrap(one, layer, map) {
        const names = layer === last ? unitNames(layer, classes) : [];
        const attributes = {
          type: "button",
          class: "lenet-map",
          "aria-label": translate("{layer}, map {map}", { layer: layer.name, map }),
        };
        const pick = element("button", { ...attributes, title: translate("click to enlarge") }, one.root);
        keepKeys(pick);
        pick.addEventListener(
          "click",
          guarded(() => choose(layer, map)),
        );
        pick.addEventListener("keydown", (event) => {
          const step = isPlain(event) && { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (!step) return;
          picks.get(`${layer.name} ${map + step}`)?.focus();
          event.preventDefault();
          event.stopPropagation();
        });
        picks.set(`${layer.name} ${map}`, pick);
        return names.length ? element("div", { class: "lenet-named" }, pick, ...names) : pick;
      },
    });
    stack.lines[last.index].line.append(verdict);
    const pictures = stack.lines.map((one) => one.pictures);
    const inputPictures = stack.whole ? [...pictures[0], stack.whole] : pictures[0];

    const digit = imageSlider(model.get("labels"), model.get("digit"), (to) => send({ digit: to }));
    const names = model.get("weight_names");
    const networks = slider({
      label: translate("weights"),
      min: 0,
      max: names.length - 1,
      value: names.indexOf(model.get("weights")),
      format: (place) => nameOf(names[place] ?? "?"),
      onInput: (to) => send({ weights: names[to] }),
    });
    const bar = element("div", { class: "lenet-bar" }, digit.root);
    if (names.length > 1) bar.append(networks.root);
    needsKernel(bar);
    const hint = translate(
      "Point at a unit, or touch it, for what it sees and how it is computed. Click a map to enlarge it.",
    );
    const detail = element("div", { class: "lenet-detail" }, largeBox, words);
    root.append(
      bar,
      element("div", { class: "lenet-caption" }, hint),
      element("div", { class: "lenet-split" }, stack.root, detail),
    );

    function choose(layer, map) {
      active = layer;
      const [, row, column] = cellOf(layer, unit);
      const { rows, columns } = drawn(layer.shape);
      // The pointer clicks on a unit; Enter chooses a map, and stays in its place there.
      if (hovered && hovered[0] === layer) unit = hovered[1];
      else unit = unitAt(layer, map, Math.min(row, rows - 1), Math.min(column, columns - 1));
      hovered = null;
      send({ unit: [0, 0, 0], layer: layer.name });
      enlarge();
    }
    function enlarge() {
      const [map, row, column] = cellOf(active, unit);
      const { rows, columns } = drawn(active.shape);
      large = picture({
        rows,
        columns,
        label: translate("{layer}, enlarged: move with the arrow keys", { layer: active.name }),
        focus: true,
        onCell: guarded((y, x) => {
          unit = unitAt(active, map, y, x);
          point(active, unit);
        }),
      });
      large.place(row, column);
      large.root.style.width = `min(100%, ${rows > 1 ? 260 : 420}px)`;
      largeBox.replaceChildren(large.root);
      for (const pick of picks.values()) pick.removeAttribute("aria-pressed");
      picks.get(`${active.name} ${map}`).setAttribute("aria-pressed", "true");
      repaint();
    }
    /** New numbers in the same places: who moves about with the arrow keys, or points at a unit, stays there. */
    function repaint() {
      const [map] = cellOf(active, unit);
      const { rows, columns } = drawn(active.shape);
      const from = active.outputs + map * rows * columns;
      large.paint(activations.subarray(from, from + rows * columns), stack.colour(active.index, map));
      const [layer, at] = hovered ?? [active, unit];
      point(layer, at);
    }
    /** Frames round a unit, what feeds it, and what it sees of the image. */
    function mark(layer, at) {
      for (const one of [...pictures.flat(), large, ...inputPictures]) {
        for (const name of ["unit", "feeds", "field"]) one.mark(name);
      }
      const [map, row, column] = cellOf(layer, at);
      pictures[layer.index][map].mark("unit", [row, column, 1, 1]);
      if (layer === active && map === cellOf(active, unit)[0]) large.mark("unit", [row, column, 1, 1]);
      if (layer.index === 0) return;
      const below = layers[layer.index - 1];
      const places = below.shape[1] > 1;
      const all = [0, 0, drawn(below.shape).rows, drawn(below.shape).columns];
      const square = places ? inside(window_(layer, below, at[1], at[2]), below.shape) : all;
      for (const i of places ? reads(layer, below, at[0]) : [0])
        pictures[below.index][i].mark("feeds", square);
      for (const one of inputPictures) one.mark("field", field(layers, layer.index, at[1], at[2]));
    }
    function point(layer, at) {
      mark(layer, at);
      const done = arithmetic(layers, activations, parameters, layer.index, at);
      const [map, row, column] = at;
      title.textContent =
        layer.shape[1] > 1
          ? translate("{layer}, map {map}, row {row}, column {column}", {
              layer: layer.name,
              map,
              row,
              column,
            })
          : translate("{layer}, unit {unit}", { layer: layer.name, unit: map });
      value.textContent = translate("value {value}", { value: number(done.value, 5) });
      how.textContent = explain(layer, done);
      weights.show(parameters, layer.index, at[0]);
      // The box grows as it must and never shrinks: what is below does not jump while the pointer moves.
      words.style.minHeight = `${Math.max(words.offsetHeight, parseFloat(words.style.minHeight) || 0)}px`;
    }
    function take() {
      const total = layers.reduce((sum, layer) => sum + size(layer.shape), 0);
      const numbers = layers.reduce(
        (sum, layer, i) => sum + (i ? parameterCount(layer, layers[i - 1]) : 0),
        0,
      );
      activations = floats(model.get("activations"), total, "activations");
      parameters = floats(model.get("parameters"), numbers, "parameters");
      const output = Array.from(activations.subarray(last.outputs));
      const smallest = last.kind === "rbf";
      const best = smallest ? Math.min(...output) : Math.max(...output);
      const winner = output.indexOf(best);
      const answer = { class: classes[winner] ?? winner, value: number(best, 1) };
      root
        .querySelectorAll(".lenet-units span")
        .forEach((name, k) => name.classList.toggle("lenet-strong", k === winner));
      verdict.textContent = smallest
        ? translate("smallest: {class} ({value})", answer)
        : translate("largest: {class} ({value})", answer);
      stack.paint(activations);
      weights.forget();
      if (large) repaint();
      else enlarge();
    }

    on("change:activations", take);
    on("change:parameters", take);
    on("change:digit", () => digit.set(model.get("digit")));
    on("change:weights", () => networks.set(names.indexOf(model.get("weights"))));
    on("change:layer", () => {
      const layer = layerNamed(model.get("layer"));
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
  },
);
