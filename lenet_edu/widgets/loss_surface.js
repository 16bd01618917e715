// @ts-check
// LossSurface: a ball on the loss over two weights; gradient descent with a rate and momentum moves it.
import { translate } from "../system/language.js";
import { chart, shape } from "./chart.js";
import { button, element, floats, isPlain, keepKeys, number, picture, slider, widget } from "./shared.js";

const FINER = 6; // cells of the picture for each of the grid's
const BANDS = 24;
const PAUSE = 110; // milliseconds from step to step
const LEAST_LOSS = 1e-4;
const STILL = 1e-3; // a slope below this share of the loss per unit ends a run

// From a small loss to a large one: dark to light, as colour-blind readers tell them apart (viridis).
const COLOURS = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** What four neighbours weigh at `t` between the middle two, and the slopes of that (Catmull and Rom). */
export function cubic(t) {
  return {
    weights: [
      (((-t + 2) * t - 1) * t) / 2,
      ((3 * t - 5) * t * t + 2) / 2,
      (((-3 * t + 4) * t + 1) * t) / 2,
      ((t - 1) * t * t) / 2,
    ],
    slopes: [
      ((-3 * t + 4) * t - 1) / 2,
      ((9 * t - 10) * t) / 2,
      ((-9 * t + 8) * t + 1) / 2,
      ((3 * t - 2) * t) / 2,
    ],
  };
}

/**
 * The loss over two weights: `losses` on a grid of `points` x `points` places, as far as `reach` on each side
 * of `centre`; between the grid's points it is interpolated.
 *
 * @param {{ losses: Float32Array, points: number, centre: number[], reach: number }} given
 */
export function surface({ losses, points, centre, reach }) {
  const spacing = (2 * reach) / (points - 1);
  function cell(at, middle) {
    const position = (at - middle + reach) / spacing;
    const index = Math.min(Math.max(Math.floor(position), 0), points - 2);
    return { index, beyond: position - index };
  }
  const inside = (i) => Math.min(Math.max(i, 0), points - 1);
  /** The loss at a place and its slope in each of the two weights. */
  function at([x, y]) {
    const [column, row] = [cell(x, centre[0]), cell(y, centre[1])];
    const [across, down] = [cubic(column.beyond), cubic(row.beyond)];
    let [loss, slopeX, slopeY] = [0, 0, 0];
    for (let i = 0; i < 4; i++) {
      let [along, rise] = [0, 0];
      for (let k = 0; k < 4; k++) {
        const value = losses[inside(row.index + i - 1) * points + inside(column.index + k - 1)];
        along += across.weights[k] * value;
        rise += across.slopes[k] * value;
      }
      loss += down.weights[i] * along;
      slopeY += down.slopes[i] * along;
      slopeX += down.weights[i] * rise;
    }
    return { loss, slope: [slopeX / spacing, slopeY / spacing] };
  }
  return {
    at,
    holds: (place) => place.every((value, i) => Math.abs(value - centre[i]) <= reach),
    /** Where gradient descent goes next: minus rate times slope, plus momentum times the last step. */
    step(path, rate, momentum) {
      const here = path[path.length - 1];
      const before = path[path.length - 2] ?? here;
      const { slope } = at(here);
      return here.map((now, i) => now + momentum * (now - before[i]) - rate * slope[i]);
    },
  };
}

/** A step in words, with its numbers. */
export function inWords(slope, last, rate, momentum) {
  const pair = (values) => `(${values.map((value) => number(value, 3)).join(", ")})`;
  const move = slope.map((s, i) => momentum * last[i] - rate * s);
  const numbers = { rate: rateInWords(rate), slope: pair(slope), move: pair(move) };
  if (!momentum) return translate("next step: −{rate} × slope {slope} = {move}", numbers);
  return translate("next step: −{rate} × slope {slope} + {momentum} × last step {last} = {move}", {
    ...numbers,
    momentum: number(momentum, 2),
    last: pair(last),
  });
}

/** A rate with two digits that count. */
export function rateInWords(rate) {
  return String(Number(rate.toPrecision(2)));
}

/** The colour of a loss among the smallest and the largest; more bands where the loss is small. */
export function colourOf(loss, low, high) {
  const share = Math.sqrt(Math.min(Math.max((loss - low) / (high - low || 1), 0), 1));
  const band = Math.min(Math.floor(share * BANDS), BANDS - 1) / (BANDS - 1);
  const place = band * (COLOURS.length - 1);
  const left = Math.min(Math.floor(place), COLOURS.length - 2);
  return COLOURS[left].map((from, i) => Math.round(from + (place - left) * (COLOURS[left + 1][i] - from)));
}

/** A picture of the surface, and over it the path and the ball. `onPlace(place)` hears where one points. */
function mapOf(ground, { centre, reach, points, names }, onPlace, guarded) {
  const side = (points - 1) * FINER + 1;
  const corner = centre.map((middle) => middle - reach);
  // Rows go down on a screen, and the second weight goes up.
  const placeOf = (row, column) => [
    corner[0] + (2 * reach * column) / (side - 1),
    corner[1] + (2 * reach * (side - 1 - row)) / (side - 1),
  ];
  const shown = picture({
    rows: side,
    columns: side,
    label: translate("loss over {across} (across) and {up} (up): arrow keys put the ball elsewhere", {
      across: names[0],
      up: names[1],
    }),
    className: "lenet-surface",
    onPick: guarded((row, column) => onPlace(placeOf(row, column))),
  });
  const values = Array.from(
    { length: side * side },
    (_, i) => ground.at(placeOf(Math.floor(i / side), i % side)).loss,
  );
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
  shown.paint(values, (loss) => colourOf(loss, low, high));
  const svg = shape("svg", { viewBox: "0 0 1000 1000" });
  shown.root.append(svg);
  const screen = ([x, y]) =>
    [(x - corner[0]) / (2 * reach), 1 - (y - corner[1]) / (2 * reach)].map((share) => 1000 * share);
  shown.root.tabIndex = 0;
  shown.root.setAttribute("role", "application");
  keepKeys(shown.root);
  return {
    root: shown.root,
    limits: [low, high],
    draw(path) {
      const line = path.map((place) => screen(place).map((part) => part.toFixed(1)));
      const [x, y] = line[line.length - 1];
      const points_ = line.map((place) => place.join(",")).join(" ");
      svg.replaceChildren(
        shape("polyline", { points: points_, class: "lenet-path-edge" }),
        shape("polyline", { points: points_, class: "lenet-path" }),
        ...line.slice(0, -1).map(([cx, cy]) => shape("circle", { cx, cy, r: 7, class: "lenet-stop" })),
        shape("circle", { cx: x, cy: y, r: 17, class: "lenet-ball" }),
      );
    },
  };
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export default widget(
  "loss_surface",
  () => translate("Loss surface"),
  (model, root, on, { guarded, needsKernel, send, signal }) => {
    const [points] = model.get("points");
    const [centre, reach, names, limits] = ["centre", "reach", "names", "limits"].map((name) =>
      model.get(name),
    );
    const [least, most, heaviest, longest] = limits;
    const losses = floats(model.get("losses"), points * points, "losses");
    const ground = surface({ losses, points, centre, reach });
    let timer = 0;
    let left = false; // whether the next step would leave the map
    signal.addEventListener("abort", () => clearTimeout(timer));
    needsKernel(); // all is computed here

    const rate = slider({
      label: translate("rate"),
      min: Math.log10(least),
      max: Math.log10(most),
      step: 0.01,
      value: Math.log10(model.get("rate")),
      format: (exponent) => rateInWords(10 ** exponent),
      onInput: guarded((exponent) =>
        send({ rate: Math.min(Math.max(Number((10 ** exponent).toPrecision(2)), least), most) }),
      ),
    });
    const momentum = slider({
      label: translate("momentum"),
      min: 0,
      max: heaviest,
      step: 0.05,
      value: model.get("momentum"),
      format: (value) => number(value, 2),
      onInput: guarded((to) => send({ momentum: to })),
    });
    const stepButton = button(
      translate("Step"),
      guarded(() => (pause(), step())),
    );
    const runButton = button(
      translate("Run"),
      guarded(() => (timer ? pause() : run())),
      { "aria-pressed": "false" },
    );
    const reset = button(
      translate("Reset"),
      guarded(() => (pause(), putBall(model.get("path")[0]))),
    );
    const verdict = element("div", { class: "lenet-strong lenet-verdict", "aria-live": "polite" });
    const formula = element("div", { class: "lenet-formula" });
    const map = mapOf(
      ground,
      { centre, reach, points, names },
      (place) => (pause(), putBall(place)),
      guarded,
    );
    const lossChart = chart(translate("loss, step by step"), LEAST_LOSS);
    const ends = (i) => ({
      name: names[i],
      low: number(centre[i] - reach, 2),
      high: number(centre[i] + reach, 2),
    });
    root.append(
      element("div", { class: "lenet-bar" }, rate.root, momentum.root, stepButton, runButton, reset),
      element(
        "div",
        { class: "lenet-columns" },
        element(
          "div",
          { class: "lenet-map" },
          element("div", { class: "lenet-caption" }, translate("up: {name}, {low} to {high}", ends(1))),
          map.root,
          element("div", { class: "lenet-caption" }, translate("across: {name}, {low} to {high}", ends(0))),
          element(
            "div",
            { class: "lenet-scale" },
            number(map.limits[0], 1),
            scale(),
            number(map.limits[1], 1),
          ),
          element(
            "div",
            { class: "lenet-caption" },
            translate("click, or use the arrow keys, to put the ball elsewhere"),
          ),
        ),
        element("div", { class: "lenet-report" }, verdict, formula, lossChart.root),
      ),
    );

    function scale() {
      const bar = element("div", {
        role: "img",
        "aria-label": translate("colours: dark is a small loss, light a large one"),
      });
      const stops = Array.from({ length: BANDS }, (_, i) => {
        const [r, g, b] = colourOf(((i + 0.5) / BANDS) ** 2, 0, 1);
        return `rgb(${r} ${g} ${b})`;
      });
      bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
      return bar;
    }
    function putBall(place) {
      left = false;
      send({ path: [place] });
      show();
    }
    function step() {
      const path = model.get("path");
      const next = ground.step(path, model.get("rate"), model.get("momentum"));
      left = !ground.holds(next);
      if (left || path.length > longest) {
        show();
        return false;
      }
      send({ path: [...path, next] });
      return true;
    }
    function run() {
      runButton.textContent = translate("Pause");
      runButton.setAttribute("aria-pressed", "true");
      const tick = guarded(() => {
        if (step() && !isStill()) timer = window.setTimeout(tick, PAUSE);
        else pause();
      });
      timer = window.setTimeout(tick, 0);
    }
    function pause() {
      clearTimeout(timer);
      timer = 0;
      runButton.textContent = translate("Run");
      runButton.setAttribute("aria-pressed", "false");
    }
    /** Whether the ball has come to rest: the slope and the last step are next to nothing. */
    function isStill() {
      const path = model.get("path");
      const { loss, slope } = ground.at(path[path.length - 1]);
      return Math.hypot(...slope) < STILL * loss && Math.hypot(...lastStep(path)) < STILL * reach;
    }
    function lastStep(path) {
      const [here, before] = [path[path.length - 1], path[path.length - 2] ?? path[path.length - 1]];
      return here.map((now, i) => now - before[i]);
    }
    function show() {
      const path = model.get("path");
      const here = path[path.length - 1];
      const { loss, slope } = ground.at(here);
      const taken = path.length - 1;
      rate.set(Math.log10(model.get("rate")));
      momentum.set(model.get("momentum"));
      map.draw(path);
      verdict.textContent =
        (taken === 1
          ? translate("1 step: loss {loss}", { loss: number(loss, 2) })
          : translate("{count} steps: loss {loss}", { count: taken, loss: number(loss, 2) })) +
        (left ? translate(". The next step would leave the map: it is too large.") : "");
      verdict.classList.toggle("lenet-left", left);
      formula.textContent = inWords(slope, lastStep(path), model.get("rate"), model.get("momentum"));
      const line = path.map((place, i) => [i, ground.at(place).loss]);
      lossChart.draw([{ name: "lenet-losses", points: line, dots: line.length < 40 }], Math.max(taken, 10));
    }

    map.root.addEventListener("keydown", (event) => {
      const move = ARROWS[event.key];
      if (!move || !isPlain(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const path = model.get("path");
      const place = path[path.length - 1].map((at, i) => at + (move[i] * reach) / 25);
      pause();
      putBall(place.map((at, i) => Math.min(Math.max(at, centre[i] - reach), centre[i] + reach)));
    });
    for (const name of ["path", "rate", "momentum"]) {
      on(`change:${name}`, () => {
        if (name !== "path") left = false;
        show();
      });
    }
    show();
  },
);
