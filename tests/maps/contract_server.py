"""The HTTP contract that the map page relies on, answered from one small surface; slow or failing on demand.

It stands in for the API so that the page can be tested by itself, with answers that no healthy server gives.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import numpy as np
import shapely
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from geo.crs import project
from geo.errors import NorrsynError
from geo.reference import county_names, read_table, score_classes
from geo.risk.area import parse_area, sum_area
from geo.risk.surface import NEVER_INSPECTED, RiskSurface
from maps.area_answers import describe_area
from maps.basemap import build_basemap
from maps.charts.base import Question
from maps.charts.registry import CHARTS
from maps.filter_choices import describe_choices
from maps.i18n import catalogue, pick_language, say
from maps.pages.base import STATIC_FOLDER, leaflet_folder
from maps.pages.map import render_map_page
from maps.pages.surface import render_surface_page
from maps.palette import class_colours, class_of, classify, count_classes
from maps.scenario_answers import describe_certainty
from maps.site_panel import describe_record
from maps.skeleton import build_skeleton
from maps.tiles import TileSet
from tests.maps.corpus import HOSTILE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAME_IN_PLACES = (
    *("rank", "score", "class", "state", "municipality", "municipality_code", "county"),
    *("easting", "northing", "lon", "lat"),
)
SITE_LAYERS = {"workplaces": ("workplace_id", "employees"), "accommodation": ("accommodation_id", "beds")}


class Contract:
    """A surface in the words of the contract, and what the test wants to go wrong."""

    def __init__(self, surface: RiskSurface) -> None:
        self.surface = surface
        classed = classify(surface.score, surface.state)
        self.tiles = TileSet(surface.grid, classed, class_colours(), surface.state == NEVER_INSPECTED)
        self.info = self._describe(count_classes(classed))
        self.basemap = build_basemap(surface.region.municipalities, surface.region.localities, county_names())
        self.reset()

    def reset(self) -> None:
        """Answer at once and rightly."""
        self.delays_s: dict[str, float] = {}
        # Parts of addresses that are answered only once they are taken out again.
        self.held: set[str] = set()
        self.failing: dict[str, int] = {}
        self.sites_limit = 2_000
        self.asked: Counter[str] = Counter()
        self.asked_sites: list[list[str]] = []

    def _describe(self, counts: list[int]) -> dict[str, Any]:
        surface = self.surface
        west, south, east, north = surface.grid.bounds
        lon, lat = project(np.array([west, east]), np.array([south, north]), surface.grid.crs, "EPSG:4326")
        classes = [
            {"code": c.code, "name": c.name, "low": c.low, "high": c.high, "colour": c.colour, "n_cells": n}
            for c, n in zip(score_classes(), counts, strict=True)
        ]
        layers = [
            {"name": n, "title": n, "rows": len(f), "added_at": "2026-07-01", "source": HOSTILE, "synthetic": True}
            for n, f in surface.layers.items()
        ]
        return {
            "id": surface.id,
            "at": surface.at.isoformat(),
            "sectors": None,
            "created": "2026-07-15T08:00:00Z",
            "model_version": surface.manifest["model_version"],
            "synthetic": True,
            "cell_m": surface.grid.cell_m,
            "crs": surface.grid.crs,
            "n_scored": int(surface.ranked.sum()),
            "bounds": [lon[0], lat[0], lon[1], lat[1]],
            "classes": classes,
            "states": surface.manifest["states"],
            "comparison": surface.manifest["comparison"],
            "layers": layers,
            "weights": surface.model.weights,
        }

    def cell(self, cell_id: str, lang: str) -> dict[str, Any]:
        """One cell explained."""
        found = self.surface.explain(cell_id)
        answer = found.to_dict()
        lon, lat = to_degrees(found.easting, found.northing)
        half = self.surface.grid.cell_m / 2
        corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
        around = [to_degrees(found.easting + dx, found.northing + dy) for dx, dy in corners]
        for component in answer["components"]:
            component["drivers"] = [
                {"id": d["record_id"], "layer": d["layer"], "title": HOSTILE, "distance_m": d["distance_m"]}
                | {"share": d["share"]}
                | dict(zip(("lon", "lat"), to_degrees(d["easting"], d["northing"]), strict=True))
                for d in component["drivers"]
            ]
        return answer | {
            "surface": self.surface.id,
            "lon": lon,
            "lat": lat,
            "bounds": [[at[1], at[0]] for at in around],
            "place": say(lang, found.place),
            "class": class_json(found.score) if found.rank else None,
            "reasons": [*(say(lang, reason) for reason in found.reasons), HOSTILE],
        }

    def chart(self, name: str, lang: str) -> str:
        """A chart of the surface, narrow and light."""
        chart = CHARTS[name]
        return chart.draw(
            lang, chart.collect(Question(self.surface, self.surface.layers, None, None)), "narrow", "light"
        )

    def site(self, lang: str, layer: str, record_id: str) -> dict[str, Any]:
        """Everything of a record, under a hostile name."""
        return describe_record(lang, self.surface, self.surface.layers, layer, record_id) | {"title": HOSTILE}

    def area(self, lang: str, drawn: dict[str, Any]) -> dict[str, Any]:
        """A drawn area in numbers."""
        area = parse_area(drawn, self.surface.region, self.surface.grid)
        return describe_area(lang, self.surface, sum_area(self.surface, area, self.surface.layers))

    def season(self) -> dict[str, Any]:
        """The same counts in every month."""
        return {"months": [{"month": month, "classes": self.info["classes"]} for month in range(1, 13)]}

    def certainty(self, cell_id: str, lang: str) -> dict[str, Any]:
        """How sure a cell's score is, from few draws, with a hostile reason."""
        found = describe_certainty(lang, self.surface, self.surface.uncertainty(n_draws=50, n_threads=1), cell_id)
        return found | {"reasons": [*found["reasons"], HOSTILE], "certainty_name": HOSTILE}

    def places(self, n: int, lang: str) -> list[dict[str, Any]]:
        """The highest cells as places, so that there are many; the second has a hostile name."""
        half = self.surface.grid.cell_m / 2
        answers = []
        for cell in self.top(n):
            found = self.surface.explain(cell["cell_id"])
            east, north = cell["easting"], cell["northing"]
            reasons = [*(say(lang, reason) for reason in found.reasons), HOSTILE]
            answers.append(
                {key: cell[key] for key in SAME_IN_PLACES}
                | {
                    "place_id": cell["cell_id"],
                    "name": HOSTILE if cell["rank"] == 2 else say(lang, found.place),
                    "n_cells": 1,
                    "peak_cell_id": cell["cell_id"],
                    "bounds": [*to_degrees(east - half, north - half), *to_degrees(east + half, north + half)],
                    "reason": reasons[0],
                    "reasons": reasons,
                    "contributions": found.contributions,
                }
            )
        return answers

    def top(self, n: int) -> list[dict[str, Any]]:
        """The highest cells."""
        rows = self.surface.top(n).to_dict("records")
        for row in rows:
            row["lon"], row["lat"] = to_degrees(row["easting"], row["northing"])
            row["class"] = class_json(row["score"])
        return rows

    def sites(self, bbox: str, layers: list[str]) -> dict[str, Any]:
        """Sites of some layers in a window of degrees."""
        self.asked_sites.append(layers)
        window = shapely.box(*map(float, bbox.split(",")))
        sites = []
        for layer, (id_column, size_column) in SITE_LAYERS.items():
            if layer not in layers:
                continue
            frame = self.surface.layers[layer].to_crs("EPSG:4326")
            for row in frame[frame.geometry.intersects(window)].to_dict("records"):
                sites.append(
                    {
                        "id": row[id_column],
                        "layer": layer,
                        "lon": row["geometry"].x,
                        "lat": row["geometry"].y,
                        "title": HOSTILE,
                        "sector": HOSTILE,
                        "size": row[size_column],
                        "size_unit": size_column,
                        "kind": HOSTILE,
                        "position": HOSTILE,
                        "spread_m": 2_500.0,
                        "synthetic": True,
                    }
                )
        shown = sites[: self.sites_limit]
        return {"total": len(sites), "truncated": len(shown) < len(sites), "sites": shown}

    def search(self, q: str) -> list[dict[str, Any]]:
        """Localities by name; braces find something hostile."""
        hits = [
            {"name": one["name"], "kind": "locality", "detail": "", "lon": one["lon"], "lat": one["lat"]}
            for one in self.basemap["localities"]
            if q.lower() in one["name"].lower()
        ][:5]
        if q.startswith("{{"):
            hits = [{"name": HOSTILE, "kind": "locality", "detail": HOSTILE, "lon": 20.26, "lat": 63.82}]
        return [hit | {"bounds": None, "cell_id": None} for hit in hits]


def class_json(score: float) -> dict[str, str]:
    """A score's class as the contract writes it."""
    found = class_of(score)
    assert found is not None
    return {"code": found.code, "name": found.name, "colour": found.colour}


def to_degrees(easting: float, northing: float) -> tuple[float, float]:
    """Longitude and latitude of a point in EPSG:3006."""
    lon, lat = project(np.array([easting]), np.array([northing]), "EPSG:3006", "EPSG:4326")
    return float(lon[0]), float(lat[0])


def make_contract_app(contract: Contract) -> FastAPI:
    """The routes, all open, with the policy of the real server on every answer."""
    app = FastAPI()
    skeleton = build_skeleton()

    @app.middleware("http")
    async def obey(request: Request, call_next: Any) -> Response:
        path = request.url.path
        contract.asked[path] += 1
        for part, seconds in contract.delays_s.items():
            if part in str(request.url):
                await asyncio.sleep(seconds)
        while any(part in str(request.url) for part in contract.held):
            await asyncio.sleep(0.02)
        status = next((status for part, status in contract.failing.items() if part in path), None)
        response = await call_next(request) if status is None else problem(status, "asked to fail")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.exception_handler(NorrsynError)
    async def explain(request: Request, error: NorrsynError) -> Response:  # noqa: ARG001
        return problem(404, str(error))

    @app.post("/api/area")
    async def add_up(request: Request) -> Response:
        return JSONResponse(contract.area(pick_language(request.query_params.get("lang")), await request.json()))

    @app.get("/{path:path}")
    def answer(path: str, request: Request) -> Response:
        return respond(contract, skeleton, path, request)

    # Mounted last, tried first: Starlette asks routes in order.
    statics = [("/static/leaflet", leaflet_folder()), ("/static", STATIC_FOLDER)]
    for place, (route, folder) in enumerate(statics):
        app.mount(route, StaticFiles(directory=folder))
        app.router.routes.insert(place, app.router.routes.pop())
    return app


def respond(contract: Contract, skeleton: Any, path: str, request: Request) -> Response:  # noqa: PLR0911, PLR0912
    """One answer of the contract."""
    query = request.query_params
    lang = pick_language(query.get("lang"))
    n = int(query.get("n", 20))
    match path.split("/"):
        case [""]:
            pairs = query.multi_items()
            page = render_map_page(lang, skeleton, surface_id=contract.info["id"], synthetic=True, query=pairs)
            return HTMLResponse(page)
        case ["surfaces", _]:
            return HTMLResponse(render_surface_page(lang, contract.info, contract.surface.manifest))
        case ["map", "skeleton.js"]:
            return Response(skeleton.script, media_type="text/javascript")
        case ["map", "skeleton.css"]:
            return Response(skeleton.style, media_type="text/css")
        case ["i18n", name]:
            return JSONResponse(dict(catalogue(name.removesuffix(".json"))))
        case ["tiles", _, z, x, y]:
            png = contract.tiles.render(int(z), int(x), int(y.removesuffix(".png")), stripes=query["never"] == "1")
            return Response(png, media_type="image/png")
        case ["api", "surfaces"]:
            return JSONResponse({"current": contract.info["id"], "surfaces": [contract.info]})
        case ["api", "score"]:
            changed = {"at": query["at"], "sectors": query.getlist("sector"), "id": "b" * 16}
            return JSONResponse(contract.info | changed)
        case ["api", "basemap"]:
            return JSONResponse(contract.basemap)
        case ["api", "views"]:
            return JSONResponse({"views": []})
        case ["api", "shortlist"]:
            return JSONResponse({"entries": []})
        case ["charts", name]:
            return Response(contract.chart(name.removesuffix(".svg"), lang), media_type="image/svg+xml")
        case ["api", "season"]:
            return JSONResponse(contract.season())
        case ["api", "distribution"]:
            return JSONResponse({"classes": contract.info["classes"], "states": contract.info["states"]})
        case ["api", "shortlist"]:
            return JSONResponse({"entries": []})
        case ["api", "views"]:
            return JSONResponse({"views": []})
        case ["api", "filters"]:
            return JSONResponse(describe_choices(lang, contract.surface.region))
        case ["api", "reference", table]:
            frame = read_table(table)
            return JSONResponse({"columns": list(frame), "rows": json.loads(frame.to_json(orient="records"))})
        case ["api", "cells", "at"]:
            x, y = np.array([float(query["lon"])]), np.array([float(query["lat"])])
            row, col = contract.surface.grid.cell_at(*project(x, y, "EPSG:4326", "EPSG:3006"))
            return JSONResponse(contract.cell(contract.surface.grid.cell_id(int(row[0]), int(col[0])), lang))
        case ["api", "cells", cell_id, "certainty"]:
            return JSONResponse(contract.certainty(cell_id, lang))
        case ["api", "cells", cell_id]:
            return JSONResponse(contract.cell(cell_id, lang))
        case ["api", "places"]:
            return JSONResponse({"surface": query["surface"], "places": contract.places(n, lang)})
        case ["api", "top"]:
            return JSONResponse({"surface": query["surface"], "cells": contract.top(n)})
        case ["api", "sites", layer, record_id]:
            return JSONResponse(contract.site(lang, layer, record_id))
        case ["api", "sites"]:
            return JSONResponse(contract.sites(query["bbox"], query.getlist("layer")))
        case ["api", "search"]:
            return JSONResponse({"results": contract.search(query["q"])})
    return problem(404, f"no route {path}")


def problem(status: int, detail: str) -> JSONResponse:
    """Problem details, as RFC 9457 has them."""
    body = {"type": "about:blank", "title": "Problem", "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
