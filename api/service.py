"""The state that requests are answered from, and how it follows the data folder.

A `Snapshot` never changes. When the data folder does, one request builds the next snapshot while all others are still
answered from the last one; if the new state of the folder cannot be read, the last one stays in use and says so.
"""

from __future__ import annotations

import logging
import math
import time
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from threading import Lock

from rasterio.errors import NotGeoreferencedWarning

from api.comparison import Comparison, Comparisons
from api.drawing import Drawing
from api.home import DataFolder, Stamp
from api.importing.jobs import ImportJobs
from api.plans.files import PlanFiles
from api.records import MAP_LAYERS, build_sites
from api.search import SearchIndex
from api.seasons import Month, Seasons, YearKey, choose_year_grid
from api.settings import Settings
from api.shelf import Asker, ScoreKey, SurfaceShelf
from api.sites import SiteIndex
from api.snapshots import CircleSnapshots, Snapshot, choose_model
from api.surfaces import ServedSurface
from api.turns import Turns
from geo.errors import NorrsynError, NotFoundError
from geo.grid import Grid
from geo.kernels import compile_kernels
from geo.layers.circles import INNER_CIRCLE
from geo.reading.limits import DEFAULT_LIMITS
from geo.region import load_region, region_grid
from geo.risk.model import Model
from geo.risk.scoring import parse_day, parse_sectors, score
from geo.risk.surface import RiskSurface
from maps.record_names import RecordNames
from maps.skeleton import BaseMap, Skeleton, build_skeleton

__all__ = ["CURRENT", "MAX_POINTS", "Service", "Snapshot", "list_changes", "reweigh"]

CURRENT = "current"
MAX_POINTS = 100.0
_DEFAULT_CELL_M = 1_000.0
_MIB = 2**20
# Follows the version of a model whose weights somebody changed: nobody froze it.
_CHANGED = "+weights"
_SAME_POINTS = 1e-9
_log = logging.getLogger("norrsyn")


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
        # drafts of plans, which take seconds each, keep nobody from other questions
        self.planning = Turns(settings.score_workers, settings.score_queue)
        self.plan_files = PlanFiles()
        # how sure the scores of a surface are: one surface at a time, and nobody's request waits for it
        self.drawing = Drawing(settings.score_workers + settings.score_queue)
        self.seasons = Seasons(self.turns)
        self.sites = SiteIndex()
        self.comparisons = Comparisons()
        self.problem: str | None = None
        self._snapshot: Snapshot | None = None
        # what the first panel and filter would otherwise wait for; of a circle that nobody asks for, nothing is made
        self._circles = CircleSnapshots(lambda served: self.drawing.prepare(served.prepare))
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

    def stop(self) -> None:
        """Let nobody wait any longer for what takes long: whoever listens would keep the server from ending."""
        self.imports.stop()
        self.drawing.stop()

    def close(self) -> None:
        """Stop scoring and importing."""
        self.imports.close()
        self.shelf.close()
        self.drawing.close()

    def snapshot(self, circle: str = INNER_CIRCLE) -> Snapshot:
        """The newest state there is to answer from: the records that a sharing circle may see, and nothing else.

        Raises
        ------
        ParameterError
            There is no such circle.
        """
        whole = self._follow()
        if circle == INNER_CIRCLE:
            return whole
        narrowed, replaced = self._circles.narrow(whole, circle)
        if replaced is not None:
            self.shelf.keep(replaced, circle=circle)
        return narrowed

    def _follow(self) -> Snapshot:
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

    def find_surface(self, snapshot: Snapshot, surface_id: str, user: str = "") -> ServedSurface:
        """A surface by id, or the published one.

        Raises
        ------
        NotFoundError
            There is none, or it is another circle's, or has weights of another user's.
        """
        if surface_id == CURRENT:
            if snapshot.published is None:
                message = "No surface has been scored yet; run `norrsyn score`."
                raise NotFoundError(message)
            return snapshot.published
        if snapshot.published is not None and surface_id == snapshot.published.id:
            return snapshot.published
        served = self.shelf.get(surface_id, Asker(snapshot.circle, user)) or self._read_stored(snapshot, surface_id)
        if served is None:
            message = f"There is no surface {surface_id!r} any more; reload the page for the current one."
            raise NotFoundError(message)
        return served

    def score(
        self,
        snapshot: Snapshot,
        at: str | date | None,
        sectors: Iterable[str] | None,
        points: Mapping[str, float] | None = None,
        *,
        user: str = "",
        is_dragging: bool = False,
    ) -> Future[ServedSurface]:
        """The surface for a day and a choice of sectors, on the grid and by the model of the published one.

        Parameters
        ----------
        snapshot : Snapshot
        at : date, that of the published surface when left out
        sectors : sector groups, all when left out
        points : component to what it counts in place of the model's points; such a surface is the user's own
        user : str, what tells users apart
        is_dragging : whether what the user was dragging towards before may be given up for this

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
        model = choose_model(None if published is None else published.surface.model, snapshot.circle)
        reweighed = reweigh(model, points)
        kept, grid = parse_sectors(sectors), self._grid(published)
        key = ScoreKey(snapshot.fingerprint, day, kept, reweighed.digest, grid, snapshot.circle)
        if published is not None and key == self._key_of(snapshot, published):
            done: Future[ServedSurface] = Future()
            done.set_result(published)
            return done

        def make() -> ServedSurface:
            return ServedSurface(
                self._score(snapshot, key, reweighed),
                snapshot.names,
                snapshot.sources,
                # a time of ours would tell when a surface of the circle was made anew, and so that records came
                datetime.now(UTC).isoformat(timespec="seconds") if snapshot.rests_on is None else None,
                changed_weights=list_changes(model, reweighed),
                rests_on=snapshot.rests_on,
            )

        is_own = reweighed is not model
        return self.shelf.submit(
            key, make, Asker(snapshot.circle, user), is_own=is_own, is_dragging=is_dragging or is_own
        )

    def compare(self, before: ServedSurface, after: ServedSurface) -> Comparison:
        """How one surface differs from another; see `api.comparison.Comparisons.get`."""
        return self.comparisons.get(before, after)

    def find_year(
        self, snapshot: Snapshot, served: ServedSurface, year: int, sectors: frozenset[str] | None
    ) -> tuple[Grid, tuple[Month, ...]]:
        """Every month of a year by a surface's model, and the grid that was counted on.

        Raises
        ------
        BusyError
        """
        grid = choose_year_grid(served.surface.grid)
        model = choose_model(served.surface.model, snapshot.circle)
        key = YearKey(snapshot.fingerprint, year, sectors, model.digest, grid, snapshot.circle)
        last: RiskSurface | None = None

        def score_day(day: date) -> RiskSurface:
            nonlocal last
            score_key = ScoreKey(snapshot.fingerprint, day, sectors, model.digest, grid, snapshot.circle)
            last = self._score(snapshot, score_key, model) if last is None else last.varied(day, model)
            return last

        return grid, self.seasons.find(key, score_day)

    def _score(self, snapshot: Snapshot, key: ScoreKey, model: Model) -> RiskSurface:
        """A surface from what another of the same layers has prepared already, or from the layers; bits are equal."""
        alike = self.shelf.find_alike(key) or snapshot.published
        if (
            alike is not None
            and alike.surface.grid == key.grid
            and alike.surface.sectors == key.sectors
            and alike.surface.layers is snapshot.layers
            and not alike.surface.stale_layers
            and alike.surface.model.is_complete
            and alike.surface.model.parameters == model.parameters
        ):
            return alike.surface.varied(key.at, model)
        return score(snapshot.layers, key.grid, key.at, key.sectors, model=model)

    def _grid(self, published: ServedSurface | None) -> Grid:
        if self.settings.cell_m is not None:
            return region_grid(self.settings.cell_m)
        return region_grid(_DEFAULT_CELL_M) if published is None else published.surface.grid

    def _key_of(self, snapshot: Snapshot, served: ServedSurface) -> ScoreKey | None:
        surface = served.surface
        if surface.stale_layers or not surface.model.is_complete:
            return None
        return ScoreKey(
            snapshot.fingerprint, surface.at, surface.sectors, surface.model.digest, surface.grid, snapshot.circle
        )

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
            self.sites.replace(build_sites(layers, MAP_LAYERS))
        found = self.folder.read_published(layers)
        published = None
        if found is not None:
            surface, created = found
            published = ServedSurface(surface, names, sources, created).warm()
            # what the first panel and filter would otherwise wait for
            self.drawing.prepare(published.prepare)
        return Snapshot(stamp, layers, sources, region, names, search, self.sites, published)

    def _read_stored(self, snapshot: Snapshot, surface_id: str) -> ServedSurface | None:
        if snapshot.circle != INNER_CIRCLE:
            # what is stored was scored from every record
            return None
        found = self.folder.read_surface(surface_id, snapshot.layers)
        if found is None:
            return None
        surface, created = found
        served = ServedSurface(surface, snapshot.names, snapshot.sources, created).warm()
        self.shelf.keep(served)
        return served


def reweigh(model: Model, points: Mapping[str, float] | None) -> Model:
    """A model with some weights changed, under a version that says so; the model itself where none differs.

    Parameters
    ----------
    model : Model
    points : component to points, of the 100 that the model gives all components together

    Raises
    ------
    ParameterError
    """
    old = points_of(model, model)
    # nobody drags a slider by a billionth of a point
    changed = {name: value for name, value in (points or {}).items() if abs(value - old.get(name, -1)) > _SAME_POINTS}
    if not changed:
        return model
    a_point = math.fsum(model.weights.values()) / MAX_POINTS
    reweighed = model.with_weights({name: value * a_point for name, value in changed.items()})
    return replace(reweighed, version=f"{model.version}{_CHANGED}")


def points_of(model: Model, published: Model) -> dict[str, float]:
    """Points by component, on the scale on which those of another model add up to 100."""
    total = math.fsum(published.weights.values())
    return {name: MAX_POINTS * weight / total for name, weight in model.weights.items()}


def list_changes(published: Model, reweighed: Model) -> dict[str, tuple[float, float]]:
    """Component to its points in the published model and in one with other weights, where they differ."""
    old, new = points_of(published, published), points_of(reweighed, published)
    return {name: (old[name], new[name]) for name in old if published.weights[name] != reweighed.weights[name]}
