"""The demo region's planted truth, apart from everything that is scored: only evaluations look at it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd

from geo.errors import NotFoundError, StoreError
from geo.store.atomic import explain_os_error, write_file
from geo.store.home import StrPath, find_home, lock_home, open_home
from geo.store.parquet import pack_frame, unpack_frame

__all__ = ["load_demo_truth", "save_demo_truth"]

_INDEX = "manifest.json"


def save_demo_truth(home: StrPath | None, frame: gpd.GeoDataFrame, manifest: Mapping[str, Any]) -> Path:
    """Put the planted truth in the data folder's ``demo-truth``.

    Parameters
    ----------
    home : path; None for `default_home`
    frame : GeoDataFrame, EPSG:3006
    manifest : JSON-able, how the truth was made (seed, version, magnitudes)

    Returns
    -------
    Path of the folder

    Raises
    ------
    StoreError
        The folder cannot be written to.
    """
    content, digest = pack_frame(frame)
    document: dict[str, Any] = {
        "file": f"truth-{digest[:12]}.parquet",
        "file_sha256": digest,
        "manifest": dict(manifest),
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    path = open_home(home)
    folder = path / "demo-truth"
    with lock_home(path):
        write_file(folder / document["file"], content)
        write_file(folder / _INDEX, text.encode())
        for old in folder.glob("truth-*.parquet"):
            if old.name != document["file"]:
                old.unlink(missing_ok=True)
    return folder


def load_demo_truth(home: StrPath | None = None) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """The planted truth and how it was made.

    Raises
    ------
    NotFoundError
        There is none in this data folder.
    StoreError
        It is damaged.
    """
    path = find_home(home) / "demo-truth" / _INDEX
    if not path.is_file():
        message = f"{path.parent} holds no planted truth; it comes with `norrsyn demo`."
        raise NotFoundError(message)
    with explain_os_error(path, "read"):
        try:
            document = json.loads(path.read_bytes())
            frame = unpack_frame(path.parent / Path(document["file"]).name, document["file_sha256"])
            return frame, dict(document["manifest"])
        except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
            message = f"The planted truth in {path.parent} is damaged ({error}); make the demo region again."
            raise StoreError(message) from error
