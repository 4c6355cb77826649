"""Workers at large new establishments, by phase, spread wide: what can follow in their wake.

Unit: weighted workers/km². Source: weights of phases from the reference table ``establishment_phases``; lines as
midpoints of pieces of at most a tenth of the bandwidth. The reasons in docs/adr/0016-seven-components.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from geo.layers import establishments
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source
from geo.risk.words import Sentence, title_sentence

__all__ = ["COMPONENT"]


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Establishments in their phase on the scoring date."""
    return PointSource("establishments", establishments.to_arrays(layers["establishments"], at, sectors, parameters))


def describe(
    value: float,  # noqa: ARG001
    drivers: tuple[Driver, ...],
    parameters: Mapping[str, float],  # noqa: ARG001
) -> tuple[Sentence, ...]:
    """The establishment that weighs most: phase, workers, distance."""
    if not drivers:
        return ()
    first = drivers[0]
    values = {
        "phase": title_sentence("establishment_phases", "phase", first.group),
        "workers": round(first.size),
        "km": first.distance_m / 1000,
    }
    return (Sentence("Large establishment {km} km away, phase “{phase}”, workers: about {workers}.", values),)


COMPONENT = Component("establishments", reads=("establishments",), is_exposure=True, prepare=prepare, describe=describe)
