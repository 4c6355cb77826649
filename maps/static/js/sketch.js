// Points put on the map one by one, the line through them or the area they enclose, and where its sides cross.

import { colour, onTheme } from "./colours.js";
import { fromSweref, toSweref } from "./sweref.js";

const L = window.L;
const SAME_POINT_PX = 4;

export class Sketch {
  // `closed`: the line comes back to its first point.
  constructor(map, { closed = false } = {}) {
    Object.assign(this, { map, closed });
    if (!map.getPane("sketch")) {
      map.createPane("sketch").style.zIndex = "440";
      map.getPane("sketch").style.pointerEvents = "none";
    }
    this.renderer = L.svg({ pane: "sketch" });
    this.group = L.layerGroup().addTo(map);
    this.points = [];
    this.marks = [];
    this.pointer = null;
    this.follow = ({ latlng }) => {
      this.pointer = latlng;
      this.draw();
    };
    this.leave = () => this.follow({ latlng: null });
    // By keyboard the next point is the one under the cross.
    this.followKeys = () => map.getContainer().classList.contains("by-keyboard") && this.follow({ latlng: map.getCenter() });
    this.startFollowing();
    this.offTheme = () => this.draw();
    onTheme(this.offTheme);
  }

  // Whether the point was a new one: the second half of a double click is not.
  add(latlng) {
    const last = this.points.at(-1);
    if (last && this.isAt(last, latlng)) return false;
    this.points.push(latlng);
    this.draw();
    return true;
  }

  isAt(point, latlng, px = SAME_POINT_PX) {
    return this.map.latLngToContainerPoint(point).distanceTo(this.map.latLngToContainerPoint(latlng)) < px;
  }

  undo() {
    this.points.pop();
    this.draw();
  }

  set(points, { follows = true } = {}) {
    this.points = [...points];
    if (follows) this.startFollowing();
    else this.stopFollowing();
    this.draw();
  }

  inMetres() {
    return this.points.map(({ lat, lng }) => toSweref(lng, lat));
  }

  // Shown as crosses, points in metres.
  markCrossings(found) {
    this.marks = found.map(({ easting, northing }) => fromSweref(easting, northing));
    this.draw();
  }

  startFollowing() {
    if (this.isFollowing) return;
    this.isFollowing = true;
    this.map.on("mousemove", this.follow).on("mouseout", this.leave).on("move", this.followKeys);
  }

  stopFollowing() {
    this.isFollowing = false;
    this.map.off("mousemove", this.follow).off("mouseout", this.leave).off("move", this.followKeys);
    this.pointer = null;
    this.draw();
  }

  draw() {
    this.group.clearLayers();
    const { points, closed, pointer } = this;
    const ends = pointer && points.length ? [...points, pointer] : points;
    const ink = colour("sketch");
    const paper = colour("sketch-halo");
    const add = (layer) => layer.addTo(this.group);
    const usual = { pane: "sketch", renderer: this.renderer, interactive: false };
    if (closed && points.length > 2) add(L.polygon(points, { ...usual, stroke: false, fillColor: ink, fillOpacity: 0.15 }));
    const path = closed && points.length > 2 && !pointer ? [...points, points[0]] : points;
    add(L.polyline(path, { ...usual, color: paper, weight: 7, opacity: 0.9 }));
    add(L.polyline(path, { ...usual, color: ink, weight: 3 }));
    const open = closed && ends.length > 2 ? [points.at(-1), ends.at(-1), points[0]] : [points.at(-1), ends.at(-1)];
    if (pointer && points.length) add(L.polyline(open, { ...usual, color: ink, weight: 2, dashArray: "4 6" }));
    for (const point of points) add(L.circleMarker(point, { ...usual, radius: 5, color: ink, weight: 2.5, fillColor: paper, fillOpacity: 1 }));
    for (const { lat, lon } of this.marks) {
      for (const [weight, color] of [[9, paper], [4, ink]]) {
        const { x, y } = this.map.latLngToLayerPoint([lat, lon]);
        const corner = (dx, dy) => this.map.layerPointToLatLng([x + dx, y + dy]);
        add(L.polyline([[corner(-8, -8), corner(8, 8)], [corner(-8, 8), corner(8, -8)]], { ...usual, color, weight }));
      }
    }
  }

  remove() {
    this.stopFollowing();
    document.removeEventListener("norrsyn:theme", this.offTheme);
    this.group.remove();
    this.renderer.remove();
  }
}
