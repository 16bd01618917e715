// @ts-check
// C3Table: click a cell to connect a map of S2 with a map of C3; the counts follow.
import { translate } from "../system/language.js";
import { linksTable, turned } from "./links.js";
import { nameOf } from "./names.js";
import { button, count, element, widget } from "./shared.js";

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

/** Which maps of S2, of so many, a map of C3 reads. */
function readsInWords(map, read, count) {
  const maps = read.join(", ");
  if (!read.length) return translate("Map {map} of C3 reads nothing.", { map });
  if (read.length === count) return translate("Map {map} of C3 reads all maps of S2.", { map });
  if (read.length === 1) return translate("Map {map} of C3 reads the map {maps} of S2.", { map, maps });
  return translate("Map {map} of C3 reads the maps {maps} of S2.", { map, maps });
}

export default widget(
  "c3_table",
  () => translate("Connections from S2 to C3"),
  (model, root, on, { guarded, needsKernel, send }) => {
    const [rows, columns] = [model.get("links").length, model.get("links")[0].length];
    const bar = element("div", { class: "lenet-bar" });
    const table = linksTable({
      rows,
      columns,
      guarded,
      onToggle: (i, k) => (send({ links: turned(model.get("links"), i, k) }), point(k)),
      onPoint: point,
    });
    const summary = element("div", { class: "lenet-formula lenet-counts", "aria-live": "polite" });
    const column = element("div", { class: "lenet-caption lenet-reads" });
    const note = element("div", { class: "lenet-caption" }, model.get("note"));
    root.append(bar, table.root, summary, column, note);
    needsKernel(); // all is counted here

    for (const { name, links } of model.get("presets")) {
      bar.append(
        button(
          nameOf(name),
          guarded(() => send({ links: name === "random" ? shuffled(links) : links })),
        ),
      );
    }
    function point(k) {
      table.light(k);
      if (k === null) {
        column.textContent = translate("Point at a column to see what that map of C3 reads.");
        return;
      }
      const read = model.get("links").flatMap((row, i) => (row[k] ? [i] : []));
      column.textContent = readsInWords(k, read, rows);
    }
    function paint() {
      const links = model.get("links");
      table.paint(links);
      const [size, places] = [model.get("kernel"), model.get("places")];
      const now = counts(links, size, places);
      summary.textContent = translate(
        "{links} links × {weights} + {columns} biases = {parameters} parameters; × {places} places = " +
          "{connections} connections",
        {
          links: now.links,
          weights: size * size,
          columns,
          parameters: count(now.parameters),
          places,
          connections: count(now.connections),
        },
      );
    }
    on("change:links", paint);
    paint();
    point(null);
  },
);
