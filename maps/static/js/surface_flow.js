// The surface in view: the published one, or one scored on demand for another date, other sectors or other weights.

import { announce, clearProblem, showProblem } from "./announce.js";
import { buildUrl, getJson, latestOnly } from "./api.js";
import { filterOf, sameFilter } from "./filter_state.js";
import { day, language, t } from "./i18n.js";
import { sameSectors, sameWeights, weightParameters } from "./state.js";
import { ScoreTiles } from "./surface.js";
import { drawSurfaceNote } from "./surface_note.js";

const SUPERSEDED = 409;
// Longer than an answer takes: somebody had to sign in again.
const SIGNED_IN_AGAIN_MS = 2500;
const byId = (id) => document.getElementById(id);
const isSameScore = (a, b) => a.at === b.at && sameSectors(a, b) && sameWeights(a, b);

export class SurfaceFlow {
  constructor({ map, store, events, address, current }) {
    this.store = store;
    this.events = events;
    this.address = address;
    this.current = current;
    this.info = null;
    this.latest = latestOnly();
    // Tiles in place of the surface's, such as those of a difference.
    this.instead = null;
    this.isAsking = false;
    this.isGoingBack = false;
    // Somebody wants today's records where the published surface rests on older ones.
    this.isFresh = false;
    this.tiles = new ScoreTiles(map, window.tile_layer_scores, { onError: () => this.tellTiles() });
    this.setOpacity(store.get());
    // A filter by certainty is answered once that is drawn: the list asks until then, and the tiles wait for it.
    events.on("ranking", () => this.showTiles({ isReady: true }));
  }

  // Tiles are pictures, which nobody can sign in for: a question to the API does it, and then they are asked for anew.
  async tellTiles() {
    showProblem("tiles", new Error(t("Some of the map could not be loaded.")), () => this.tiles.redraw(), { minor: true });
    if (this.isAsking) return;
    this.isAsking = true;
    const asked = Date.now();
    try {
      await getJson("api/surfaces");
      if (Date.now() - asked > SIGNED_IN_AGAIN_MS) this.tiles.redraw();
    } catch {
      // said above already
    } finally {
      this.isAsking = false;
    }
  }

  // What was refused is shown nowhere: date, sectors and weights are again those of the surface in view. It is no step
  // that Back would lead to.
  goBack() {
    const { info, current } = this;
    const changed = Object.entries(info.changed_weights ?? {}).map(([code, [, points]]) => [code, Math.round(points)]);
    this.isGoingBack = true;
    this.address.withoutStep(() => this.store.set({ at: info.at === current.at ? null : info.at, sectors: info.sectors ?? null, weights: changed.length ? Object.fromEntries(changed) : null }));
    this.isGoingBack = false;
    this.events.tell("refused", this.store.get());
  }

  // Before the map moves to what a filter shows: the tiles in view go in a moment, if nothing has to be waited for.
  leave(state, before) {
    if (!this.instead && !state.certainty && isSameScore(state, before)) this.tiles.leave();
  }

  async follow(state, before) {
    if (this.isGoingBack) return;
    if (!isSameScore(state, before)) await this.use();
    else if (!sameFilter(state, before)) this.show();
    else if (state.never !== before.never) this.showTiles();
    this.setOpacity(state);
  }

  setOpacity({ opacity, off }) {
    this.tiles.setOpacity(off.includes("scores") ? 0 : opacity / 100);
  }

  // The same day by the records of today: the published surface stays what everybody else sees.
  freshen() {
    this.isFresh = true;
    return this.use();
  }

  // The old surface stays in view until the new one is there.
  async use() {
    const { at, sectors, weights } = this.store.get();
    const usual = !this.isFresh && (!at || at === this.current.at) && !sectors && !weights;
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
      const wanted = { at, sectors, weights };
      const wasFresh = this.isFresh;
      const again = () => {
        this.store.set(wanted);
        // what is wanted may be what is in view, but for its records
        if (wasFresh) this.freshen();
      };
      this.isFresh = false;
      showProblem("score", error, error.status >= 400 && error.status < 500 ? null : again);
      if (this.info) {
        this.goBack();
        return;
      }
      this.info = this.current;
      this.goBack();
      this.show();
    }
  }

  show() {
    drawSurfaceNote(byId("surface-note"), this.info, { onReset: () => this.store.set({ weights: null }), onFresh: () => this.freshen() });
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
