// A drawn area as the address keeps it: its corners, rounded, as lon_lat_lon_lat… In the state it is that text, empty where
// nothing is drawn.

import { crossings } from "./ground.js";
import { toSweref } from "./sweref.js";

export const MOST_CORNERS = 100;
const LEAST_CORNERS = 3;
// About a metre.
const DECIMALS = 5;
const NUMBER = /^\d{1,2}(\.\d{1,12})?$/;
// Around Sweden, as the server takes them: west, east, south, north.
const [WEST, EAST, SOUTH, NORTH] = [5, 30, 54, 72];

const rounded = (value) => Number(value.toFixed(DECIMALS));

export const roundCorner = ({ lat, lng }) => ({ lat: rounded(lat), lng: rounded(lng) });

export const writeArea = (corners) => corners.flatMap(({ lng, lat }) => [rounded(lng), rounded(lat)]).join("_");

// {area, fault}: the text as it is kept, empty where it cannot be; the fault is "", "long" or "damaged".
export function checkArea(text) {
  if (!text) return { area: "", fault: "" };
  const parts = text.split("_");
  if (parts.length > 2 * MOST_CORNERS) return { area: "", fault: "long" };
  const numbers = parts.map((part) => (NUMBER.test(part) ? rounded(Number(part)) : NaN));
  const corners = pairs(numbers);
  const isRight = numbers.length % 2 === 0 && corners.length >= LEAST_CORNERS && corners.every(({ lng, lat }) => lng >= WEST && lng <= EAST && lat >= SOUTH && lat <= NORTH);
  if (!isRight || crossings(corners.map(({ lng, lat }) => toSweref(lng, lat))).length) return { area: "", fault: "damaged" };
  return { area: writeArea(corners), fault: "" };
}

// Corners of a text that has been checked.
export const readCorners = (area) => (area ? pairs(area.split("_").map(Number)) : []);

const pairs = (numbers) => Array.from({ length: Math.floor(numbers.length / 2) }, (_, i) => ({ lng: numbers[2 * i], lat: numbers[2 * i + 1] }));

// A GeoJSON Polygon, counter-clockwise, as RFC 7946 has it.
export function toPolygon(corners) {
  const ring = corners.map(roundCorner).map(({ lat, lng }) => [lng, lat]);
  const turn = ring.reduce((sum, [x, y], i) => {
    const [u, v] = ring[(i + 1) % ring.length];
    return sum + x * v - u * y;
  }, 0);
  if (turn < 0) ring.reverse();
  return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
}
