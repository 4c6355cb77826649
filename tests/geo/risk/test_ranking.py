"""The highest cells and the places they make."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import geo
from geo.errors import ParameterError
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_establishment, make_frame, make_workplace, near_town
from tests.geo.risk.conftest import TOWNS, Expected
from tests.oracles import COMPONENTS, flood_fill

Cell = tuple[int, int]


def cells_of(surface: RiskSurface, ids: list[str]) -> list[Cell]:
    return [surface.grid.parse_cell_id(cell_id) for cell_id in ids]


def ranked_cells(surface: RiskSurface) -> list[Cell]:
    return [(int(row), int(col)) for row, col in np.argwhere(surface.ranked)]


# ---- cells -----------------------------------------------------------------------------------------------------


def test_the_top_is_the_top_of_the_model(surface: RiskSurface, expected: Expected) -> None:
    order = sorted(ranked_cells(surface), key=lambda cell: -expected.score[cell])

    top = surface.top(25)

    found = cells_of(surface, top["cell_id"].tolist())
    assert top["rank"].tolist() == list(range(1, 26))
    np.testing.assert_allclose(top["score"], [expected.score[cell] for cell in order[:25]], atol=1e-9)
    np.testing.assert_allclose(top["score"], [expected.score[cell] for cell in found], atol=1e-9)
    assert top["state"].tolist() == [expected.state[cell] for cell in found]


def test_the_top_says_what_explain_says(surface: RiskSurface) -> None:
    for record in surface.top(6).to_dict("records"):
        explanation = surface.explain(record["cell_id"])
        assert record["score"] == pytest.approx(explanation.score, abs=1e-9)
        assert {name: record[name] for name in COMPONENTS} == pytest.approx(explanation.contributions, abs=1e-9)
        for name in ("scb_id", "state", "municipality", "municipality_code", "county", "easting", "northing"):
            assert record[name] == getattr(explanation, name)


def test_columns_stand_in_a_fixed_order(surface: RiskSurface) -> None:
    names = ["rank", "cell_id", "scb_id", "score", "state", "municipality", "municipality_code", "county"]

    assert surface.top(1).columns.tolist() == [*names, "easting", "northing", *COMPONENTS]


def test_fewer_cells_than_asked_for_are_all_of_them(surface: RiskSurface) -> None:
    everything = surface.top(10_000)

    assert len(everything) == surface.ranked.sum()
    assert everything["score"].is_monotonic_decreasing
    assert everything["cell_id"].is_unique
    assert "nothing_known" not in set(everything["state"])


def test_a_shorter_list_is_the_head_of_a_longer_one(surface: RiskSurface) -> None:
    longest = surface.top(60)

    for n in (1, 2, 7, 20, 59):
        assert surface.top(n).equals(longest.head(n))


def test_ties_go_north_then_west() -> None:
    # the same firm at the centre of four cells far apart
    places = [(747_000, 7_079_000), (747_000, 7_091_000), (757_000, 7_091_000), (757_000, 7_079_000)]
    firms = [make_workplace(i, sni="55101", easting=x, northing=y) for i, (x, y) in enumerate(places)]

    top = geo.score({"workplaces": make_frame(firms)}, GRID, at=SCORING_DAY).top(4)

    assert np.ptp(top["score"]) == 0
    expected = [(747_000, 7_091_000), (757_000, 7_091_000), (747_000, 7_079_000), (757_000, 7_079_000)]
    assert list(zip(top["easting"], top["northing"], strict=True)) == expected


def test_a_county_can_be_chosen(wide_surface: RiskSurface) -> None:
    whole = wide_surface.top(10_000)

    parts = {county: wide_surface.top(10_000, county) for county in ("22", "23", "24", "25")}

    assert sum(map(len, parts.values())) == len(whole)
    for county, part in parts.items():
        assert set(part["county"]) == {county}
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
        same = whole[whole["county"] == county]
        assert part["cell_id"].tolist() == same["cell_id"].tolist()
    for _, _, code in TOWNS.values():
        assert code in set(parts[code[:2]]["municipality_code"])


@pytest.mark.parametrize("county", ["", "01", "2", "Norrbotten", 25])
def test_a_county_that_is_none_is_refused(surface: RiskSurface, county: str) -> None:
    for ask in (surface.top, surface.places):
        with pytest.raises(ParameterError, match="use one of 22, 23, 24, 25"):
            ask(5, county)


@pytest.mark.parametrize("n", [0, -1, 1.5, "5", None, True, 10_001])
def test_a_number_that_is_none_is_refused(surface: RiskSurface, n: int) -> None:
    for ask in (surface.top, surface.places):
        with pytest.raises(ParameterError, match="n must be a whole number from 1 to 10000"):
            ask(n)


@pytest.mark.parametrize("band_cells", [1, 45, 200])
def test_a_few_rows_at_a_time_give_the_same_cells_and_places(
    surface: RiskSurface, wide_surface: RiskSurface, monkeypatch: pytest.MonkeyPatch, band_cells: int
) -> None:
    def ask() -> list[object]:
        answers: list[object] = []
        for each in (surface, wide_surface):
            for n, county in ((1, None), (7, None), (60, "24"), (10_000, None)):
                answers += [each.top(n, county).to_dict("records"), each.places(n, county)]
        return answers

    at_once = ask()
    monkeypatch.setattr("geo.polygons._BAND_CELLS", band_cells)

    assert ask() == at_once


def test_a_county_is_its_municipalities(wide_surface: RiskSurface, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.array([*wide_surface.region.codes, ""])[wide_surface.region.municipality_raster(wide_surface.grid)]
    monkeypatch.setattr("geo.polygons._BAND_CELLS", 500)

    for county in ("22", "23", "24", "25"):
        expected = np.strings.startswith(codes, county)
        np.testing.assert_array_equal(wide_surface.county_mask(county), expected)
        bands = [wide_surface.county_mask(county, rows) for rows in wide_surface.row_bands()]
        assert len(bands) > 10
        np.testing.assert_array_equal(np.concatenate(bands), expected)


def test_numbers_may_come_from_numpy(surface: RiskSurface) -> None:
    assert len(surface.top(np.int64(3))) == 3


# ---- places ----------------------------------------------------------------------------------------------------


def hill_of(surface: RiskSurface, peak: Cell, higher_peaks: list[Cell]) -> set[Cell]:
    """The cells of a place by flooding: from its peak down to four fifths of it, as long as no higher peak is met.

    So do cells of a lower peak that high, where the way to it stays above four fifths of the lower one.
    """
    share, ranked = np.float32(0.8), ranked_cells(surface)

    def flood(top: Cell) -> list[set[Cell]]:
        return flood_fill({cell for cell in ranked if surface.score[cell] >= share * surface.score[top]})

    groups = flood(peak)
    group = next(each for each in groups if peak in each)
    for other in groups:
        top = max(other, key=lambda cell: surface.score[cell])
        if surface.score[top] < surface.score[peak] and any(top in each and each & group for each in flood(top)):
            group = group | other
    assert not group & set(higher_peaks), "two peaks with such a high saddle are one place"
    return group


def test_a_place_is_a_hill_of_touching_cells(surface: RiskSurface) -> None:
    places = surface.places(20)
    peaks = [surface.grid.parse_cell_id(place.place_id) for place in places]

    for i, (place, peak) in enumerate(zip(places, peaks, strict=True)):
        group = hill_of(surface, peak, peaks[:i])
        assert place.n_cells == len(group)
        assert surface.score[peak] == max(surface.score[cell] for cell in group)
        corners = [surface.grid.corner(*cell) for cell in group]
        size = surface.grid.cell_m
        west, south = (min(corner[axis] for corner in corners) for axis in (0, 1))
        east, north = (max(corner[axis] for corner in corners) + size for axis in (0, 1))
        assert place.bounds == (west, south, east, north)


def test_places_do_not_depend_on_how_many_are_asked_for(surface: RiskSurface, wide_surface: RiskSurface) -> None:
    for each in (surface, wide_surface):
        most = each.places(50)
        for n in range(1, len(most) + 1):
            assert each.places(n) == most[:n]


def test_places_are_ranked_by_their_highest_cell(surface: RiskSurface, wide_surface: RiskSurface) -> None:
    for each in (surface, wide_surface):
        places = each.places(4)
        assert [place.rank for place in places] == list(range(1, len(places) + 1))
        assert all(one.score >= other.score for one, other in pairwise(places))
        # in step with the list of cells
        assert places[0].place_id == each.top(1)["cell_id"][0]
        assert places[0].score == pytest.approx(each.top(1)["score"][0], abs=1e-9)


def test_a_place_says_what_its_highest_cell_says(surface: RiskSurface) -> None:
    for place in surface.places(3):
        explanation = surface.explain(place.place_id)
        assert place.score == explanation.score
        assert place.contributions == explanation.contributions
        assert place.reasons == explanation.reasons
        assert place.state == explanation.state
        assert (place.easting, place.northing) == (explanation.easting, explanation.northing)
        assert place.municipality_code == explanation.municipality_code
        assert place.name == explanation.place


def test_four_towns_are_four_places(wide_surface: RiskSurface) -> None:
    places = wide_surface.places(4)

    assert sorted(place.county for place in places) == ["22", "23", "24", "25"]
    # the place with housing beside the work comes first
    assert places[0].county == "23"


def test_places_of_a_county(wide_surface: RiskSurface) -> None:
    for name, (_, _, code) in TOWNS.items():
        places = wide_surface.places(3, code[:2])
        assert {place.county for place in places} == {code[:2]}, name
        assert places[0].place_id == wide_surface.top(1, code[:2])["cell_id"][0]


def test_asking_for_more_places_than_there_are_ends(wide_surface: RiskSurface) -> None:
    places = wide_surface.places(50)

    assert 4 <= len(places) < 50
    assert len({place.place_id for place in places}) == len(places)


def test_one_town_is_one_place() -> None:
    firms = [make_workplace(i, **near_town(i * 40, i * 30)) for i in range(20)]

    places = geo.score({"workplaces": make_frame(firms)}, GRID, at=SCORING_DAY).places(10)

    assert len(places) == 1
    assert places[0].n_cells > 4


def restaurants_at(*cells: Cell, employees: tuple[float, ...] = ()) -> RiskSurface:
    """Restaurants at the centres of cells: a bandwidth of 2 km on cells of 2 km reaches no other centre."""
    sizes = employees or (10.0,) * len(cells)
    rows = []
    for number, (cell, size) in enumerate(zip(cells, sizes, strict=True)):
        easting, northing = GRID.centre(*cell)
        rows.append(make_workplace(number, sni="55101", employees=size, easting=easting, northing=northing))
    return geo.score({"workplaces": make_frame(rows)}, GRID, at=SCORING_DAY)


def test_cells_that_touch_by_a_corner_are_one_place() -> None:
    touching, apart = restaurants_at((4, 5), (5, 6), (6, 5)), restaurants_at((4, 5), (4, 7), (6, 5))

    assert touching.ranked.sum() == apart.ranked.sum() == 3
    assert [place.n_cells for place in touching.places(5)] == [3]
    assert [place.n_cells for place in apart.places(5)] == [1, 1, 1]


def test_of_many_places_the_highest_are_kept() -> None:
    cells = [(row, col) for row in (1, 3, 5, 7) for col in (1, 4, 7, 10)]
    sizes = tuple(float(10 + number) for number in range(len(cells)))

    places = restaurants_at(*cells, employees=sizes).places(3)

    # the heaviest stand in the south-east, where a scan by rows comes last
    assert [GRID.parse_cell_id(place.place_id) for place in places] == [(7, 10), (7, 7), (7, 4)]


def test_two_hills_stay_two_places_when_more_are_asked_for() -> None:
    works = [
        make_establishment(i, **near_town(*place)) for i, place in enumerate([(-14_000, -2_000), (14_000, -2_000)])
    ]
    surface = geo.score({"establishments": make_frame(works)}, GRID, at=SCORING_DAY)

    # everything in reach hangs together, but only by the saddle between the hills
    assert len(flood_fill(set(ranked_cells(surface)))) == 1
    assert len(surface.places(2)) == len(surface.places(3)) == len(surface.places(9)) == 2


def test_the_same_layers_give_the_same_places(layers: Layers, surface: RiskSurface) -> None:
    assert geo.score(layers, GRID, at=SCORING_DAY).places(5) == surface.places(5)
