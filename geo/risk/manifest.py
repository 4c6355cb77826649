"""What a surface was made from, and what it looks like in figures: enough to make it again, bit by bit."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.polygons import row_bands
from geo.risk.compare import compare_with_density, employee_density
from geo.risk.model import Model
from geo.risk.states import STATE_NAMES

if TYPE_CHECKING:
    from geo.risk.scored import ScoredSurface

__all__ = [
    "count_states",
    "describe_grid",
    "identify",
    "identify_choices",
    "make_manifest",
    "name_libraries",
    "name_states",
    "surface_id",
]

# what makes two surfaces the same; the rest of a manifest follows from it or describes the machine
_IDENTITY = ("model_version", "weights", "reference_levels", "parameters", "at", "sectors", "grid", "layers")


def identify(surface: ScoredSurface) -> dict[str, Any]:
    """What makes two surfaces the same, JSON-able: model, choices, grid and the content of the layers."""
    layers = surface.layers
    content = {name: {"rows": len(layers[name]), "sha256": digest} for name, digest in layers.hashes.items()}
    return identify_choices(surface.model, surface.at, surface.sectors, surface.grid, content)


def identify_choices(
    model: Model, at: date, sectors: frozenset[str] | None, grid: Grid, layers: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The same from choices and from ``rows`` and ``sha256`` of each layer that is not empty."""
    return {
        "model_version": model.version,
        "weights": model.weights,
        "reference_levels": model.reference_levels,
        "parameters": dict(model.parameters),
        "at": at.isoformat(),
        "sectors": None if sectors is None else sorted(sectors),
        "grid": describe_grid(grid),
        "layers": {name: dict(content) for name, content in layers.items()},
    }


def describe_grid(grid: Grid) -> dict[str, Any]:
    """A grid's attributes, JSON-able; ``Grid(**describe_grid(grid))`` gives it back."""
    return {
        "x_min": grid.x_min,
        "y_min": grid.y_min,
        "cell_m": grid.cell_m,
        "n_rows": grid.n_rows,
        "n_cols": grid.n_cols,
        "crs": grid.crs,
    }


def surface_id(manifest: Mapping[str, Any]) -> str:
    """16 hexadecimal digits from a manifest's identity: equal inputs give equal ids."""
    text = json.dumps({name: manifest[name] for name in _IDENTITY}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_manifest(surface: ScoredSurface) -> dict[str, Any]:
    """The identity, the number of cells in each state, the comparison with plain employee density, and versions."""
    density = employee_density(surface.layers, surface.grid, surface.at)
    return {
        **identify(surface),
        "model_origin": dict(surface.model.origin),
        "synthetic": surface.layers.is_synthetic,
        "states": name_states(count_states(surface.state)),
        "comparison": compare_with_density(density, surface.grid, surface.score, surface.ranked),
        "libraries": name_libraries(),
    }


def count_states(state: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(n_states,) int64: cells in each state."""
    cells = np.zeros(len(STATE_NAMES), dtype=np.int64)
    # some rows at a time, because a comparison of all of them is as large as the state
    for rows in row_bands(slice(0, len(state)), state.shape[1]):
        part = state[rows]
        for code in STATE_NAMES:
            cells[code] += np.count_nonzero(part == code)
    return cells


def name_states(cells: NDArray[np.int64]) -> dict[str, int]:
    """Cells by the name of their state, those outside left out."""
    return {name: int(cells[state]) for state, name in STATE_NAMES.items() if name != "outside"}


def name_libraries() -> dict[str, str]:
    """Versions of what computes."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "pandas", "geopandas", "shapely")},
        "numba": numba.__version__,
    }
