// The table's columns sort in place; without scripts their links ask for it sorted.

import { announce } from "./announce.js";
import { t } from "./i18n.js";

const DOWN_AT_FIRST = new Set(["class", "employers", "size"]);

const readNumber = (cell) => Number(cell.textContent.replace(/[^0-9]/g, ""));
const READ = { class: (cell) => Number(cell.dataset.code), employers: readNumber, size: readNumber };

export function setUpTable(table, lang) {
  const heads = [...table.tHead.rows[0].cells];
  const { compare } = new Intl.Collator(lang);
  for (const head of heads.filter(({ dataset }) => dataset.sort)) {
    head.querySelector("a").addEventListener("click", (event) => {
      event.preventDefault();
      const { sort } = head.dataset;
      const was = head.getAttribute("aria-sort");
      const isDown = was ? was === "ascending" : DOWN_AT_FIRST.has(sort);
      const at = head.cellIndex;
      const read = READ[sort] ?? ((cell) => cell.textContent);
      const order = READ[sort] ? (a, b) => a - b : compare;
      const rows = [...table.tBodies[0].rows].map((row) => [read(row.cells[at]), row]);
      rows.sort(([a], [b]) => (isDown ? order(b, a) : order(a, b)));
      table.tBodies[0].append(...rows.map(([, row]) => row));
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      announce(t("Sorted by {column}.", { column: head.textContent.trim() }));
    });
  }
}
