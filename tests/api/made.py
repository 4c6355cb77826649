"""A small made data folder with hostile names in every text that a file can bring."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import geopandas as gpd
from fastapi.testclient import TestClient

import geo
from geo.risk.surface import RiskSurface
from geo.store.files import Provenance, load_layers, publish, save_layers, save_surface
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_frame, make_workplace, near_town, small_frames

HOSTILE = "{{ 7*7 }}<img src=x onerror=alert(1)>"
BASE_URL = "http://127.0.0.1:8000"


def hostile_frames() -> dict[str, gpd.GeoDataFrame]:
    """The small frames, and in every text that a file can bring, a name that attacks whoever shows it."""
    frames = small_frames()
    site = {"name": HOSTILE, **near_town(100, 100)}
    frames["workplaces"] = make_frame(
        [
            *_rows(frames["workplaces"]),
            make_workplace(90, workplace_id=HOSTILE, name=None, **near_town(150, 150)),
            make_workplace(91, **site, employees=400.0),
        ]
    )
    frames["accommodation"] = make_frame([*_rows(frames["accommodation"]), make_accommodation(91, **site, beds=300.0)])
    frames["establishments"] = make_frame([{**row, "name": HOSTILE} for row in _rows(frames["establishments"])])
    frames["localities"] = make_frame(
        [
            {"locality_id": "1", "name": HOSTILE, "population": 90_000.0, **near_town(0, 0)},
            {"locality_id": "2", "name": "Sävar", "population": 3_000.0, **near_town(14_000, 7_000)},
        ]
    )
    return frames


WRITING = {"x-requested-with": "norrsyn"}
BROKEN_ROWS = (
    "cfar;firma;antal anställda;sni;x;y;nationalitet\n"
    "1;Firma A;12;41200;759100;7088100;SE\n"
    "2;Firma B;många;41200;759200;7088200;SE\n"
    "3;=Firma C;7;41200;759300;7088300;SE\n"
    "3;=Firma C;7;41200;759300;7088300;SE\n"
    "4;Firma D;3;41200;7088400;759400;SE\n"
)


def send_file(
    client: TestClient, content: str | bytes = BROKEN_ROWS, name: str = "arbetsställen.csv", **fields: Any
) -> dict[str, Any]:
    """Upload a file of workplaces; the answer, which must be 202."""
    sent = {"layer": "workplaces", "set": "kind=registered", "mode": "add", **fields}
    data = content.encode() if isinstance(content, str) else content
    response = client.post("/api/imports", files=[("files", (name, data))], data=sent, headers=WRITING)
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()
    return job


def wait_for_import(client: TestClient, job_id: str) -> dict[str, Any]:
    """The state of an import when it is over."""
    give_up_at = time.monotonic() + 120
    while True:
        response = client.get(f"/api/imports/jobs/{job_id}")
        assert response.status_code == 200, response.text
        job: dict[str, Any] = response.json()
        if job["status"] in {"done", "failed"}:
            return job
        assert time.monotonic() < give_up_at, job
        time.sleep(0.05)


def import_workplaces(client: TestClient, *what: str | bytes, **fields: Any) -> dict[str, Any]:
    """Upload a file of workplaces, and the state of its import when it is over."""
    return wait_for_import(client, send_file(client, *what, **fields)["id"])


def _rows(frame: gpd.GeoDataFrame) -> list[dict[str, object]]:
    return frame.to_dict("records")


def fill_home(home: Path, frames: dict[str, gpd.GeoDataFrame] | None = None) -> RiskSurface:
    """Put the frames in a data folder, score them and publish the surface."""
    provenance = Provenance(f"{HOSTILE}.geojson")
    save_layers(home, {name: (frame, provenance) for name, frame in (frames or hostile_frames()).items()})
    surface = geo.score(load_layers(home), GRID, at=SCORING_DAY)
    save_surface(home, surface)
    publish(home, surface.id)
    return surface
