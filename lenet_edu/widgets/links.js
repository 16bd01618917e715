// @ts-check
// A table of links between maps to click in: a row for each map below, a column for each map above.
import { translate } from "../system/language.js";
import { button, element, isPlain, keepKeys, moveInGrid } from "./shared.js";

/**
 * Keys move in it, Enter and a click turn a link. `onToggle(row, column)` hears that, `onPoint(column)` which column
 * the reader points at, null if none.
 *
 * @param {{ rows: number, columns: number, guarded: (action: (...given: any[]) => any) => any,
 *   onToggle: (row: number, column: number) => void, onPoint?: (column: number | null) => void }} options
 */
export function linksTable({ rows, columns, guarded, onToggle, onPoint = () => {} }) {
  const root = element("div", {
    class: "lenet-table",
    role: "grid",
    "aria-label": translate("maps of S2 by maps of C3"),
  });
  root.style.gridTemplateColumns = `minmax(1.2em, max-content) repeat(${columns}, minmax(0, 34px))`;
  const head = (text) => element("div", { class: "lenet-head", "aria-hidden": "true" }, text);
  root.append(head("S2 \\ C3"), ...Array.from({ length: columns }, (_, k) => head(String(k))));
  const cells = Array.from({ length: rows }, (_, i) => {
    // The row's name stands before it; to who cannot see it, each cell says both of its maps.
    const row = element("div", { class: "lenet-table-row", role: "row" }, head(String(i)));
    root.append(row);
    return Array.from({ length: columns }, (__, k) => {
      const cell = cellAt(i, k);
      row.append(cell);
      return cell;
    });
  });
  root.addEventListener(
    "pointerleave",
    guarded(() => onPoint(null)),
  );

  function cellAt(i, k) {
    const turn = guarded(() => onToggle(i, k));
    const cell = button("", turn, { class: "lenet-cell", role: "gridcell" });
    cell.tabIndex = i + k ? -1 : 0;
    keepKeys(cell);
    for (const event of ["pointerenter", "focus"]) {
      cell.addEventListener(
        event,
        guarded(() => onPoint(k)),
      );
    }
    cell.addEventListener("keydown", (event) => {
      const to = isPlain(event) && moveInGrid(event.key, [i, k], rows, columns);
      if (!to) return;
      event.preventDefault();
      event.stopPropagation();
      cell.tabIndex = -1;
      cells[to[0]][to[1]].tabIndex = 0;
      cells[to[0]][to[1]].focus();
    });
    return cell;
  }
  return {
    root,
    /** @param {boolean[][]} links */
    paint(links) {
      links.forEach((row, i) =>
        row.forEach((linked, k) => {
          const cell = cells[i][k];
          cell.setAttribute("aria-selected", String(linked));
          const places = { below: i, above: k };
          const named = linked
            ? translate("map {below} of S2 to map {above} of C3: connected", places)
            : translate("map {below} of S2 to map {above} of C3: not connected", places);
          cell.setAttribute("aria-label", named);
          cell.textContent = linked ? "X" : "";
        }),
      );
    },
    /** Light a column, or none. @param {number | null} column */
    light(column) {
      for (const row of cells) row.forEach((cell, k) => cell.classList.toggle("lenet-lit", k === column));
    },
  };
}

/** A table with one link turned. @param {boolean[][]} links @param {number} i @param {number} k */
export function turned(links, i, k) {
  return links.map((row, y) => row.map((on, x) => (y === i && x === k ? !on : on)));
}
