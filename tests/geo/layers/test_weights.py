"""From records to weighted points: what counts on a scoring date, how much, and where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.layers import accommodation, establishments, findings, sectors, visits, workplaces
from geo.layers.base import Points
from geo.layers.registry import LAYERS, get_layer
from geo.layers.validate import empty_frame, validate
from geo.reference import establishments as reference_establishments
from tests.frames import (
    SCORING_DAY,
    make_accommodation,
    make_area,
    make_establishment,
    make_finding,
    make_frame,
    make_visit,
    make_workplace,
    near_town,
)
from tests.oracles import Model, density_at, look_up, read_parameter, read_reference, risk_of, season_of

JANUARY, JULY = date(2026, 1, 15), SCORING_DAY


def checked(layer: str, *rows: Mapping[str, Any]) -> Any:
    return validate(get_layer(layer), make_frame([dict(row) for row in rows]))


def weights_of(points: Points) -> dict[str, float]:
    return dict(zip(points.ids.tolist(), points.weight.tolist(), strict=True))


@pytest.mark.parametrize("name", [name for name, layer in LAYERS.items() if layer.to_arrays])
def test_an_empty_layer_weighs_nothing(name: str) -> None:
    layer = get_layer(name)
    assert layer.to_arrays is not None

    arrays = layer.to_arrays(empty_frame(layer), JULY, frozenset({"green"}), {"half_life_days": 10.0})

    assert len(arrays.ids) == 0


# ---- workplaces ------------------------------------------------------------------------------------------------


def test_workplaces_weigh_employees_by_risk_and_season() -> None:
    rows = [make_workplace(i, sni=sni, employees=10) for i, sni in enumerate(["41200", "81210", "38110", "55101"], 1)]

    points = workplaces.to_arrays(checked("workplaces", *rows), JULY)

    assert points.group.tolist() == ["construction", "cleaning", "recycling_laundry", "hotel_restaurant"]
    expected = [10 * risk_of(group) for group in points.group]
    np.testing.assert_allclose(points.weight, expected)
    assert points.size.tolist() == [10] * 4
    assert points.bandwidth_m.tolist() == [look_up("sectors", "sector", group, "bandwidth_m") for group in points.group]
    assert points.easting.tolist() == [758_600] * 4


def test_berries_in_january_weigh_nothing_and_forestry_does() -> None:
    frame = checked("workplaces", make_workplace(1, sni="02.300"), make_workplace(2, sni="02400"))

    assert weights_of(workplaces.to_arrays(frame, JANUARY)) == {"w002": pytest.approx(1.0)}
    assert weights_of(workplaces.to_arrays(frame, JULY)) == {"w001": 10.0, "w002": 10.0}


def test_every_industry_has_its_season() -> None:
    """Each of them, on the first and the last day of each month of three years."""
    prefixes = read_reference("sector_sni")
    rows = [
        make_workplace(number, sni=prefix["prefix"].ljust(5, "0"), sni_version=prefix["sni_version"])
        for number, prefix in enumerate(prefixes, 1)
    ]
    frame = checked("workplaces", *rows)
    risks = [10 * risk_of(prefix["sector"]) for prefix in prefixes]
    first = [date(2025 + month // 12, month % 12 + 1, 1) for month in range(37)]
    for at in (*first[:-1], *(day - timedelta(days=1) for day in first[1:])):
        found = weights_of(workplaces.to_arrays(frame, at))
        assert found == pytest.approx(
            {
                row["workplace_id"]: weight
                for row, risk in zip(rows, risks, strict=True)
                if (weight := risk * season_of(row, at))
            }
        )


def test_industries_without_risk_weigh_nothing_but_are_counted_as_employees() -> None:
    frame = checked("workplaces", make_workplace(1, sni="62010"), make_workplace(2), make_workplace(3, employees=0))

    assert workplaces.to_arrays(frame, JULY).ids.tolist() == ["w002"]
    plain = workplaces.employees_to_arrays(frame, JULY)
    assert weights_of(plain) == {"w001": 10.0, "w002": 10.0}
    assert plain.group.tolist() == ["other", "construction"]


def test_only_workplaces_active_on_the_day_count() -> None:
    frame = checked(
        "workplaces",
        make_workplace(1, active_from="2026-07-15", active_to="2026-07-15"),
        make_workplace(2, active_to="2026-07-14"),
        make_workplace(3, active_from="2026-07-16"),
        make_workplace(4, active_from="2020-01-01"),
    )

    assert workplaces.to_arrays(frame, JULY).ids.tolist() == ["w001", "w004"]
    assert workplaces.employees_to_arrays(frame, JULY).ids.tolist() == ["w001", "w004"]


def test_sectors_can_be_chosen() -> None:
    frame = checked("workplaces", make_workplace(1), make_workplace(2, sni="55101"), make_workplace(3, sni="81210"))

    def chosen(*names: str) -> list[str]:
        return workplaces.to_arrays(frame, JULY, frozenset(names)).ids.tolist()

    assert chosen("construction") == ["w001"]
    assert chosen("cleaning", "hotel_restaurant") == ["w002", "w003"]
    assert chosen("green") == []


# ---- accommodation ---------------------------------------------------------------------------------------------


def test_beds_weigh_by_unsuitability_and_season() -> None:
    kinds = [row["housing_type"] for row in read_reference("housing_types")]
    rows = [make_accommodation(i, housing_type=kind, beds=20) for i, kind in enumerate(kinds, 1)]

    for at in (JANUARY, JULY):
        points = accommodation.to_arrays(checked("accommodation", *rows), at)
        oracle = Model({"accommodation": checked("accommodation", *rows)}, at).points["accommodation"]
        expected = {kind: weight for kind, (_, _, weight, _) in zip(kinds, oracle, strict=True) if weight > 0}
        assert dict(zip(points.group, points.weight, strict=True)) == pytest.approx(expected)
        assert set(points.size) == {20.0}
        assert set(points.bandwidth_m) == {read_parameter("accommodation_bandwidth_m")}


def test_housing_out_of_use_or_without_beds_weighs_nothing() -> None:
    frame = checked(
        "accommodation",
        make_accommodation(1, active_to="2026-07-14"),
        make_accommodation(2, beds=0),
        make_accommodation(3, active_from="2026-07-15"),
    )

    assert accommodation.to_arrays(frame, JULY, frozenset({"green"})).ids.tolist() == ["a003"]


def test_the_bandwidth_of_housing_can_be_overridden() -> None:
    frame = checked("accommodation", make_accommodation())

    points = accommodation.to_arrays(frame, JULY, None, {"accommodation_bandwidth_m": 777.0})

    assert points.bandwidth_m.tolist() == [777.0]


# ---- visits ----------------------------------------------------------------------------------------------------


def test_visits_are_effort_that_fades_whatever_they_found() -> None:
    half_life = read_parameter("half_life_days")
    frame = checked(
        "visits",
        make_visit(1, visited_on="2026-07-15", outcome="nothing_found"),
        make_visit(2, visited_on="2025-07-15", outcome="ban"),
        make_visit(3, visited_on="2026-07-16"),
    )

    points = visits.to_arrays(frame, JULY, frozenset({"green"}))

    assert weights_of(points) == pytest.approx({"v001": 1.0, "v002": 0.5 ** (365 / half_life)})
    assert points.group.tolist() == ["nothing_found", "ban"]
    assert points.size.tolist() == [1, 1]
    assert set(points.bandwidth_m) == {read_parameter("findings_bandwidth_m")}


def test_the_half_life_of_visits_can_be_overridden() -> None:
    frame = checked("visits", make_visit(1, visited_on="2026-07-05"))

    points = visits.to_arrays(frame, JULY, None, {"half_life_days": 10.0, "findings_bandwidth_m": 9.0})

    assert points.weight.tolist() == pytest.approx([0.5])
    assert points.bandwidth_m.tolist() == [9.0]


# ---- findings --------------------------------------------------------------------------------------------------


def test_findings_weigh_by_severity_grade_verification_and_age() -> None:
    rows = [
        make_finding(1, observed_on="2026-07-15"),
        make_finding(2, observed_on="2026-07-15", grade="M"),
        make_finding(3, observed_on="2026-07-15", verification="unverified", source="statement"),
        make_finding(4, observed_on="2025-07-15", indicator="lives_at_workplace"),
    ]

    points = findings.to_arrays(checked("findings", *rows), JULY)

    # severity × grade × verification × source × age
    by_hand = {"f001": 0.6, "f002": 0.6 * 0.5, "f003": 0.6 * 0.5 * 0.8, "f004": 0.6 * 0.5}
    assert weights_of(points) == pytest.approx(by_hand)
    assert points.size.tolist() == [1] * 4


@pytest.mark.parametrize(
    "change",
    [
        {"source": "tip"},
        {"verification": "dismissed"},
        {"observed_on": "2026-07-16"},
        {"retain_until": "2026-07-14"},
    ],
)
def test_tips_dismissed_future_and_expired_findings_weigh_nothing(change: dict[str, str]) -> None:
    frame = checked("findings", make_finding(1, **change), make_finding(2, retain_until="2026-07-15"))

    assert findings.to_arrays(frame, JULY).ids.tolist() == ["f002"]


def test_findings_of_a_sector_and_of_none() -> None:
    frame = checked(
        "findings",
        make_finding(1, sector="green"),
        make_finding(2, sector="construction"),
        make_finding(3, sector=None),
        make_finding(4, sector=""),
    )

    assert findings.to_arrays(frame, JULY, frozenset({"green"})).ids.tolist() == ["f001", "f003", "f004"]
    assert len(findings.to_arrays(frame, JULY)) == 4


# ---- establishments --------------------------------------------------------------------------------------------


def test_establishments_weigh_workers_by_phase() -> None:
    rows = [
        make_establishment(1, active_from="2024-01-01", active_to="2026-07-14", phase="permit"),
        make_establishment(1, active_from="2026-07-15", active_to="2026-12-31", phase="groundworks", workforce=100),
        make_establishment(1, active_from="2027-01-01", phase="operation"),
        make_establishment(2, phase="suspended", workforce=50, sector="green"),
        make_establishment(3, workforce=0),
    ]
    frame = checked("establishments", *rows)

    points = establishments.to_arrays(frame, JULY)

    by_phase = {
        phase: look_up("establishment_phases", "phase", phase, "weight") for phase in ("groundworks", "suspended")
    }
    assert weights_of(points) == pytest.approx(
        {"e001": 100 * by_phase["groundworks"], "e002": 50 * by_phase["suspended"]}
    )
    assert points.group.tolist() == ["groundworks", "suspended"]
    assert points.size.tolist() == [100, 50]
    assert establishments.to_arrays(frame, JULY, frozenset({"green"})).ids.tolist() == ["e002"]


def test_workers_are_those_of_the_phase_on_the_first_and_last_day_of_each_quarter() -> None:
    """The table of establishments against itself, row by row."""
    known = reference_establishments()
    frame = validate(
        get_layer("establishments"),
        gpd.GeoDataFrame(
            known.drop(columns=["geometry", "kind", "source"]), geometry=gpd.GeoSeries.from_wkt(known["geometry"]),
            crs="EPSG:3006",
        ),
    )  # fmt: skip
    quarters = pd.date_range("2023-01-01", "2029-03-31", freq="QS")
    for day in (*quarters, *(quarters - pd.Timedelta(days=1))):
        points = establishments.to_arrays(frame, day.date())
        found = pd.Series(points.size).groupby(points.ids.astype(str)).sum()
        phases = dict(zip(points.ids, points.group, strict=True))
        expected = {
            row["establishment_id"]: row
            for row in read_reference("establishment_periods")
            if row["active_from"] <= str(day.date()) <= row["active_to"]
        }
        assert found.to_dict() == pytest.approx({name: float(row["workforce"]) for name, row in expected.items()})
        assert phases == {name: row["phase"] for name, row in expected.items()}
        for name, row in expected.items():
            weight = float(row["workforce"]) * look_up("establishment_phases", "phase", row["phase"], "weight")
            assert points.weight[points.ids == name].sum() == pytest.approx(weight, rel=1e-12)


lines = st.lists(
    st.tuples(st.integers(-40_000, 20_000), st.integers(-20_000, 40_000)), min_size=2, max_size=5, unique=True
)


@given(lines)
def test_a_line_keeps_its_weight_and_spreads_it_evenly(corners: list[tuple[int, int]]) -> None:
    line = shapely.LineString([(758_600 + x, 7_088_600 + y) for x, y in corners])
    bandwidth = read_parameter("establishments_bandwidth_m")

    points = establishments.to_arrays(checked("establishments", make_establishment(1, geometry=line)), JULY)

    weight = 500 * look_up("establishment_phases", "phase", "construction_peak", "weight")
    assert points.weight.sum() == pytest.approx(weight, rel=1e-12)
    assert points.size.sum() == pytest.approx(500, rel=1e-12)
    assert set(points.ids) == {"e001"}
    assert np.ptp(points.weight) <= 1e-9
    # every point on the line, and none far from the next
    places = shapely.points(points.easting, points.northing)
    assert shapely.distance(places, line).max() < 1e-6
    assert line.length / len(points) <= bandwidth * 0.1 + 1e-6


def test_a_line_weighs_like_the_line_integral() -> None:
    line = shapely.LineString([near_town(-20_000, -9_000).values(), near_town(9_000, 4_000).values()])
    frame = checked("establishments", make_establishment(1, geometry=line))
    bandwidth = read_parameter("establishments_bandwidth_m")
    fine = [line.interpolate((i + 0.5) / 5_000, normalized=True) for i in range(5_000)]
    integral = [(place.x, place.y, 500 / 5_000, bandwidth) for place in fine]

    points = establishments.to_arrays(frame, JULY)
    pieces = list(zip(points.easting, points.northing, points.weight, points.bandwidth_m, strict=True))

    highest = density_at(integral, *near_town(-5_500, -2_500).values())
    for place in (near_town(0, 0), near_town(-20_000, -9_000), near_town(-5_500, -2_500), near_town(9_000, -8_000)):
        found, expected = density_at(pieces, *place.values()), density_at(integral, *place.values())
        assert found == pytest.approx(expected, abs=0.01 * highest)


def test_a_line_of_several_parts() -> None:
    line = shapely.MultiLineString(
        [[(750_000, 7_090_000), (760_000, 7_090_000)], [(770_000, 7_090_000), (772_000, 7_090_000)]]
    )

    points = establishments.to_arrays(checked("establishments", make_establishment(1, geometry=line)), JULY)

    assert points.size.sum() == pytest.approx(500)
    # 12 km of line in pieces of 1.5 km
    assert len(points) == 8
    assert ((points.easting <= 760_000) | (points.easting >= 770_000)).all()


# ---- sector statistics -----------------------------------------------------------------------------------------


def test_areas_sum_their_sectors() -> None:
    north, south = (
        shapely.box(750_000, 7_090_000, 760_000, 7_100_000),
        shapely.box(750_000, 7_080_000, 760_000, 7_090_000),
    )
    frame = checked(
        "sectors",
        make_area("south", "green", 10, south),
        make_area("north", "cleaning", 20, north),
        make_area("north", "other", 70, north),
        make_area("north", "green", 5, north),
    )

    areas = sectors.to_arrays(frame, JULY)
    oracle = Model({"sectors": frame}, JULY)

    assert areas.ids.tolist() == ["north", "south"]
    assert areas.employees.tolist() == [95, 10]
    assert areas.risk_employees.tolist() == pytest.approx([20 * risk_of("cleaning") + 5 * risk_of("green"), 10.0])
    assert [shape.equals(expected) for shape, expected in zip(areas.geometry, (north, south), strict=True)] == [
        True
    ] * 2
    assert areas.share == pytest.approx(1 / oracle.quotient_at(1, 1))


def test_areas_count_only_the_sectors_asked_for() -> None:
    square = shapely.box(750_000, 7_080_000, 760_000, 7_090_000)
    frame = checked("sectors", *(make_area("a", name, 10, square) for name in ("green", "cleaning", "other")))

    areas = sectors.to_arrays(frame, JULY, frozenset({"cleaning"}))

    share = look_up("model_sector_shares", "sector", "cleaning", "share")
    assert areas.employees.tolist() == [30]
    assert areas.risk_employees.tolist() == pytest.approx([10 * risk_of("cleaning")])
    assert areas.share == pytest.approx(share * risk_of("cleaning"))
    assert sectors.to_arrays(frame, JULY, frozenset({"other"})).risk_employees.tolist() == [0]


def test_shares_are_frozen_and_add_up() -> None:
    assert sum(float(row["share"]) for row in read_reference("model_sector_shares")) == pytest.approx(1, abs=1e-3)
