"""Density of employees in risk sectors, weighted by sector risk and season.

Unit: weighted employees/km². Source: risk, bandwidth and season of each sector group from the reference tables
``sectors``, ``sector_seasons`` and ``sni_seasons``; the kernel is Silverman's (1986), eq. 4.5. The reasons in
docs/adr/0016-seven-components.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from geo.layers import workplaces
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source, count_records, reach_of
from geo.risk.words import Sentence, title_sentence

__all__ = ["COMPONENT"]


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Active workplaces of the sectors asked for."""
    return PointSource("workplaces", workplaces.to_arrays(layers["workplaces"], at, sectors, parameters))


def describe(
    value: float,  # noqa: ARG001
    drivers: tuple[Driver, ...],
    parameters: Mapping[str, float],  # noqa: ARG001
) -> tuple[Sentence, ...]:
    """Employees and workplaces by sector group, the two that weigh most."""
    share: dict[str, float] = {}
    for driver in drivers:
        share[driver.group] = share.get(driver.group, 0.0) + driver.share
    sentences = []
    for sector in sorted(share, key=lambda name: (-share[name], name))[:2]:
        group = [driver for driver in drivers if driver.group == sector]
        sentences.append(
            Sentence(
                "Workplaces in {sector} within {km} km: {count}. Employees: about {employees}.",
                {
                    "employees": round(sum(driver.size for driver in group)),
                    "count": count_records(group),
                    "sector": title_sentence("sectors", "sector", sector),
                    "km": reach_of(group),
                },
            )
        )
    return tuple(sentences)


COMPONENT = Component("workplaces", reads=("workplaces",), is_exposure=True, prepare=prepare, describe=describe)
