"""Arrow's columns as a raw table's: plain Python objects, whole columns at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as at
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.reading.limits import Limits

__all__ = ["check_cells", "holds_plain_values", "make_arrow_columns", "read_wkb"]

_MAX_INT = 2**63 - 1
# GEOS reads a shape inside a shape by calling itself, and a hundred thousand of them end the process
_MAX_NESTING = 100
_SHORTEST_SHAPE_BYTES = 9
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# the years 1 to 9999, but no more than nanoseconds in 64 bits reach
_FIRST_S, _PAST_S = -62_135_596_800, 253_402_300_800
# multipoint, multiline, multipolygon, collection, and what may hold curves
_COLLECTIONS = {4, 5, 6, 7, 9, 10, 11, 12}
_LINES, _POLYGON = {2, 8}, 3


def holds_plain_values(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text, numbers, dates or yes and no, and not bytes, lists or objects."""
    if at.is_dictionary(kind):
        return holds_plain_values(kind.value_type)
    return bool(
        _is_text(kind)
        or at.is_integer(kind)
        or at.is_floating(kind)
        or at.is_boolean(kind)
        or at.is_decimal(kind)
        or at.is_temporal(kind)
        or at.is_null(kind)
    )


def make_arrow_columns(arrays: Mapping[str, pa.Array], n_rows: int) -> pd.DataFrame:
    """A frame of Python objects, by the rules of `geo.reading.table.make_columns`; dates and decimals become text.

    Parameters
    ----------
    arrays : column name to n_rows values of a type for which `holds_plain_values`
    n_rows : int

    Returns
    -------
    DataFrame of objects, index 0 … n_rows-1
    """
    columns = {name: pd.Series(_list_objects(array), dtype=object, copy=False) for name, array in arrays.items()}
    return pd.DataFrame(columns, index=pd.RangeIndex(n_rows), dtype=object, copy=False)


def check_cells(source_name: str, arrays: Mapping[str, pa.Array], limits: Limits) -> None:
    """Refuse texts that are longer than any table needs.

    Raises
    ------
    InputError
    """
    for name, array in arrays.items():
        texts = array.dictionary if at.is_dictionary(array.type) else array
        if _is_text(texts.type) and (pc.max(pc.binary_length(texts)).as_py() or 0) > limits.cell_characters:
            message = (
                f"{source_name}: column {name!r} holds a cell of more than {limits.cell_characters} characters; "
                "leave the column out."
            )
            raise InputError(message)


def read_wkb(array: pa.Array) -> tuple[NDArray[np.object_], dict[int, str]]:
    """Shapes in two dimensions out of well-known binary.

    Parameters
    ----------
    array : (n,) Arrow binary

    Returns
    -------
    (n,) shapely objects, None where there is none or it cannot be read
    dict of position to what is wrong
    """
    texts = np.empty(len(array), dtype=object)
    texts[:] = array.to_numpy(zero_copy_only=False)
    texts[[position for position, wkb in enumerate(texts) if not wkb or _is_too_deep(wkb)]] = None
    shapes = np.atleast_1d(shapely.from_wkb(texts, on_invalid="ignore"))
    if shapely.has_z(shapes).any() or shapely.has_m(shapes).any():
        shapes = shapely.force_2d(shapes)
    given = pc.fill_null(pc.greater(pc.binary_length(array), 0), False).to_numpy(zero_copy_only=False)
    unread = np.flatnonzero(shapely.is_missing(shapes) & given)
    return shapes, {int(row): "cannot be read as a shape; mend it" for row in unread}


def _list_objects(array: pa.Array) -> NDArray[np.object_]:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    kind = array.type
    if at.is_dictionary(kind):
        return _look_up(array)
    if _is_text(kind):
        return _list_texts(array)
    if at.is_integer(kind) or at.is_boolean(kind):
        return _list_numbers(array)
    if at.is_floating(kind):
        values: NDArray[np.object_] = array.to_numpy(zero_copy_only=False).astype(np.float64).astype(object)
        values[pc.fill_null(pc.is_nan(array), True).to_numpy(zero_copy_only=False)] = None
        return values
    if at.is_null(kind):
        return np.full(len(array), None, dtype=object)
    return _list_texts(_write_out(array))


def _look_up(array: pa.DictionaryArray) -> NDArray[np.object_]:
    nothing = len(array.dictionary)
    positions = pc.fill_null(array.indices.cast(pa.int64()), nothing).to_numpy(zero_copy_only=False)
    # the values of a run of rows are those of all rows before it too
    used, place = np.unique(positions, return_inverse=True)
    if len(used) and not 0 <= used[0] <= used[-1] <= nothing:
        message = "a column points to values that it does not have"
        raise pa.ArrowInvalid(message)
    values = np.full(len(used), None, dtype=object)
    there = used < nothing
    values[there] = _list_objects(array.dictionary.take(pa.array(used[there])))
    found: NDArray[np.object_] = values[place]
    return found


def _list_texts(array: pa.Array) -> NDArray[np.object_]:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        # bytes that are no text, whatever the file says of them
        array = _mend_texts(array)
    blank = pc.or_(pc.utf8_is_space(array), pc.equal(pc.binary_length(array), 0))
    if pc.any(blank).as_py():
        array = pc.if_else(blank, pa.scalar(None, array.type), array)
    values: NDArray[np.object_] = array.to_numpy(zero_copy_only=False)
    return values if values.flags.writeable else values.copy()


def _mend_texts(array: pa.Array) -> pa.Array:
    raw = array.cast(pa.large_binary()) if not at.is_binary(array.type) else array
    return pa.array(
        [None if each is None else each.decode("utf-8", "replace") for each in raw.to_pylist()], pa.string()
    )


def _list_numbers(array: pa.Array) -> NDArray[np.object_]:
    plain = pc.fill_null(array, False if at.is_boolean(array.type) else 0)
    values: NDArray[np.object_] = plain.to_numpy(zero_copy_only=False).astype(object)
    if array.null_count:
        values[array.is_null().to_numpy(zero_copy_only=False)] = None
    if array.type in {pa.uint64(), pa.int64()} and len(plain):
        ends = pc.min_max(plain).as_py()
        if ends["max"] > _MAX_INT or ends["min"] < -_MAX_INT:
            values = np.array([_fit(value) for value in values], dtype=object)
    return values


def _fit(value: int | None) -> int | str | None:
    return str(value) if value is not None and abs(value) > _MAX_INT else value


def _write_out(array: pa.Array) -> pa.Array:
    kind = array.type
    if at.is_timestamp(kind):
        return _write_times(array)
    if at.is_date(kind):
        return _write_times(array.cast(pa.date32()).cast(pa.timestamp("s")) if at.is_date32(kind) else _as_times(array))
    try:
        return array.cast(pa.string())
    except pa.ArrowException:
        return pa.array([None if each is None else str(each) for each in array.to_pylist()], pa.string())


def _as_times(days: pa.Array) -> pa.Array:
    return days.view(pa.int64()).view(pa.timestamp("ms"))


def _write_times(times: pa.Array) -> pa.Array:
    """ISO text in the times' own zone; the plain number where no calendar has the year."""
    if times.type.tz:
        times = _write_local(times)
    unit = times.type.unit
    numbers = times.view(pa.int64())
    # nanoseconds do not reach as far as the calendar does
    first, past = (min(max(bound * _PER_SECOND[unit], -(2**63)), 2**63 - 1) for bound in (_FIRST_S, _PAST_S))
    dated = pc.and_(pc.greater_equal(numbers, first), pc.less(numbers, past))
    times = pc.if_else(dated, times, pa.scalar(None, times.type))
    seconds = times.cast(pa.timestamp("s"), safe=False)
    whole_day = pc.equal(pc.floor_temporal(times, unit="day"), times)
    text = pc.if_else(whole_day, pc.strftime(seconds, "%Y-%m-%d"), pc.strftime(seconds, "%Y-%m-%dT%H:%M:%S"))
    return pc.if_else(dated, text, numbers.cast(pa.string()))


def _write_local(times: pa.Array) -> pa.Array:
    try:
        return pc.local_timestamp(times)
    except pa.ArrowException:
        # a zone that nobody knows: the time in Greenwich
        return times.view(pa.timestamp(times.type.unit))


def _is_text(kind: pa.DataType) -> bool:
    return bool(at.is_string(kind) or at.is_large_string(kind) or at.is_string_view(kind))


def _is_too_deep(wkb: bytes) -> bool:
    """Whether a shape holds shapes that hold shapes, and so on, beyond all need; damaged bytes are not."""
    if len(wkb) < _SHORTEST_SHAPE_BYTES * _MAX_NESTING or _kind_at(wkb, 0) not in _COLLECTIONS:
        return False
    # how many shapes are still to come at each depth
    waiting, position = [1], 0
    while waiting and position + _SHORTEST_SHAPE_BYTES <= len(wkb):
        if not waiting[-1]:
            waiting.pop()
            continue
        waiting[-1] -= 1
        kind = _kind_at(wkb, position)
        count = _number_at(wkb, position, position + 5)
        if kind not in _COLLECTIONS:
            position = _skip(wkb, position, kind, count)
            continue
        waiting.append(count)
        position += _SHORTEST_SHAPE_BYTES
        if len(waiting) > _MAX_NESTING:
            return True
    return False


def _skip(wkb: bytes, start: int, kind: int, count: int) -> int:
    n_numbers = _count_dimensions(_number_at(wkb, start, start + 1))
    if kind in _LINES:
        return start + 9 + 8 * n_numbers * count
    if kind != _POLYGON:
        return start + 5 + 8 * n_numbers
    position = start + 9
    for _ in range(count):
        if position + 4 > len(wkb):
            break
        position += 4 + 8 * n_numbers * _number_at(wkb, start, position)
    return position


def _number_at(wkb: bytes, start: int, position: int) -> int:
    return int.from_bytes(wkb[position : position + 4], "little" if wkb[start] == 1 else "big")


def _kind_at(wkb: bytes, start: int) -> int:
    return (_number_at(wkb, start, start + 1) & 0x0FFFFFFF) % 1000


def _count_dimensions(code: int) -> int:
    both = {0: 2, 1: 3, 2: 3, 3: 4}[(code & 0x0FFFFFFF) // 1000 % 4]
    return both + bool(code & 0x80000000) + bool(code & 0x40000000)
