// @ts-check
// C3Table: click a cell to connect a map of S2 with a map of C3; the counts follow.
import { button, count, element, isPlain, keepKeys, moveInGrid, widget } from "./shared.js";

/**
 * Links, parameters and connections of a table: one kernel a link, one bias a column, used at every place.
 */
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

export default widget(
  "c3_table",
  "Connections from S2 to C3",
  (model, root, on, { guarded, needsKernel, send }) => {
    const [rows, columns] = [model.get("links").length, model.get("links")[0].length];
    const bar = element("div", { class: "lenet-bar" });
    const grid = element("div", {
      class: "lenet-table",
      role: "grid",
      "aria-label": "maps of S2 by maps of C3",
    });
    grid.style.gridTemplateColumns = `3.5em repeat(${columns}, minmax(0, 34px))`;
    const summary = element("div", { class: "lenet-formula lenet-counts", "aria-live": "polite" });
    const column = element("div", { class: "lenet-caption lenet-reads" });
    const note = element("div", { class: "lenet-caption" }, model.get("note"));
    root.append(bar, grid, summary, column, note);
    needsKernel(); // all is counted here

    for (const { name, links } of model.get("presets")) {
      bar.append(
        button(
          name,
          guarded(() => send({ links: name === "random" ? shuffled(links) : links })),
        ),
      );
    }
    const head = (text) => element("div", { class: "lenet-head" }, text);
    grid.append(head("S2 \\ C3"), ...Array.from({ length: columns }, (_, k) => head(String(k))));
    const cells = Array.from({ length: rows }, (_, i) => {
      grid.append(head(String(i)));
      return Array.from({ length: columns }, (__, k) => cellAt(i, k));
    });
    grid.addEventListener(
      "pointerleave",
      guarded(() => show(null)),
    );

    function cellAt(i, k) {
      const cell = button(
        "",
        guarded(() => toggle(i, k)),
        { class: "lenet-cell", role: "gridcell" },
      );
      cell.tabIndex = i + k ? -1 : 0;
      keepKeys(cell);
      cell.addEventListener(
        "pointerenter",
        guarded(() => show(k)),
      );
      cell.addEventListener(
        "focus",
        guarded(() => show(k)),
      );
      cell.addEventListener("keydown", (event) => {
        const to = isPlain(event) && moveInGrid(event.key, [i, k], rows, columns);
        if (!to) return;
        event.preventDefault();
        event.stopPropagation();
        cell.tabIndex = -1;
        cells[to[0]][to[1]].tabIndex = 0;
        cells[to[0]][to[1]].focus();
      });
      grid.append(cell);
      return cell;
    }
    function toggle(i, k) {
      send({
        links: model.get("links").map((row, y) => row.map((on, x) => (y === i && x === k ? !on : on))),
      });
      show(k);
    }
    function show(k) {
      cells.flat().forEach((cell, place) => cell.classList.toggle("lenet-lit", place % columns === k));
      if (k === null) {
        column.textContent = "Point at a column to see what that map of C3 reads.";
        return;
      }
      const read = model.get("links").flatMap((row, i) => (row[k] ? [i] : []));
      const maps =
        read.length === rows ? "all maps" : `the map${read.length > 1 ? "s" : ""} ${read.join(", ")}`;
      column.textContent = `Map ${k} of C3 reads ${read.length ? `${maps} of S2` : "nothing"}.`;
    }
    function paint() {
      const links = model.get("links");
      const named = (linked) => (linked ? "connected" : "not connected");
      links.forEach((row, i) =>
        row.forEach((linked, k) => {
          const cell = cells[i][k];
          cell.setAttribute("aria-pressed", String(linked));
          cell.setAttribute("aria-label", `map ${i} of S2 to map ${k} of C3: ${named(linked)}`);
          cell.textContent = linked ? "X" : "";
        }),
      );
      const [size, places] = [model.get("kernel"), model.get("places")];
      const now = counts(links, size, places);
      summary.textContent =
        `${now.links} links × ${size * size} + ${columns} biases = ${count(now.parameters)} parameters; ` +
        `× ${places} places = ${count(now.connections)} connections`;
    }
    on("change:links", paint);
    paint();
    show(null);
  },
);
