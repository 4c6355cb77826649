"""A surface after a change is the surface scored anew, and the difference adds up."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

import geo
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from geo.risk.what_if import (
    AddAccommodation,
    AddEstablishment,
    Change,
    CloseSite,
    SetPhase,
    WhatIf,
    WithdrawSector,
    list_quarters,
)
from geo.store.files import Provenance, load_surface, save_layer, save_layers, save_surface
from tests.frames import GRID, SCORING_DAY, TOWN, make_frame, make_workplace

LINE = shapely.LineString([(TOWN[0] - 9_000, TOWN[1]), TOWN])
CHANGES = (
    AddAccommodation(TOWN[0] + 150, TOWN[1], beds=400),
    AddEstablishment(900, geometry=LINE),
    CloseSite("accommodation", "a001"),
    WithdrawSector("construction", 0.5),
    WithdrawSector("hotel_restaurant"),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_it_is_the_surface_scored_anew(surface: RiskSurface, layers: Layers, change: Change) -> None:
    found = geo.what_if(surface, change)
    anew = geo.score(dict(change.apply(layers, SCORING_DAY)), GRID, SCORING_DAY)
    assert found.after.score.tobytes() == anew.score.tobytes()
    assert found.after.state.tobytes() == anew.state.tobytes()
    assert found.after.id == anew.id
    np.testing.assert_array_equal(found.delta, anew.score - surface.score)


def test_several_changes_are_made_one_after_the_other(surface: RiskSurface, layers: Layers) -> None:
    found = geo.what_if(surface, CHANGES)
    changed = layers
    for change in CHANGES:
        changed = change.apply(changed, SCORING_DAY)
    assert found.after.score.tobytes() == geo.score(changed, GRID, SCORING_DAY).score.tobytes()
    assert found.changes == CHANGES


def test_the_cells_that_move_most(surface: RiskSurface) -> None:
    found = geo.what_if(surface, CHANGES)
    top = found.top(15)
    moved = np.sort(np.abs(np.nan_to_num(found.delta)).ravel())[::-1][:15]
    assert top["delta"].abs().to_numpy() == pytest.approx(moved, abs=1e-4)
    assert top["delta"].abs().is_monotonic_decreasing
    names = list(surface.model.weights)
    for _, row in top.iterrows():
        assert row["after"] - row["before"] == pytest.approx(row["delta"], abs=1e-9)
        assert math.fsum(row[names]) == pytest.approx(row["delta"], abs=1e-9)
        cell = found.explain(row["cell_id"])
        assert cell.delta == pytest.approx(row["delta"], abs=1e-9)
        assert math.fsum(cell.contributions.values()) == pytest.approx(cell.delta, abs=1e-9)


def test_nothing_moves_beyond_the_reach(surface: RiskSurface) -> None:
    found = geo.what_if(surface, CloseSite("accommodation", "a003"))
    rows, cols = np.nonzero(found.changed)
    place = surface.layers["accommodation"].set_index("accommodation_id").geometry["a003"]
    away = np.hypot(GRID.easting[cols] - place.x, GRID.northing[rows] - place.y)
    assert rows.size
    assert away.max() < surface.model.parameters["accommodation_bandwidth_m"]
    assert found.describe()["cells_changed"] == rows.size


def test_in_words(surface: RiskSurface) -> None:
    found = geo.what_if(surface, CHANGES[0])
    cell = found.explain(found.top(1)["cell_id"][0])
    words = [str(each) for each in cell.reasons]
    # one decimal, however large: a rise of 7.9 from 35 to 43 would not add up
    ends = f"from {cell.before.score:.1f} to {cell.after.score:.1f}."
    assert words[0] == f"The score rises by {cell.delta:.1f}, {ends}"
    assert any("Unsuitable accommodation" in each and "points more" in each for each in words)
    assert str(CHANGES[0].describe()) == "housing of the kind “Work camp” is added, beds: 400"
    still = found.explain(GRID.cell_id(0, 0)) if surface.state[0, 0] else None
    if still is not None:
        assert "stays at" in str(still.reasons[0])


def test_in_figures(surface: RiskSurface) -> None:
    found = geo.what_if(surface, CHANGES[:2])
    told = found.describe(k=5)
    old, new = set(found.before.top(5)["cell_id"]), set(found.after.top(5)["cell_id"])
    assert (set(told["enter_top"]), set(told["leave_top"])) == (new - old, old - new)
    assert told["most_up"] == pytest.approx(float(np.nanmax(found.delta)))
    assert told["most_down"] <= 0


def test_a_change_without_effect(surface: RiskSurface) -> None:
    found = geo.what_if(surface, AddAccommodation(*TOWN, beds=9, active_from=date(2030, 1, 1)))
    assert not found.changed.any()
    assert len(found.top(5)) == 0
    assert found.describe()["cells_changed"] == 0


def test_quarter_by_quarter(surface: RiskSurface, layers: Layers) -> None:
    """What is being built has its phases, seasons have theirs, and a suspension holds from the surface's own date."""
    change = SetPhase(str(layers["establishments"]["establishment_id"].iloc[0]), "wind_down", workforce=2_000)
    found = list(geo.what_if_by_quarter(surface, change, 3))
    assert [each.after.at for each in found] == [date(2026, 10, 1), date(2027, 1, 1), date(2027, 4, 1)]
    changed = change.apply(layers, SCORING_DAY)
    for each in found:
        for one, of_layers in ((each.before, layers), (each.after, changed)):
            assert one.score.tobytes() == geo.score(of_layers, GRID, one.at).score.tobytes()
    assert any(each.changed.any() for each in found)


@pytest.mark.parametrize(
    ("after", "first"),
    [
        (date(2026, 7, 15), date(2026, 10, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
        (date(2026, 10, 1), date(2027, 1, 1)),
        (date(2027, 1, 2), date(2027, 4, 1)),
    ],
)
def test_quarters_begin_after_a_day(after: date, first: date) -> None:
    days = list_quarters(after, 5)
    assert days[0] == first
    assert all(b.toordinal() - a.toordinal() in {90, 91, 92} for a, b in pairwise(days))


def test_what_cannot_be_asked(surface: RiskSurface, tmp_path: Path) -> None:
    for strange in ((), "close it", [1]):
        with pytest.raises(ParameterError, match="use those of geo"):
            geo.what_if(surface, strange)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n_quarters must be a whole number from 1 to 80"):
        geo.what_if_by_quarter(surface, CHANGES[0], 0)
    with pytest.raises(ParameterError, match="n must be a whole number"):
        WhatIf(surface, surface, CHANGES).top(0)
    save_layers(tmp_path, {name: (frame, Provenance("a.csv")) for name, frame in surface.layers.items() if len(frame)})
    save_surface(tmp_path, surface)
    save_layer(tmp_path, "workplaces", make_frame([make_workplace(1)]), Provenance("b.csv"))
    stale = load_surface(tmp_path, surface.id)
    for ask in (geo.what_if, geo.what_if_by_quarter):
        with pytest.raises(ParameterError, match="Layers have changed since this was scored"):
            ask(stale, CHANGES[0])
