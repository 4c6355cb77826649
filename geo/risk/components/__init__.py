"""The components of the score, one module each; ``COMPONENTS`` is their order everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from geo.risk.components import (
    accommodation,
    colocation,
    establishments,
    findings,
    reported,
    sector_density,
    workplaces,
)
from geo.risk.components.base import Component

__all__ = ["COMPONENTS"]

COMPONENTS: Mapping[str, Component] = MappingProxyType(
    {
        "workplaces": workplaces.COMPONENT,
        "accommodation": accommodation.COMPONENT,
        "colocation": colocation.COMPONENT,
        "sector_density": sector_density.COMPONENT,
        "findings": findings.COMPONENT,
        "reported": reported.COMPONENT,
        "establishments": establishments.COMPONENT,
    }
)
