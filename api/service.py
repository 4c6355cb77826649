"""The state that requests are answered from, and how it follows the data folder.

A `Snapshot` never changes. When the data folder does, one request builds the next snapshot while all others are still
answered from the last one; if the new state of the folder cannot be read, the last one stays in use and says so.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from threading import Lock

from rasterio.errors import NotGeoreferencedWarning

from api.home import DataFolder, Stamp
from api.importing.jobs import ImportJobs
from api.records import build_sites
from api.search import SearchIndex
from api.settings import Settings
from api.sites import SiteIndex
from api.surfaces import ScoreKey, ServedSurface, SurfaceShelf
from api.turns import Turns
from geo.errors import NorrsynError, NotFoundError
from geo.grid import Grid
from geo.kernels import compile_kernels
from geo.layers.bundle import Layers
from geo.reading.limits import DEFAULT_LIMITS
from geo.reference import county_names
from geo.region import Region, load_region, region_grid
from geo.risk.model import Model, load_model
from geo.risk.scoring import parse_day, parse_sectors, score
from maps.answers import LayerSource
from maps.basemap import build_basemap
from maps.record_names import RecordNames
from maps.skeleton import BaseMap, Skeleton, build_skeleton

__all__ = ["CURRENT", "Service", "Snapshot"]

CURRENT = "current"
_DEFAULT_CELL_M = 1_000.0
_MIB = 2**20
_log = logging.getLogger("norrsyn")


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
    published : ServedSurface, None where nothing is scored yet
    """

    stamp: Stamp
    layers: Layers
    sources: Mapping[str, LayerSource]
    region: Region
    names: RecordNames
    search: SearchIndex
    published: ServedSurface | None

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
    def has_layers(self) -> bool:
        """Whether any layer has a record."""
        return bool(self.layers.hashes)


class Service:
    """Snapshots, surfaces and sites of one data folder.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = DataFolder(settings.home)
        self.base_map = (
            None if settings.basemap_url is None else BaseMap(settings.basemap_url, settings.basemap_attribution)
        )
        self.shelf = SurfaceShelf(
            settings.surface_cache, settings.surface_cache_mb, settings.score_workers, settings.score_queue
        )
        self.imports = ImportJobs(
            settings.home, replace(DEFAULT_LIMITS, file_bytes=settings.upload_mb * _MIB), settings.import_queue
        )
        self.turns = Turns(settings.score_workers, settings.score_queue)
        # how sure the scores of a surface are: one surface at a time, and nobody's request waits for it
        self.drawing = ThreadPoolExecutor(1, thread_name_prefix="norrsyn-draw")
        self.sites = SiteIndex()
        self.problem: str | None = None
        self._snapshot: Snapshot | None = None
        self._failed: Stamp | None = None
        self._checked = float("-inf")
        self._start_lock = Lock()
        self._refresh_lock = Lock()

    @cached_property
    def skeleton(self) -> Skeleton:
        """Folium's part of the page."""
        return build_skeleton(self.base_map)

    def start(self) -> Snapshot:
        """Compile the kernels and read the data folder, once.

        Raises
        ------
        StoreError
            The folder cannot be read.
        """
        with self._start_lock:
            if self._snapshot is None:
                # rasterio silences this for itself in a way that two threads at once undo
                warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)
                compile_kernels()
                self.imports.start()
                self._snapshot = self._read(self.folder.stamp())
                self._checked = time.monotonic()
                # what the first page would otherwise wait for
                self._snapshot.basemap  # noqa: B018
                self.skeleton  # noqa: B018
            return self._snapshot

    def close(self) -> None:
        """Stop scoring and importing."""
        self.imports.close()
        self.shelf.close()
        self.drawing.shutdown(wait=False, cancel_futures=True)

    def snapshot(self) -> Snapshot:
        """The newest state there is to answer from."""
        current = self._snapshot or self.start()
        if time.monotonic() - self._checked < self.settings.check_seconds:
            return current
        if not self._refresh_lock.acquire(blocking=False):
            return current
        try:
            self._refresh(current)
        finally:
            self._checked = time.monotonic()
            self._refresh_lock.release()
        return self._snapshot or current

    def find_surface(self, snapshot: Snapshot, surface_id: str) -> ServedSurface:
        """A surface by id, or the published one.

        Raises
        ------
        NotFoundError
        """
        if surface_id == CURRENT:
            if snapshot.published is None:
                message = "No surface has been scored yet; run `norrsyn score`."
                raise NotFoundError(message)
            return snapshot.published
        if snapshot.published is not None and surface_id == snapshot.published.id:
            return snapshot.published
        served = self.shelf.get(surface_id) or self._read_stored(snapshot, surface_id)
        if served is None:
            message = f"There is no surface {surface_id!r} any more; reload the page for the current one."
            raise NotFoundError(message)
        return served

    def score(self, snapshot: Snapshot, at: str | date | None, sectors: Iterable[str] | None) -> Future[ServedSurface]:
        """The surface for a day and a choice of sectors, on the grid and by the model of the published one.

        Raises
        ------
        NotFoundError
            There are no layers.
        ParameterError, BusyError
        """
        if not snapshot.has_layers:
            message = "There are no layers to score yet; run `norrsyn demo` or `norrsyn import`."
            raise NotFoundError(message)
        published = snapshot.published
        day = published.surface.at if at is None and published else parse_day(at)
        kept = parse_sectors(sectors)
        model = self._model(published)
        key = ScoreKey(snapshot.fingerprint, day, kept, model.digest, self._grid(published))
        if published is not None and key == self._key_of(snapshot, published):
            done: Future[ServedSurface] = Future()
            done.set_result(published)
            return done

        def make() -> ServedSurface:
            surface = score(snapshot.layers, key.grid, key.at, key.sectors, model=model)
            created = datetime.now(UTC).isoformat(timespec="seconds")
            return ServedSurface(surface, snapshot.names, snapshot.sources, created)

        return self.shelf.submit(key, make)

    def _model(self, published: ServedSurface | None) -> Model:
        """That of the published surface, as long as this program can score by it: another date changes no model."""
        if published is None:
            return load_model()
        model = published.surface.model
        return model if model.is_complete else load_model()

    def _grid(self, published: ServedSurface | None) -> Grid:
        if self.settings.cell_m is not None:
            return region_grid(self.settings.cell_m)
        return region_grid(_DEFAULT_CELL_M) if published is None else published.surface.grid

    def _key_of(self, snapshot: Snapshot, served: ServedSurface) -> ScoreKey | None:
        surface = served.surface
        if surface.stale_layers or not surface.model.is_complete:
            return None
        return ScoreKey(snapshot.fingerprint, surface.at, surface.sectors, surface.model.digest, surface.grid)

    def _refresh(self, current: Snapshot) -> None:
        stamp = self.folder.stamp()
        if stamp == current.stamp:
            # what could not be read is gone again, or was a database that could not be reached for a while
            self._failed, self.problem = None, None
            return
        if stamp == self._failed:
            return
        try:
            following = self._read(stamp, current)
        except (NorrsynError, OSError) as error:
            # half a change, or a broken one: what is served stays until the folder changes again
            self._failed, self.problem = stamp, str(error)
            _log.exception("the data folder has changed and cannot be read; the last state stays in use")
            return
        old, new = current.published, following.published
        if old is not None and (new is None or new.id != old.id):
            # pages that are open still ask for it
            self.shelf.keep(old)
        self._snapshot, self._failed, self.problem = following, None, None

    def _read(self, stamp: Stamp, last: Snapshot | None = None) -> Snapshot:
        if last is not None and stamp.layers == last.stamp.layers:
            layers, sources, region, names, search = last.layers, last.sources, last.region, last.names, last.search
        else:
            layers, sources = self.folder.read_layers()
            region = load_region(*(layers[name] if len(layers[name]) else None for name in ("borders", "localities")))
            names, search = RecordNames(layers), SearchIndex(region)
            self.sites.replace(build_sites(layers))
        found = self.folder.read_published(layers)
        published = None
        if found is not None:
            surface, created = found
            published = ServedSurface(surface, names, sources, created).warm()
        return Snapshot(stamp, layers, sources, region, names, search, published)

    def _read_stored(self, snapshot: Snapshot, surface_id: str) -> ServedSurface | None:
        found = self.folder.read_surface(surface_id, snapshot.layers)
        if found is None:
            return None
        surface, created = found
        served = ServedSurface(surface, snapshot.names, snapshot.sources, created).warm()
        self.shelf.keep(served)
        return served
