// Convolution: a kernel slides over an image; its products and their sum stand beside it.
import { button, choice, diverging, element, floats, ink, largest, number, picture, run, slider } from "./shared.js";

/** Side of the output: places at which a window of k fits into a side with padding on both ends. */
export function outputSide(side, k, padding, stride) {
  return Math.floor((side + 2 * padding - k) / stride) + 1;
}

/** The products of kernel and patch at one place of the output, and their sum; outside the image is 0. */
export function products(image, [height, width], kernel, padding, stride, [row, column]) {
  const k = kernel.length;
  let sum = 0;
  const patch = [];
  for (let y = 0; y < k; y++) {
    for (let x = 0; x < k; x++) {
      const top = row * stride - padding + y;
      const left = column * stride - padding + x;
      const inside = top >= 0 && top < height && left >= 0 && left < width;
      const value = inside ? image[top * width + left] : 0;
      patch.push(value);
      sum += value * kernel[y][x];
    }
  }
  return { patch, sum };
}

/** The whole output, row after row. */
export function convolve(image, shape, kernel, padding, stride) {
  const [rows, columns] = shape.map((side) => outputSide(side, kernel.length, padding, stride));
  const sums = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      sums[row * columns + column] = products(image, shape, kernel, padding, stride, [row, column]).sum;
    }
  }
  return { rows, columns, sums };
}

/** A kernel of another size: cut or filled with zeros around its middle. */
export function resized(kernel, k) {
  const shift = Math.floor((kernel.length - k) / 2);
  return Array.from({ length: k }, (_, y) => Array.from({ length: k }, (_, x) => kernel[y + shift]?.[x + shift] ?? 0));
}

export default {
  render({ model, el }) {
    return run(model, el, "convolution", "Convolution", (root, on, { guarded, signal }) => {
      const shape = model.get("shape");
      const [height, width] = shape;
      const image = floats(model.get("image"), height * width, "image");
      const presets = model.get("presets");
      let output;
      let timer = 0;
      signal.addEventListener("abort", () => cancelAnimationFrame(timer));

      const bar = element("div", { class: "lenet-bar" });
      const second = element("div", { class: "lenet-bar" });
      const columns = element("div", { class: "lenet-columns" });
      const formula = element("div", { class: "lenet-formula" });
      const sum = element("div", { class: "lenet-formula lenet-sum", "aria-live": "polite" });
      root.append(bar, second, columns, formula, sum);

      const preset = choice({
        label: "kernel",
        options: presets.map((one) => one.name),
        value: presets[0].name,
        onInput: guarded((name) => send("kernel", presets.find((one) => one.name === name).kernel)),
      });
      const k = slider({
        label: "size", min: 1, max: 9, value: model.get("kernel").length,
        onInput: guarded((to) => send("kernel", resized(model.get("kernel"), to))),
      });
      const padding = slider({
        label: "padding", min: 0, max: 4, value: model.get("padding"), onInput: guarded((to) => send("padding", to)),
      });
      const stride = slider({
        label: "stride", min: 1, max: 4, value: model.get("stride"), onInput: guarded((to) => send("stride", to)),
      });
      bar.append(preset.root, k.root, padding.root, stride.root);

      const play = button("Play", guarded(() => (timer ? pause() : start())), { "aria-pressed": "false" });
      second.append(
        play,
        button("Step", guarded(() => (pause(), step()))),
        button("From the start", guarded(() => (pause(), go([0, 0])))),
      );

      const input = picture({ rows: height, columns: width, label: "image: drag the kernel over it", focus: true,
        onCell: guarded((row, column) => {
          const side = model.get("kernel").length;
          const to = (at, count) => Math.min(Math.max(Math.round((at + model.get("padding") - (side - 1) / 2) / model.get("stride")), 0), count - 1);
          pause();
          go([to(row, output.rows), to(column, output.columns)]);
        }) });
      input.paint(image, (value) => ink(value, Math.min(...image), Math.max(...image)));
      const grid = element("div", { class: "lenet-kernel", role: "grid", "aria-label": "kernel" });
      const patchBox = element("div");
      const result = element("div");
      columns.append(
        column("image", input.root), column("patch under the kernel", patchBox), column("kernel: type other numbers", grid),
        column("output", result),
      );
      let patch;
      let shown;

      function column(caption, ...children) {
        return element("div", { class: "lenet-column" }, element("div", { class: "lenet-caption" }, caption), ...children);
      }
      function send(name, value) {
        model.set(name, value);
        model.save_changes();
      }
      function go(place) {
        model.set("place", place);
        model.save_changes();
      }
      function step() {
        const [row, at] = model.get("place");
        const next = (row * output.columns + at + 1) % (output.rows * output.columns);
        go([Math.floor(next / output.columns), next % output.columns]);
      }
      function start() {
        play.textContent = "Pause";
        play.setAttribute("aria-pressed", "true");
        let last = 0;
        const tick = guarded((now) => {
          timer = requestAnimationFrame(tick);
          if (now - last < 60) return;
          last = now;
          step();
        });
        timer = requestAnimationFrame(tick);
      }
      function pause() {
        cancelAnimationFrame(timer);
        timer = 0;
        play.textContent = "Play";
        play.setAttribute("aria-pressed", "false");
      }

      function rebuild() {
        const kernel = model.get("kernel");
        const side = kernel.length;
        const limit = largest(kernel.flat());
        k.set(side);
        padding.set(model.get("padding"));
        stride.set(model.get("stride"));
        grid.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
        grid.replaceChildren(...kernel.flatMap((line, y) => line.map((value, x) => {
          const [r, g, b] = diverging(value, limit);
          const cell = element("input", { type: "number", step: "0.1", value: number(value, 2), "aria-label": `row ${y}, column ${x}` });
          cell.style.background = `rgb(${r} ${g} ${b})`;
          cell.style.color = Math.abs(value) > 0.6 * limit ? "#fff" : "#22313f";
          const take = guarded(() => {
            if (!cell.isConnected) return;
            const changed = kernel.map((row) => [...row]);
            changed[y][x] = Number(cell.value);
            if (!Number.isFinite(changed[y][x]) || cell.value === "") throw new Error("A kernel holds numbers only.");
            if (cell.value !== number(value, 2)) send("kernel", changed);
          });
          cell.addEventListener("change", take);
          cell.addEventListener("keydown", (event) => event.key === "Enter" && take());
          return cell;
        })));
        if (side > Math.min(height, width) + 2 * model.get("padding")) {
          throw new Error("The kernel is larger than the image with its padding.");
        }
        output = convolve(image, shape, kernel, model.get("padding"), model.get("stride"));
        shown = picture({ rows: output.rows, columns: output.columns, label: "output", focus: true,
          onCell: guarded((row, at) => (pause(), go([row, at]))) });
        const most = largest(output.sums);
        shown.paint(output.sums, (value) => diverging(value, most));
        result.replaceChildren(shown.root);
        patch = picture({ rows: side, columns: side, label: "patch under the kernel" });
        patchBox.replaceChildren(patch.root);
        const p = model.get("padding");
        const s = model.get("stride");
        const side_of = (n, count) => `(${n} + 2 × ${p} − ${side}) / ${s} + 1 = ${count}`;
        formula.textContent = height === width
          ? `output side: ${side_of(height, output.rows)}`
          : `output: ${side_of(height, output.rows)} rows, ${side_of(width, output.columns)} columns`;
        point();
      }

      function point() {
        const kernel = model.get("kernel");
        const place = model.get("place").map((at, i) => Math.min(at, (i ? output.columns : output.rows) - 1));
        const done = products(image, shape, kernel, model.get("padding"), model.get("stride"), place);
        const [low, high] = [Math.min(...image), Math.max(...image)];
        patch.paint(done.patch, (value) => ink(value, low, high));
        const corner = place.map((at) => at * model.get("stride") - model.get("padding"));
        input.mark("window", [...corner, kernel.length, kernel.length]);
        shown.mark("window", [...place, 1, 1]);
        shown.place(...place);
        const terms = done.patch.map((value, i) => `${number(value, 1)}×${number(kernel.flat()[i], 2)}`);
        const some = terms.length > 5 ? [...terms.slice(0, 3), "…", terms[terms.length - 1]] : terms;
        sum.textContent = `row ${place[0]}, column ${place[1]}: ${some.join(" + ")} = ${number(done.sum, 4)}`;
      }

      on("change:kernel", rebuild);
      on("change:padding", rebuild);
      on("change:stride", rebuild);
      on("change:place", point);
      rebuild();
    });
  },
};
