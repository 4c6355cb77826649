"""Norrsyn's library: layers in, scored cells out.

>>> import geo
>>> layers = geo.load_layers("norrsyn-data")
>>> surface = geo.score(layers, geo.region_grid(1000), at="2026-07-15")
>>> surface.top(20)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

# now and not when asked for: it shuts the doors of GDAL, for whoever reads a file by other means too
from geo.reading import read_layer

if TYPE_CHECKING:
    import geopandas as gpd

    from geo.density import kernel_density
    from geo.grid import Grid
    from geo.layers.bundle import Layers
    from geo.layers.registry import LAYERS
    from geo.layers.validate import validate
    from geo.planning.followup import calibration_report, expected_against_actual
    from geo.planning.targets import find_targets
    from geo.region import Region, load_region, packaged_localities, region_grid
    from geo.risk.backtest.run import backtest
    from geo.risk.backtest.summary import summarise_backtest
    from geo.risk.find_model.fit import fit_find_model
    from geo.risk.find_model.ranking import evaluate_ranking
    from geo.risk.learned import LearnedWeights, learn_weights
    from geo.risk.model import Model, load_model
    from geo.risk.refit import fit_model
    from geo.risk.simulate import compare_policies, simulate_policy
    from geo.risk.surface import RiskSurface
    from geo.risk.what_if import what_if, what_if_by_quarter
    from geo.store.files import default_home, load_layers, load_surface

__all__ = [
    "LAYERS",
    "Grid",
    "Layers",
    "LearnedWeights",
    "Model",
    "Region",
    "RiskSurface",
    "backtest",
    "calibration_report",
    "compare_policies",
    "default_home",
    "evaluate_ranking",
    "expected_against_actual",
    "find_targets",
    "fit_find_model",
    "fit_model",
    "kernel_density",
    "learn_weights",
    "load_layers",
    "load_model",
    "load_region",
    "load_surface",
    "packaged_localities",
    "read_layer",
    "region_grid",
    "score",
    "simulate_policy",
    "summarise_backtest",
    "validate",
    "what_if",
    "what_if_by_quarter",
]

# Where a name comes from: a module is imported when the first of its names is asked for, so that a program pays for
# what it uses and no more.
_HOMES = MappingProxyType(
    {
        "LAYERS": "geo.layers.registry",
        "Grid": "geo.grid",
        "Layers": "geo.layers.bundle",
        "LearnedWeights": "geo.risk.learned",
        "Region": "geo.region",
        "RiskSurface": "geo.risk.surface",
        "Model": "geo.risk.model",
        "backtest": "geo.risk.backtest.run",
        "calibration_report": "geo.planning.followup",
        "compare_policies": "geo.risk.simulate",
        "default_home": "geo.store.files",
        "evaluate_ranking": "geo.risk.find_model.ranking",
        "expected_against_actual": "geo.planning.followup",
        "find_targets": "geo.planning.targets",
        "fit_find_model": "geo.risk.find_model.fit",
        "fit_model": "geo.risk.refit",
        "kernel_density": "geo.density",
        "learn_weights": "geo.risk.learned",
        "load_layers": "geo.store.files",
        "load_model": "geo.risk.model",
        "load_region": "geo.region",
        "load_surface": "geo.store.files",
        "packaged_localities": "geo.region",
        "region_grid": "geo.region",
        "summarise_backtest": "geo.risk.backtest.summary",
        "simulate_policy": "geo.risk.simulate",
        "validate": "geo.layers.validate",
        "what_if": "geo.risk.what_if",
        "what_if_by_quarter": "geo.risk.what_if",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = found = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def score(
    layers: Mapping[str, gpd.GeoDataFrame],
    grid: Grid,
    at: str | date | None = None,
    sectors: Iterable[str] | None = None,
    weights: Mapping[str, float] | None = None,
    *,
    model: Model | None = None,
    client: Any = None,
    folder: Path | None = None,
) -> RiskSurface:
    """Score every cell of Region Nord, in this process or on a cluster.

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
    client : distributed.Client, optional
        Of the Dask cluster that computes; the surface has the same bits. Needs the extra ``scale``. Default: none.
    folder : Path, optional
        With a client: where the workers find the layers meanwhile. See `geo.scale.scoring.score`.

    Returns
    -------
    RiskSurface
        NaN outside the region.

    Raises
    ------
    CRSError, ParameterError
        The grid, date, sectors or weights cannot be used.
    MemoryLimitError
        The rasters would not fit into memory, or a window not into a worker's; nothing was allocated.
    InputError
        A frame fails its layer's checks.
    ConfigError
        Dask is not installed, or the cluster has no workers or loses them.
    """
    # Dask is optional, and what is not needed is not imported
    if client is None:
        from geo.risk.scoring import score as score_here  # noqa: PLC0415

        return score_here(layers, grid, at, sectors, weights, model=model)
    from geo.scale import scoring as scale  # noqa: PLC0415

    return scale.score(layers, grid, at, sectors, weights, client=client, folder=folder, model=model)
