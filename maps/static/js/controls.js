// Date, county and sectors.

import { debounce, el, fill } from "./dom.js";
import { t } from "./i18n.js";
import { FIRST_DAY, LAST_DAY, isDay, isScoringDay } from "./state.js";

export function setUpFilters({ sectors, counties, state, at, onChange }) {
  const date = document.getElementById("at");
  const county = document.getElementById("county");
  date.min = FIRST_DAY;
  date.max = LAST_DAY;
  for (const { code, name } of counties) county.append(el("option", { value: code }, name));
  const boxes = drawSectors(sectors);
  // Changes that come close together are one.
  let coming = {};
  const send = debounce(() => {
    const change = coming;
    coming = {};
    onChange(change);
  }, 350);
  const later = (change) => {
    coming = { ...coming, ...change };
    send();
  };

  document.getElementById("filter-form").addEventListener("submit", (event) => event.preventDefault());
  county.addEventListener("change", () => onChange({ county: county.value }));
  date.addEventListener("change", () => {
    reportDate();
    if (isScoringDay(date.value)) later({ at: date.value });
  });

  const reportDate = () => {
    const range = t("Give a date from {first} to {last}.", { first: FIRST_DAY.slice(0, 4), last: LAST_DAY.slice(0, 4) });
    const wrong = isScoringDay(date.value) ? "" : isDay(date.value) ? range : t("Give a date as year, month and day.");
    report("at-problem", wrong);
    date.setAttribute("aria-invalid", String(Boolean(wrong)));
  };

  const reportSectors = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    countSectors(chosen, boxes.length);
    report("sectors-problem", chosen ? "" : t("Choose at least one sector."));
  };

  const sectorsChanged = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    reportSectors();
    if (chosen.length) later({ sectors: chosen.length === boxes.length ? null : chosen });
  };
  for (const box of boxes) box.addEventListener("change", sectorsChanged);
  document.getElementById("sectors-all").addEventListener("click", () => {
    for (const box of boxes) box.checked = true;
    sectorsChanged();
  });

  // Sets the controls to what is shown.
  const show = (shown) => {
    date.value = shown.at ?? at;
    county.value = shown.county;
    for (const box of boxes) box.checked = !shown.sectors || shown.sectors.includes(box.value);
    reportDate();
    reportSectors();
  };
  show(state);
  return show;
}

function drawSectors(sectors) {
  const boxes = sectors.map(({ code }) => el("input", { type: "checkbox", id: `sector-${code}`, value: code }));
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
