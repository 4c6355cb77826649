"""Rows that name an area get its polygon; a name that is not known gets the nearest ones that are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CRSError, ParameterError
from geo.grid import Grid
from geo.reading.areas import AREA_KINDS, draw_areas, index_areas
from geo.region import load_region

REGION = load_region()


def column(*cells: object) -> pd.Series:
    return pd.Series(list(cells), dtype=object)


def polygon_of(code: str) -> shapely.Geometry:
    frame = REGION.municipalities
    return frame.geometry[frame["municipality"] == code].item()


def test_municipalities_by_code_number_or_name() -> None:
    keyed = draw_areas("municipality", column("2480", 2480, 2480.0, " 2480 ", "Umeå", "UMEÅ kommun"), region=REGION)
    assert not keyed.problems
    assert set(keyed.keys) == {"2480"}
    assert all(shape is keyed.shapes[0] for shape in keyed.shapes), "an area is drawn once"
    assert keyed.shapes[0].equals(polygon_of("2480"))


def test_an_unknown_municipality_names_the_nearest() -> None:
    keyed = draw_areas("municipality", column("2408", None, "Ume", "0180", "2480"), region=REGION)
    assert keyed.problems[0].startswith("names a municipality that is not known, '2408'; nearest are ")
    assert "2480 (Umeå)" in keyed.problems[0]
    assert keyed.problems[1] == "names no municipality; fill in its code"
    assert "(Umeå)" in keyed.problems[2]
    assert "'0180'" in keyed.problems[3]
    assert keyed.shapes[:4].tolist() == [None] * 4
    assert keyed.keys.tolist() == [None] * 4 + ["2480"]


def test_counties_are_their_municipalities() -> None:
    keyed = draw_areas("county", column("24", 25, "99"), region=REGION)
    mine = [code for code in REGION.codes if code.startswith("24")]
    assert keyed.shapes[0].area == pytest.approx(sum(polygon_of(code).area for code in mine), rel=1e-6)
    assert list(keyed.problems) == [2]


def test_deso_comes_from_a_table_of_polygons() -> None:
    frame = gpd.GeoDataFrame(
        {"desokod": ["2480A0010", "2480A0010", "2480C1020"]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 5, 6, 6)],
        crs=3006,
    )
    lookup = index_areas(frame, "desokod")
    keyed = draw_areas("deso", column("2480A0010", "2480C1020", "2480C1021"), lookup=lookup)
    assert keyed.shapes[0].equals(shapely.box(0, 0, 2, 1))
    assert keyed.problems[2] == "names a deso that is not known, '2480C1021'; nearest are 2480C1020, 2480A0010"


def test_a_table_of_polygons_must_be_in_metres_and_have_the_column() -> None:
    frame = gpd.GeoDataFrame({"a": ["x"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326)
    with pytest.raises(CRSError, match="project them first"):
        index_areas(frame, "a")
    with pytest.raises(ParameterError, match="have no column 'b'; their columns are a, geometry"):
        index_areas(frame.set_crs(3006, allow_override=True), "b")


@pytest.mark.parametrize("kind", ["municipality", "county", "deso", "regso"])
def test_areas_that_nothing_draws_are_refused(kind: str) -> None:
    with pytest.raises(ParameterError, match=r"cannot be drawn without .*; import their polygons first"):
        draw_areas(kind, column("1"))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ParameterError, match=f"use one of {', '.join(AREA_KINDS)}"):
        draw_areas("parish", column("1"))


# ---- grid cells ------------------------------------------------------------------------------------------------


@given(
    st.sampled_from([100, 250, 500, 1_000, 2_000, 5_000, 10_000]),
    st.integers(0, 9),
    st.integers(0, 19),
    st.sampled_from(["scb", "inspire", "number"]),
)
def test_an_id_is_the_cell_that_the_grid_gives_that_name(cell_m: int, row: int, col: int, form: str) -> None:
    grid = Grid(700_000, 7_000_000, cell_m, n_rows=10, n_cols=20)
    text = grid.scb_id(row, col)
    key: object = {"scb": text, "inspire": grid.cell_id(row, col), "number": int(text or "0")}[form]
    keyed = draw_areas("scb_grid", column(key), cell_m=None if form == "inspire" else cell_m)
    x, y = grid.corner(row, col)
    assert not keyed.problems
    assert keyed.shapes[0].equals(shapely.box(x, y, x + cell_m, y + cell_m))


@pytest.mark.parametrize("written", [1000, "1000", "1000 m", "1 km", 1000.0, "1000,0"])
def test_a_cell_size_may_be_written_in_many_ways(written: object) -> None:
    keyed = draw_areas("scb_grid", column("7590007088000"), cell_m=column(written))
    assert keyed.shapes[0].area == 1e6


@pytest.mark.parametrize("cell_m", [250, 1_000, 5_000])
def test_the_size_is_inferred_where_the_corners_tell_it(cell_m: int) -> None:
    grid = Grid(700_000, 7_000_000, cell_m, n_rows=6, n_cols=6)
    ids = [grid.scb_id(row, col) for row in range(6) for col in range(6)]
    keyed = draw_areas("scb_grid", column(*ids, *ids))
    assert not keyed.problems
    assert {shape.area for shape in keyed.shapes} == {cell_m**2}
    assert f"the corners fit cells of {cell_m} m, and were read so" in keyed.notes[0]
    later = draw_areas("scb_grid", column(ids[7]), cell_m=keyed.inferred_m)
    assert later.shapes[0].equals(keyed.shapes[7])
    assert (later.problems, later.notes, later.inferred_m) == ({}, (), None)


def test_few_cells_or_a_mixture_tell_no_size() -> None:
    few = draw_areas("scb_grid", column("7590007088000", "7600007088000"))
    mixed = [f"{700_000 + 1_000 * i}7088000" for i in range(30)] + [f"{700_250 + 1_000 * i}7088000" for i in range(8)]
    for keyed, n in ((few, 2), (draw_areas("scb_grid", column(*mixed)), len(mixed))):
        assert len(keyed.problems) == n
        assert not keyed.notes
        assert "has no cell size, and the corners do not tell it" in keyed.problems[0]


def test_what_is_wrong_with_a_cell_is_told_row_by_row() -> None:
    keys = column(
        "7590007088000", "759000708800", "CRS3035RES1000mN7088000E759000", "SE_CRS3006RES1000mN7088000E759000",
        "7590507088000", "7088000759000", None, "7590007088000", "7590007088000", "CRS3006RES250mN7088250E759000",
    )  # fmt: skip
    sizes = column(1000, 1000, None, 500, 1000, 1000, 1000, "large", 0, None)
    keyed = draw_areas("scb_grid", keys, cell_m=sizes)
    assert {row: what.split(",")[0].split(";")[0] for row, what in keyed.problems.items()} == {
        1: "names a grid cell outside Sweden",
        2: "names a cell of EPSG:3035",
        3: "has a cell size in its id and another in its column",
        4: "is not the lower left corner of a cell of its size",
        5: "names a grid cell outside Sweden",
        6: "has no id of a grid cell",
        7: "has a cell size that is no number of metres",
        8: "has a cell size that is no number of metres",
    }
    assert keyed.shapes[9].equals(shapely.box(759_000, 7_088_250, 759_250, 7_088_500))
    assert np.flatnonzero(keyed.keys != None).tolist() == [0, 9]  # noqa: E711
