"""Density of employees in risk sectors, weighted by sector risk and season.

Unit: weighted employees/km². Source: risk, bandwidth and season of each sector group from the reference tables
``sectors``, ``sector_seasons`` and ``sni_seasons``; the kernel is Silverman's (1986), eq. 4.5. The reasons in
docs/adr/0016-seven-components.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

from geo.layers.base import Points
from geo.layers.bundle import Layers as Bundle
from geo.layers.workplaces import Columns, read_columns, select_points
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source, count_records, reach_of
from geo.risk.words import Sentence, title_sentence

__all__ = ["COMPONENT", "recall_columns", "recall_points"]


def recall_columns(layers: Layers) -> Columns:
    """What the workplaces say whatever the day, read once of a `geo.layers.bundle.Layers`."""
    if not isinstance(layers, Bundle):
        return read_columns(layers["workplaces"])
    return layers.recall("columns of workplaces", lambda: read_columns(layers["workplaces"]))


def recall_points(layers: Layers, at: date, sectors: frozenset[str] | None) -> Points:
    """Weighted workplaces of a day: two components are made of them."""
    if not isinstance(layers, Bundle):
        return select_points(recall_columns(layers), at, sectors)
    make = partial(select_points, recall_columns(layers), at, sectors)
    return layers.recall(("points of workplaces", at, sectors), make)


def prepare(
    layers: Layers,
    at: date,
    sectors: frozenset[str] | None,
    parameters: Mapping[str, float],  # noqa: ARG001
) -> Source:
    """Active workplaces of the sectors asked for."""
    return PointSource("workplaces", recall_points(layers, at, sectors))


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
