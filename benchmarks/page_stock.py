"""The stock way to put the same cells on a map, in Chromium: ``python benchmarks/page_stock.py HOME``.

``folium.GeoJson`` over a polygon per ranked cell, coloured by score class. Leaflet comes from this machine and Folium's
other scripts are left out, so that the network costs it nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import shapely
from browser import open_browser, page_heap_bytes
from page_once import HEIGHT, WAIT, WIDTH
from playwright.sync_api import Error, Route

from geo.risk.surface import NEVER_INSPECTED, RiskSurface
from geo.store.files import find_current, load_layers, load_surface
from maps.pages.base import leaflet_folder
from maps.palette import class_colours, classify
from maps.skeleton import REGION_CENTRE, REGION_ZOOM

GIVE_UP_S = 300
DRAWN = "document.querySelectorAll('path.leaflet-interactive').length >= {}"


def make_page(surface: RiskSurface, path: Path) -> int:
    """Write the map and return how many cells it has."""
    grid, state = surface.grid, surface.state
    rows, columns = np.nonzero(state >= NEVER_INSPECTED)
    west, south = grid.easting[columns] - grid.cell_m / 2, grid.northing[rows] - grid.cell_m / 2
    colours = np.array([f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in class_colours()[:, :3]])
    classed = classify(surface.score, state)[rows, columns]
    cells = gpd.GeoDataFrame(
        {"score": surface.score[rows, columns].round(1).astype(float), "colour": colours[classed]},
        geometry=shapely.box(west, south, west + grid.cell_m, south + grid.cell_m),
        crs=grid.crs,
    ).to_crs("EPSG:4326")
    stock = folium.Map(location=REGION_CENTRE, zoom_start=REGION_ZOOM, tiles=None)
    folium.GeoJson(
        cells,
        style_function=lambda cell: {"fillColor": cell["properties"]["colour"], "weight": 0, "fillOpacity": 0.8},
        tooltip=folium.GeoJsonTooltip(["score"]),
    ).add_to(stock)
    stock.save(path)
    return len(cells)


def answer(route: Route, page: Path) -> None:
    """The page and Leaflet from this machine, nothing else."""
    url = route.request.url
    if url.endswith("/stock.html"):
        route.fulfill(path=page, content_type="text/html")
    elif url.endswith(("leaflet.js", "leaflet.css")):
        route.fulfill(path=leaflet_folder() / Path(url).name)
    else:
        route.fulfill(body="")


def main() -> None:
    """Make the page, open it, print what it took."""
    home = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        path = Path(folder) / "stock.html"
        start = time.perf_counter()
        n_cells = make_page(load_surface(home, str(find_current(home)), load_layers(home)), path)
        measured: dict[str, float | str] = {
            "n_cells": n_cells,
            "made_s": time.perf_counter() - start,
            "bytes": path.stat().st_size,
        }
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}).new_page()
        page.set_default_timeout(GIVE_UP_S * 1000)
        page.route("**/*", lambda route: answer(route, path))
        try:
            page.goto("http://stock.invalid/stock.html", wait_until="commit")
            measured["first_s"] = page.evaluate(WAIT, DRAWN.format(n_cells)) / 1000
            measured["heap_bytes"] = page_heap_bytes(page)
        except Error as error:
            measured["gave_up"] = str(error).splitlines()[0]
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
