"""Findings per visit: what inspections found, over how often and how well somebody looked.

Unit: severity-weighted findings per effective visit. Source: Clayton & Kaldor (1987), Biometrics 43, for the posterior
mean; severities, verification and half-life from the reference tables; the reasons in
docs/adr/0015-effort-correction.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from geo.layers import findings, visits
from geo.risk.components.base import Component, Driver, Layers, PointSource, Source, count_records, reach_of
from geo.risk.components.rate import RateSource
from geo.risk.effort.posterior import Prior
from geo.risk.words import Sentence

__all__ = ["COMPONENT"]

_PER = 100


def prepare(layers: Layers, at: date, sectors: frozenset[str] | None, parameters: Mapping[str, float]) -> Source:
    """Findings and visits up to the scoring date; a visit counts in every sector."""
    return RateSource(
        findings=PointSource("findings", findings.to_arrays(layers["findings"], at, sectors, parameters)),
        effort=PointSource("visits", visits.to_arrays(layers["visits"], at, None, parameters)),
        prior=Prior.from_parameters(parameters),
        effort_km2=(parameters["findings_bandwidth_m"] / 1000) ** 2,
    )


def describe(value: float, drivers: tuple[Driver, ...], parameters: Mapping[str, float]) -> tuple[Sentence, ...]:
    """How much was found at how many visits, those that found nothing included, and what is usual."""
    return _describe(value, drivers, parameters, is_cut=False)


def describe_in_sectors(
    value: float, drivers: tuple[Driver, ...], parameters: Mapping[str, float]
) -> tuple[Sentence, ...]:
    """The same where sectors are chosen: the findings are theirs; the visits and what is usual are of all sectors."""
    return _describe(value, drivers, parameters, is_cut=True)


def _describe(
    value: float, drivers: tuple[Driver, ...], parameters: Mapping[str, float], *, is_cut: bool
) -> tuple[Sentence, ...]:
    found, looked = ([each for each in drivers if each.layer == layer] for layer in ("findings", "visits"))
    average = _PER * Prior.from_parameters(parameters).mean
    if not drivers:
        return (
            Sentence(
                "Nobody has looked here: the region's average of {average} findings per {per} visits is assumed.",
                {"average": average, "per": _PER},
            ),
        )
    values: dict[str, Any] = {
        "findings": count_records(found) if found else 0,
        "km": reach_of(drivers),
        "value": _PER * value,
        "per": _PER,
        "average": average,
    }
    if looked:
        values |= {"visits": count_records(looked), "day": max(date.fromisoformat(each.on) for each in looked)}
    if is_cut:
        return (_say_in_sectors(values),)
    if not looked:
        return (
            Sentence(
                "Findings within {km} km: {findings}, without a visit on record. By severity and age that counts as "
                "{value} findings per {per} visits; the region's average is {average}.",
                values,
            ),
        )
    return (
        Sentence(
            "Findings within {km} km: {findings}, at visits: {visits}, the last on {day}. By severity and age that "
            "counts as {value} findings per {per} visits; the region's average is {average}.",
            values,
        ),
    )


def _say_in_sectors(values: dict[str, Any]) -> Sentence:
    if "visits" not in values:
        return Sentence(
            "Findings in the chosen sectors within {km} km: {findings}, without a visit on record in any sector. By "
            "severity and age that counts as {value} findings per {per} visits; the region's average over all sectors "
            "is {average}.",
            values,
        )
    return Sentence(
        "Findings in the chosen sectors within {km} km: {findings}, at visits in all sectors: {visits}, the last on "
        "{day}. By severity and age that counts as {value} findings per {per} visits; the region's average over all "
        "sectors is {average}.",
        values,
    )


COMPONENT = Component(
    "findings",
    reads=("findings", "visits"),
    is_exposure=True,
    prepare=prepare,
    describe=describe,
    describe_in_sectors=describe_in_sectors,
)
