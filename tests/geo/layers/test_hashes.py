"""Hashes of rows and layers: equal content, equal hash, whatever the order; anything else, another one."""

import hashlib
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.layers import hashes as module
from geo.layers.hashes import content_hash, hash_rows, hash_sorted
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from tests.frames import make_frame, make_workplace, small_frames

CHECKED = {name: validate(LAYERS[name], frame) for name, frame in small_frames().items()}


def naive_row(row: dict[str, object]) -> bytes:
    """A row's hash as the page says it, one cell after the other."""
    message = b""
    for name in sorted(row):
        value = row[name]
        if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
            continue
        if isinstance(value, bool | np.bool_):
            packed = bytes([int(value)])
        elif isinstance(value, float):
            packed = np.array(value + 0.0, dtype="<f8").tobytes()
        elif isinstance(value, pd.Timestamp):
            packed = np.array(value.to_datetime64(), dtype="datetime64[us]").astype("<i8").tobytes()
        elif isinstance(value, shapely.Geometry):
            packed = shapely.to_wkb(value)
        else:
            packed = str(value).encode()
        message += name.encode() + b"\0" + np.array(len(packed), dtype="<i8").tobytes() + packed
    return hashlib.blake2b(message, digest_size=16).digest()


@pytest.mark.parametrize("name", list(CHECKED))
def test_rows_against_the_oracle(name: str) -> None:
    frame = CHECKED[name]
    rows = [{column: frame[column].iloc[number] for column in frame.columns} for number in range(len(frame))]
    assert hash_rows(frame) == [naive_row(row) for row in rows]


@pytest.mark.parametrize("name", list(CHECKED))
def test_order_index_and_pieces_do_not_count(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = CHECKED[name]
    digest = content_hash(frame)
    shuffled = frame.sample(frac=1, random_state=3).set_axis(np.arange(len(frame)) + 7)
    assert content_hash(shuffled) == digest
    assert content_hash(shuffled[sorted(shuffled.columns)]) == digest
    monkeypatch.setattr(module, "_CHUNK", 2)
    assert content_hash(frame) == digest == hash_sorted(sorted(hash_rows(frame)))


def test_every_cell_counts() -> None:
    frame = CHECKED["workplaces"]
    changes = {
        "name": "another", "employees": 0.5, "synthetic": True, "active_from": pd.Timestamp("2020-02-02"),
        "geometry": shapely.Point(700_000, 7_000_000), "employer_id": "x", "circle": "public",
    }  # fmt: skip
    digests = [content_hash(frame)]
    for column, value in changes.items():
        other = frame.copy()
        other[column] = other[column].where(np.arange(len(frame)) != 3, value)
        digests.append(content_hash(gpd.GeoDataFrame(other, crs=frame.crs)))
    digests += [content_hash(frame.iloc[1:]), content_hash(frame.iloc[:0])]
    assert len(set(digests)) == len(digests)


def test_a_column_that_nobody_fills_changes_nothing() -> None:
    frame = CHECKED["workplaces"]
    empty = pd.Series([None] * len(frame), dtype="str")
    assert content_hash(frame.assign(later=empty)) == content_hash(frame)
    assert content_hash(frame.assign(later="x")) != content_hash(frame)


cells = st.none() | st.text(st.characters(codec="utf-8"), max_size=4)


@given(one=st.tuples(cells, cells), other=st.tuples(cells, cells))
def test_texts_do_not_run_into_each_other(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> None:
    def digest(texts: tuple[str | None, ...]) -> str:
        frame = make_frame([make_workplace()])[["geometry"]]
        return content_hash(frame.assign(**{n: pd.Series([t], dtype="str") for n, t in zip("ab", texts, strict=True)}))

    assert (digest(one) == digest(other)) == (one == other)


def test_a_row_more_or_twice_is_another_content() -> None:
    frame = CHECKED["visits"]
    several = [content_hash(frame.iloc[:n]) for n in range(len(frame) + 1)]
    assert all(one != other for one, other in pairwise(several))
    assert content_hash(pd.concat([frame, frame])) != content_hash(frame)


def test_minus_zero_is_zero() -> None:
    rows = [make_workplace(employees=0.0)]
    frame = validate(LAYERS["workplaces"], make_frame(rows))
    assert content_hash(frame.assign(employees=-0.0)) == content_hash(frame)
