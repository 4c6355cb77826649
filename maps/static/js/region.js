// Whether a point lies in one of the region's counties.

// `features` are GeoJSON features of MultiPolygons.
export const isInside = (features, lon, lat) => features.some(({ geometry }) => geometry.coordinates.some((rings) => rings.reduce((inside, ring) => inside !== isInRing(ring, lon, lat), false)));

function isInRing(ring, lon, lat) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > lat !== yj > lat && lon < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
