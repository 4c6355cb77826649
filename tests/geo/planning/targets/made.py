"""Sites around Umeå with a record of their own, and the priority of each in plain Python."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
from hypothesis import strategies as st

import geo
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from tests.frames import (
    SCORING_DAY,
    make_accommodation,
    make_finding,
    make_frame,
    make_report,
    make_visit,
    make_workplace,
    near_town,
)
from tests.oracles import (
    as_day,
    crew_multiplier,
    fade,
    finding_weight,
    housing_factor,
    is_active,
    is_for_living,
    list_records,
    read_parameter,
    read_reference,
    report_weight,
    risk_of,
    season_of,
    sector_of,
)

Key = tuple[str, str]
SNI = ("41200", "02300", "55101", "81210", "78200", "62010")
HOUSING = ("industrial_premises", "former_institution", "hotel", "camping")
# side by side, apart, and one off the grid
PLACES = ((0, 0), (120, 90), (240, -60), (4_000, -9_000), (-8_000, 3_000), (-40_000, 10_000))
DAYS = ("2022-05-01", "2025-07-15", "2026-06-01", "2026-07-15", "2026-07-16")
SITE_IDS = ("w001", "w002", "w003", "a001", "a002", "both", "gone", None)
CREWS = (None, "arbetsmiljoverket", "polismyndigheten+skatteverket")

_place = st.sampled_from(PLACES).map(lambda at: near_town(*at))
_workplace = st.fixed_dictionaries(
    {
        "sni": st.sampled_from(SNI),
        "employees": st.sampled_from([0.0, 1.0, 7.5, 40.0]),
        "active_to": st.sampled_from([None, "2026-07-14", "2026-07-15"]),
        "at": _place,
    }
)
_housing = st.fixed_dictionaries(
    {"housing_type": st.sampled_from(HOUSING), "beds": st.sampled_from([0.0, 12.0]), "at": _place}
)
_visit = st.fixed_dictionaries(
    {
        "site_id": st.sampled_from(SITE_IDS),
        "visited_on": st.sampled_from(DAYS),
        "agencies": st.sampled_from(CREWS),
        "outcome": st.sampled_from(["nothing_found", "ban"]),
    }
)
_finding = st.fixed_dictionaries(
    {
        "visit_id": st.sampled_from(["v001", "v002", "v009", None]),
        "observed_on": st.sampled_from(DAYS),
        "source": st.sampled_from(["observed", "tip"]),
    }
)
_report = st.fixed_dictionaries({"site_id": st.sampled_from(SITE_IDS), "reported_on": st.sampled_from(DAYS)})


@st.composite
def drawn_layers(draw: st.DrawFn) -> Layers:
    """A handful of sites, visits, findings and reports; an id that stands in both layers among them."""
    work = draw(st.lists(_workplace, min_size=1, max_size=4))
    homes = draw(st.lists(_housing, min_size=1, max_size=3))
    work_ids, home_ids = ("w001", "w002", "both", "w004"), ("a001", "both", "a003")
    return make_layers(
        workplaces=[
            make_workplace(1, workplace_id=i, **row.pop("at"), **row) for i, row in zip(work_ids, work, strict=False)
        ],
        accommodation=[
            make_accommodation(1, accommodation_id=i, **row.pop("at"), **row)
            for i, row in zip(home_ids, homes, strict=False)
        ],
        visits=[make_visit(i, **row) for i, row in enumerate(draw(st.lists(_visit, max_size=6)), 1)],
        findings=[make_finding(i, **row) for i, row in enumerate(draw(st.lists(_finding, max_size=6)), 1)],
        reported=[make_report(i, **row) for i, row in enumerate(draw(st.lists(_report, max_size=4)), 1)],
    )


def make_layers(**rows: list[dict[str, Any]]) -> Layers:
    """Layers from rows; those without rows are left out."""
    return geo.Layers({name: make_frame(some) for name, some in rows.items() if some})


def list_sites(layers: Layers, at: date = SCORING_DAY) -> dict[Key, dict[str, Any]]:
    """Sites on a day by key, in plain Python."""
    found: dict[Key, dict[str, Any]] = {}
    for row in list_records(layers["accommodation"]):
        found["accommodation", row["accommodation_id"]] = row
    for row in list_records(layers["workplaces"]):
        if risk_of(sector_of(row)) > 0:
            found["workplaces", row["workplace_id"]] = row
    return {key: row for key, row in found.items() if is_active(row, at)}


def expected_points(layers: Layers, surface: RiskSurface, key: Key, at: date = SCORING_DAY) -> dict[str, float]:
    """Points by component of one site."""
    layer, site_id = key
    row = list_sites(layers, at)[key]
    visits = [one for one in list_records(layers["visits"]) if one["site_id"] == site_id]
    own = {one["visit_id"] for one in visits}
    effort = sum(fade(as_day(one["visited_on"]) or date.max, at) * crew_multiplier(one) for one in visits)
    findings = [one for one in list_records(layers["findings"]) if one["visit_id"] in own]
    found = sum(finding_weight(one, at) for one in findings)
    assumed = read_planning("target_prior_visits")
    mean = read_parameter("prior_findings") / read_parameter("prior_visits")
    reports = [one for one in list_records(layers["reported"]) if one["site_id"] == site_id]
    values = {
        "surroundings": score_at(surface, row),
        "findings": (mean * assumed + found) / (assumed + effort),
        "size": size_of(layer, row, at),
        "colocation": sum(weigh_pair(*ends, at) for ends in pairs_of(layers, key, row, at)),
        "reported": sum(report_weight(one, at) for one in reports),
    }
    rows = {one["component"]: one for one in read_reference("target_components") if one["layer"] == layer}
    return {
        name: 100 * float(rows[name]["weight"]) * value / (value + float(rows[name]["reference_level"]))
        for name, value in values.items()
    }


def read_planning(name: str) -> float:
    return next(float(row["value"]) for row in read_reference("planning_parameters") if row["name"] == name)


def score_at(surface: RiskSurface, row: dict[str, Any]) -> float:
    """Score of the cell around a place, or of the nearest scored one of the eight beside it; 0 off the grid."""
    grid, x, y = surface.grid, row["geometry"].x, row["geometry"].y
    col, up = math.floor((x - grid.x_min) / grid.cell_m), math.floor((y - grid.y_min) / grid.cell_m)
    at = grid.n_rows - 1 - up
    if not (0 <= at < grid.n_rows and 0 <= col < grid.n_cols):
        return 0.0
    if surface.state[at, col] > 0:
        return float(surface.score[at, col])
    beside = [
        (math.hypot(*(np.array(grid.centre(r, c)) - (x, y))), r, c)
        for r in range(max(at - 1, 0), min(at + 2, grid.n_rows))
        for c in range(max(col - 1, 0), min(col + 2, grid.n_cols))
        if surface.state[r, c] > 0
    ]
    return float(surface.score[min(beside)[1:]]) if beside else 0.0


def size_of(layer: str, row: dict[str, Any], at: date) -> float:
    if layer == "accommodation":
        return row["beds"] * housing_factor(row, at)
    return row["employees"] * risk_of(sector_of(row)) * season_of(row, at)


def pairs_of(layers: Layers, key: Key, row: dict[str, Any], at: date) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Housing and workplace of every pair that the site is one end of."""
    others = [(other, one) for other, one in list_sites(layers, at).items() if other[0] != key[0]]
    ends = [(row, one) if key[0] == "accommodation" else (one, row) for _, one in others]
    return [
        (house, job)
        for house, job in ends
        if not is_for_living(house) and size_of("accommodation", house, at) > 0 and size_of("workplaces", job, at) > 0
    ]


def weigh_pair(house: dict[str, Any], job: dict[str, Any], at: date) -> float:
    away = house["geometry"].distance(job["geometry"]) / read_parameter("colocation_m")
    return housing_factor(house, at) * risk_of(sector_of(job)) * season_of(job, at) * max(1 - away**2, 0) ** 2
