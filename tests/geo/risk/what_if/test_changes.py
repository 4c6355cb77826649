"""Each change against layers written out by hand."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo
from geo.errors import NotFoundError, ParameterError, SchemaError
from geo.layers.bundle import Layers
from geo.layers.establishments import to_arrays
from geo.reference import sectors_of
from geo.risk.what_if import AddAccommodation, AddEstablishment, Change, CloseSite, SetPhase, WithdrawSector
from tests.frames import SCORING_DAY, TOWN, make_establishment, make_frame

PERIODS = [
    make_establishment(1, phase="permit", workforce=10.0, active_to="2025-12-31"),
    make_establishment(1, phase="groundworks", workforce=200.0, active_from="2026-01-01", active_to="2026-12-31"),
    make_establishment(1, phase="construction_peak", workforce=900.0, active_from="2027-01-01", active_to="2028-06-30"),
    make_establishment(2, phase="operation", workforce=50.0),
]


@pytest.fixture(scope="module")
def planned() -> Layers:
    return geo.Layers({"establishments": make_frame(PERIODS)})


def periods(layers: Layers, establishment_id: str = "e001") -> list[tuple[str, str, str, float]]:
    frame = layers["establishments"]
    frame = frame[frame["establishment_id"] == establishment_id].sort_values("active_from", na_position="first")
    days = [frame[name].dt.strftime("%Y-%m-%d").fillna("") for name in ("active_from", "active_to")]
    return list(zip(frame["phase"], *days, frame["workforce"], strict=True))


def test_suspended_from_a_day_on(planned: Layers) -> None:
    after = SetPhase("e001", "suspended").apply(planned, SCORING_DAY)
    assert periods(after) == [
        ("permit", "", "2025-12-31", 10.0),
        ("groundworks", "2026-01-01", "2026-07-14", 200.0),
        ("suspended", "2026-07-15", "", 200.0),
    ]
    assert periods(after, "e002") == periods(planned, "e002")


def test_suspended_for_a_while(planned: Layers) -> None:
    change = SetPhase("e001", "suspended", date(2026, 10, 1), date(2027, 3, 31), workforce=20.0)
    assert periods(change.apply(planned, SCORING_DAY)) == [
        ("permit", "", "2025-12-31", 10.0),
        ("groundworks", "2026-01-01", "2026-09-30", 200.0),
        ("suspended", "2026-10-01", "2027-03-31", 20.0),
        ("construction_peak", "2027-04-01", "2028-06-30", 900.0),
    ]


def test_before_it_was_heard_of(planned: Layers) -> None:
    layers = geo.Layers({"establishments": make_frame(PERIODS[2:3])})
    after = SetPhase("e001", "announced", date(2026, 1, 1), date(2026, 12, 31)).apply(layers, SCORING_DAY)
    assert periods(after)[0] == ("announced", "2026-01-01", "2026-12-31", 900.0)
    assert periods(after)[1] == periods(layers)[0]
    assert periods(planned)[0][0] == "permit"


@pytest.mark.long
@given(
    starts=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    length=st.none() | st.integers(0, 900),
    asked=st.dates(date(2023, 1, 1), date(2031, 1, 1)),
)
def test_on_every_day_the_phase_is_the_one_that_holds(starts: date, length: int | None, asked: date) -> None:
    """Within the days asked for it is the new phase, outside what the periods said."""
    layers = geo.Layers({"establishments": make_frame(PERIODS)})
    ends = None if length is None else date.fromordinal(starts.toordinal() + length)
    after = SetPhase("e001", "suspended", starts, ends).apply(layers, SCORING_DAY)

    def phases(frame: object) -> list[str]:
        points = to_arrays(frame, asked)  # type: ignore[arg-type]
        return sorted(points.group[points.ids == "e001"].tolist())

    inside = starts <= asked and (ends is None or asked <= ends)
    assert phases(after["establishments"]) == (["suspended"] if inside else phases(layers["establishments"]))


def test_what_is_added_stands_in_the_layer(planned: Layers) -> None:
    line = shapely.LineString([TOWN, (TOWN[0] + 9_000, TOWN[1])])
    after = AddEstablishment(400, geometry=line, beds=80, active_from=date(2027, 1, 1), name="Spår").apply(
        planned, SCORING_DAY
    )
    new = after["establishments"].set_index("establishment_id").loc["what-if-1"]
    assert (new["workforce"], new["beds"], new["phase"], new["sector"]) == (
        400,
        80,
        "construction_peak",
        "construction",
    )
    assert new.geometry.equals(line)
    again = AddEstablishment(1, easting=TOWN[0], northing=TOWN[1]).apply(after, SCORING_DAY)
    assert "what-if-2" in set(again["establishments"]["establishment_id"])
    camp = AddAccommodation(*TOWN, beds=400).apply(planned, SCORING_DAY)["accommodation"]
    assert camp[["accommodation_id", "housing_type", "beds"]].to_numpy().tolist() == [["what-if-1", "work_camp", 400.0]]


def test_a_site_closes(layers: Layers, planned: Layers) -> None:
    assert "a001" not in set(CloseSite("accommodation", "a001").apply(layers, SCORING_DAY)["accommodation"].iloc[:, 0])
    assert periods(CloseSite("establishments", "e001").apply(planned, SCORING_DAY)) == []
    with pytest.raises(NotFoundError, match="no 'x' in the layer workplaces"):
        CloseSite("workplaces", "x").apply(layers, SCORING_DAY)
    with pytest.raises(ParameterError, match="'visits' has no sites to close"):
        CloseSite("visits", "v001").apply(layers, SCORING_DAY)


@pytest.mark.parametrize("share", [1, 0.25])
def test_a_sector_leaves(layers: Layers, share: float) -> None:
    before = layers["workplaces"]
    after = WithdrawSector("construction", share).apply(layers, SCORING_DAY)["workplaces"]
    is_hit = pd.Series(sectors_of(before["sni"], before["sni_version"]) == "construction", before.index)
    assert 0 < is_hit.sum() < len(before)
    wanted = before.assign(employees=before["employees"].where(~is_hit, before["employees"] * (1 - share)))
    wanted = wanted[~is_hit] if share == 1 else wanted
    assert after["employees"].tolist() == wanted["employees"].tolist()
    assert after["workplace_id"].tolist() == wanted["workplace_id"].tolist()


def test_a_sector_that_has_nobody(planned: Layers) -> None:
    assert WithdrawSector("beauty").apply(planned, SCORING_DAY) is planned


def test_what_cannot_be_is_refused(planned: Layers) -> None:
    with pytest.raises(NotFoundError, match="no establishment 'x'"):
        SetPhase("x", "suspended").apply(planned, SCORING_DAY)
    with pytest.raises(ParameterError, match="would end on 2026-01-01, before 2026-07-15"):
        SetPhase("e001", "suspended", ends=date(2026, 1, 1)).apply(planned, SCORING_DAY)
    with pytest.raises(SchemaError, match="phase"):
        SetPhase("e001", "asleep").apply(planned, SCORING_DAY)
    with pytest.raises(ParameterError, match=r"no sector group 'x'; choose from .*; share must be above 0"):
        WithdrawSector("x", 0).apply(planned, SCORING_DAY)
    with pytest.raises(ParameterError, match="Say where it is"):
        AddEstablishment(100).apply(planned, SCORING_DAY)
    with pytest.raises(SchemaError, match="beds"):
        AddAccommodation(*TOWN, beds=-1).apply(planned, SCORING_DAY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (AddAccommodation(*TOWN, beds="many"), "beds must be a number, got 'many'"),  # type: ignore[arg-type]
        (AddAccommodation("x", TOWN[1], beds=4), "easting must be a number"),  # type: ignore[arg-type]
        (AddAccommodation(*TOWN, beds=10**400), "beds must be a number"),
        (AddEstablishment(None, easting=TOWN[0], northing=TOWN[1]), "workforce must be a number"),  # type: ignore[arg-type]
        (AddEstablishment(5, geometry="POINT (1 2)"), "geometry must be a shapely point"),  # type: ignore[arg-type]
        (SetPhase("e001", "suspended", workforce="x"), "workforce must be a number"),  # type: ignore[arg-type]
        (SetPhase("e001", "suspended", starts="soon"), "starts must be a date, got 'soon'"),  # type: ignore[arg-type]
        (SetPhase("e001", "suspended", ends=object()), "ends must be a date"),  # type: ignore[arg-type]
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_no_number_and_no_day_is_refused(planned: Layers, change: Change, words: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(words)):
        change.apply(planned, SCORING_DAY)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_phases_at_the_ends_of_time(planned: Layers, day: date) -> None:
    """Nothing is before the first day or after the last; the rest of an establishment's periods stay."""
    until = periods(SetPhase("e001", "suspended", starts=day, ends=day).apply(planned, SCORING_DAY))
    assert [each[0] for each in until if each[0] != "suspended"] == ["permit", "groundworks", "construction_peak"]
    assert len(until) == 4
    always = periods(SetPhase("e001", "suspended", starts=date.min, ends=date.max).apply(planned, SCORING_DAY))
    assert [each[0] for each in always] == ["suspended"]
