"""Layers as they were: the snapshots whose content has the hashes that a manifest keeps."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd

from geo.layers.bundle import Layers
from geo.layers.circles import INNER_CIRCLE, select_visible
from geo.layers.hashes import content_hash
from geo.layers.registry import LAYERS
from geo.store.history import list_snapshots, load_snapshot
from geo.store.home import StrPath

__all__ = ["load_past_layers"]


def load_past_layers(
    home: StrPath | None, hashes: Mapping[str, str], circle: str = INNER_CIRCLE
) -> tuple[Layers, tuple[str, ...]]:
    """Layers with given content, out of their history.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    hashes : SHA-256 of the content of each layer that was not empty
    circle : sharing circle; the hashes are of the records that it may see

    Returns
    -------
    The layers, and the names of those that are no longer kept as they were: of these, as they stand now

    Raises
    ------
    NotFoundError, StoreError
    """
    frames: dict[str, gpd.GeoDataFrame] = {}
    missing: list[str] = []
    for name in LAYERS:
        if name not in hashes:
            continue
        frame = _find(home, name, hashes[name], circle)
        if frame is None:
            missing.append(name)
            frame = _load_current(home, name, circle)
        if frame is not None:
            frames[name] = frame
    known = {name: hashes[name] for name in frames if name not in missing}
    known |= {name: content_hash(frames[name]) for name in missing if name in frames and len(frames[name])}
    return Layers.known(frames, known), tuple(missing)


def _find(home: StrPath | None, name: str, sha256: str, circle: str) -> gpd.GeoDataFrame | None:
    """The newest snapshot with that content."""
    snapshots = list_snapshots(home, name)
    for snapshot in snapshots:
        if snapshot.content_sha256 == sha256:
            return load_snapshot(home, name, snapshot.number)
    if circle == INNER_CIRCLE:
        return None
    for snapshot in snapshots:
        seen = select_visible(load_snapshot(home, name, snapshot.number), circle)
        if content_hash(seen) == sha256:
            return seen
    return None


def _load_current(home: StrPath | None, name: str, circle: str) -> gpd.GeoDataFrame | None:
    current = next((snapshot for snapshot in list_snapshots(home, name) if snapshot.is_current), None)
    return None if current is None else select_visible(load_snapshot(home, name, current.number), circle)
