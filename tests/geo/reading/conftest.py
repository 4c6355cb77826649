"""Small files to read, and a Python of their own for tests that must start from nothing."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from geo.layers.base import Layer
from geo.layers.registry import get_layer

ROOT = Path(__file__).resolve().parents[3]

# In Umeå and Luleå, and in Skåne
UMEA, LULEA, SKANE = (20.26, 63.83), (22.15, 65.58), (13.5, 55.8)

Feature = tuple[tuple[float, float] | None, Mapping[str, Any]]


@pytest.fixture
def workplaces() -> Layer:
    return get_layer("workplaces")


@pytest.fixture
def write_geojson(tmp_path: Path) -> Callable[..., Path]:
    """Write points with properties, longitude first."""

    def write(features: Sequence[Feature], name: str = "sites.geojson", **members: Any) -> Path:
        document = {
            "type": "FeatureCollection",
            **members,
            "features": [
                {
                    "type": "Feature",
                    "properties": dict(properties),
                    "geometry": None if place is None else {"type": "Point", "coordinates": list(place)},
                }
                for place, properties in features
            ],
        }
        path = tmp_path / name
        path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
        return path

    return write


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a header and rows."""

    def write(header: Sequence[str], *rows: Sequence[object], name: str = "sites.csv", delimiter: str = ",") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows([header, *rows])
        return path

    return write


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., str]:
    """Run lines of Python in a process of their own, with warnings as errors, and return what they print."""

    def run(code: str, *arguments: object) -> str:
        script = tmp_path / "script.py"
        script.write_text(code, "utf-8")
        done = subprocess.run(  # noqa: S603  our own interpreter and script
            [sys.executable, "-W", "error", str(script), *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
