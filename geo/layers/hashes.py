"""What a layer's rows are known by: a hash of each row, and one of all rows together, whatever their order.

A row's hash is taken over its values by column name, and an empty value counts as no value. So a column that is added
to a layer later leaves the hashes of rows that do not use it as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

__all__ = ["HASH_BYTES", "content_hash", "hash_rows", "hash_sorted"]

HASH_BYTES = 16
# bounds the memory that the rows' bytes take beside the frame
_CHUNK = 50_000
_GEOMETRY = "geometry"


def hash_rows(frame: gpd.GeoDataFrame) -> list[bytes]:
    """A hash of each row's content.

    Parameters
    ----------
    frame : GeoDataFrame in a layer's canonical form (`geo.layers.validate.validate`)

    Returns
    -------
    (n,) list of 16 bytes each

    Source: BLAKE2b (RFC 7693) over name, length and value of every column that is not empty.
    """
    hashes: list[bytes] = []
    for start in range(0, len(frame), _CHUNK):
        hashes += _hash_chunk(frame.iloc[start : start + _CHUNK])
    return hashes


def hash_sorted(hashes: Iterable[bytes]) -> str:
    """SHA-256 of rows' hashes that come in ascending order.

    Parameters
    ----------
    hashes : iterable of 16 bytes each, or several of them joined, ascending

    Returns
    -------
    str, 64 hexadecimal digits
    """
    digest = hashlib.sha256()
    for each in hashes:
        digest.update(each)
    return digest.hexdigest()


def content_hash(frame: gpd.GeoDataFrame) -> str:
    """SHA-256 of a checked frame's content, whatever its index and the order of its rows.

    Parameters
    ----------
    frame : GeoDataFrame in a layer's canonical form (`geo.layers.validate.validate`)

    Returns
    -------
    str, 64 hexadecimal digits
    """
    return hash_sorted(sorted(hash_rows(frame)))


def _hash_chunk(frame: gpd.GeoDataFrame) -> list[bytes]:
    names = sorted(str(name) for name in frame.columns)
    pieces = [_pack_column(name, _as_binary(frame, name)) for name in names]
    rows = pc.binary_join_element_wise(
        *pieces, pa.scalar(b"", pa.large_binary()), null_handling="replace", null_replacement=b""
    )
    blake = hashlib.blake2b
    return [blake(row, digest_size=HASH_BYTES).digest() for row in rows.to_pylist()]


def _pack_column(name: str, values: pa.Array) -> pa.Array:
    """Name, length and value of each cell as bytes; empty cells stay empty."""
    lengths = _fixed_binary(pc.binary_length(values).fill_null(0).to_numpy(zero_copy_only=False).astype("<i8"))
    prefix = pa.scalar(name.encode() + b"\0", pa.large_binary())
    # one empty cell of a row makes that piece of the row empty
    return pc.binary_join_element_wise(prefix, lengths, values, pa.scalar(b"", pa.large_binary()))


def _as_binary(frame: gpd.GeoDataFrame, name: str) -> pa.Array:
    if name == _GEOMETRY:
        return pa.array(shapely.to_wkb(frame.geometry.to_numpy()), type=pa.large_binary())
    values = frame[name]
    if pd.api.types.is_bool_dtype(values.dtype):
        return _fixed_binary(values.to_numpy(dtype="<u1"))
    if pd.api.types.is_float_dtype(values.dtype):
        # adding 0 turns -0.0 into 0.0: the two are equal
        numbers = values.to_numpy(dtype="<f8") + 0.0
        return _fixed_binary(numbers, np.isnan(numbers))
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        moments = values.to_numpy(dtype="datetime64[us]")
        return _fixed_binary(moments.astype("<i8"), np.isnat(moments))
    return pa.array(values, from_pandas=True).cast(pa.large_string()).cast(pa.large_binary())


def _fixed_binary(values: NDArray[np.generic], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Numbers as their bytes."""
    packed = np.ascontiguousarray(values)
    array = pa.Array.from_buffers(pa.binary(packed.dtype.itemsize), len(packed), [None, pa.py_buffer(packed)])
    binary = array.cast(pa.binary()).cast(pa.large_binary())
    return binary if missing is None else pc.if_else(pa.array(missing), pa.scalar(None, pa.large_binary()), binary)
