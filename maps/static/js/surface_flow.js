// The surface in view: the published one, or one scored on demand for another date, other sectors or other weights.

import { announce, clearProblem, showProblem } from "./announce.js";
import { buildUrl, getJson, latestOnly } from "./api.js";
import { filterOf, sameFilter } from "./filter_state.js";
import { day, language, t } from "./i18n.js";
import { sameSectors, sameWeights, weightParameters } from "./state.js";
import { ScoreTiles } from "./surface.js";
import { drawSurfaceNote } from "./surface_note.js";

const SUPERSEDED = 409;
const byId = (id) => document.getElementById(id);

export class SurfaceFlow {
  constructor({ map, store, events, current }) {
    this.store = store;
    this.events = events;
    this.current = current;
    this.info = null;
    this.latest = latestOnly();
    // Tiles in place of the surface's, such as those of a difference.
    this.instead = null;
    this.tiles = new ScoreTiles(map, window.tile_layer_scores, { onError: () => showProblem("tiles", new Error(t("Some of the map could not be loaded.")), null, { minor: true }) });
    this.setOpacity(store.get());
    // A filter by certainty is answered once that is drawn: the list asks until then, and the tiles wait for it.
    events.on("ranking", () => this.showTiles({ isReady: true }));
  }

  async follow(state, before) {
    if (state.at !== before.at || !sameSectors(state, before) || !sameWeights(state, before)) await this.use();
    else if (!sameFilter(state, before)) this.show();
    else if (state.never !== before.never) this.showTiles();
    this.setOpacity(state);
  }

  setOpacity({ opacity, off }) {
    this.tiles.setOpacity(off.includes("scores") ? 0 : opacity / 100);
  }

  // The old surface stays in view until the new one is there.
  async use() {
    const { at, sectors, weights } = this.store.get();
    const usual = (!at || at === this.current.at) && !sectors && !weights;
    const asked = { at: at ?? this.current.at, sector: sectors ?? [], weight: weightParameters(weights), latest: "1", lang: language() };
    try {
      const info = usual ? this.current : await this.latest((signal) => getJson("api/score", asked, signal));
      if (usual) this.latest.cancel();
      if (!info) return;
      clearProblem("score");
      if (this.info) announce(t("Scored for {date}.", { date: day(info.at) }));
      this.info = info;
      this.show();
    } catch (error) {
      // Taken over by what was asked for after it.
      if (error.status === SUPERSEDED) return;
      showProblem("score", error, () => this.use());
      if (this.info) return;
      this.info = this.current;
      this.show();
    }
  }

  show() {
    drawSurfaceNote(byId("surface-note"), this.info, { onReset: () => this.store.set({ weights: null }) });
    byId("synthetic").hidden = !this.info.synthetic;
    this.showTiles();
    this.events.tell("surface", this.info);
  }

  showInstead(path) {
    this.instead = path;
    this.showTiles({ isReady: true });
  }

  showTiles({ isReady = false } = {}) {
    const state = this.store.get();
    if (state.certainty && !isReady) return;
    clearProblem("tiles");
    if (this.instead) {
      this.tiles.show({ surface: this.instead, query: "", bounds: this.info.bounds });
      return;
    }
    const query = buildUrl("", { ...filterOf(state), never: state.never ? "1" : "0" }).slice(1);
    this.tiles.show({ surface: this.info.id, query, bounds: this.info.bounds });
  }
}
