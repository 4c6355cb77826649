"""Areas brought to cells: people spread, quotients as codes and a table, and the areas behind a value."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.layers.sectors import Areas
from geo.risk.components import sector_density
from geo.risk.components.sector_density import COMPONENT, AreaSource
from tests.frames import GRID, SCORING_DAY, make_area, make_frame
from tests.oracles import Model

SQUARES = Grid(750_000, 7_080_000, 1_000, n_rows=6, n_cols=8)


def make_areas(*shapes: Any, employees: list[float] | None = None, share: float = 0.5) -> Areas:
    people = np.array(employees or [100.0 * (i + 1) for i in range(len(shapes))], dtype=np.float64)
    ids = np.array([f"area{i}" for i in range(len(shapes))], dtype=object)
    return Areas(ids, np.array(shapes, dtype=object), people, people / 4, share)


def employees_in(source: AreaSource) -> NDArray[np.float64]:
    return source.spread(SQUARES).employees[source.coded(SQUARES).codes]


def risk_employees_in(source: AreaSource) -> NDArray[np.float64]:
    return source.spread(SQUARES).risk_employees[source.coded(SQUARES).codes]


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A box by kilometres from the corner of `SQUARES`."""
    return shapely.box(
        *(1_000 * km + low for km, low in zip((west, south, east, north), (750_000, 7_080_000) * 2, strict=True))
    )


def test_people_are_spread_over_the_cells_whose_centre_the_area_owns() -> None:
    source = AreaSource(make_areas(box(0, 0, 2, 1.2), box(3, 3, 5, 5)))

    expected = np.zeros(SQUARES.shape)
    expected[5, 0:2] = 50
    expected[1:3, 3:5] = 50
    np.testing.assert_allclose(employees_in(source), expected)
    np.testing.assert_allclose(risk_employees_in(source), expected / 4)


sides = st.floats(0.05, 3.0)
boxes = st.builds(
    lambda x, y, width, height: box(x, y, min(x + width, 7.99), min(y + height, 5.99)),
    st.floats(0.01, 7.5),
    st.floats(0.01, 5.5),
    sides,
    sides,
)


@given(st.lists(boxes, min_size=1, max_size=7))
def test_mass_is_conserved_whatever_the_areas(shapes: list[shapely.Polygon]) -> None:
    # some are smaller than a cell, some overlap, some bury others
    areas = make_areas(*shapes)
    source = AreaSource(areas)

    assert employees_in(source).sum() == pytest.approx(areas.employees.sum(), rel=1e-9)
    assert risk_employees_in(source).sum() == pytest.approx(areas.risk_employees.sum(), rel=1e-9)
    assert employees_in(source).min() >= 0


def test_an_area_smaller_than_a_cell_fills_the_cell_it_lies_in() -> None:
    employees = employees_in(AreaSource(make_areas(box(2.1, 2.1, 2.3, 2.2))))

    assert np.argwhere(employees > 0).tolist() == [[3, 2]]
    assert employees[3, 2] == 100


def test_an_area_off_the_grid_is_left_out() -> None:
    source = AreaSource(make_areas(box(20, 20, 22, 22), box(30, 30, 30.1, 30.1)))

    assert not source.raster(SQUARES).any()


def test_the_quotient_compares_with_the_region() -> None:
    source = AreaSource(make_areas(box(0, 0, 2, 2), share=0.125))

    raster = source.raster(SQUARES)

    # a quarter of the people here are in risk sectors, an eighth in the region
    assert set(np.unique(raster)) == {0.0, 2.0}
    assert (raster[4:, :2] == 2).all()
    for row, col in ((5, 0), (0, 0)):
        assert source.value_at(SQUARES, row, col) == raster[row, col]


def test_nobody_counted_is_no_quotient() -> None:
    assert not AreaSource(make_areas(box(0, 0, 2, 2), employees=[0.0])).raster(SQUARES).any()
    assert not AreaSource(make_areas(box(0, 0, 2, 2), share=0.0)).raster(SQUARES).any()
    nothing = AreaSource(Areas(np.empty(0, object), np.empty(0, object), np.empty(0), np.empty(0), 0.3))
    assert not nothing.raster(SQUARES).any()
    assert nothing.drivers_at(SQUARES, 0, 0) == ()


def test_the_areas_behind_a_cell_are_those_whose_people_are_counted_there() -> None:
    # a hamlet inside a wide area, and an area that another one covers whole
    source = AreaSource(make_areas(box(0, 0, 4, 4), box(1.1, 1.1, 1.3, 1.3), box(2.2, 2.2, 2.8, 2.8), box(2, 2, 4, 4)))

    in_hamlet = source.drivers_at(SQUARES, 4, 1)
    in_cover = source.drivers_at(SQUARES, 3, 2)

    assert {driver.record_id for driver in in_hamlet} == {"area0", "area1"}
    assert {driver.record_id for driver in in_cover} == {"area2", "area3"}
    # twelve cells are left to the wide area, 100 people; the hamlet's 200 stand in one cell
    shares = {driver.record_id: driver.share for driver in in_hamlet}
    assert shares == pytest.approx({"area0": (100 / 12) / (100 / 12 + 200), "area1": 200 / (100 / 12 + 200)})
    assert source.drivers_at(SQUARES, 0, 7) == ()


def test_the_quotient_of_real_areas_needs_no_employees_near() -> None:
    wide = shapely.box(740_300, 7_066_300, 781_000, 7_098_300)
    layers = Layers({"sectors": make_frame([make_area("a", "green", 30, wide), make_area("a", "other", 10, wide)])})

    raster = COMPONENT.prepare(layers, SCORING_DAY, None, {}).raster(GRID)

    expected = Model(layers, SCORING_DAY).quotient_at(40, 30)
    np.testing.assert_allclose(raster[raster > 0], expected)
    assert (raster > 0).sum() == GRID.n_cells


# ---- codes and a table -----------------------------------------------------------------------------------------


def naive_quotients(areas: Areas, grid: Grid) -> NDArray[np.float64]:
    """Who owns a box's cells, western and southern border included; who owns no cell and lies in one; who is there."""
    easting, northing = np.meshgrid(grid.easting, grid.northing)
    owner = np.full(grid.shape, -1)
    for position, area in enumerate(areas.geometry):
        west, south, east, north = area.bounds
        owner[(west <= easting) & (easting < east) & (south <= northing) & (northing < north)] = position
    everybody, in_risk_sectors = np.zeros(grid.shape), np.zeros(grid.shape)
    for position, area in enumerate(areas.geometry):
        cells = owner == position
        if not cells.any():
            inner = area.point_on_surface()
            row, col = grid.cell_at([inner.x], [inner.y])
            cells[row, col] = row[0] >= 0
        everybody[cells] += areas.employees[position] / max(1, cells.sum())
        in_risk_sectors[cells] += areas.risk_employees[position] / max(1, cells.sum())
    expected = everybody * areas.share
    return np.divide(in_risk_sectors, expected, out=np.zeros(grid.shape), where=expected > 0)


def with_risk(areas: Areas) -> Areas:
    """The same areas, each with a share of its own in risk sectors."""
    part = np.linspace(0.1, 0.9, len(areas.ids))
    return Areas(areas.ids, areas.geometry, areas.employees, areas.employees * part, areas.share)


cuts = st.builds(slice, *[st.one_of(st.none(), st.integers(-9, 9))] * 2)


@given(st.lists(boxes, max_size=7))
def test_every_cell_has_the_quotient_of_the_people_in_it(shapes: list[shapely.Polygon]) -> None:
    areas = with_risk(make_areas(*shapes))

    np.testing.assert_allclose(AreaSource(areas).raster(SQUARES), naive_quotients(areas, SQUARES), rtol=1e-12)


@given(st.lists(boxes, max_size=7))
def test_raster_table_and_single_cells_agree_to_the_bit(shapes: list[shapely.Polygon]) -> None:
    source = AreaSource(with_risk(make_areas(*shapes)))
    raster, coded = source.raster(SQUARES), source.coded(SQUARES)

    assert coded.codes.dtype == np.uint16
    assert coded.values[0] == 0
    assert coded.values[coded.codes].tobytes() == raster.tobytes()
    for row, col in np.ndindex(SQUARES.shape):
        assert source.value_at(SQUARES, row, col) == raster[row, col]
        shares = [driver.share for driver in source.drivers_at(SQUARES, row, col)]
        assert sum(shares) == pytest.approx(1.0 if raster[row, col] > 0 else 0.0)


@given(st.lists(boxes, max_size=7), cuts, cuts)
def test_a_window_is_the_slice_of_the_whole(shapes: list[shapely.Polygon], rows: slice, cols: slice) -> None:
    areas = with_risk(make_areas(*shapes))
    whole, window = AreaSource(areas).coded(SQUARES), AreaSource(areas).coded(SQUARES, rows, cols)

    assert window.codes.tolist() == whole.codes[rows, cols].tolist()
    assert window.values.tobytes() == whole.values.tobytes()


def test_wider_codes_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = with_risk(make_areas(box(0, 0, 4, 4), box(1.1, 1.1, 1.3, 1.3), box(2.2, 2.2, 2.3, 2.3)))
    usual = AreaSource(areas).coded(SQUARES)
    # nobody, three areas, two cells with a hamlet
    assert usual.codes.max() == 5

    for n_small, dtype in ((6, np.uint16), (5, np.int32)):
        monkeypatch.setattr(sector_density, "_N_SMALL_CODES", n_small)
        coded = AreaSource(areas).coded(SQUARES)
        assert coded.codes.dtype == dtype
        np.testing.assert_array_equal(coded.codes, usual.codes)


def test_a_source_travels_and_serves_many_at_once() -> None:
    source = AreaSource(with_risk(make_areas(box(0, 0, 4, 4), box(1.1, 1.1, 1.3, 1.3), box(3, 3, 7, 6))))
    expected = AreaSource(source.areas).raster(SQUARES)
    finer = Grid(750_000, 7_080_000, 250, n_rows=24, n_cols=32)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(source.raster, [SQUARES, finer] * 8))
    there = pickle.loads(pickle.dumps(source))  # noqa: S301  our own bytes

    assert all(raster.tobytes() == expected.tobytes() for raster in found[::2])
    assert all(raster.tobytes() == found[1].tobytes() for raster in found[1::2])
    assert there.raster(SQUARES).tobytes() == expected.tobytes()
