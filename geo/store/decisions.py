"""Records that may be one place: listed for a person to decide, and not listed again once that was done.

A decision changes no record. Nothing but ids, the verdict, who and when is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from geo.errors import NotFoundError, ParameterError
from geo.layers.base import Layer
from geo.layers.duplicates import SITE_LAYERS, find_duplicates
from geo.layers.registry import get_layer
from geo.layers.validate import empty_frame
from geo.store.database import find_store, read_store, write_store
from geo.store.home import StrPath
from geo.store.ledger import find_importer
from geo.store.records import read_frame
from geo.store.tables import CURRENT, DUPLICATE_DECISIONS, RECORDS, visible

__all__ = ["VERDICTS", "Decision", "decide_duplicate", "forget_decisions", "list_decisions", "list_duplicates"]

VERDICTS = ("same", "different")
_Pair = tuple[str, str, str, str]


@dataclass(frozen=True)
class Decision:
    """What a person said of two records.

    Attributes
    ----------
    layer, id : str, of the one
    other_layer, other_id : str, of the other; the one whose layer, then id, comes first in the alphabet is the one
    verdict : str, ``same`` or ``different``
    decided_by : str
    decided_at : str, ISO 8601 in UTC
    """

    layer: str
    id: str
    other_layer: str
    other_id: str
    verdict: str
    decided_by: str
    decided_at: str


def list_duplicates(
    home: StrPath | None,
    layer: Layer | str,
    other: Layer | str | None = None,
    *,
    with_decided: bool = False,
    max_distance_m: float = 250.0,
    min_similarity: float = 85.0,
) -> pd.DataFrame:
    """Pairs of current records that are likely one place, and are not decided yet.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    layer : Layer, or its name: workplaces or accommodation
    other : another, or its name; pairs are then of one record from each, not within one
    with_decided : bool, whether pairs that somebody decided are listed too
    max_distance_m, min_similarity : as `geo.layers.duplicates.find_duplicates`

    Returns
    -------
    DataFrame
        As `geo.layers.duplicates.find_duplicates`, and ``verdict``, ``decided_by`` and ``decided_at``, empty text where
        nobody has decided.

    Raises
    ------
    NotFoundError
        There is no such layer, or no data folder.
    ParameterError
        The layer is none of sites, or a limit is outside its range.
    StoreError
        The store cannot be read.
    """
    one = _get_site_layer(layer)
    two = one if other is None else _get_site_layer(other)
    with read_store(home) as connection:
        frames = [_read_current(connection, each) for each in (one, two)]
        decided = {} if connection is None else _read_decisions(connection)
    pairs = find_duplicates(
        frames[0],
        None if two is one else frames[1],
        max_distance_m=max_distance_m,
        min_similarity=min_similarity,
    )
    keys = [_order(*row) for row in pairs[["layer", "id", "other_layer", "other_id"]].itertuples(index=False)]
    known = [decided.get(key) for key in keys]
    for name in ("verdict", "decided_by", "decided_at"):
        pairs[name] = pd.Series([getattr(each, name) if each else "" for each in known], pairs.index, dtype=object)
    return pairs if with_decided else pairs[pairs["verdict"] == ""].reset_index(drop=True)


def decide_duplicate(
    home: StrPath | None,
    layer: Layer | str,
    record_id: str,
    other_id: str,
    verdict: str,
    *,
    other: Layer | str | None = None,
    decided_by: str = "",
) -> Decision:
    """Keep what a person says of two records; no record is changed by it, and the last word counts.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    layer : Layer, or its name: workplaces or accommodation
    record_id, other_id : str
    verdict : ``same`` or ``different``
    other : layer of `other_id`, where it is not `layer`
    decided_by : str; empty for who runs the program

    Returns
    -------
    Decision

    Raises
    ------
    NotFoundError
        There is no such layer, or no such record in its current snapshot.
    ParameterError
        The layer is none of sites, the verdict is none, or both records are one.
    StoreError
        The store cannot be written to.
    """
    one = _get_site_layer(layer)
    two = one if other is None else _get_site_layer(other)
    if verdict not in VERDICTS:
        message = f"The verdict is {verdict!r}; say {' or '.join(VERDICTS)}."
        raise ParameterError(message)
    if (one.name, record_id) == (two.name, other_id):
        message = f"{record_id} is one record of {one.name}; name two."
        raise ParameterError(message)
    path = find_store(home)
    pair = _order(one.name, record_id, two.name, other_id)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    decision = Decision(*pair, verdict, decided_by or find_importer(), now)
    with write_store(path) as connection:
        absent = [
            f"{name} has no record {key!r} now"
            for name, key in (pair[:2], pair[2:])
            if not _is_current(connection, name, key)
        ]
        if absent:
            message = f"{' and '.join(absent)}; `norrsyn layers duplicates` lists ids."
            raise NotFoundError(message)
        connection.execute(
            DUPLICATE_DECISIONS.insert(),
            {
                "layer": decision.layer,
                "record_key": decision.id,
                "other_layer": decision.other_layer,
                "other_key": decision.other_id,
                "verdict": decision.verdict,
                "decided_by": decision.decided_by,
                "decided_at": decision.decided_at,
            },
        )
    return decision


def list_decisions(home: StrPath | None = None) -> tuple[Decision, ...]:
    """What counts of each pair that was ever decided, in order of layers and ids.

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        The store cannot be read.
    """
    with read_store(home) as connection:
        decided = {} if connection is None else _read_decisions(connection)
    return tuple(decided[pair] for pair in sorted(decided))


def forget_decisions(connection: sa.Connection) -> int:
    """Delete decisions about records that stand in no snapshot any more; how many went."""
    n_gone = 0
    for layer in SITE_LAYERS:
        keys = sa.select(RECORDS[layer.name].c.record_key)
        for name, key in (("layer", "record_key"), ("other_layer", "other_key")):
            columns = DUPLICATE_DECISIONS.c
            gone = (columns[name] == layer.name) & columns[key].not_in(keys)
            n_gone += connection.execute(DUPLICATE_DECISIONS.delete().where(gone)).rowcount
    return n_gone


def _get_site_layer(layer: Layer | str) -> Layer:
    found = get_layer(layer if isinstance(layer, str) else layer.name)
    if found not in SITE_LAYERS:
        message = f"Layer {found.name} holds no sites; take {' or '.join(each.name for each in SITE_LAYERS)}."
        raise ParameterError(message)
    return found


def _order(layer: str, record_id: str, other_layer: str, other_id: str) -> _Pair:
    one, two = sorted([(layer, record_id), (other_layer, other_id)])
    return (*one, *two)


def _find_number(connection: sa.Connection, layer: str) -> int | None:
    return connection.execute(sa.select(CURRENT.c.seq).where(CURRENT.c.name == layer)).scalar_one_or_none()


def _read_current(connection: sa.Connection | None, layer: Layer) -> gpd.GeoDataFrame:
    number = None if connection is None else _find_number(connection, layer.name)
    if connection is None or number is None:
        return empty_frame(layer)
    return read_frame(connection, layer, visible(RECORDS[layer.name], number))


def _is_current(connection: sa.Connection, layer: str, key: str) -> bool:
    number, records = _find_number(connection, layer), RECORDS[layer]
    if number is None:
        return False
    query = sa.select(records.c.version_id).where(records.c.record_key == key, visible(records, number))
    return connection.execute(query).first() is not None


def _read_decisions(connection: sa.Connection) -> dict[_Pair, Decision]:
    rows: Iterable[sa.Row[tuple[str, ...]]] = connection.execute(
        sa.select(DUPLICATE_DECISIONS).order_by(DUPLICATE_DECISIONS.c.decision_id)
    )
    return {
        (row.layer, row.record_key, row.other_layer, row.other_key): Decision(
            row.layer,
            row.record_key,
            row.other_layer,
            row.other_key,
            row.verdict,
            row.decided_by,
            row.decided_at,
        )
        for row in rows
    }
