// The year above the month slider: how many cells are in the higher classes in each month, so that one sees it breathe
// before one slides through it.

import { getJson, latestOnly } from "./api.js";
import { el, fill } from "./dom.js";
import { language, number, t } from "./i18n.js";
import { monthOf } from "./weeks.js";

// The classes from the middle one on.
const FROM_CLASS = 2;
const latest = latestOnly();
let shown = "";

const node = () => document.getElementById("season-bars");

export async function showSeason(info, { sectors }) {
  const asked = { surface: info.id, sector: sectors ?? [], at: info.at };
  // Another day of the same year has the same year.
  const key = JSON.stringify([info.changed_weights ?? {}, info.at.slice(0, 4), sectors]);
  if (key !== shown) {
    try {
      const answer = await latest((signal) => getJson("api/season", { ...asked, lang: language() }, signal));
      if (!answer) return;
      draw(answer);
      shown = key;
    } catch {
      // The slider works without it.
      fill(node());
      shown = "";
    }
  }
  const month = monthOf(info.at);
  [...node().children].forEach((bar, i) => bar.classList.toggle("season-now", i + 1 === month));
}

function draw({ months }) {
  const counts = months.map(({ classes }) => classes.slice(FROM_CLASS).reduce((sum, { n_cells: n }) => sum + n, 0));
  const most = Math.max(...counts, 1);
  fill(
    node(),
    counts.map((count) => {
      const bar = el("span", { title: t("Cells in class High or above: {count}", { count: number(count) }) });
      bar.style.height = `${(100 * count) / most}%`;
      return bar;
    }),
  );
}
