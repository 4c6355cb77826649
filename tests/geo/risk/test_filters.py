"""Filters show the cells that a person with the tables and a ruler would choose; rankings keep the region's ranks."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geo
from geo.errors import ParameterError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.reference import read_table, score_classes, sectors_of
from geo.risk.filters import CellFilter, show_cells
from geo.risk.hills import Hill
from geo.risk.powers import agencies_on_site, find_powers, map_powers
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_frame, make_workplace, near_town
from tests.geo.risk.test_hills import Cell, places_by_hand

SURE = np.random.default_rng(7).integers(0, 5, GRID.shape).astype(np.uint8)
Powers = dict[tuple[str, str], set[str]]


def agencies_at(layer: str, sector: str) -> set[str]:
    """Row by row through the table: who may check anything at such a site."""
    kinds = {"workplaces": {"workplace"}, "accommodation": {"home", "temporary_lodging"}}[layer]
    found: dict[tuple[str, str], list[bool]] = {}
    for row in read_table("capabilities").to_dict("records"):
        if not row["attendance"].startswith("on_site"):
            continue
        if row["sector"] in {"any", sector} and (row["site_kind"] == "any" or row["site_kind"] in kinds):
            found.setdefault((row["agency"], row["check"]), []).append(row["applies"])
    return {agency for (agency, _), applies in found.items() if all(applies)}


def powers_by_hand(layers: Layers, grid: Grid) -> list[list[set[str]]]:
    """Every site against every cell."""
    powers: list[list[set[str]]] = [[set() for _ in range(grid.n_cols)] for _ in range(grid.n_rows)]
    for layer in ("workplaces", "accommodation"):
        frame = layers[layer]
        sectors = sectors_of(frame["sni"], frame["sni_version"]) if layer == "workplaces" else [""] * len(frame)
        for site, sector in zip(frame.to_dict("records"), sectors, strict=True):
            start, end = (str(site[name])[:10] for name in ("active_from", "active_to"))
            if (start != "NaT" and start > str(SCORING_DAY)) or (end != "NaT" and end < str(SCORING_DAY)):
                continue
            for row, col in product(range(grid.n_rows), range(grid.n_cols)):
                west, south = grid.corner(row, col)
                x, y = site["geometry"].x, site["geometry"].y
                away = max(west - x, x - west - grid.cell_m, south - y, y - south - grid.cell_m)
                if away < 1_000:
                    powers[row][col] |= agencies_at(layer, sector)
    return powers


def meets(surface: RiskSurface, chosen: CellFilter, powers: list[list[set[str]]], row: int, col: int) -> bool:
    """One condition after the other, for one cell."""
    score = float(surface.score[row, col])
    code = surface.municipality_codes(np.array([row]), np.array([col]))[0]
    state = {2: "never_inspected", 3: "inspected"}.get(int(surface.state[row, col]))
    lows = {each.code: each.low for each in score_classes()}
    order = ["certain", "likely", "could_be"]
    return (
        state is not None
        and (not chosen.counties or code[:2] in chosen.counties)
        and (not chosen.municipalities or code in chosen.municipalities)
        and chosen.state in {None, state}
        and chosen.agencies <= powers[row][col]
        and (chosen.certainty is None or 1 <= SURE[row, col] <= 1 + order.index(chosen.certainty))
        and (chosen.min_class is None or score >= lows[chosen.min_class])
    )


def filters(surface: RiskSurface) -> st.SearchStrategy[CellFilter]:
    """Filters of every kind; municipalities are those that the grid reaches, and a few others."""
    here = sorted({surface.region.codes[at] for at in np.unique(surface.region.municipality_raster(surface.grid))})
    return st.builds(
        CellFilter,
        counties=st.frozensets(st.sampled_from(["22", "24", "25"]), max_size=2),
        municipalities=st.frozensets(st.sampled_from([*here, "2580"]), max_size=3),
        state=st.sampled_from([None, None, "never_inspected", "inspected"]),
        agencies=st.frozensets(st.sampled_from(agencies_on_site()), max_size=2),
        certainty=st.sampled_from([None, None, "certain", "likely", "could_be"]),
        min_class=st.sampled_from([None, None, "1", "2", "4"]),
    )


@pytest.fixture(scope="module")
def by_hand(surface: RiskSurface) -> list[list[set[str]]]:
    return powers_by_hand(surface.layers, surface.grid)


@given(st.data())
def test_what_is_shown_is_what_a_person_would_choose(
    surface: RiskSurface, by_hand: list[list[set[str]]], data: st.DataObject
) -> None:
    chosen = data.draw(filters(surface))
    powers = map_powers(surface.layers, surface.grid, surface.at)

    shown = show_cells(surface, chosen, powers=powers, certainty=SURE)

    n_rows, n_cols = surface.grid.shape
    expected = [[meets(surface, chosen, by_hand, row, col) for col in range(n_cols)] for row in range(n_rows)]
    np.testing.assert_array_equal(shown.includes(slice(None)), expected)
    rows, cols = np.indices(surface.grid.shape).reshape(2, -1)
    np.testing.assert_array_equal(shown.includes((rows, cols)), np.array(expected).ravel())
    np.testing.assert_array_equal(shown.includes(shown.window), np.array(expected)[shown.window])
    assert np.array(expected)[shown.window].sum() == np.sum(expected)
    ranked = np.nonzero(surface.ranked)
    np.testing.assert_array_equal(shown.keeps(ranked), np.array(expected)[ranked])
    assert shown.key == show_cells(surface, chosen, powers=powers, certainty=SURE).key
    if chosen.is_open:
        np.testing.assert_array_equal(expected, surface.ranked)


@given(st.data(), st.integers(1, 40))
def test_ranks_are_those_of_the_whole_region(surface: RiskSurface, data: st.DataObject, n: int) -> None:
    chosen = data.draw(filters(surface))
    powers = map_powers(surface.layers, surface.grid, surface.at)
    shown = show_cells(surface, chosen, powers=powers, certainty=SURE)
    mask = shown.includes(slice(None))
    whole = surface.top(10_000)
    inside = [bool(mask[surface.grid.parse_cell_id(cell_id)]) for cell_id in whole["cell_id"]]

    found = surface.top(n, shown=shown)

    expected = whole[inside].head(n)
    assert found["cell_id"].tolist() == expected["cell_id"].tolist()
    heights = surface.score[surface.ranked]
    cells = [surface.grid.parse_cell_id(cell_id) for cell_id in found["cell_id"]]
    assert found["rank"].tolist() == [1 + int((heights > surface.score[cell]).sum()) for cell in cells]


@given(st.data(), st.integers(1, 40))
def test_a_place_is_told_by_its_highest_cell_that_is_shown(
    surface: RiskSurface, every_place: list[tuple[Hill, list[Cell]]], data: st.DataObject, n: int
) -> None:
    chosen = data.draw(filters(surface))
    powers = map_powers(surface.layers, surface.grid, surface.at)
    shown = show_cells(surface, chosen, powers=powers, certainty=SURE)
    mask, score = shown.includes(slice(None)), surface.score
    expected = {}
    for rank, (hill, cells) in enumerate(every_place, start=1):
        passing = [cell for cell in cells if mask[cell]]
        if passing:
            best = min(passing, key=lambda cell: (-score[cell], cell))
            peak = None if best == (hill.row, hill.col) else surface.grid.cell_id(hill.row, hill.col)
            expected[surface.grid.cell_id(*best)] = (rank, hill.n_cells, peak)

    places = surface.places(10_000, shown=shown)

    found = {one.place_id: (one.rank, one.n_cells, one.peak and one.peak.cell_id) for one in places}
    assert found == expected
    assert [place.score for place in places] == sorted((place.score for place in places), reverse=True)
    assert surface.places(n, shown=shown) == places[:n]
    for place in places:
        if place.peak is not None:
            peak = surface.explain(place.peak.cell_id)
            assert (place.peak.score, place.peak.state) == (pytest.approx(peak.score), peak.state)
            assert place.score <= place.peak.score


@pytest.fixture(scope="module")
def every_place(surface: RiskSurface) -> list[tuple[Hill, list[Cell]]]:
    return places_by_hand(surface.score, surface.state)


@pytest.mark.parametrize("first", [1, 7, 100])
def test_a_filter_is_asked_a_few_cells_at_a_time(
    surface: RiskSurface, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    shown = show_cells(surface, CellFilter(state="inspected"))
    at_once = [surface.top(n, shown=shown) for n in (1, 20, 10_000)]
    monkeypatch.setattr("geo.risk.shown_ranking._FIRST_CELLS", first)
    monkeypatch.setattr("geo.risk.shown_ranking._MOST_CELLS", 3 * first)

    for n, whole in zip((1, 20, 10_000), at_once, strict=True):
        assert surface.top(n, shown=shown).equals(whole)
    score, (row, col) = surface.score, np.divmod(surface.best_first, surface.grid.n_cols)
    expected = sorted(np.argwhere(surface.ranked).tolist(), key=lambda cell: (-score[tuple(cell)], cell))
    assert np.column_stack([row, col]).tolist() == expected


@pytest.mark.long
@pytest.mark.parametrize("cell_m", [100, 250, 1_000, 5_000])
def test_powers_reach_one_kilometre_whatever_the_cells(cell_m: float) -> None:
    layers = geo.Layers(
        {
            "workplaces": make_frame([make_workplace(sni="55101", **near_town(140, 260))]),
            "accommodation": make_frame([make_accommodation(**near_town(4_030, -3_330))]),
        }
    )
    n = round(10_000 / cell_m)
    grid = Grid(755_000, 7_082_000, cell_m, n, n)

    found = map_powers(layers, grid, SCORING_DAY)

    agencies = agencies_on_site()
    for agency in agencies:
        expected = [[agency in cell for cell in row] for row in powers_by_hand(layers, grid)]
        np.testing.assert_array_equal((found >> agencies.index(agency)) & 1, expected)


def test_powers_follow_the_reference_table() -> None:
    agencies = agencies_on_site()
    assert "iom" not in agencies
    assert "migrationsverket" not in agencies
    for layer, sector in [*(("workplaces", code) for code in read_table("sectors")["sector"]), ("accommodation", "")]:
        bits = find_powers(layer, sector)
        assert {agency for at, agency in enumerate(agencies) if bits >> at & 1} == agencies_at(layer, sector)
    ledger = 1 << agencies.index("skatteverket")
    assert find_powers("workplaces", "construction") & ledger
    assert not find_powers("workplaces", "green") & ledger
    assert not find_powers("accommodation", "") & 1 << agencies.index("arbetsmiljoverket")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ParameterError) as told:
        CellFilter(
            counties=frozenset({"01", "24"}),
            municipalities=frozenset({"0180"}),
            state="nothing_known",
            agencies=frozenset({"iom", "migrationsverket"}),
            certainty="unlikely",
            min_class="9",
        )
    for word in ("'01'", "'0180'", "'nothing_known'", "'iom', 'migrationsverket'", "'unlikely'", "'9'", "use one of"):
        assert word in str(told.value)


def test_a_raster_that_is_needed_must_be_given(surface: RiskSurface) -> None:
    for chosen in (CellFilter(agencies=frozenset({"skatteverket"})), CellFilter(certainty="certain")):
        with pytest.raises(ParameterError, match="asks for a raster of"):
            show_cells(surface, chosen)
    with pytest.raises(ParameterError, match="not both"):
        surface.top(5, "24", show_cells(surface, CellFilter()))
