"""Density of tips and reports from outside inspections, fading with age; kept apart from what inspections found.

Unit: weighted reports/km². Source: weights by route, severity and verification from the reference tables; the reasons
in docs/adr/0016-seven-components.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from geo.layers import reported
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source, count_records, reach_of
from geo.risk.words import Sentence

__all__ = ["COMPONENT"]


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Reports up to the scoring date."""
    return PointSource("reported", reported.to_arrays(layers["reported"], at, sectors, parameters))


def describe(
    value: float,  # noqa: ARG001
    drivers: tuple[Driver, ...],
    parameters: Mapping[str, float],  # noqa: ARG001
) -> tuple[Sentence, ...]:
    """How many reports, how far away, and the last one's day."""
    if not drivers:
        return ()
    values = {
        "km": reach_of(drivers),
        "count": count_records(drivers),
        "day": max(date.fromisoformat(driver.on) for driver in drivers),
    }
    return (Sentence("Reports from outside inspections within {km} km: {count}, the last on {day}.", values),)


COMPONENT = Component("reported", reads=("reported",), is_exposure=True, prepare=prepare, describe=describe)
