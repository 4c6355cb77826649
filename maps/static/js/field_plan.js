// How much an area is, before anything of it is fetched: tiles by zoom, and megabytes.

import { toSweref } from "./sweref.js";

export const MOST_TILES = 1500;
export const MOST_MB = 30;
// Saved down to so many zooms below the present one; where that is too much, to fewer, but as far as one works in the field.
// Closer still, the tiles are enlarged: cells are squares, so they stay sharp.
const DEEPER = 4;
const WORKING_ZOOM = 12;
const HIGHEST_ZOOM = 16;
export const MOST_CELLS = 300;
// As measured around Umeå: a tile; an explained cell; the page and many sites.
const TILE_KB = 0.5;
const CELL_KB = 9.6;
const FIXED_KB = 1500;

const column = (lon, zoom) => Math.floor(((lon + 180) / 360) * 2 ** zoom);
const row = (lat, zoom) => Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * 2 ** zoom);

export function listTiles([west, south, east, north], zoom) {
  const tiles = [];
  for (let x = column(west, zoom); x <= column(east, zoom); x += 1) for (let y = row(north, zoom); y <= row(south, zoom); y += 1) tiles.push({ z: zoom, x, y });
  return tiles;
}

const countTiles = ([west, south, east, north], zoom) => (column(east, zoom) - column(west, zoom) + 1) * (row(south, zoom) - row(north, zoom) + 1);

// `box` is west, south, east, north in degrees; `cellM` the side of a cell.
export function planArea(box, zoom, cellM = 1000) {
  const from = Math.max(3, Math.min(HIGHEST_ZOOM, Math.round(zoom)));
  const least = Math.min(HIGHEST_ZOOM, Math.max(from, Math.min(WORKING_ZOOM, from + DEEPER)));
  const count = (to) => Array.from({ length: to - from + 1 }, (_, i) => countTiles(box, from + i)).reduce((sum, one) => sum + one, 0);
  let to = Math.min(HIGHEST_ZOOM, from + DEEPER);
  while (to > least && count(to) > MOST_TILES) to -= 1;
  const tiles = count(to);
  const extent = extentOf(box);
  const cells = Math.min(MOST_CELLS, Math.ceil((extent.widthKm * extent.heightKm * 1e6) / cellM ** 2));
  const mb = (tiles * TILE_KB + cells * CELL_KB + FIXED_KB) / 1000;
  return { box, from, to, tiles, mb, isTooLarge: tiles > MOST_TILES || mb > MOST_MB, ...extent };
}

// Sides in kilometres, on the map's grid.
function extentOf([west, south, east, north]) {
  const middle = toSweref((west + east) / 2, (south + north) / 2);
  const right = toSweref(east, (south + north) / 2);
  const top = toSweref((west + east) / 2, north);
  return { widthKm: (2 * Math.hypot(right.easting - middle.easting, right.northing - middle.northing)) / 1000, heightKm: (2 * Math.hypot(top.easting - middle.easting, top.northing - middle.northing)) / 1000 };
}

export const isInBox = ([west, south, east, north], { lon, lat }) => lon >= west && lon <= east && lat >= south && lat <= north;
