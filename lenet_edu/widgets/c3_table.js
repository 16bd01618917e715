// C3Table: click a cell to connect a map of S2 with a map of C3; the counts follow.
import { button, count, element, keepKeys, moveInGrid, run } from "./shared.js";

/** Links, parameters and connections of a table: one kernel a link, one bias a column, used at every place. */
export function counts(links, kernel, places) {
  const linked = links.flat().filter(Boolean).length;
  const parameters = linked * kernel * kernel + links[0].length;
  return { links: linked, parameters, connections: parameters * places };
}

/** As many links as `links` has, anywhere. */
export function shuffled(links, random = Math.random) {
  const cells = links.flat();
  for (let i = cells.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [cells[i], cells[j]] = [cells[j], cells[i]];
  }
  return links.map((row, i) => cells.slice(i * row.length, (i + 1) * row.length));
}

export default {
  render({ model, el }) {
    return run(model, el, "c3_table", "Connections from S2 to C3", (root, on, { guarded }) => {
      const [rows, columns] = [model.get("links").length, model.get("links")[0].length];
      const bar = element("div", { class: "lenet-bar" });
      const grid = element("div", { class: "lenet-table", role: "grid", "aria-label": "maps of S2 by maps of C3" });
      grid.style.gridTemplateColumns = `3.5em repeat(${columns}, minmax(0, 34px))`;
      const told = element("div", { class: "lenet-formula lenet-counts", "aria-live": "polite" });
      const column = element("div", { class: "lenet-caption lenet-reads" });
      root.append(bar, grid, told, column);

      for (const { name, links } of model.get("presets")) {
        bar.append(button(name, guarded(() => send(name === "random" ? shuffled(links) : links))));
      }
      grid.append(element("div", { class: "lenet-head" }, "S2 \\ C3"));
      for (let k = 0; k < columns; k++) grid.append(element("div", { class: "lenet-head" }, String(k)));
      const cells = Array.from({ length: rows }, (_, i) => {
        grid.append(element("div", { class: "lenet-head" }, String(i)));
        return Array.from({ length: columns }, (_, k) => {
          const cell = element("button", { type: "button", class: "lenet-cell", role: "gridcell", tabindex: i + k ? -1 : 0 });
          keepKeys(cell);
          cell.addEventListener("click", guarded(() => toggle(i, k)));
          cell.addEventListener("pointerenter", guarded(() => show(k)));
          cell.addEventListener("focus", guarded(() => show(k)));
          cell.addEventListener("keydown", (event) => {
            const to = moveInGrid(event.key, [i, k], rows, columns);
            if (!to) return;
            event.preventDefault();
            event.stopPropagation();
            cell.tabIndex = -1;
            cells[to[0]][to[1]].tabIndex = 0;
            cells[to[0]][to[1]].focus();
          });
          grid.append(cell);
          return cell;
        });
      });
      grid.addEventListener("pointerleave", guarded(() => show(null)));

      function send(links) {
        model.set("links", links);
        model.save_changes();
      }
      function toggle(i, k) {
        send(model.get("links").map((row, y) => row.map((on, x) => (y === i && x === k ? !on : on))));
        show(k);
      }
      function show(k) {
        cells.flat().forEach((cell, place) => cell.classList.toggle("lenet-lit", place % columns === k));
        if (k === null) {
          column.textContent = "Point at a column to see what that map of C3 reads.";
          return;
        }
        const read = model.get("links").flatMap((row, i) => (row[k] ? [i] : []));
        column.textContent = read.length
          ? `Map ${k} of C3 reads ${read.length === rows ? "all maps" : `the maps ${read.join(", ")}`} of S2.`
          : `Map ${k} of C3 reads nothing.`;
      }
      function paint() {
        const links = model.get("links");
        links.forEach((row, i) => row.forEach((linked, k) => {
          const cell = cells[i][k];
          cell.setAttribute("aria-pressed", linked);
          cell.setAttribute("aria-label", `map ${i} of S2 to map ${k} of C3: ${linked ? "connected" : "not connected"}`);
          cell.textContent = linked ? "X" : "";
        }));
        const size = model.get("kernel");
        const now = counts(links, size, model.get("places"));
        told.textContent =
          `${now.links} links × ${size * size} + ${columns} biases = ${count(now.parameters)} parameters; ` +
          `× ${model.get("places")} places = ${count(now.connections)} connections`;
      }
      on("change:links", paint);
      paint();
      show(null);
    });
  },
};
