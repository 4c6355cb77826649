"""Small frames, layers and a surface that every folder of tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pytest

import geo
from geo.layers.bundle import Layers
from geo.region import Region
from geo.risk.surface import RiskSurface
from tests.browsing import browser, browser_cookies, open_page
from tests.databases import database
from tests.frames import GRID, SCORING_DAY, small_frames

__all__ = ["browser", "browser_cookies", "database", "open_page"]


@pytest.fixture
def frames() -> dict[str, gpd.GeoDataFrame]:
    """Frames of six layers, fresh for each test, as an importer would hand them over."""
    return small_frames()


@pytest.fixture(scope="session")
def layers() -> Layers:
    """The same frames, checked. Do not change them."""
    return geo.Layers(small_frames())


@pytest.fixture(scope="session")
def surface(layers: Layers) -> RiskSurface:
    """The layers scored on 16 × 20 cells of 2 km around Umeå. Do not change it."""
    return geo.score(layers, GRID, at=SCORING_DAY)


@pytest.fixture(scope="session")
def region() -> Region:
    """Region Nord from the packaged borders."""
    return geo.load_region()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public files that are not part of the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NORRSYN_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"public files not found in {folder}: set NORRSYN_SHARED_DATA to their folder")
    return folder
