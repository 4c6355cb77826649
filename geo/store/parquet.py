"""Frames as GeoParquet files that are checked against the hash they were written with."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import geopandas as gpd

from geo.errors import StoreError

__all__ = ["pack_frame", "unpack_frame"]


def pack_frame(frame: gpd.GeoDataFrame) -> tuple[bytes, str]:
    """A frame as the bytes of a GeoParquet file, and their SHA-256."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, compression="zstd", index=False)
    content = buffer.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def unpack_frame(path: Path, sha256: str) -> gpd.GeoDataFrame:
    """A frame from a GeoParquet file.

    Raises
    ------
    FileNotFoundError
        There is no such file: the caller knows whether a writer has just replaced it.
    StoreError
        It cannot be read, or is not what was written.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}; check who may read it."
        raise StoreError(message) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        message = f"{path} is damaged: it is not what was saved. Restore it from a backup, or make it again."
        raise StoreError(message)
    return gpd.read_parquet(io.BytesIO(content))
