// The ranked list of the surface in view, asked for anew whenever that or the list's kind changes.

import { clearProblem, showProblem } from "./announce.js";
import { getWhenReady, latestOnly } from "./api.js";
import { filterOf } from "./filter_state.js";
import { language, t } from "./i18n.js";
import { FIRST, Ranking, cellEntry, placeEntry } from "./ranking.js";

const node = () => document.getElementById("ranking");

export class RankingFlow {
  constructor({ store, events, marks, surface, onOpen }) {
    Object.assign(this, { store, events, marks, surface });
    this.asked = FIRST;
    this.latest = latestOnly();
    this.list = new Ranking({
      onHover: (entry) => marks.showHover(entry),
      onChoose: (entry) => onOpen(entry),
      onMore: (count) => {
        this.asked = count;
        this.load();
      },
      onList: (list) => store.set({ list }),
    });
    events.on("surface", () => {
      this.asked = FIRST;
      this.load();
    });
    events.on("cell", (cell) => this.mark(cell));
  }

  follow(state, before) {
    if (state.list !== before.list) this.load();
  }

  async load() {
    const state = this.store.get();
    const { list } = state;
    const { info } = this.surface;
    const asked = { surface: info.id, n: this.asked, ...filterOf(state), lang: language() };
    node().setAttribute("aria-busy", "true");
    try {
      const answer = await this.latest((signal) => getWhenReady(list === "places" ? "api/places" : "api/top", asked, signal, { onWait: () => this.list.tell(t("Drawing how sure the scores are …")) }));
      if (!answer) return;
      clearProblem("ranking");
      const entries = list === "places" ? answer.places.map((one) => placeEntry(one, info.classes)) : answer.cells.map((one) => cellEntry(one, info.classes));
      this.list.show(entries, { list, asked: this.asked });
      this.marks.showNumbers(entries);
      this.mark(this.cell);
      this.events.tell("ranking", entries);
      node().setAttribute("aria-busy", "false");
    } catch (error) {
      node().setAttribute("aria-busy", "false");
      showProblem("ranking", error, () => this.load());
    }
  }

  // The cell chosen on the map, in list and numbers.
  mark(cell) {
    this.cell = cell;
    this.list.mark(cell);
    this.marks.markNumber(cell && this.list.find(cell));
  }
}
