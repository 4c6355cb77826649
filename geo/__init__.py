"""Norrsyn's library: layers in, scored cells out.

>>> import geo
>>> layers = geo.load_layers("norrsyn-data")
>>> surface = geo.score(layers, geo.region_grid(1000), at="2026-07-15")
>>> surface.top(20)
"""

from __future__ import annotations

from geo.grid import Grid
from geo.kernels import kernel_density
from geo.layers.bundle import Layers
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.reading import read_layer_file
from geo.region import Region, load_region, packaged_localities, region_grid
from geo.risk.model import load_model
from geo.risk.scoring import score
from geo.risk.surface import RiskSurface
from geo.store.files import default_home, load_layers, load_surface

__all__ = [
    "LAYERS",
    "Grid",
    "Layers",
    "Region",
    "RiskSurface",
    "default_home",
    "kernel_density",
    "load_layers",
    "load_model",
    "load_region",
    "load_surface",
    "packaged_localities",
    "read_layer_file",
    "region_grid",
    "score",
    "validate",
]
