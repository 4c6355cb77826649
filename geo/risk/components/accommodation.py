"""Density of beds, weighted by how unsuitable the housing is to live in and by season.

Unit: weighted beds/km². Source: unsuitability and season of each kind from the reference tables ``housing_types`` and
``housing_seasons``. The reasons in docs/adr/0016-seven-components.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from geo.layers import accommodation
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source, reach_of
from geo.risk.words import Sentence, title_sentence

__all__ = ["COMPONENT"]


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Accommodation in use."""
    return PointSource("accommodation", accommodation.to_arrays(layers["accommodation"], at, sectors, parameters))


def describe(
    value: float,  # noqa: ARG001
    drivers: tuple[Driver, ...],
    parameters: Mapping[str, float],  # noqa: ARG001
) -> tuple[Sentence, ...]:
    """Beds by kind of housing, the kind that weighs most."""
    share: dict[str, float] = {}
    for driver in drivers:
        share[driver.group] = share.get(driver.group, 0.0) + driver.share
    if not share:
        return ()
    housing = min(share, key=lambda name: (-share[name], name))
    group = [driver for driver in drivers if driver.group == housing]
    values = {
        "beds": round(sum(driver.size for driver in group)),
        "housing": title_sentence("housing_types", "housing_type", housing),
        "km": reach_of(group),
    }
    return (Sentence("Beds of the kind “{housing}” within {km} km: about {beds}.", values),)


COMPONENT = Component("accommodation", reads=("accommodation",), is_exposure=True, prepare=prepare, describe=describe)
