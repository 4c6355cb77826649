"""What makes two rows the same: in one table, and across all tables of a file."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.reading.records import SeenRows, find_repeated, fingerprint_rows

RUNS = st.lists(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["a", "b", None])), max_size=12), max_size=9)


def make_table(rows: list[tuple[int, str | None]]) -> tuple[pd.DataFrame, np.ndarray]:
    columns = pd.DataFrame({"name": pd.Series([name for _, name in rows], dtype=object)})
    return columns, np.array([shapely.Point(x, 0) for x, _ in rows], dtype=object)


@given(RUNS)
def test_a_row_is_repeated_if_it_came_before_in_any_table(tables: list[list[tuple[int, str | None]]]) -> None:
    seen, before = SeenRows(), set()
    for rows in tables:
        expected = []
        for row in rows:
            expected.append(row in before)
            before.add(row)
        assert seen.add(*make_table(rows)).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["a", "b", None])), min_size=1))
def test_fingerprints_are_equal_where_rows_are(rows: list[tuple[int, str | None]]) -> None:
    prints = fingerprint_rows(*make_table(rows))
    assert len(set(prints.tolist())) == len(set(rows))
    assert find_repeated(prints, all_of_them=True).tolist() == [rows.count(row) > 1 for row in rows]
    assert find_repeated(prints).tolist() == [row in rows[:at] for at, row in enumerate(rows)]


def test_neither_the_order_of_columns_nor_an_empty_one_changes_a_fingerprint() -> None:
    points = gpd.points_from_xy([1, 2], [3, 4]).to_numpy()
    one = pd.DataFrame({"a": ["x", "y"], "b": ["y", "x"]}, dtype=object)
    other = pd.DataFrame({"c": [None, None], "b": one["b"], "a": one["a"]}, dtype=object)
    swapped = one.rename(columns={"a": "b", "b": "a"})
    assert fingerprint_rows(one, points).tolist() == fingerprint_rows(other, points).tolist()
    assert fingerprint_rows(one, points).tolist() != fingerprint_rows(swapped, points).tolist()
