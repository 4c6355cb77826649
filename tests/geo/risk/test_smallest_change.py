"""What would take a cell out of the highest, held against scoring without it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

import geo
from geo.errors import NotFoundError, ParameterError
from geo.risk.model import saturate
from geo.risk.smallest_change import SmallestChange, _lower_components
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_frame, make_workplace, near_town

KS = (1, 3, 10)


@pytest.fixture(scope="module", params=KS)
def k(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def found(surface: RiskSurface, k: int) -> SmallestChange:
    return surface.smallest_change(surface.top(k)["cell_id"].iloc[-1], k)


def test_it_is_the_last_that_is_in(surface: RiskSurface, found: SmallestChange, k: int) -> None:
    top = surface.top(k + 1)
    assert (found.rank, found.k) == (k, k)
    assert found.score == pytest.approx(top["score"].iloc[k - 1], abs=1e-9)
    assert found.threshold == pytest.approx(top["score"].iloc[k], abs=1e-9)


def test_without_the_records_it_is_out(surface: RiskSurface, found: SmallestChange, k: int) -> None:
    assert found.records
    removed: dict[str, list[str]] = {}
    for record in found.records:
        removed.setdefault(record.layer, []).append(record.record_id)
    after = geo.score(surface.layers.updated(None, removed), surface.grid, SCORING_DAY)  # type: ignore[arg-type]
    rank = after.explain(found.cell_id).rank
    assert rank == found.rank_without
    assert rank is None or rank > k
    # all but the last are not enough, or would not have been tried
    fewer = dict(removed)
    last = found.records[-1]
    fewer[last.layer] = [each for each in fewer[last.layer] if each != last.record_id]
    rank = (
        geo.score(
            surface.layers.updated(None, fewer),
            surface.grid,
            SCORING_DAY,  # type: ignore[arg-type]
        )
        .explain(found.cell_id)
        .rank
    )
    assert rank is not None
    assert rank <= k


def test_where_one_record_is_enough_one_is_named(surface: RiskSurface, found: SmallestChange, k: int) -> None:
    """Every record within reach, taken away one at a time."""
    row, col = surface.grid.parse_cell_id(found.cell_id)
    enough = set()
    near = {
        (driver.layer, driver.record_id)
        for source in surface.sources.values()
        for driver in source.drivers_at(surface.grid, row, col)
        if driver.layer not in {"sectors", "visits"}
    }
    for layer, record_id in near:
        rank = surface.update(removed={layer: [record_id]}).explain(found.cell_id).rank
        if rank is None or rank > k:
            enough.add(record_id)
    if enough:
        assert len(found.records) == 1
        assert found.records[0].record_id in enough
    else:
        assert len(found.records) > 1


def test_a_component_alone_would_do(surface: RiskSurface, found: SmallestChange) -> None:
    explained = {each.name: each for each in surface.explain(found.cell_id).components}
    assert [each.cut for each in found.components] == sorted(each.cut for each in found.components)
    for each in found.components:
        component = explained[each.name]
        less = component.points - component.max_points * saturate(each.needed, component.reference_level)
        assert less == pytest.approx(found.score - found.threshold, abs=1e-9)
        assert 0 < each.cut <= 1
        assert each.needed == pytest.approx(each.value * (1 - each.cut), abs=1e-9)
    others = set(explained) - {each.name for each in found.components}
    assert all(explained[name].points < found.score - found.threshold for name in others)


def test_in_words(found: SmallestChange) -> None:
    words = [str(each) for each in found.reasons]
    assert words[0].startswith(f"It is number {found.rank} and leaves the {found.k} highest if it loses")
    assert found.records[0].record_id in words[-1]
    assert found.to_dict()["reasons"] == words


def test_neighbours_that_stand_on_the_same_camp_fall_with_it() -> None:
    """A camp alone makes the highest cells; without it none of them is left."""
    camp = make_accommodation(1, beds=500.0, **near_town(0, 0))
    shop = make_workplace(1, employees=4.0, **near_town(-9_000, 6_000))
    layers = {"accommodation": make_frame([camp]), "workplaces": make_frame([shop])}
    surface = geo.score(layers, GRID, SCORING_DAY)
    found = surface.smallest_change(surface.top(1)["cell_id"][0], 1)
    assert [each.record_id for each in found.records] == ["a001"]
    assert found.rank_without is None


def test_what_cannot_be_asked(surface: RiskSurface) -> None:
    far = surface.top(40)["cell_id"].iloc[-1]
    with pytest.raises(ParameterError, match="is not among the 3 highest; it is number"):
        surface.smallest_change(far, 3)
    for k in (0, 10**6, True, 2.0):
        with pytest.raises(ParameterError, match="k must be a whole number from 1 to"):
            surface.smallest_change(far, k)  # type: ignore[arg-type]
    with pytest.raises((ParameterError, NotFoundError)):
        surface.smallest_change("nowhere", 3)
    empty = geo.score({}, GRID, SCORING_DAY)
    with pytest.raises(ParameterError, match="nothing to visit and no rank"):
        empty.smallest_change(far, 1)


def test_level_cells_and_saturated_components() -> None:
    """Where nothing has to go, and where a share cannot be told from 1, no number is divided by 0."""
    explained = [
        SimpleNamespace(name="none", title="", unit="", value=2.0, points=0.0, max_points=0.0, reference_level=1.0),
        SimpleNamespace(name="full", title="", unit="", value=1e30, points=20.0, max_points=20.0, reference_level=1.0),
        SimpleNamespace(name="some", title="", unit="", value=1.0, points=10.0, max_points=20.0, reference_level=1.0),
    ]
    level = _lower_components(SimpleNamespace(components=explained), 0.0)  # type: ignore[arg-type]
    assert {each.name: (each.needed, each.cut) for each in level} == {
        "none": (2.0, 0.0),
        "full": (1e30, 0.0),
        "some": (1.0, 0.0),
    }
    close = _lower_components(SimpleNamespace(components=explained), 1e-20)  # type: ignore[arg-type]
    assert all(0 <= each.cut <= 1 and math.isfinite(each.needed) for each in close)
