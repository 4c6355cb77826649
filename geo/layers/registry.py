"""The layers Norrsyn knows. A new layer is one module beside this one and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from geo.errors import ConfigError, NotFoundError
from geo.layers import (
    accommodation,
    borders,
    establishments,
    events,
    findings,
    gazetteer,
    localities,
    reported,
    roads,
    sectors,
    visits,
    workplaces,
)
from geo.layers.base import Layer

__all__ = ["LAYERS", "get_layer", "register"]


def register(*layers: Layer) -> Mapping[str, Layer]:
    """An immutable registry of layers by name.

    Raises
    ------
    ConfigError
        Two layers share a name.
    """
    registry: dict[str, Layer] = {}
    for layer in layers:
        if layer.name in registry:
            message = f"Two layers are called {layer.name!r}; rename one."
            raise ConfigError(message)
        registry[layer.name] = layer
    return MappingProxyType(registry)


LAYERS = register(
    workplaces.LAYER,
    accommodation.LAYER,
    sectors.LAYER,
    visits.LAYER,
    findings.LAYER,
    reported.LAYER,
    establishments.LAYER,
    borders.LAYER,
    localities.LAYER,
    gazetteer.LAYER,
    roads.LAYER,
    events.LAYER,
)


def get_layer(name: str) -> Layer:
    """The layer of that name.

    Raises
    ------
    NotFoundError
    """
    try:
        return LAYERS[name]
    except KeyError:
        message = f"There is no layer {name!r}; the layers are {', '.join(LAYERS)}."
        raise NotFoundError(message) from None
