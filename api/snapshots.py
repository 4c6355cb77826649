"""One state of the data folder, ready to answer from, and what of it each sharing circle may see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

from api.home import Stamp
from api.records import MAP_LAYERS, build_sites
from api.search import SearchIndex
from api.sites import SiteIndex
from api.surfaces import ServedSurface
from geo.layers.bundle import Layers
from geo.layers.circles import INNER_CIRCLE, select_visible_layers
from geo.reference import county_names
from geo.region import Region
from geo.risk.model import Model, load_model
from geo.risk.scoring import score
from maps.answers import RESTS_ON, LayerSource
from maps.basemap import build_basemap
from maps.record_names import RecordNames

__all__ = ["CircleSnapshots", "Snapshot", "choose_model", "is_of_records"]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One state of the data folder, ready to answer from.

    Attributes
    ----------
    stamp : what the folder looked like when it was read
    layers : Layers
    sources : layer name to where it came from
    region : Region
    names : RecordNames
    search : SearchIndex
    sites : SiteIndex, which follows the folder
    published : ServedSurface, None where nothing is scored yet
    circle : sharing circle whose records these are
    """

    stamp: Stamp
    layers: Layers
    sources: Mapping[str, LayerSource]
    region: Region
    names: RecordNames
    search: SearchIndex
    sites: SiteIndex
    published: ServedSurface | None
    circle: str = INNER_CIRCLE

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the layers' content."""
        return hashlib.sha256(json.dumps(dict(self.layers.hashes), sort_keys=True).encode()).hexdigest()

    @cached_property
    def basemap(self) -> bytes:
        """Borders and place names as JSON; the same bytes for as long as the region is the same."""
        data = build_basemap(self.region.municipalities, self.region.localities, county_names())
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    @property
    def rests_on(self) -> str | None:
        """Which records answers rest on, English, where they are not all."""
        return None if self.circle == INNER_CIRCLE else RESTS_ON

    @property
    def has_layers(self) -> bool:
        """Whether any layer has a record."""
        return bool(self.layers.hashes)


class CircleSnapshots:
    """The states of the circles that may not see every record, each made of the whole one when it is first asked for.

    Nothing of a record that a circle may not see reaches them: layers are filtered first, and sites, names, search and
    the published surface are made of what is left. Where a file came from and when is not told, because a file has one
    history, whatever circles its records belong to. There are as many of them as there are circles.

    Parameters
    ----------
    prepare : function, given each surface that is published for a circle, when it is made
    """

    def __init__(self, prepare: Callable[[ServedSurface], object]) -> None:
        self._prepare = prepare
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()
        self._made: dict[str, tuple[Snapshot, Snapshot]] = {}

    def narrow(self, whole: Snapshot, circle: str) -> tuple[Snapshot, ServedSurface | None]:
        """What a circle may see of a state, and the surface that it saw published before, where that was another.

        Raises
        ------
        ParameterError
            There is no such circle.
        """
        with self._lock:
            lock = self._locks.setdefault(circle, Lock())
        # whoever comes while it is made waits for it
        with lock:
            made_of, last = self._made.get(circle, (None, None))
            if last is not None and made_of is whole:
                return last, None
            narrowed = _narrow(whole, circle, last)
            self._made[circle] = whole, narrowed
        old, new = None if last is None else last.published, narrowed.published
        if new is not None and new is not old:
            self._prepare(new)
        return narrowed, old if old is not None and (new is None or new.id != old.id) else None


def _narrow(whole: Snapshot, circle: str, last: Snapshot | None) -> Snapshot:
    layers = select_visible_layers(whole.layers, circle)
    if last is not None and last.layers.hashes == layers.hashes:
        layers, region, names, search, sites = last.layers, last.region, last.names, last.search, last.sites
    else:
        region = layers.region
        names, search = RecordNames(layers), SearchIndex(region)
        sites = SiteIndex() if last is None else last.sites
        sites.replace(build_sites(layers, MAP_LAYERS))
    narrowed = Snapshot(whole.stamp, layers, {}, region, names, search, sites, None, circle)
    return _publish(narrowed, whole, last)


def _publish(narrowed: Snapshot, whole: Snapshot, last: Snapshot | None) -> Snapshot:
    """The same with the published surface's day, sectors and grid scored from these layers alone."""
    if whole.published is None or not narrowed.has_layers:
        return narrowed
    surface = whole.published.surface
    model = choose_model(surface.model, narrowed.circle)
    known = None if last is None or last.published is None else last.published
    if known is None or (
        known.surface.layers is not narrowed.layers
        or (known.surface.at, known.surface.sectors, known.surface.grid, known.surface.model.digest)
        != (surface.at, surface.sectors, surface.grid, model.digest)
    ):
        scored = score(narrowed.layers, surface.grid, surface.at, surface.sectors, model=model)
        known = ServedSurface(scored, narrowed.names, {}, rests_on=narrowed.rests_on)
    return replace(narrowed, published=known)


def choose_model(published: Model | None, circle: str) -> Model:
    """The model that a circle's surfaces are scored by.

    That of the published surface, as long as this program can score by it, and, for a circle that may not see every
    record, as long as its numbers come from no records: levels and weights fitted to all of them tell of all of them.
    """
    own = load_model()
    if published is None or not published.is_complete or (circle != INNER_CIRCLE and is_of_records(published)):
        return own
    return published


def is_of_records(model: Model) -> bool:
    """Whether any number of a model was fitted to, or learned from, records."""
    own = load_model()
    return bool(model.origin) or model.differences(own).keys() - {f"weight of {name}" for name in own.weights} != set()
