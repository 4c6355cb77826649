"""Severity-weighted findings of earlier inspections, fading with age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from geo.layers import findings
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source, count_records, reach_of
from geo.risk.words import Sentence

__all__ = ["COMPONENT"]


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Findings up to the scoring date."""
    return PointSource("findings", findings.to_arrays(layers["findings"], at, sectors, parameters))


def describe(value: float, drivers: tuple[Driver, ...]) -> tuple[Sentence, ...]:  # noqa: ARG001
    """How many findings, how far away."""
    if not drivers:
        return ()
    values = {"count": count_records(drivers), "km": reach_of(drivers)}
    return (Sentence("Findings at earlier inspections within {km} km: {count}.", values),)


COMPONENT = Component("findings", reads=("findings",), is_exposure=True, prepare=prepare, describe=describe)
