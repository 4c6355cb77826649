"""Reports weigh by what they tell of, how they came in and how old they are; their layer holds nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import SchemaError
from geo.layers import reported, roads
from geo.layers.registry import get_layer
from geo.layers.validate import validate
from geo.reference import refused_reason
from tests.frames import SCORING_DAY, make_frame, near_town
from tests.oracles import look_up


def make_report(number: int = 1, **changes: Any) -> dict[str, Any]:
    row = {"report_id": f"r{number}", "reported_on": "2026-06-01", "indicator": "very_long_hours"}
    return row | near_town(0, 0) | changes


def weigh(*rows: dict[str, Any], sectors: frozenset[str] | None = None, at: date = SCORING_DAY) -> dict[str, float]:
    points = reported.to_arrays(validate(get_layer("reported"), make_frame(rows)), at, sectors)
    return dict(zip(points.ids, points.weight, strict=True))


def test_a_report_weighs_by_indicator_verification_route_and_age() -> None:
    age = (SCORING_DAY - date(2026, 6, 1)).days
    row = make_report(source="referral", verification="corroborated")
    expected = (
        look_up("indicators", "indicator", "very_long_hours", "severity")
        * look_up("finding_grades", "grade", "S", "weight")
        * look_up("finding_verifications", "verification", "corroborated", "weight")
        * look_up("report_sources", "report_source", "referral", "weight")
        * 2 ** (-age / 365)
    )
    assert weigh(row)["r1"] == pytest.approx(expected, rel=1e-12)


def test_what_nobody_says_of_a_report_is_the_least() -> None:
    frame = validate(get_layer("reported"), make_frame([make_report()]))
    assert frame.loc[0, ["source", "verification", "precision", "spread_m"]].tolist() == [
        "tip",
        "unverified",
        "exact",
        0,
    ]


def test_late_expired_and_dismissed_reports_weigh_nothing() -> None:
    day_before = (SCORING_DAY - timedelta(days=1)).isoformat()
    rows = [
        make_report(1),
        make_report(2, reported_on=(SCORING_DAY + timedelta(days=1)).isoformat()),
        make_report(3, retain_until=day_before),
        make_report(4, verification="dismissed"),
        make_report(5, retain_until=SCORING_DAY.isoformat()),
    ]
    assert set(weigh(*rows)) == {"r1", "r5"}


def test_reports_without_a_sector_stay_whatever_is_asked_for() -> None:
    rows = [make_report(1), make_report(2, sector="green"), make_report(3, sector="construction")]
    assert set(weigh(*rows, sectors=frozenset({"green"}))) == {"r1", "r2"}


def test_free_text_is_refused_among_reports_too() -> None:
    assert refused_reason("kommentar", "reported") == "is free text, which may name people; use the coded columns"


@pytest.mark.parametrize(
    ("speed", "rule"), [(0, "must be above 0"), (121, "must be at most 120 km/h"), (np.nan, None), (120, None)]
)
def test_a_road_has_a_speed_that_a_car_can_drive_or_none(speed: float, rule: str | None) -> None:
    line = shapely.LineString([(758_600, 7_088_600), (759_600, 7_088_600)])
    frame = make_frame([{"road_id": "v1", "road_class": "primary", "speed_kmh": speed, "geometry": line}])
    if rule is None:
        assert len(validate(roads.LAYER, frame)) == 1
    else:
        with pytest.raises(SchemaError, match=rule):
            validate(roads.LAYER, frame)


@pytest.mark.parametrize("name", ["workplaces", "accommodation", "visits", "findings", "reported"])
def test_a_position_is_spread_no_wider_than_a_county(name: str) -> None:
    column = get_layer(name).schema.columns["spread_m"]
    failed = [check.error for check in column.checks if not np.all(check(pd.Series([300_001.0])).check_passed)]
    assert failed == ["must be at most 300000 m"]
