"""From layers to a scored surface: ``score = 100 · Σ w_k φ_k(x_k) / Σ w_k`` with ``φ(x) = x / (x + m)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TypeVar

import geopandas as gpd
import numpy as np

from geo.crs import SWEREF99_TM
from geo.errors import CRSError, ParameterError
from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.reference import read_table
from geo.risk.model import Model, load_model
from geo.risk.rasters import Rasters
from geo.risk.surface import RiskSurface
from geo.risk.tiles import prepare_inputs, score_window

__all__ = ["check_grid", "check_layers", "parse_choices", "parse_day", "parse_sectors", "score"]

T = TypeVar("T")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)


def score(
    layers: Mapping[str, gpd.GeoDataFrame],
    grid: Grid,
    at: str | date | None = None,
    sectors: Iterable[str] | None = None,
    weights: Mapping[str, float] | None = None,
    *,
    model: Model | None = None,
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
    model : Model, optional
        A version that `geo.fit_model` froze. Default: that of the reference tables.

    Returns
    -------
    RiskSurface
        NaN outside the region.

    Raises
    ------
    CRSError, ParameterError
        The grid, date, sectors or weights cannot be used.
    MemoryLimitError
        The rasters would not fit into memory; nothing was allocated.
    InputError
        A frame fails its layer's checks.
    """
    check_grid(grid)
    day, kept, chosen = parse_choices(at, sectors, weights, model)
    checked = check_layers(layers)
    inputs = prepare_inputs(checked, day, kept, chosen)
    rasters = Rasters(score_window(inputs, checked.region, grid).values)
    surface = RiskSurface(grid, day, kept, chosen, checked, rasters)
    # what was prepared for the rasters serves the explanations too
    surface.__dict__["inputs"] = inputs
    return surface


def check_grid(grid: Grid) -> None:
    """Refuse what no score can be made on.

    Raises
    ------
    ParameterError, CRSError
    """
    if not isinstance(grid, Grid):
        message = f"grid must be a geo.Grid, such as geo.region_grid(1000), got {type(grid).__name__}."
        raise ParameterError(message)
    if grid.crs != SWEREF99_TM:
        message = f"Scores need a grid in EPSG:3006, got {grid.crs}; use geo.region_grid(cell_m)."
        raise CRSError(message)


def check_layers(layers: Mapping[str, gpd.GeoDataFrame]) -> Layers:
    """Layers from what a caller gave, checked once.

    Raises
    ------
    ParameterError, InputError
    """
    if not isinstance(layers, Mapping):
        message = f"layers must map layer names to GeoDataFrames, got {type(layers).__name__}."
        raise ParameterError(message)
    return layers if isinstance(layers, Layers) else Layers(layers)


def parse_choices(
    at: str | date | None,
    sectors: Iterable[str] | None,
    weights: Mapping[str, float] | None,
    model: Model | None = None,
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
    chosen = attempt(lambda: _check_model(model).with_weights(weights))
    if len(failures) == 1:
        raise failures[0]
    if day is None or chosen is None or failures:
        raise ParameterError("\n".join(map(str, failures)))
    return day, kept, chosen


def _check_model(model: Model | None) -> Model:
    if model is None:
        return load_model()
    if not isinstance(model, Model):
        message = f"model must be what geo.load_model or geo.fit_model gives, got {type(model).__name__}."
        raise ParameterError(message)
    if not model.is_complete:
        message = (
            f"Model {model.version} was frozen by another version of Norrsyn and lacks what this one scores with; "
            "fit it again with `norrsyn model fit`."
        )
        raise ParameterError(message)
    return model


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
