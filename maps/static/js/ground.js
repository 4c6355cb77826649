// Lengths and areas on the ground (ellipsoid GRS 80) from SWEREF 99 TM coordinates, and where lines cross.
// Source: the projection's scale factor along an easting, k = k0 (1 + q²/2R² ...), Snyder (1987), eq. 8-11.

const SCALE = 0.9996;
const FALSE_EASTING = 500000;
// Mean radius of curvature at 65° north, m.
const RADIUS_M = 6389000;

const scaleAt = (easting) => SCALE * (1 + ((easting - FALSE_EASTING) / SCALE / RADIUS_M) ** 2 / 2);

// Points are {easting, northing}.
export function lengthOf(points) {
  let sum = 0;
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1], points[i]];
    const mean = (scaleAt(a.easting) + 4 * scaleAt((a.easting + b.easting) / 2) + scaleAt(b.easting)) / 6;
    sum += Math.hypot(b.easting - a.easting, b.northing - a.northing) / mean;
  }
  return sum;
}

// Of the ring through the points, closed; by Green's theorem over the integral of 1/k² along the easting.
export function areaOf(points) {
  const integral = (easting) => {
    const x = (easting - FALSE_EASTING) / SCALE / RADIUS_M;
    return (RADIUS_M / SCALE) * (x - x ** 3 / 3 + (3 * x ** 5) / 20);
  };
  let sum = 0;
  points.forEach((a, i) => {
    const b = points[(i + 1) % points.length];
    const mean = (integral(a.easting) + 4 * integral((a.easting + b.easting) / 2) + integral(b.easting)) / 6;
    sum += mean * (b.northing - a.northing);
  });
  return Math.abs(sum);
}

// Where the ring's sides cross each other, besides at their common corners.
export function crossings(points) {
  const n = points.length;
  const found = [];
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 2; j < n; j += 1) {
      if (i === 0 && j === n - 1) continue;
      const at = crossing(points[i], points[i + 1], points[j], points[(j + 1) % n]);
      if (at) found.push(at);
    }
  }
  return found;
}

function crossing(a, b, c, d) {
  const [ux, uy] = [b.easting - a.easting, b.northing - a.northing];
  const [vx, vy] = [d.easting - c.easting, d.northing - c.northing];
  const turn = ux * vy - uy * vx;
  if (turn === 0) return null;
  const [wx, wy] = [c.easting - a.easting, c.northing - a.northing];
  const s = (wx * vy - wy * vx) / turn;
  const r = (wx * uy - wy * ux) / turn;
  return s >= 0 && s <= 1 && r >= 0 && r <= 1 ? { easting: a.easting + s * ux, northing: a.northing + s * uy } : null;
}
