// Date, county and sectors.

import { debounce, el, fill } from "./dom.js";
import { t } from "./i18n.js";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function setUpFilters({ sectors, counties, state, at, onChange }) {
  const date = document.getElementById("at");
  const county = document.getElementById("county");
  date.value = state.at ?? at;
  for (const { code, name } of counties) county.append(el("option", { value: code }, name));
  county.value = state.county;
  const boxes = drawSectors(sectors, state.sectors);
  const later = debounce(onChange, 350);

  document.getElementById("filter-form").addEventListener("submit", (event) => event.preventDefault());
  county.addEventListener("change", () => onChange({ county: county.value }));
  date.addEventListener("change", () => {
    const wrong = !DAY.test(date.value);
    report("at-problem", wrong ? t("Give a date as year, month and day.") : "");
    date.setAttribute("aria-invalid", String(wrong));
    if (!wrong) later({ at: date.value });
  });

  const sectorsChanged = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    countSectors(chosen.length, boxes.length);
    report("sectors-problem", chosen.length ? "" : t("Choose at least one sector."));
    if (chosen.length) later({ sectors: chosen.length === boxes.length ? null : chosen });
  };
  for (const box of boxes) box.addEventListener("change", sectorsChanged);
  document.getElementById("sectors-all").addEventListener("click", () => {
    for (const box of boxes) box.checked = true;
    sectorsChanged();
  });
  countSectors(boxes.filter((box) => box.checked).length, boxes.length);
}

function drawSectors(sectors, chosen) {
  const boxes = sectors.map(({ code }) => el("input", { type: "checkbox", id: `sector-${code}`, value: code, checked: !chosen || chosen.includes(code) }));
  const rows = boxes.map((box, i) => el("label", { class: "check", for: box.id }, box, el("span", {}, sectors[i].title)));
  fill(document.getElementById("sector-list"), rows);
  return boxes;
}

function countSectors(chosen, all) {
  document.getElementById("sectors-count").textContent = chosen === all ? t("all {count}", { count: all }) : t("{count} of {all}", { count: chosen, all });
}

function report(id, text) {
  const node = document.getElementById(id);
  node.textContent = text;
  node.hidden = !text;
}
