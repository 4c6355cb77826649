"""From layers to a scored surface: ``score = 100 · Σ w_k φ_k(x_k) / Σ w_k`` with ``φ(x) = x / (x + m)``."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from importlib.metadata import version
from typing import TypeVar

import geopandas as gpd
import numba
import numpy as np
from numpy.typing import NDArray

from geo.crs import SWEREF99_TM
from geo.errors import CRSError, ParameterError
from geo.grid import Grid
from geo.layers import visits
from geo.layers.bundle import Layers
from geo.reference import read_table
from geo.region import load_region
from geo.risk.compare import compare_with_employees
from geo.risk.components import COMPONENTS
from geo.risk.components.base import PointSource
from geo.risk.model import Model, load_model, saturate
from geo.risk.sources import prepare_sources
from geo.risk.surface import INSPECTED, NEVER_INSPECTED, NOTHING_KNOWN, OUTSIDE, RiskSurface

__all__ = ["parse_choices", "parse_day", "parse_sectors", "score"]

T = TypeVar("T")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)


def score(
    layers: Mapping[str, gpd.GeoDataFrame],
    grid: Grid,
    at: str | date | None = None,
    sectors: Iterable[str] | None = None,
    weights: Mapping[str, float] | None = None,
) -> RiskSurface:
    """Score every cell of Region Nord.

    Parameters
    ----------
    layers : mapping of layer name to GeoDataFrame, EPSG:3006
        What `geo.load_layers` returns, or frames of one's own, which are checked first. Absent layers count as empty.
    grid : Grid, EPSG:3006
    at : date or ``"YYYY-MM-DD"``, optional
        Scoring date: it decides seasons, phases, what is active and how old findings are. Default: today.
    sectors : sector groups, optional
        Keep only workplaces, findings, statistics and establishments of these; housing belongs to no sector.
    weights : component weights, optional
        Replace expert weights by name; stands in the manifest.

    Returns
    -------
    RiskSurface
        NaN outside the region.

    Raises
    ------
    CRSError, ParameterError
        The grid, date, sectors or weights cannot be used.
    InputError
        A frame fails its layer's checks.
    """
    if not isinstance(grid, Grid):
        message = f"grid must be a geo.Grid, such as geo.region_grid(1000), got {type(grid).__name__}."
        raise ParameterError(message)
    if not isinstance(layers, Mapping):
        message = f"layers must map layer names to GeoDataFrames, got {type(layers).__name__}."
        raise ParameterError(message)
    if grid.crs != SWEREF99_TM:
        message = f"Scores need a grid in EPSG:3006, got {grid.crs}; use geo.region_grid(cell_m)."
        raise CRSError(message)
    day, kept, model = parse_choices(at, sectors, weights)
    checked = layers if isinstance(layers, Layers) else Layers(layers)
    sources = prepare_sources(checked, day, kept, model)
    region = load_region(
        checked["borders"] if len(checked["borders"]) else None,
        checked["localities"] if len(checked["localities"]) else None,
    )
    inside = region.mask(grid)
    values = {name: source.raster(grid) for name, source in sources.items()}
    contributions, total = _weigh(values, model)
    state = _states(checked, grid, day, model, values, inside)
    comparison = compare_with_employees(checked["workplaces"], grid, day, total, state >= NEVER_INSPECTED)
    outside = ~inside
    surface = RiskSurface(
        grid=grid,
        at=day,
        sectors=kept,
        model=model,
        layers=checked,
        region=region,
        score=_as_raster(total, outside),
        state=state,
        components={name: _as_raster(raster, outside) for name, raster in values.items()},
        contributions={name: _as_raster(raster, outside) for name, raster in contributions.items()},
        manifest=_manifest(grid, day, kept, model, checked, state, comparison),
    )
    # what was prepared for the rasters serves the explanations too
    surface.__dict__["sources"] = sources
    return surface


def parse_choices(
    at: str | date | None, sectors: Iterable[str] | None, weights: Mapping[str, float] | None
) -> tuple[date, frozenset[str] | None, Model]:
    """Date, sectors and model of a score, or every failure of the three in one message.

    Raises
    ------
    ParameterError
    """
    failures: list[ParameterError] = []

    def attempt(parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except ParameterError as error:
            failures.append(error)
            return None

    day = attempt(lambda: parse_day(at))
    kept = attempt(lambda: parse_sectors(sectors))
    model = attempt(lambda: load_model().with_weights(weights))
    if len(failures) == 1:
        raise failures[0]
    if day is None or model is None or failures:
        raise ParameterError("\n".join(map(str, failures)))
    return day, kept, model


def parse_day(at: str | date | None) -> date:
    """A scoring date from what people write; None is today.

    Raises
    ------
    ParameterError
    """
    if at is None:
        return date.today()
    written = str(at)[: len("2026-07-15")] if isinstance(at, (date, np.datetime64)) else at
    try:
        if not (isinstance(written, str) and _DAY.fullmatch(written)):
            raise ValueError
        day = date.fromisoformat(written)
    except ValueError:
        message = f"{at!r} is not a date; write YYYY-MM-DD, for instance 2026-07-15."
        raise ParameterError(message) from None
    if not _FIRST_DAY <= day <= _LAST_DAY:
        message = f"The scoring date {day} is not between {_FIRST_DAY} and {_LAST_DAY}."
        raise ParameterError(message)
    return day


def parse_sectors(sectors: Iterable[str] | None) -> frozenset[str] | None:
    """Sector groups from codes; None keeps all.

    Raises
    ------
    ParameterError
        Unknown codes (all of them named), or none at all.
    """
    if sectors is None:
        return None
    if not isinstance(sectors, Iterable):
        message = f"sectors must be a list of sector groups, got {sectors!r}."
        raise ParameterError(message)
    given = [sectors] if isinstance(sectors, str) else [str(sector) for sector in sectors]
    known = list(read_table("sectors")["sector"])
    unknown = sorted(set(given) - set(known))
    if unknown or not given:
        what = f"unknown sector group(s) {', '.join(unknown)}" if unknown else "no sector group given"
        message = f"{what}; choose from {', '.join(known)}, or leave sectors out for all."
        raise ParameterError(message)
    return frozenset(given)


def _weigh(
    values: Mapping[str, NDArray[np.float64]], model: Model
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    max_points = model.max_points
    contributions = {
        component.name: max_points[component.name] * saturate(values[component.name], component.reference_level)
        for component in model.components
    }
    return contributions, np.sum(list(contributions.values()), axis=0)


def _states(
    layers: Layers,
    grid: Grid,
    at: date,
    model: Model,
    values: Mapping[str, NDArray[np.float64]],
    inside: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    effort = PointSource("visits", visits.to_arrays(layers["visits"], at, None, model.parameters)).raster(grid)
    exposed = np.zeros(grid.shape, dtype=bool)
    for name, component in COMPONENTS.items():
        if component.is_exposure:
            exposed |= values[name] > 0
    state = np.where(effort >= model.parameters["effort_threshold"], INSPECTED, NEVER_INSPECTED)
    state = np.where(exposed, state, NOTHING_KNOWN)
    return np.where(inside, state, OUTSIDE).astype(np.uint8)


def _as_raster(values: NDArray[np.float64], outside: NDArray[np.bool_]) -> NDArray[np.float32]:
    raster = values.astype(np.float32)
    raster[outside] = np.nan
    raster.flags.writeable = False
    return raster


def _manifest(
    grid: Grid,
    at: date,
    sectors: frozenset[str] | None,
    model: Model,
    layers: Layers,
    state: NDArray[np.uint8],
    comparison: Mapping[str, float | None],
) -> dict[str, object]:
    return {
        "model_version": model.version,
        "weights": model.weights,
        "reference_levels": {component.name: component.reference_level for component in model.components},
        "parameters": dict(model.parameters),
        "at": at.isoformat(),
        "sectors": None if sectors is None else sorted(sectors),
        "grid": {
            "x_min": grid.x_min,
            "y_min": grid.y_min,
            "cell_m": grid.cell_m,
            "n_rows": grid.n_rows,
            "n_cols": grid.n_cols,
            "crs": grid.crs,
        },
        "layers": {name: {"rows": len(layers[name]), "sha256": digest} for name, digest in layers.hashes.items()},
        "synthetic": layers.is_synthetic,
        "states": {
            "nothing_known": int((state == NOTHING_KNOWN).sum()),
            "never_inspected": int((state == NEVER_INSPECTED).sum()),
            "inspected": int((state == INSPECTED).sum()),
        },
        "comparison": dict(comparison),
        "libraries": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pandas", "geopandas", "shapely")},
            "numba": numba.__version__,
        },
    }
