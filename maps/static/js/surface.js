// The score tiles: the old ones stay until the new ones are there.

const L = window.L;
const SWAP_AT_LATEST_MS = 6000;

const Tiles = L.TileLayer.extend({
  isLeaving: false,
  createTile(coordinates, done) {
    return this.isLeaving ? L.DomUtil.create("div") : L.TileLayer.prototype.createTile.call(this, coordinates, done);
  },
});

const isDifference = (surface) => surface.startsWith("compare/");

export class ScoreTiles {
  // `template` is the layer that the skeleton defines; its options are ours to vary.
  constructor(map, template, { onError }) {
    this.map = map;
    this.template = template;
    this.onError = onError;
    this.shown = null;
    this.coming = null;
    this.opacity = 0.8;
  }

  // `query` is what the tiles are asked with: the filter, and whether never inspected cells are striped.
  show({ surface, query, bounds }) {
    const key = `${surface}?${query}`;
    if ((this.coming ?? this.shown)?.key === key) return;
    this.remove(this.coming);
    const entry = { key, layer: this.createLayer({ surface, query, bounds }) };
    this.coming = entry;
    const takeOver = () => {
      if (this.coming !== entry) return;
      this.coming = null;
      this.remove(this.shown);
      this.shown = entry;
      entry.layer.setOpacity(this.opacity);
      this.map.fire("scoresshown");
    };
    entry.layer.once("load", takeOver);
    entry.layer.on("tileerror", () => this.onError());
    // Where the map moves at the same time, nobody needs new tiles of what is about to go.
    entry.layer.on("tileloadstart", ({ tile }) => {
      if (this.coming) tile.fetchPriority = this.coming === entry ? "high" : "low";
    });
    entry.layer.addTo(this.map);
    // Out at sea there is no tile to wait for.
    setTimeout(takeOver, this.shown ? SWAP_AT_LATEST_MS : 0);
  }

  // Others are shown in a moment: where the map moves until then, no tiles are asked for that nobody would see.
  leave() {
    if (this.shown) this.shown.layer.isLeaving = true;
  }

  createLayer({ surface, query, bounds }) {
    const [west, south, east, north] = bounds;
    return new Tiles(this.template._url, {
      ...this.template.options,
      surface,
      query,
      // Unseen until it takes over: two half-clear layers on each other would look like higher scores.
      opacity: 0,
      bounds: L.latLngBounds([south, west], [north, east]),
      className: isDifference(surface) ? "score-tile difference-tile" : "score-tile",
    });
  }

  // The element that holds the tiles in view; null before the first are there.
  get container() {
    return this.shown?.layer.getContainer() ?? null;
  }

  redraw() {
    for (const entry of [this.coming, this.shown]) entry?.layer.redraw();
  }

  clear() {
    for (const entry of [this.coming, this.shown]) this.remove(entry);
    this.coming = null;
    this.shown = null;
  }

  setOpacity(opacity) {
    this.opacity = opacity;
    this.shown?.layer.setOpacity(opacity);
  }

  remove(entry) {
    if (entry) this.map.removeLayer(entry.layer);
  }
}
