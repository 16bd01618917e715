// @ts-check
// What every widget needs: elements, pictures, colours, keys, numbers from bytes, visible errors.
// Python puts this text before each widget's own, so that a widget is one module without a build step.

import { translate, useTranslations } from "../system/language.js";
import { NOTICES, keepStates, watchKernel } from "./kernel.js";

/** @typedef {import("./kernel.js").Model} Model */
/** @typedef {(name: string, listener: (message?: any) => void) => void} On */
/**
 * @typedef {object} Tools
 * @property {(action: (...given: any[]) => any) => (...given: any[]) => any} guarded the action, its errors
 * shown
 * @property {(values: Record<string, any>) => void} send sets traits in Python
 * @property {(message: string) => void} show shows an error, or none
 * @property {AbortSignal} signal ends with the view
 * @property {(...elements: HTMLElement[]) => void} needsKernel what is shut off without a kernel
 */

const CONTROLS = new Set(["input", "select"]);

const KEEPS = "data-keeps-keys";
const SUPPRESS = "data-lm-suppress-shortcuts"; // what JupyterLab looks for

/**
 * JupyterLab would take arrow keys, Enter and letters for its own, unless the element with the focus says
 * not to.
 */
export function keepKeys(control) {
  control.setAttribute(KEEPS, "");
  control.setAttribute(SUPPRESS, "true");
}

/** Whether a key is pressed without Ctrl, Alt and Cmd. */
export function isPlain(event) {
  return !(event.ctrlKey || event.altKey || event.metaKey);
}

/** Other keys, such as Ctrl+S, are for JupyterLab wherever the focus is. */
function passShortcuts(frame, signal) {
  // On the window, so as to come before JupyterLab, which listens on the document.
  const listen = (event) => {
    const control = frame.contains(event.target) && event.target.closest(`[${KEEPS}]`);
    if (control) control.toggleAttribute(SUPPRESS, isPlain(event));
  };
  window.addEventListener("keydown", listen, { capture: true, signal });
}

/**
 * An element with attributes (functions become listeners) and children.
 *
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (CONTROLS.has(tag)) keepKeys(made);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/**
 * The floats that Python sent, checked: a wrong length or a number that is none is an error, not a blank.
 *
 * @param {DataView | undefined} view
 * @param {number} count
 * @param {string} what
 */
export function floats(view, count, what) {
  if (!view || view.byteLength !== 4 * count) {
    throw new Error(
      translate("{what}: {wanted} bytes were expected, {came} came.", {
        what,
        wanted: 4 * count,
        came: view ? view.byteLength : translate("none"),
      }),
    );
  }
  const values = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  if (!values.every(Number.isFinite)) {
    throw new Error(translate("{what}: not every number is finite.", { what }));
  }
  return values;
}

/** A DataView on floats, as Python takes it. */
export function bytes(values) {
  return new DataView(Float32Array.from(values).buffer);
}

const DIVERGING = [
  [5, 48, 97],
  [67, 147, 195],
  [247, 247, 247],
  [214, 96, 77],
  [103, 0, 31],
];

/** Red for positive, blue for negative, white for 0; `limit` is darkest. */
export function diverging(value, limit) {
  const place = Math.min(Math.max(value / (limit || 1), -1), 1) * 2 + 2;
  const left = Math.min(Math.floor(place), 3);
  const [one, other, share] = [DIVERGING[left], DIVERGING[left + 1], place - left];
  const between = (/** @type {number} */ i) => Math.round(one[i] + share * (other[i] - one[i]));
  return [between(0), between(1), between(2)];
}

/** Ink on paper: `low` is white, `high` is black. */
export function ink(value, low, high) {
  const level = Math.round(255 * (1 - Math.min(Math.max((value - low) / (high - low || 1), 0), 1)));
  return [level, level, level];
}

/** How bright a number of a colour picture is, -1 dark to 1 bright. */
function light(value) {
  return Math.round(127.5 * (Math.min(Math.max(value, -1), 1) + 1));
}

/**
 * How the numbers of an input's map are shown: ink on paper, or in a picture of three maps each in its own
 * colour.
 */
export function inputColour(maps, map, low, high) {
  if (maps !== 3) return (value) => ink(value, low, high);
  return (value) => [0, 1, 2].map((channel) => (channel === map ? light(value) : 0));
}

/** Paint three maps, red, green and blue, as one picture. */
export function paintColours(where, values) {
  const area = values.length / 3;
  const places = Array.from({ length: area }, (_, i) => i);
  where.paint(places, (i) => [0, 1, 2].map((channel) => light(values[channel * area + i])));
}

/** The largest absolute value, and never 0. */
export function largest(values) {
  let limit = 1e-6;
  for (const value of values) limit = Math.max(limit, Math.abs(value));
  return limit;
}

/** How many numbers a layer of this shape has. */
export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

/**
 * How a layer is drawn: its maps, with rows and columns; units without places stand in a picture of their
 * own.
 *
 * @param {number[]} shape
 * @returns {{ maps: number, rows: number, columns: number }}
 */
export function drawn([units, height = 1, width = 1]) {
  if (height > 1) return { maps: units, rows: height, columns: width };
  if (units === 84) return { maps: 1, rows: 12, columns: 7 };
  const rows = units > 20 ? ([5, 4, 3, 2].find((n) => units % n === 0) ?? 1) : 1;
  return { maps: 1, rows, columns: units / rows };
}

/** 3.14159 as 3.142; never "-0.000". */
export function number(value, digits = 3) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text;
}

/** 4704 as 4,704. */
export function count(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A canvas of `rows` x `columns` cells with marks on it. `onCell(row, column)` hears the pointer, a click if
 * `onPick` is given, and arrow keys, if it can be focused (`focus`).
 *
 * @param {{ rows: number, columns: number, label: string, focus?: boolean, className?: string,
 *   onCell?: (row: number, column: number) => void, onPick?: (row: number, column: number) => void,
 *   onLeave?: () => void }} options
 */
export function picture({ rows, columns, label, onCell, onPick, onLeave, focus = false, className = "" }) {
  const canvas = element("canvas", { width: columns, height: rows });
  const marks = new Map();
  const root = element(
    "div",
    { class: `lenet-picture ${className}`, role: "img", "aria-label": label },
    canvas,
  );
  root.style.aspectRatio = `${columns} / ${rows}`;
  /** @type {[number, number]} */
  let at = [0, 0];

  /** @returns {[number, number]} */
  function cell(event) {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    return [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1)];
  }
  if (onCell) {
    // A finger that touches and does not move is heard, too.
    for (const event of ["pointermove", "pointerdown"]) {
      root.addEventListener(event, (happened) => onCell(...(at = cell(happened))));
    }
  }
  if (onLeave) root.addEventListener("pointerleave", onLeave);
  if (onPick) root.addEventListener("click", (event) => onPick(...(at = cell(event))));
  if (focus) {
    root.tabIndex = 0;
    keepKeys(root);
    root.setAttribute("role", "application");
    root.addEventListener("keydown", (event) => {
      if (!isPlain(event)) return;
      const moved = moveInGrid(event.key, at, rows, columns);
      if (moved) {
        at = moved;
        onCell?.(...at);
      } else if (onPick && (event.key === "Enter" || event.key === " ")) onPick(...at);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    root.addEventListener("focus", () => root.matches(":focus-visible") && onCell?.(...at));
  }
  return {
    root,
    /**
     * Paint one colour, [red, green, blue], for each value.
     *
     * @param {ArrayLike<number>} values
     * @param {(value: number) => number[]} colour
     */
    paint(values, colour) {
      const image = new ImageData(columns, rows);
      const { data } = image;
      // Written one by one: a network under training is painted many times a second.
      for (let i = 0; i < rows * columns; i++) {
        const [red, green, blue] = colour(values[i]);
        data[4 * i] = red;
        data[4 * i + 1] = green;
        data[4 * i + 2] = blue;
        data[4 * i + 3] = 255;
      }
      canvas.getContext("2d").putImageData(image, 0, 0);
    },
    /**
     * Show a frame round some cells, or take it away (no square).
     *
     * @param {string} name
     * @param {number[]} [square]
     */
    mark(name, square) {
      let mark = marks.get(name);
      if (!mark) {
        mark = element("div", { class: `lenet-mark lenet-mark-${name}` });
        marks.set(name, mark);
        root.append(mark);
      }
      mark.hidden = !square;
      if (!square) return;
      const [top, left, height, width] = square;
      mark.style.top = `${(100 * top) / rows}%`;
      mark.style.left = `${(100 * left) / columns}%`;
      mark.style.height = `${(100 * height) / rows}%`;
      mark.style.width = `${(100 * width) / columns}%`;
    },
    place(row, column) {
      at = [row, column];
    },
  };
}

// More maps than this would be too small side by side: they stand in two rows.
const MAPS_IN_A_ROW = 20;

const FEW_MAPS = 8; // stand in a row even on a phone

/**
 * Where a layer's maps stand: in its line, or in rows there; in more rows on a narrow page. `widest` is the width of
 * a map in a single row, in pixels.
 *
 * @param {HTMLElement} line
 * @param {number} maps
 * @param {number} [widest]
 */
export function mapsPlace(line, maps, widest) {
  if (maps <= FEW_MAPS) return line;
  const place = element("div", { class: "lenet-rows" });
  const isSingle = maps <= MAPS_IN_A_ROW;
  place.style.setProperty("--columns", String(isSingle ? maps : Math.ceil(maps / 2)));
  if (isSingle && widest) place.style.setProperty("--widest", `${widest}px`);
  line.append(place);
  return place;
}

/** How the numbers of a layer are shown: `of(map)` gives the colours of one of its maps. */
function layerColours(values, kind, maps) {
  const limit = largest(values);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (kind === "input") return (map) => inputColour(maps, map, low, high);
  return () => (value) => (kind === "output" ? ink(value, low, high) : diverging(value, limit));
}

/**
 * Layers one under the other, the input first, and a picture in colour before its three maps. A layer is
 * { name, shape }. `unit` is about how wide a map is, in pixels. `wrap(picture, layer, map)` may put a map's
 * picture
 * into something else, `onCell(layer, map, row, column)` and `onLeave()` hear the pointer. `isOutput(layer)`
 * says which
 * are shown as ink. Gives `root`, `lines` (per layer { line, pictures }), `paint(values)` for the numbers of
 * all layers in order, and `colour(i, map)` as of the last of them.
 *
 * @param {{ name: string, shape: number[] }[]} layers
 * @param {{ unit: number, wrap?: (one: any, layer: any, map: number) => HTMLElement,
 *   onCell?: (layer: any, map: number, row: number, column: number) => void, onLeave?: () => void,
 *   isOutput?: (layer: any) => boolean }} options
 */
export function layerPictures(
  layers,
  { unit, wrap = (one) => one.root, onCell, onLeave, isOutput = () => false },
) {
  const root = element("div", { class: "lenet-stack" });
  const [inputs, height, width] = layers[0].shape;
  const whole =
    inputs === 3 ? picture({ rows: height, columns: width, label: translate("the picture") }) : null;
  /** @type {((map: number) => (value: number) => number[])[]} */
  let colours = [];
  const lines = layers.map((layer) => {
    const { maps, rows, columns } = drawn(layer.shape);
    const name = element("div", { class: "lenet-name" }, layer.name);
    const line = element("div", { class: "lenet-line", "data-layer": layer.name }, name);
    const limit =
      rows > columns ? Math.round(0.68 * unit) : Math.min(unit * Math.max(1, columns / rows), 5 * unit);
    const place = mapsPlace(line, maps, limit);
    function put(one) {
      one.style.flex = `${columns / rows > 2 ? 4 : 1} 1 0`;
      one.style.maxWidth = `${limit}px`;
      place.append(one);
    }
    if (layer === layers[0] && whole) put(whole.root);
    const pictures = Array.from({ length: maps }, (_, map) => {
      const label =
        maps > 1
          ? translate("{layer}, map {map}", { layer: layer.name, map })
          : translate("{layer}, all units", { layer: layer.name });
      const hear = onCell && ((row, column) => onCell(layer, map, row, column));
      const one = picture({ rows, columns, label, className: "lenet-small", onCell: hear, onLeave });
      put(wrap(one, layer, map));
      return one;
    });
    root.append(line);
    return { line, pictures };
  });
  return {
    root,
    lines,
    whole,
    colour: (i, map) => colours[i](map),
    paint(values) {
      let from = 0;
      colours = layers.map((layer, i) => {
        const part = values.subarray(from, (from += size(layer.shape)));
        const kind = i === 0 ? "input" : isOutput(layer) ? "output" : "hidden";
        const of = layerColours(part, kind, inputs);
        const { pictures } = lines[i];
        const each = part.length / pictures.length;
        if (i === 0 && whole) paintColours(whole, part);
        pictures.forEach((one, map) => one.paint(part.subarray(map * each, (map + 1) * each), of(map)));
        return of;
      });
    },
  };
}

/** All layers but the last. `paint(values)` gives the last layer's part of the values. */
export function layerStack(layers) {
  const stack = layerPictures(layers.slice(0, -1), { unit: 44 });
  const numbers = layers.reduce((sum, { shape }) => sum + size(shape), 0);
  return {
    root: stack.root,
    numbers,
    paint(values) {
      stack.paint(values);
      return values.subarray(numbers - size(layers[layers.length - 1].shape));
    },
  };
}

/** The squash of 1998; its amplitude and slope come from Python. */
export function scaledTanh(a, [amplitude, slope]) {
  return amplitude * Math.tanh(slope * a);
}

/** An element of a drawing in SVG, with attributes and children. */
export function svgElement(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Where an arrow key, Home or End leads from a cell of a grid; nothing for another key.
 *
 * @param {string} key
 * @param {[number, number]} at
 * @param {number} rows
 * @param {number} columns
 * @returns {[number, number] | undefined}
 */
export function moveInGrid(key, [row, column], rows, columns) {
  const moves = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, columns - 1],
  };
  if (!(key in moves)) return undefined;
  const [down, right] = moves[key];
  return [Math.min(Math.max(down, 0), rows - 1), Math.min(Math.max(right, 0), columns - 1)];
}

/**
 * A labelled slider; `onInput(value)` hears it move.
 *
 * @param {{ label: string, min: number, max: number, step?: number, value: number,
 *   onInput: (value: number) => void, format?: (value: number) => string }} options
 */
export function slider({ label, min, max, step = 1, value, onInput, format = String }) {
  const shown = element("output", {}, format(value));
  const input = element("input", { type: "range", min, max, step, value, "aria-label": label });
  input.addEventListener("input", () => {
    shown.textContent = format(Number(input.value));
    onInput(Number(input.value));
  });
  const set = (to) => {
    input.value = to;
    shown.textContent = format(Number(to));
  };
  return {
    root: element("label", { class: "lenet-control" }, element("span", {}, label), input, shown),
    input,
    set,
  };
}

/**
 * A labelled choice among texts, which `called` says in the reader's words.
 *
 * @param {{ label: string, options: string[], value: string, onInput: (value: string) => void,
 *   called?: (option: string) => string }} options
 */
export function choice({ label, options, value, onInput, called = String }) {
  const select = element("select", { "aria-label": label, change: () => onInput(select.value) });
  for (const option of options) select.append(element("option", { value: option }, called(option)));
  select.value = value;
  const root = element("label", { class: "lenet-control" }, element("span", {}, label), select);
  return { root, set: (to) => (select.value = to) };
}

/**
 * @param {string} label
 * @param {(event: Event) => void} onClick
 * @param {Record<string, any>} attributes
 * @returns {HTMLButtonElement}
 */
export function button(label, onClick, attributes = {}) {
  return element("button", { type: "button", class: "lenet-button", click: onClick, ...attributes }, label);
}

/** A slider over images, by their labels if they have any. */
export function imageSlider(labels, value, onInput) {
  const format = (place) =>
    labels[place] ? translate("{place}: a {label}", { place, label: labels[place] }) : String(place);
  return slider({ label: translate("image"), min: 0, max: labels.length - 1, value, format, onInput });
}

/** How long the bars of distances (RBF) or of scores are, as shares of the longest. */
export function barLengths(outputs, rbf) {
  const lengths = outputs.map((value) => (rbf ? value : value - Math.min(...outputs)));
  const longest = Math.max(...lengths, 1e-6);
  return lengths.map((value) => value / longest);
}

/**
 * A bar for each class: `called(k)` is its name, `rowClass(k)` and `barClass(k)` mark some of them.
 *
 * @param {number[]} outputs
 * @param {number | boolean} rbf
 * @param {{ called?: (k: number) => string, rowClass?: (k: number) => string,
 *   barClass?: (k: number) => string }} marks
 */
export function answerBars(outputs, rbf, { called = String, rowClass = () => "", barClass = () => "" } = {}) {
  const lengths = barLengths(outputs, rbf);
  const caption = rbf
    ? translate("distance to each code: the smallest wins")
    : translate("scores: the largest wins");
  const rows = outputs.map((value, k) => {
    const bar = element("div", { class: `lenet-length ${barClass(k)}` });
    bar.style.width = `${100 * lengths[k]}%`;
    return element(
      "div",
      { class: `lenet-bar-row ${rowClass(k)}` },
      element("span", {}, called(k)),
      element("div", { class: "lenet-rail" }, bar),
      element("span", { class: "lenet-formula" }, number(value, 1)),
    );
  });
  return [element("div", { class: "lenet-caption" }, caption), ...rows];
}

/**
 * Run a widget in its element: `name` is that of its files, `label` what a reader of the screen hears.
 * `build(root, on, tools)` makes it. `on(name, listener)` hears the model, and whatever goes wrong, here or
 * in
 * Python, is shown in the widget. Gives the function that anywidget calls when the view goes.
 *
 * The tools: `guarded(action)` is the action with its errors shown; `show(message)` shows one; `send(values)`
 * sets
 * traits in Python; `signal` ends with the view; `needsKernel(...elements)` names what is shut off when no
 * kernel stands behind the widget any more. Without it, all is.
 *
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {string} name
 * @param {string} label
 * @param {(root: HTMLElement, on: On, tools: Tools) => void} build
 */
export function run(model, el, name, label, build) {
  const notice = element("div", { class: "lenet-notice", role: "status", hidden: true });
  const body = element("div", { class: "lenet-body" });
  const trouble = element("div", { class: "lenet-error", role: "alert", hidden: true });
  const attributes = { class: "lenet-widget", "data-widget": name, role: "group", "aria-label": label };
  const frame = element("div", attributes, notice, body, trouble);
  el.append(frame);
  const heard = [];
  const leave = new AbortController();

  // What the kernel refuses, it also sends back as it was: that change must not take the message away.
  let fromKernel = false;
  function show(/** @type {string} */ message, kernels = false) {
    trouble.hidden = !message;
    trouble.textContent = message || "";
    fromKernel = Boolean(message) && kernels;
  }
  /** @param {(...given: any[]) => any} action */
  function guarded(action, clears = () => true) {
    return (...given) => {
      try {
        const result = action(...given);
        if (clears()) show("");
        return result;
      } catch (error) {
        show(error.message);
        return undefined;
      }
    };
  }
  function on(event, listener) {
    const safe = event === "msg:custom" ? listener : guarded(listener, () => !fromKernel);
    model.on(event, safe);
    heard.push([event, safe]);
  }
  function send(values) {
    for (const [trait, value] of Object.entries(values)) model.set(trait, value);
    model.save_changes();
  }
  let dependent = [body];
  function tell(state) {
    frame.dataset.kernel = state;
    notice.textContent = NOTICES[state]();
    notice.hidden = state === "alive";
    for (const one of dependent) one.inert = state === "lost";
  }
  const needsKernel = (/** @type {HTMLElement[]} */ ...elements) => void (dependent = elements);

  on("msg:custom", (message) => message.error && show(message.error, true));
  guarded(build)(body, on, { signal: leave.signal, guarded, show, send, needsKernel });
  passShortcuts(frame, leave.signal);
  keepStates(model);
  watchKernel(model, frame, leave.signal, tell);
  return () => {
    leave.abort();
    for (const [event, listener] of heard) model.off(event, listener);
    el.replaceChildren();
  };
}

/**
 * A widget as anywidget takes it: see `run`.
 *
 * @param {string} name
 * @param {() => string} label
 * @param {(model: Model, root: HTMLElement, on: On, tools: Tools) => void} build
 */
export function widget(name, label, build) {
  return {
    initialize: ({ model }) => keepStates(model),
    render({ model, el }) {
      const texts = model.get("texts");
      if (texts) useTranslations(texts); // Python's; a page has a language for all that is on it
      return run(model, el, name, label(), (root, on, tools) => build(model, root, on, tools));
    },
  };
}
