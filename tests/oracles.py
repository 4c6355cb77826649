"""Slow and obviously right: what the fast code must agree with.

Nothing here imports the code under test. The model is written down a second time, from its description
(``docs/model.md``) and the reference tables, one record and one cell at a time.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

REFERENCE = Path(__file__).resolve().parents[1] / "data" / "reference"
COMPONENTS = ("workplaces", "accommodation", "colocation", "sector_density", "findings", "reported", "establishments")
M2_PER_KM2 = 1_000_000

Record = Mapping[str, Any]
# easting, northing, weight, bandwidth in metres
Weighted = tuple[float, float, float, float]


@cache
def read_reference(name: str) -> tuple[dict[str, str], ...]:
    """Rows of a reference table as they stand in the file."""
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def look_up(table: str, key: str, code: str, column: str) -> float:
    """One number of a reference table."""
    found = [row[column] for row in read_reference(table) if row[key] == code]
    assert len(found) == 1, f"{code} stands {len(found)} times in {table}"
    return float(found[0])


def read_parameter(name: str) -> float:
    return look_up("model_parameters", "name", name, "value")


# ---- kernels ---------------------------------------------------------------------------------------------------


def quartic(u: float) -> float:
    """Integrates to 1 over the plane."""
    return 3 / math.pi * (1 - u * u) ** 2 if u < 1 else 0.0


def epanechnikov(u: float) -> float:
    """Integrates to 1 over the plane."""
    return 2 / math.pi * (1 - u * u) if u < 1 else 0.0


KERNELS: Mapping[str, Callable[[float], float]] = {"quartic": quartic, "epanechnikov": epanechnikov}


def density_at(points: Iterable[Weighted], easting: float, northing: float, kernel: str = "quartic") -> float:
    """Weight per km² at one place, summed without rounding on the way."""
    shape = KERNELS[kernel]
    parts = (
        weight * shape(math.hypot(x - easting, y - northing) / bandwidth) / bandwidth**2
        for x, y, weight, bandwidth in points
    )
    return math.fsum(parts) * M2_PER_KM2


def brute_density(
    points: Sequence[Weighted], eastings: Sequence[float], northings: Sequence[float], kernel: str = "quartic"
) -> np.ndarray:
    """Every cell centre against every point."""
    return np.array([[density_at(points, x, y, kernel) for x in eastings] for y in northings])


def nearest_rim(points: Sequence[Weighted], easting: float, northing: float) -> float:
    """How close a place is to the rim of any point's disc, as a share of the bandwidth."""
    gaps = [abs(math.hypot(x - easting, y - northing) / bandwidth - 1) for x, y, _, bandwidth in points]
    return min(gaps, default=math.inf)


# ---- records to weights ----------------------------------------------------------------------------------------


def is_missing(value: Any) -> bool:
    """None, NaN and NaT."""
    # NaN and NaT differ from themselves
    return value is None or value != value  # noqa: PLR0124


def as_day(value: Any) -> date | None:
    """A date from a frame's cell; None where there is none."""
    if is_missing(value):
        return None
    return date(value.year, value.month, value.day)


def is_active(record: Record, at: date) -> bool:
    """Both ends belong to the period, a missing end is open."""
    start, end = as_day(record.get("active_from")), as_day(record.get("active_to"))
    return (start is None or start <= at) and (end is None or at <= end)


def fade(day: date, at: date) -> float:
    """Halved every half-life; nothing from the future counts."""
    age = (at - day).days
    return 0.5 ** (age / read_parameter("half_life_days")) if age >= 0 else 0.0


def _longest(rows: Iterable[dict[str, str]], sni: str, version: str) -> dict[str, str] | None:
    found = [row for row in rows if row["sni_version"] == version and sni.startswith(row["prefix"])]
    return max(found, key=lambda row: len(row["prefix"]), default=None)


def sector_of(record: Record) -> str:
    """Sector group of a five-digit industry code."""
    found = _longest(read_reference("sector_sni"), record["sni"], record["sni_version"])
    return found["sector"] if found else "other"


def season_of(record: Record, at: date) -> float:
    """The industry's own season where it has one, else its sector group's."""
    month = str(at.month)
    own = [row for row in read_reference("sni_seasons") if row["month"] == month]
    found = _longest(own, record["sni"], record["sni_version"])
    if found:
        return float(found["factor"])
    of_month = [row for row in read_reference("sector_seasons") if row["month"] == month]
    return next(float(row["factor"]) for row in of_month if row["sector"] == sector_of(record))


def risk_of(sector: str) -> float:
    return look_up("sectors", "sector", sector, "risk_weight")


def housing_factor(record: Record, at: date) -> float:
    """Unsuitability × season of one place to stay."""
    seasons = {
        row["month"]: float(row["factor"])
        for row in read_reference("housing_seasons")
        if row["housing_type"] == record["housing_type"]
    }
    return look_up("housing_types", "housing_type", record["housing_type"], "unsuitability") * seasons[str(at.month)]


def is_for_living(record: Record) -> bool:
    rows = read_reference("housing_types")
    return next(row["meant_for_living"] for row in rows if row["housing_type"] == record["housing_type"]) == "true"


def finding_weight(record: Record, at: date) -> float:
    """Severity × grade × verification × source, faded by age."""
    return (
        look_up("indicators", "indicator", record["indicator"], "severity")
        * look_up("finding_grades", "grade", record["grade"], "weight")
        * look_up("finding_verifications", "verification", record["verification"], "weight")
        * look_up("finding_sources", "finding_source", record["source"], "weight")
        * fade(as_day(record["observed_on"]) or date.max, at)
    )


def report_weight(record: Record, at: date) -> float:
    """Severity × usual grade × verification × route, faded by age."""
    grade = next(row["grade"] for row in read_reference("indicators") if row["indicator"] == record["indicator"])
    return (
        look_up("indicators", "indicator", record["indicator"], "severity")
        * look_up("finding_grades", "grade", grade, "weight")
        * look_up("finding_verifications", "verification", record["verification"], "weight")
        * look_up("report_sources", "report_source", record["source"], "weight")
        * fade(as_day(record["reported_on"]) or date.max, at)
    )


def crew_multiplier(record: Record) -> float:
    """How many usual visits a visit counts for, by who took part."""
    effects = {
        row["name"]: float(row["value"]) for row in read_reference("model_parameters") if row["name"] != "version"
    }
    named = set() if is_missing(record["agencies"]) else set(record["agencies"].split("+"))
    known = [effects[f"agency_effect_{agency}"] for agency in named if f"agency_effect_{agency}" in effects]
    return effects["crew_effect"] * math.prod(known) if known else 1.0


# ---- the model -------------------------------------------------------------------------------------------------


def list_records(frame: Any) -> list[dict[str, Any]]:
    """A frame as plain records; ``geometry`` stays a shapely geometry."""
    return [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)]


class Model:
    """The score of any place, from the records.

    Parameters
    ----------
    frames : layer name to frame in the layer's canonical form; establishments must be points
    at : scoring date
    sectors : sector groups to keep; None for all
    weights : component weights that replace the table's
    """

    def __init__(
        self,
        frames: Mapping[str, Any],
        at: date,
        sectors: Iterable[str] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.records = {name: list_records(frame) for name, frame in frames.items()}
        self.at = at
        self.sectors = None if sectors is None else set(sectors)
        rows = {row["component"]: row for row in read_reference("model_components")}
        assert tuple(rows) == COMPONENTS
        self.levels = {name: float(row["reference_level"]) for name, row in rows.items()}
        self.weights = {name: float(row["weight"]) for name, row in rows.items()} | dict(weights or {})
        self.points = {
            "workplaces": self._weigh_workplaces(),
            "accommodation": self._weigh_accommodation(),
            "colocation": self._weigh_pairs(),
            "findings": self._weigh_findings(),
            "reported": self._weigh_reports(),
            "establishments": self._weigh_establishments(),
        }
        self.visits = self._weigh_visits()

    def _list(self, layer: str) -> list[dict[str, Any]]:
        return self.records.get(layer, [])

    def _keeps(self, sector: str) -> bool:
        return self.sectors is None or sector in self.sectors

    def _weigh_workplaces(self) -> list[Weighted]:
        points = []
        for record in self._list("workplaces"):
            sector = sector_of(record)
            if is_active(record, self.at) and self._keeps(sector):
                weight = record["employees"] * risk_of(sector) * season_of(record, self.at)
                bandwidth = look_up("sectors", "sector", sector, "bandwidth_m")
                points.append((record["geometry"].x, record["geometry"].y, weight, bandwidth))
        return points

    def _weigh_accommodation(self) -> list[Weighted]:
        bandwidth = read_parameter("accommodation_bandwidth_m")
        return [
            (record["geometry"].x, record["geometry"].y, record["beds"] * housing_factor(record, self.at), bandwidth)
            for record in self._list("accommodation")
            if is_active(record, self.at)
        ]

    def list_pairs(self) -> list[tuple[str, str, float]]:
        """Every housing not meant for living with every workplace near it, and what the pair weighs."""
        reach = read_parameter("colocation_m")
        pairs = []
        for home in self._list("accommodation"):
            if is_for_living(home) or not is_active(home, self.at) or home["beds"] <= 0:
                continue
            for work in self._list("workplaces"):
                sector = sector_of(work)
                if not is_active(work, self.at) or not self._keeps(sector) or work["employees"] <= 0:
                    continue
                distance = math.dist(home["geometry"].coords[0], work["geometry"].coords[0])
                closeness = (1 - (distance / reach) ** 2) ** 2 if distance < reach else 0.0
                weight = housing_factor(home, self.at) * risk_of(sector) * season_of(work, self.at) * closeness
                if weight > 0:
                    pairs.append((home["accommodation_id"], work["workplace_id"], weight))
        return pairs

    def _weigh_pairs(self) -> list[Weighted]:
        bandwidth = read_parameter("colocation_bandwidth_m")
        homes = {home["accommodation_id"]: home["geometry"] for home in self._list("accommodation")}
        return [(homes[home].x, homes[home].y, weight, bandwidth) for home, _, weight in self.list_pairs()]

    def _weigh_findings(self) -> list[Weighted]:
        bandwidth = read_parameter("findings_bandwidth_m")
        points = []
        for record in self._list("findings"):
            until = as_day(record["retain_until"])
            sector = record["sector"]
            belongs = is_missing(sector) or self._keeps(sector)
            if belongs and (until is None or self.at <= until):
                weight = finding_weight(record, self.at)
                points.append((record["geometry"].x, record["geometry"].y, weight, bandwidth))
        return points

    def _weigh_reports(self) -> list[Weighted]:
        bandwidth = read_parameter("findings_bandwidth_m")
        points = []
        for record in self._list("reported"):
            until = as_day(record["retain_until"])
            if (is_missing(record["sector"]) or self._keeps(record["sector"])) and (until is None or self.at <= until):
                points.append((record["geometry"].x, record["geometry"].y, report_weight(record, self.at), bandwidth))
        return points

    def _weigh_establishments(self) -> list[Weighted]:
        bandwidth = read_parameter("establishments_bandwidth_m")
        points = []
        for record in self._list("establishments"):
            if is_active(record, self.at) and self._keeps(record["sector"]):
                weight = record["workforce"] * look_up("establishment_phases", "phase", record["phase"], "weight")
                points.append((record["geometry"].x, record["geometry"].y, weight, bandwidth))
        return points

    def _weigh_visits(self) -> list[Weighted]:
        bandwidth = read_parameter("findings_bandwidth_m")
        days = [(record, as_day(record["visited_on"]) or date.max) for record in self._list("visits")]
        return [
            (record["geometry"].x, record["geometry"].y, fade(day, self.at) * crew_multiplier(record), bandwidth)
            for record, day in days
        ]

    def count_at(self, points: Iterable[Weighted], easting: float, northing: float) -> float:
        """Weights of points around a place, each times the kernel's value: the density without the bandwidth."""
        return density_at(points, easting, northing) * (read_parameter("findings_bandwidth_m") / 1000) ** 2

    def quotient_at(self, people: float, in_risk: float) -> float:
        """How much more common risk sectors are among these people than in the region."""
        counted = [row for row in read_reference("model_sector_shares") if self._keeps(row["sector"])]
        share = math.fsum(float(row["share"]) * risk_of(row["sector"]) for row in counted)
        return in_risk / people / share if people > 0 and share > 0 else 0.0

    def area_totals(self) -> dict[str, tuple[Any, float, float]]:
        """Area to polygon, employees, employees × risk of the sectors asked for."""
        totals: dict[str, tuple[Any, float, float]] = {}
        for record in self._list("sectors"):
            polygon, people, in_risk = totals.get(record["area_id"], (record["geometry"], 0.0, 0.0))
            counted = risk_of(record["sector"]) if self._keeps(record["sector"]) else 0.0
            totals[record["area_id"]] = (polygon, people + record["employees"], in_risk + record["employees"] * counted)
        return totals

    def values_at(self, easting: float, northing: float, quotient: float) -> dict[str, float]:
        """Each component in its own unit at one cell centre; areas are brought to cells by the caller."""
        values = {name: density_at(points, easting, northing) for name, points in self.points.items()}
        values["sector_density"] = quotient
        found, visits = (self.count_at(each, easting, northing) for each in (self.points["findings"], self.visits))
        values["findings"] = (read_parameter("prior_findings") + found) / (read_parameter("prior_visits") + visits)
        return {name: values[name] for name in COMPONENTS}

    def points_of(self, values: Mapping[str, float]) -> dict[str, float]:
        """Points of each component; they add up to the score."""
        total = math.fsum(self.weights.values())
        return {
            name: 100 * self.weights[name] / total * value / (value + self.levels[name])
            for name, value in values.items()
        }

    def state_at(self, values: Mapping[str, float], easting: float, northing: float) -> str:
        """Which of the three states a cell of the region is in."""
        found = self.count_at(self.points["findings"], easting, northing)
        if not any(value > 0 for name, value in ({**values, "findings": found}).items() if name != "sector_density"):
            return "nothing_known"
        effort = self.count_at(self.visits, easting, northing)
        return "inspected" if effort >= read_parameter("effort_threshold") else "never_inspected"


# ---- ranking ---------------------------------------------------------------------------------------------------


def flood_fill(cells: set[tuple[int, int]]) -> list[set[tuple[int, int]]]:
    """Groups of cells that touch by an edge or a corner."""
    left, groups = set(cells), []
    while left:
        group, border = set(), [left.pop()]
        while border:
            row, col = border.pop()
            group.add((row, col))
            around = {(row + i, col + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= around
            border += around
        groups.append(group)
    return groups
