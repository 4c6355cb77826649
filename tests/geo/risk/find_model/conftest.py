"""Visits with planted truth: a feature, a region that is worse, and inspectors who differ and work areas."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import geo
from geo.risk.find_model import stages
from geo.risk.find_model.model import FindModel

# what every test here calls the columns
NAMES = {"outcome": "found", "time": "observed_on", "features": ["size", "is_new", "kind"], "agency": "inspector"}
PLANTED = {"A": -1.2, "B": -0.4, "C": 0.0, "D": 0.4, "E": 1.2}


def make_visits(n: int = 600, seed: int = 0, base: float = -1.5) -> gpd.GeoDataFrame:
    """Visits over two years in a square of 20 km, EPSG:3006; inspectors A to E from west to east, more or less."""
    rng = np.random.default_rng(seed)
    easting, northing = rng.uniform(700_000, 720_000, n), rng.uniform(7_000_000, 7_020_000, n)
    who = np.clip(((easting - 700_000) / 4000 + rng.normal(0, 1.5, n)).astype(int), 0, 4)
    inspector = np.array(list(PLANTED))[who]
    size, kind = rng.normal(size=n), rng.choice(["hall", "shop", "farm"], n)
    log_odds = base + 0.8 * size + np.array(list(PLANTED.values()))[who] + 1.2 * (northing > 7_010_000)
    day = rng.integers(0, 700, n)
    table = pd.DataFrame(
        {
            "found": (rng.random(n) < expit(log_odds)).astype(int),
            "observed_on": pd.Timestamp("2023-01-01") + pd.to_timedelta(day, unit="D"),
            "size": np.where(np.arange(n) % 17 == 0, np.nan, size),
            "is_new": rng.random(n) < 0.3,
            "kind": np.where(np.arange(n) % 13 == 0, None, kind),
            "inspector": inspector,
            "site": [f"site {i}" for i in rng.integers(0, n // 3, n)],
            "true": expit(log_odds - np.array(list(PLANTED.values()))[who]),
        }
    )
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(easting, northing), crs=3006)


@pytest.fixture(autouse=True, scope="package")
def quick_fits() -> Iterator[None]:
    """Few trees and penalties, so that a hundred fits take seconds; what is tested does not hang on their number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "N_TREES", 20)
        patch.setattr(stages, "COEFFICIENT_SDS", (0.06, 0.32))
        yield


@pytest.fixture(scope="package")
def visits() -> gpd.GeoDataFrame:
    return make_visits()


@pytest.fixture(scope="package")
def candidates() -> gpd.GeoDataFrame:
    later = make_visits(200, seed=1).drop(columns=["found", "inspector"])
    later["observed_on"] += pd.Timedelta(days=700)
    return later


@pytest.fixture(scope="package")
def model(visits: gpd.GeoDataFrame) -> FindModel:
    return geo.fit_find_model(visits, **NAMES, place="site")
