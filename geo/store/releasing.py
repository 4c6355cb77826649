"""Making releases of a data folder, and auditing those that are kept: the computation beside the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from geo.disclosure.release.audit import find_leaks
from geo.disclosure.release.build import build_release, find_finest, release_parameters
from geo.disclosure.release.memory import Memory, read_memory, write_memory
from geo.disclosure.release.rows import LAYERS, Release
from geo.disclosure.release.status import mark_repeated
from geo.errors import ChangedError, NotFoundError, StoreError
from geo.risk.surface import RiskSurface
from geo.store.database import find_store
from geo.store.history import list_snapshots
from geo.store.home import StrPath
from geo.store.release_key import load_release_key
from geo.store.releases import forget_expired, list_releases, load_memories, load_release, save_release
from geo.store.surfaces import load_surface

__all__ = ["Audited", "audit_releases", "make_release"]

_N_TRIES = 3


@dataclass(frozen=True)
class Audited:
    """What an audit says of one release that counts.

    Attributes
    ----------
    release_id, circle : str
    made_at : datetime, UTC
    n_rows : int
    problems : tuple of str, English; empty where nothing is wrong
    """

    release_id: str
    circle: str
    made_at: datetime
    n_rows: int
    problems: tuple[str, ...]


def make_release(
    home: StrPath | None,
    circle: str,
    *,
    key: str | None = None,
    surface: RiskSurface | None = None,
    now: datetime | None = None,
) -> Release:
    """Make a release of the published surface and keep it.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    circle : sharing circle
    key : the key of noise as the settings have it
    surface : RiskSurface, the published one, if the caller has it already
    now : datetime; the clock's when left out

    Returns
    -------
    Release

    Raises
    ------
    NotFoundError
        There is no data folder, or no published surface.
    ParameterError
        There is no such circle, or the layers have changed since scoring.
    ConfigError
        The key cannot be used.
    StoreError
        An earlier release is damaged, or the store cannot be written to.
    """
    # a word that is no circle is told before anything is loaded or made
    find_finest(circle)
    path = find_store(home)
    chosen = load_surface(path) if surface is None else surface
    for turn in range(_N_TRIES):
        at = datetime.now(UTC) if now is None else now
        forget_expired(path, now=at)
        stored = load_memories(path, now=at)
        secret = load_release_key(path, key, may_make=not stored)
        memories = [read_memory(one.content, one.release_id) for one in stored]
        built = build_release(chosen, circle, secret, memories, now=at, data_from=_find_newest(path))
        try:
            save_release(path, built.release, write_memory(built.memory), [one.release_id for one in stored])
        except ChangedError:
            if turn == _N_TRIES - 1:
                raise
        else:
            return built.release
    raise AssertionError  # pragma: no cover


def audit_releases(home: StrPath | None, *, now: datetime | None = None) -> tuple[Audited, ...]:
    """Audit every release that counts with those before it, by what is stored of them and nothing else.

    Parameters
    ----------
    home : path; None for `geo.store.home.default_home`
    now : datetime; the clock's when left out

    Returns
    -------
    tuple of Audited, the oldest first; of deleted releases too, since what they said is known

    Raises
    ------
    NotFoundError
        There is no data folder.
    StoreError
        What a release left for audits is damaged.
    """
    path, at = find_store(home), now or datetime.now(UTC)
    rule = release_parameters().rule
    deleted = {one.release_id for one in list_releases(path, now=at) if one.is_deleted}
    counting = load_memories(path, now=at)
    memories = [read_memory(stored.content, stored.release_id) for stored in counting]
    shown = mark_repeated(memories)
    found = []
    for number, (stored, memory) in enumerate(zip(counting, memories, strict=True)):
        problems = [] if stored.release_id in deleted else _compare(path, stored.release_id, memory, at)
        past = [one.sites for one in memories[:number]]
        leaks = find_leaks(memory.sites, shown[number], shown[:number], rule, past)
        problems += [
            f"{leak.layer}: a group of {leak.n_employers} employer(s) follows from {len(leak.rows)} row(s)"
            if leak.n_employers
            else f"{leak.layer}: it cannot be told whether a small group follows from {len(leak.rows)} row(s)"
            for leak in leaks
        ]
        found.append(Audited(stored.release_id, stored.circle, stored.made_at, len(memory.shown.keys), tuple(problems)))
    return tuple(found)


def _compare(home: StrPath, release_id: str, memory: Memory, at: datetime) -> list[str]:
    """What is wrong with the rows that are shown."""
    try:
        release = load_release(home, release_id, now=at)
    except NotFoundError:
        # deleted since the list was read
        return []
    except StoreError as error:
        return [str(error)]
    shown = [(*row.key, row.n_employers, row.score_class) for row in release.rows]
    known = [
        (layer, sector, cell.cell_id, n, klass)
        for (layer, sector, cell), n, klass in zip(
            memory.shown.keys, memory.n_employers, memory.score_class, strict=True
        )
    ]
    least = release_parameters().rule.min_firms
    problems = [] if shown == known else ["its rows are not those that it left for audits"]
    small = sum(row.n_employers < least for row in release.rows)
    return [*problems, f"{small} row(s) show fewer than {least} employers"] if small else problems


def _find_newest(home: StrPath) -> str:
    """When the newest layer that is counted came in; empty where none did."""
    times: Sequence[str] = [
        snapshot.created_at for layer in LAYERS for snapshot in list_snapshots(home, layer) if snapshot.is_current
    ]
    return max(times, default="")
