"""Small frames for tests: a corner of Västerbotten with a handful of records of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.grid import Grid

SCORING_DAY = date(2026, 7, 15)
# Umeå: town, countryside and sea, parts of three municipalities
GRID = Grid(740_000, 7_066_000, 2_000, n_rows=16, n_cols=20)
TOWN = (758_600.0, 7_088_600.0)


def make_frame(rows: Sequence[dict[str, Any]], crs: str | None = "EPSG:3006") -> gpd.GeoDataFrame:
    """A frame from rows that name their place as ``geometry`` or as ``easting`` and ``northing``."""
    places = [row.get("geometry") or shapely.Point(row["easting"], row["northing"]) for row in rows]
    plain = [{key: row[key] for key in row if key not in {"geometry", "easting", "northing"}} for row in rows]
    return gpd.GeoDataFrame(pd.DataFrame(plain), geometry=places, crs=crs)


def near_town(east_m: float, north_m: float) -> dict[str, float]:
    """A place by its distance from the town."""
    return {"easting": TOWN[0] + east_m, "northing": TOWN[1] + north_m}


def make_workplace(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One row of the layer ``workplaces``."""
    row = {
        "workplace_id": f"w{number:03d}",
        "name": f"Firma {number}",
        "sni": "41200",
        "sni_version": "2007",
        "employees": 10.0,
        **near_town(0, 0),
    }
    return row | changes


def make_accommodation(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One row of the layer ``accommodation``."""
    row = {"accommodation_id": f"a{number:03d}", "housing_type": "industrial_premises", "beds": 12.0}
    return row | near_town(0, 0) | changes


def make_visit(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One row of the layer ``visits``."""
    row = {"visit_id": f"v{number:03d}", "visited_on": "2026-06-01", "outcome": "nothing_found"}
    return row | near_town(0, 0) | changes


def make_finding(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One row of the layer ``findings``."""
    row = {
        "finding_id": f"f{number:03d}",
        "observed_on": "2026-06-01",
        "indicator": "very_long_hours",
        "grade": "S",
        "source": "observed",
        "verification": "decided",
        **near_town(0, 0),
    }
    return row | changes


def make_report(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One row of the layer ``reported``."""
    row = {"report_id": f"r{number:03d}", "reported_on": "2026-06-01", "indicator": "lives_at_workplace"}
    return row | near_town(0, 0) | changes


def make_establishment(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One row of the layer ``establishments``."""
    row = {"establishment_id": f"e{number:03d}", "phase": "construction_peak", "workforce": 500.0}
    return row | near_town(0, 0) | changes


def make_area(area_id: str, sector: str, employees: float, polygon: shapely.Polygon) -> dict[str, Any]:
    """One row of the layer ``sectors``."""
    return {"area_id": area_id, "sector": sector, "employees": employees, "geometry": polygon}


def small_frames() -> dict[str, gpd.GeoDataFrame]:
    """Every layer but borders and localities, none in canonical form: rows unsorted, optional columns left out."""
    kinds = [
        ("41200", "2007"), ("43999", "2007"), ("02300", "2007"), ("02102", "2025"), ("55101", "2007"),
        ("56110", "2025"), ("81210", "2007"), ("45201", "2007"), ("96022", "2007"), ("49410", "2007"),
        ("38110", "2007"), ("78200", "2007"), ("62010", "2007"), ("47111", "2007"), ("10390", "2025"),
    ]  # fmt: skip
    workplaces = [
        make_workplace(
            number,
            sni=kinds[number % len(kinds)][0],
            sni_version=kinds[number % len(kinds)][1],
            employees=float(1 + number * 7 % 40),
            **near_town((number * 2_741) % 15_000 - 9_000, (number * 3_923) % 17_000 - 6_000),
        )
        for number in range(36, 0, -1)
    ]
    workplaces += [
        make_workplace(50, sni="55101", **near_town(-8_000, 3_000)),
        make_workplace(51, sni="41200", active_to="2026-07-14", **near_town(-8_100, 3_000)),
        make_workplace(52, sni="41200", kind="temporary", active_from="2026-07-15", **near_town(2_000, -4_000)),
        make_workplace(53, sni="41200", active_from="2026-07-16", **near_town(2_000, -4_000)),
        make_workplace(54, sni="02300", employees=80.0, **near_town(-15_500, -12_300)),
    ]
    accommodation = [
        make_accommodation(1, **near_town(-7_900, 3_100)),
        make_accommodation(2, housing_type="former_institution", beds=30.0, **near_town(-15_400, -12_200)),
        make_accommodation(3, housing_type="hotel", beds=200.0, **near_town(300, 100)),
        make_accommodation(4, housing_type="camping", beds=60.0, **near_town(4_000, -9_000)),
        make_accommodation(5, housing_type="vehicle_or_container", beds=4.0, active_to="2026-01-31", **near_town(0, 0)),
    ]
    visits = [
        make_visit(1, outcome="deficiency", agencies="arbetsmiljoverket+skatteverket", **near_town(-7_900, 3_100)),
        make_visit(2, visited_on="2024-03-12", **near_town(500, 600)),
        make_visit(4, agencies="polismyndigheten+arbetsmiljoverket+iom", **near_town(700, -300)),
        make_visit(3, visited_on="2026-07-16", **near_town(4_000, -9_000)),
    ]
    findings = [
        make_finding(1, sector="hotel_restaurant", **near_town(-8_000, 3_000)),
        make_finding(
            2, indicator="lives_at_workplace", grade="M", observed_on="2025-01-10", **near_town(-7_900, 3_100)
        ),
        make_finding(3, source="tip", **near_town(3_000, 3_000)),
        make_finding(4, retain_until="2026-07-14", **near_town(3_000, 3_000)),
        make_finding(5, sector="construction", verification="unverified", grade="W", **near_town(500, 600)),
    ]
    reports = [
        make_report(1, sector="construction", **near_town(3_000, 3_000)),
        make_report(2, source="referral", verification="corroborated", **near_town(-12_000, -9_000)),
        make_report(3, verification="dismissed", **near_town(6_000, -12_000)),
        make_report(4, reported_on="2024-02-29", sector="green", **near_town(-11_000, -8_500)),
    ]
    establishments = [
        make_establishment(1, active_from="2025-01-01", active_to="2026-12-31", **near_town(9_000, -16_000)),
        make_establishment(1, phase="operation", active_from="2027-01-01", **near_town(9_000, -16_000)),
        make_establishment(2, phase="suspended", sector="green", workforce=40.0, **near_town(-30_000, 2_000)),
    ]
    west, east = (
        shapely.box(740_300, 7_066_300, 752_300, 7_098_300),
        shapely.box(752_300, 7_066_300, 781_000, 7_098_300),
    )
    sectors = [
        make_area("west", "green", 120.0, west),
        make_area("west", "other", 900.0, west),
        make_area("east", "construction", 800.0, east),
        make_area("east", "hotel_restaurant", 300.0, east),
        make_area("east", "other", 9_000.0, east),
    ]
    rows = {
        "workplaces": workplaces,
        "accommodation": accommodation,
        "visits": visits,
        "findings": findings,
        "reported": reports,
        "establishments": establishments,
        "sectors": sectors,
    }
    return {name: make_frame(of_layer) for name, of_layer in rows.items()}
