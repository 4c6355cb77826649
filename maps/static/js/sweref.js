// SWEREF 99 TM from longitude and latitude and back.
// Source: Lantmäteriet, "Gauss Conformal Projection (Transverse Mercator), Krüger's formulas"; ellipsoid GRS 80.

const AXIS = 6378137;
const FLATTENING = 1 / 298.257222101;
const CENTRAL_MERIDIAN = (15 * Math.PI) / 180;
const SCALE = 0.9996;
const FALSE_EASTING = 500000;

const E2 = FLATTENING * (2 - FLATTENING);
const N = FLATTENING / (2 - FLATTENING);
const A_ROOF = (AXIS / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);

const TO_CONFORMAL = [
  E2,
  (5 * E2 ** 2 - E2 ** 3) / 6,
  (104 * E2 ** 3 - 45 * E2 ** 4) / 120,
  (1237 * E2 ** 4) / 1260,
];
const FROM_CONFORMAL = [
  E2 + E2 ** 2 + E2 ** 3 + E2 ** 4,
  -(7 * E2 ** 2 + 17 * E2 ** 3 + 30 * E2 ** 4) / 6,
  (224 * E2 ** 3 + 889 * E2 ** 4) / 120,
  -(4279 * E2 ** 4) / 1260,
];
const BETA = [
  N / 2 - (2 * N ** 2) / 3 + (5 * N ** 3) / 16 + (41 * N ** 4) / 180,
  (13 * N ** 2) / 48 - (3 * N ** 3) / 5 + (557 * N ** 4) / 1440,
  (61 * N ** 3) / 240 - (103 * N ** 4) / 140,
  (49561 * N ** 4) / 161280,
];
const DELTA = [
  N / 2 - (2 * N ** 2) / 3 + (37 * N ** 3) / 96 - N ** 4 / 360,
  N ** 2 / 48 + N ** 3 / 15 - (437 * N ** 4) / 1440,
  (17 * N ** 3) / 480 - (37 * N ** 4) / 840,
  (4397 * N ** 4) / 161280,
];

const power = (coefficients, sin) => {
  const s2 = sin * sin;
  return coefficients.reduceRight((sum, c) => sum * s2 + c, 0);
};

export function toSweref(lon, lat) {
  const phi = (lat * Math.PI) / 180;
  const lambda = (lon * Math.PI) / 180 - CENTRAL_MERIDIAN;
  const conformal = phi - Math.sin(phi) * Math.cos(phi) * power(TO_CONFORMAL, Math.sin(phi));
  const xi = Math.atan2(Math.tan(conformal), Math.cos(lambda));
  const eta = Math.atanh(Math.cos(conformal) * Math.sin(lambda));
  let x = xi;
  let y = eta;
  BETA.forEach((beta, i) => {
    const k = 2 * (i + 1);
    x += beta * Math.sin(k * xi) * Math.cosh(k * eta);
    y += beta * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { easting: FALSE_EASTING + SCALE * A_ROOF * y, northing: SCALE * A_ROOF * x };
}

export function fromSweref(easting, northing) {
  const xi = northing / (SCALE * A_ROOF);
  const eta = (easting - FALSE_EASTING) / (SCALE * A_ROOF);
  let x = xi;
  let y = eta;
  DELTA.forEach((delta, i) => {
    const k = 2 * (i + 1);
    x -= delta * Math.sin(k * xi) * Math.cosh(k * eta);
    y -= delta * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  const conformal = Math.asin(Math.sin(x) / Math.cosh(y));
  const lambda = Math.atan2(Math.sinh(y), Math.cos(x));
  const phi = conformal + Math.sin(conformal) * Math.cos(conformal) * power(FROM_CONFORMAL, Math.sin(conformal));
  return { lon: ((CENTRAL_MERIDIAN + lambda) * 180) / Math.PI, lat: (phi * 180) / Math.PI };
}
