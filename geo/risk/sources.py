"""The inputs of all components, prepared for one date and choice of sectors."""

from __future__ import annotations

from datetime import date

from geo.layers.bundle import Layers
from geo.risk.components import COMPONENTS
from geo.risk.components.base import Source
from geo.risk.model import Model

__all__ = ["prepare_sources"]


def prepare_sources(layers: Layers, at: date, sectors: frozenset[str] | None, model: Model) -> dict[str, Source]:
    """Every component's inputs for one date and choice of sectors, in the order of the components."""
    return {name: component.prepare(layers, at, sectors, model.parameters) for name, component in COMPONENTS.items()}
