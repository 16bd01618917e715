// @ts-check
// A chart of lines over epochs, the values on a logarithmic scale.
import { element } from "./shared.js";

/**
 * A line of a chart: its class, its [epoch, value] points, its colour if the class has none, and whether each
 * point is marked by a dot.
 * @typedef {{ name: string, points: number[][], colour?: string, dots?: boolean }} Line
 */
/** @typedef {{ x: (epoch: number) => number, y: (value: number) => number }} Scales */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 460;
const HEIGHT = 200;
const MARGIN = { left: 48, right: 10, top: 8, bottom: 24 };

/**
 * Where epochs (0 to `last`) and values (`low` to `high`, logarithmic) stand on a chart; what lies outside is
 * drawn at the edge.
 * @param {number} last
 * @param {number[]} limits
 * @returns {Scales}
 */
export function scales(last, [low, high]) {
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  return {
    x: (epoch) => MARGIN.left + (epoch / (last || 1)) * width,
    y: (value) => {
      const share = Math.log(Math.min(Math.max(value, low), high) / low) / Math.log(high / low);
      return MARGIN.top + (1 - share) * height;
    },
  };
}

/**
 * The `d` of a path through [epoch, value] points.
 * @param {number[][]} points
 * @param {Scales} scale
 */
export function path(points, { x, y }) {
  return points
    .map(([epoch, value], i) => `${i ? "L" : "M"}${x(epoch).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");
}

/** 1, 2 or 5 times a power of ten: the largest that is at most `size`. @param {number} size */
function roundDown(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * ([5, 2, 1].find((times) => times * power <= size) || 1);
}

/**
 * Three to about eight round values from `low` to `high`: powers of ten; if these are fewer than three, their
 * double and fivefold, too; if those are fewer than three, evenly spaced values.
 * @param {number} low
 * @param {number} high
 */
export function ticks(low, high) {
  const tidy = (/** @type {number} */ value) => Number(value.toPrecision(6));
  for (const series of [[1], [1, 2, 5]]) {
    const values = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const times of series) values.push(tidy(times * 10 ** power));
    }
    const inside = values.filter((value) => value >= low && value <= high);
    if (inside.length >= 3) return inside;
  }
  const step = roundDown((high - low) / 3);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => tidy((first + i) * step));
}

/** Marks on an axis of `last` epochs: at most about six. @param {number} last */
export function epochTicks(last) {
  const sizes = last < 3 ? [0.5] : [1, 2, 5, 10, 20, 50, 100, 200, 500];
  const step = sizes.find((size) => last / size <= 6) || 1000;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
}

/**
 * From the smallest to the largest of some values, and a little more; never below `least`. Zeros have no
 * place on a logarithmic scale: they stand at the lower edge, half as high as the smallest other value.
 * @param {number[]} values
 * @param {number} least
 */
export function span(values, least) {
  const positive = values.filter((value) => value > 0);
  const smallest = Math.min(...positive) / (positive.length < values.length ? 2 : 1);
  const low = Math.max(positive.length ? smallest : least, least);
  return [low / 1.15, Math.max(...values, low) * 1.15];
}

/**
 * A shape to draw in an SVG picture.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes
 * @param {string} [text]
 */
export function shape(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, String(value));
  }
  made.textContent = text;
  return made;
}

/** @param {number[]} limits @param {number} last @param {Scales} scale */
function axes(limits, last, { x, y }) {
  const values = ticks(limits[0], limits[1]).flatMap((value) => [
    shape("path", { d: `M${x(0)} ${y(value)}H${x(last || 1)}`, class: "lenet-grid" }),
    shape("text", { x: x(0) - 5, y: y(value) + 4, class: "lenet-tick", "text-anchor": "end" }, String(value)),
  ]);
  const epochs = epochTicks(last).map((epoch) =>
    shape(
      "text",
      { x: x(epoch), y: HEIGHT - 8, class: "lenet-tick", "text-anchor": "middle" },
      String(epoch),
    ),
  );
  return [...values, ...epochs];
}

/** @param {Line} line @param {Scales} scale */
function drawLine({ name, points, colour, dots }, scale) {
  if (!points.length) return [];
  const style = colour && `stroke: ${colour}; fill: none`;
  const line = shape("path", { d: path(points, scale), class: `lenet-line-of ${name}`, style });
  const fill = colour && `fill: ${colour}`;
  const circles = (dots ? points : []).map(([epoch, value]) =>
    shape("circle", { cx: scale.x(epoch), cy: scale.y(value), r: 2.5, class: name, style: fill }),
  );
  return [line, ...circles];
}

/**
 * A chart. `draw(lines, last)` shows lines over epochs 0 to `last`; values below `least` are drawn at the
 * lower edge.
 * @param {string} title
 * @param {number} least
 */
export function chart(title, least) {
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "lenet-curves",
    role: "img",
    "aria-label": title,
  });
  const caption = element("figcaption", { class: "lenet-caption" }, title);
  return {
    root: element("figure", { class: "lenet-chart-of" }, caption, svg),
    /** @param {Line[]} lines @param {number} last */
    draw(lines, last) {
      const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
      const limits = span(values.length ? values : [least, 1], least);
      const scale = scales(last, limits);
      svg.replaceChildren(...axes(limits, last, scale), ...lines.flatMap((line) => drawLine(line, scale)));
    },
  };
}
