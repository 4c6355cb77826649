"""Making a release: squares, an audit until nothing follows that may not, and the numbers that are shown."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.release.audit import Shown
from geo.disclosure.release.choosing import Part, Partitions, choose_squares
from geo.disclosure.release.classes import classify, score_sites
from geo.disclosure.release.earlier import find_kept
from geo.disclosure.release.memory import Memory
from geo.disclosure.release.noise import draw_noise
from geo.disclosure.release.partition import Partition
from geo.disclosure.release.rows import ALL_SECTORS, LAYERS, Release, ReleaseRow, Withheld, digest_rows
from geo.disclosure.release.sites import Sites, read_sites, see
from geo.disclosure.tables.cells import Rule, disclosure_rule
from geo.errors import ConfigError, ParameterError
from geo.layers.circles import VISIBLE, select_visible_layers
from geo.reference.tables import read_columns
from geo.risk.surface import RiskSurface

__all__ = ["Built", "Parameters", "build_release", "find_finest", "order_circles", "release_parameters"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Parameters:
    """What a release is made by.

    Attributes
    ----------
    rule : Rule
    noise_most : int
    days : int, how long a release counts
    """

    rule: Rule
    noise_most: int
    days: int


@dataclass(frozen=True, eq=False)
class Built:
    """A release, and what later ones need of it.

    Attributes
    ----------
    release : Release
    memory : Memory
    """

    release: Release
    memory: Memory


def release_parameters() -> Parameters:
    """Those of the reference table ``disclosure_parameters``.

    Raises
    ------
    ConfigError
        One of them is missing.
    """
    values = dict(read_columns("disclosure_parameters", "name", "value"))
    missing = [name for name in ("noise_most", "release_days") if name not in values]
    if missing:
        message = f"Reference table disclosure_parameters is broken: no row {', '.join(missing)}. Add it."
        raise ConfigError(message)
    return Parameters(disclosure_rule(), int(values["noise_most"]), int(values["release_days"]))


def find_finest(circle: str) -> int:
    """Side of the smallest square that a circle may be shown, m.

    Raises
    ------
    ParameterError
        There is no such circle.
    """
    sizes = dict(read_columns("circles", "circle", "finest_cell_m"))
    if circle not in sizes or circle not in VISIBLE:
        message = f"There is no sharing circle {circle[:60]!r}; the circles are {', '.join(VISIBLE)}."
        raise ParameterError(message)
    return int(sizes[circle])


def order_circles(circles: Iterable[str]) -> tuple[str, ...]:
    """Circles in the order in which releases of one surface are best made, each once: those of coarse squares first.

    Fine squares that come later divide coarse ones. The other way round a coarse square must be made of whole fine
    ones, and is withheld where some of them lie in another (decision 29 has the figures).

    Raises
    ------
    ParameterError
        Some of them are none: all are told.
    """
    finest: dict[str, int] = {}
    faults = []
    for circle in dict.fromkeys(circles):
        try:
            finest[circle] = find_finest(circle)
        except ParameterError as error:
            faults.append(str(error))
    if faults:
        raise ParameterError("\n".join(faults))
    return tuple(sorted(finest, key=lambda circle: -finest[circle]))


def build_release(  # noqa: PLR0913
    surface: RiskSurface,
    circle: str,
    key: bytes,
    memories: Sequence[Memory] = (),
    *,
    now: datetime,
    data_from: str = "",
    parameters: Parameters | None = None,
    audit: bool = True,
    noise: bool = True,
    keep: bool = True,
) -> Built:
    """Make a release of a surface for a circle.

    Parameters
    ----------
    surface : RiskSurface, whose layers are those that it was scored from
    circle : sharing circle
    key : secret of noise and hashes
    memories : Memory of every release that has not expired, of any circle, the oldest first
    now : datetime, UTC
    data_from : str, when the newest layer came in
    parameters : Parameters; those of the reference table when left out
    audit, noise, keep : bool
        Whether anything is withheld since it would follow, numbers are blurred, and earlier numbers are kept to. Only
        to show what each is for: nothing that is shared may be made without them.

    Returns
    -------
    Built

    Raises
    ------
    ParameterError
        There is no such circle, or the layers have changed since scoring.
    ConfigError
        The key is another than that of earlier releases.
    """
    chosen = parameters or release_parameters()
    chosen = chosen if noise else replace(chosen, noise_most=0)
    finest_m = find_finest(circle)
    fingerprint = _check_inputs(surface, key, memories)
    sites = read_sites(surface.layers, surface.at, key)
    partitions = choose_squares(sites, circle, finest_m, memories, chosen.rule, audit=audit, keep=keep)
    scores = score_sites(surface, circle, sites)
    made = [
        row
        for part, partition in partitions.items()
        for row in _make_rows(circle, part, partition, sites, scores, key, memories if keep else (), chosen)
    ]
    counted = _Counted(made, _count_withheld(sites, circle, partitions, sum(one.is_kept for one in made)))
    of_what = {
        "audited": audit,
        "audited_with": len(memories),
        "key": fingerprint,
        **_describe_inputs(surface, circle),
    }
    release = _write_release(surface, circle, counted, chosen, of_what, now=now, data_from=data_from)
    return Built(release, _remember(release, made, sites, fingerprint))


def _write_release(
    surface: RiskSurface,
    circle: str,
    counted: _Counted,
    chosen: Parameters,
    of_what: dict[str, Any],
    *,
    now: datetime,
    data_from: str,
) -> Release:
    """Rows as they are shared, with what they were made of and by."""
    rows = tuple(one.row for one in counted.made)
    digest = digest_rows(rows)
    manifest = {
        "digest": digest,
        "min_firms": chosen.rule.min_firms,
        "max_share": chosen.rule.max_share,
        "noise_most": chosen.noise_most,
        **of_what,
    }
    return Release(
        release_id=hashlib.sha256(f"{circle}|{surface.id}|{now.isoformat()}|{digest}".encode()).hexdigest()[:16],
        circle=circle,
        surface_id=surface.id,
        scored_for=surface.at,
        data_from=data_from,
        made_at=now,
        expires_at=now + timedelta(days=chosen.days),
        finest_m=find_finest(circle),
        rows=rows,
        withheld=counted.withheld,
        manifest=MappingProxyType(manifest),
    )


def _remember(release: Release, made: Sequence[_Made], sites: Sites, fingerprint: str) -> Memory:
    """What later releases need of this one."""
    shown = Shown(release.circle, tuple((row.layer, row.sector, row.cell) for row in release.rows))
    counts, classes = [row.n_employers for row in release.rows], [row.score_class for row in release.rows]
    return Memory(shown, counts, classes, [one.basis for one in made], sites, fingerprint)


def _check_inputs(surface: RiskSurface, key: bytes, memories: Sequence[Memory]) -> str:
    """The key's fingerprint, where a release can be made of these."""
    if surface.stale_layers:
        stale = ", ".join(surface.stale_layers)
        message = f"Layers have changed since surface {surface.id} was scored ({stale}); score again, then release."
        raise ParameterError(message)
    fingerprint = hmac.new(key, b"fingerprint", hashlib.sha256).hexdigest()[:8]
    if any(memory.fingerprint != fingerprint for memory in memories):
        message = (
            "The key of releases is another than that of releases that have not expired, so that this one cannot be "
            "held against them; give the key that they were made with (release.key, NORRSYN_RELEASE_KEY)."
        )
        raise ConfigError(message)
    return fingerprint


def _describe_inputs(surface: RiskSurface, circle: str) -> dict[str, Any]:
    visible = select_visible_layers(surface.layers, circle)
    return {
        "model_version": surface.model.version,
        "layers": {name: visible.hashes[name] for name in LAYERS if name in visible.hashes},
        "synthetic": any(bool(visible[name]["synthetic"].any()) for name in LAYERS),
    }


@dataclass(frozen=True, eq=False)
class _Made:
    """A row, the employers that its number stands for, and whether it is an earlier release's."""

    row: ReleaseRow
    basis: NDArray[np.uint64]
    is_kept: bool


@dataclass(frozen=True, eq=False)
class _Counted:
    """Rows, and what was left out of them."""

    made: Sequence[_Made]
    withheld: Withheld


def _make_rows(
    circle: str,
    part: Part,
    partition: Partition,
    sites: Sites,
    scores: NDArray[np.float64],
    key: bytes,
    memories: Sequence[Memory],
    chosen: Parameters,
) -> Iterator[_Made]:
    """Rows of a layer and sector with their numbers, by square."""
    layer, sector = part
    kept = find_kept(sites, partition.cells, circle, layer, sector, memories, chosen.rule)
    for cell, inside in sorted(partition.cells.items(), key=lambda item: item[0]):
        if cell in partition.kept:
            told = partition.kept[cell]
            row = ReleaseRow(cell, sector, layer, told.n_employers, told.score_class)
            yield _Made(row, told.basis, told.n_changed > 0)
            continue
        employers, members, is_kept = np.unique(sites.employer[inside]), sites.record[inside], False
        klass = None
        if (layer, sector) == ("workplaces", ALL_SECTORS):
            klass = classify(sites, inside, scores, chosen.rule.min_firms)
        n_employers = None
        if cell in kept:
            old = kept[cell]
            employers = members = old.basis
            n_employers, is_kept = old.n_employers, old.n_changed > 0
            klass = old.score_class if is_kept and n_employers is not None and old.has_class else klass
        if n_employers is None:
            blurred = len(employers) + draw_noise(key, members, chosen.noise_most)
            n_employers = max(blurred, chosen.rule.min_firms)
        yield _Made(ReleaseRow(cell, sector, layer, n_employers, klass), employers, is_kept)


def _count_withheld(sites: Sites, circle: str, partitions: Partitions, n_kept: int) -> Withheld:
    visible = see(sites, circle)
    n_employers, n_in_no_cell = {}, {}
    refused: dict[str, dict[str, int]] = {layer: {} for layer in LAYERS}
    for at, layer in enumerate(LAYERS):
        employers = np.unique(sites.employer[visible & (sites.layer == at)])
        cells = partitions[layer, ALL_SECTORS].cells.values()
        told = np.unique(sites.employer[np.concatenate([np.empty(0, dtype=np.int64), *cells])])
        n_employers[layer] = len(employers)
        n_in_no_cell[layer] = len(np.setdiff1d(employers, told, assume_unique=True))
    for (layer, _), partition in partitions.items():
        for reason, n in partition.refused.items():
            refused[layer][reason] = refused[layer].get(reason, 0) + n
    return Withheld(n_employers, n_in_no_cell, refused, n_kept)
