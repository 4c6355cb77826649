"""The demo region as a whole: parts in their order, layers checked, truth kept apart, a manifest of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import SWEREF99_TM
from geo.demo.accommodation import make_accommodation
from geo.demo.findings import findings_frame, visits_frame
from geo.demo.inspections import Visit, visit_places
from geo.demo.places import make_places
from geo.demo.reports import reports_frame
from geo.demo.sites import gather_sites
from geo.demo.statistics import count_sectors
from geo.demo.streams import check_seed, make_stream
from geo.demo.temporary import make_temporary_workplaces
from geo.demo.tips import hear_tips
from geo.demo.truth import plant_truth, truth_frame
from geo.demo.workplaces import make_workplaces
from geo.errors import ParameterError
from geo.layers.circles import INNER_CIRCLE
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.reference import establishments
from geo.region import Region, load_region, packaged_localities

__all__ = ["DEFAULT_SEED", "GENERATOR_VERSION", "Demo", "digest_frame", "make_demo"]

DEFAULT_SEED = 68656048
# Raise it whenever the same seed gives other content.
GENERATOR_VERSION = "3"


@dataclass(frozen=True, eq=False)
class Demo:
    """A made-up Region Nord.

    Attributes
    ----------
    layers : mapping of layer name to GeoDataFrame, EPSG:3006
        Checked and in canonical form; nothing in them tells where the truth is.
    truth : GeoDataFrame, EPSG:3006
        Where exploitation is planted; to be stored apart and used for measurements only.
    manifest : dict, JSON-able
        Seed, date, version, rows and digests; the truth as totals only.
    """

    layers: Mapping[str, gpd.GeoDataFrame]
    truth: gpd.GeoDataFrame
    manifest: dict[str, Any]


def make_demo(
    seed: int = DEFAULT_SEED,
    *,
    at: date = date(2026, 7, 15),
    region: Region | None = None,
    progress: Callable[[str], None] | None = None,
) -> Demo:
    """Make a synthetic Region Nord around the real localities.

    Parameters
    ----------
    seed : int, >= 0
        Equal seeds give equal content.
    at : date
        Last day of the three years of visits.
    region : Region, optional
        Other borders than the packaged ones.
    progress : callable, optional
        Called with a few words before each part.

    Returns
    -------
    Demo

    Raises
    ------
    ParameterError
        `seed` or `at` is not what it should be.
    """
    seed = check_seed(seed)
    if not isinstance(at, date) or isinstance(at, datetime):
        message = f"at must be a datetime.date, got {at!r}."
        raise ParameterError(message)
    region = load_region() if region is None else region

    def start(part: str, words: str) -> np.random.Generator:
        if progress is not None:
            progress(words)
        return make_stream(seed, part)

    places = make_places(start("places", "towns, roads and hamlets"), region)
    registered = make_workplaces(start("workplaces", "workplaces"), make_stream(seed, "identity"), places, at)
    temporary = make_temporary_workplaces(start("temporary", "temporary workplaces"), places, registered, at)
    workplaces = pd.concat([registered, temporary], ignore_index=True)
    accommodation = make_accommodation(start("accommodation", "accommodation"), places, workplaces, at)
    sectors = count_sectors(start("statistics", "sector statistics"), region, registered, at)
    sites = gather_sites(make_stream(seed, "conduct"), places, workplaces, accommodation)
    truth = plant_truth(start("truth", "planted truth"), sites, at)
    tips = hear_tips(make_stream(seed, "tips"), sites, truth)
    visits = visit_places(start("visits", "three years of visits"), sites, truth, tips, at)
    findings = findings_frame(start("findings", "findings"), visits, sites, at)
    reports = reports_frame(start("reports", "reports"), sites, tips, at)
    if progress is not None:
        progress("checking the layers")
    drafts = {
        "workplaces": _to_points(workplaces),
        "accommodation": _to_points(accommodation),
        "sectors": sectors,
        "visits": visits_frame(visits, sites),
        "findings": findings,
        "reported": reports,
        "establishments": _establishments_frame(),
        "localities": packaged_localities().assign(circle="public", synthetic=False),
    }
    layers = {name: validate(LAYERS[name], _keep_columns(name, frame)) for name, frame in drafts.items()}
    planted = truth_frame(truth, sites, at)
    return Demo(MappingProxyType(layers), planted, _manifest(seed, at, layers, planted, visits))


def digest_frame(frame: gpd.GeoDataFrame) -> str:
    """SHA-256 of a frame's content: columns, values and geometries in their order.

    Parameters
    ----------
    frame : GeoDataFrame

    Returns
    -------
    str, 64 hex digits
    """
    digest = hashlib.sha256()
    for name in frame.columns:
        digest.update(f"\x1d{name}\x1d".encode())
        if name == frame.geometry.name:
            # the length stands in the WKB itself
            digest.update(b"".join(shapely.to_wkb(frame.geometry.to_numpy()).tolist()))
        else:
            digest.update("\x1f".join(map(str, frame[name].tolist())).encode())
    return digest.hexdigest()


def _to_points(draft: pd.DataFrame) -> gpd.GeoDataFrame:
    """As a frame of points; what the draft gives no circle only the inner one may see."""
    return gpd.GeoDataFrame(
        draft.assign(circle=draft.get("circle", INNER_CIRCLE), synthetic=True),
        geometry=gpd.points_from_xy(draft["easting"], draft["northing"]),
        crs=SWEREF99_TM,
    )


def _establishments_frame() -> gpd.GeoDataFrame:
    """Establishments of the reference tables, phase by phase; real places with assumed numbers."""
    known = establishments()
    return gpd.GeoDataFrame(
        known.drop(columns="geometry").assign(circle="public", synthetic=True),
        geometry=gpd.GeoSeries.from_wkt(known["geometry"]),
        crs=SWEREF99_TM,
    )


def _keep_columns(name: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Only what the layer has columns for: what the generator knows beside must not leave it."""
    return frame[[column for column in LAYERS[name].columns if column in frame.columns]]


def _manifest(
    seed: int, at: date, layers: Mapping[str, gpd.GeoDataFrame], truth: gpd.GeoDataFrame, visits: list[Visit]
) -> dict[str, Any]:
    identified = sum(visit.n_identified for visit in visits)
    return {
        "generator": "geo.demo",
        "generator_version": GENERATOR_VERSION,
        "synthetic": True,
        "seed": seed,
        "at": at.isoformat(),
        "crs": SWEREF99_TM,
        "libraries": {"numpy": np.__version__, "pandas": pd.__version__, "geopandas": gpd.__version__},
        "layers": {name: {"rows": len(frame), "sha256": digest_frame(frame)} for name, frame in layers.items()},
        "truth": {
            "rows": len(truth),
            "sha256": digest_frame(truth),
            "n_victims": int(truth["n_victims"].sum()),
            "share_new": round(float((truth["environment"] == "new").mean()), 3),
            "identified_by_visits": identified,
        },
    }
