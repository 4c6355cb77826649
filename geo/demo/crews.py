"""Who goes along to an inspection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Crew", "draw_crew"]

# Sector groups with a staff ledger, where the tax agency has a check of its own to make
_STAFF_LEDGER = frozenset({"construction", "hotel_restaurant", "vehicle", "beauty", "recycling_laundry"})
_POLICE = 0.82
_TAX_WITH_LEDGER = 0.75
_TAX_WITHOUT_LEDGER = 0.25
_EMPLOYMENT_SERVICE = 0.08
_COORDINATOR = 0.09
_COORDINATOR_AT_LODGING = 0.3
_MUNICIPALITY = 0.12
_MUNICIPALITY_AT_MEALS = 0.35
_MUNICIPALITY_AT_LODGING = 0.75


@dataclass(frozen=True)
class Crew:
    """Agencies on site, in a fixed order; the Work Environment Authority, which co-ordinates, is always there."""

    agencies: tuple[str, ...]

    @property
    def joined(self) -> str:
        """Codes joined by ``+``."""
        return "+".join(self.agencies)


def draw_crew(rng: np.random.Generator, layer: str, sector: str | None) -> Crew:
    """Agencies that go to a site.

    Parameters
    ----------
    rng : Generator
    layer : str, ``workplaces`` or ``accommodation``
    sector : str or None, sector group

    Returns
    -------
    Crew
    """
    lodging = layer == "accommodation"
    chances = {
        "polismyndigheten": _POLICE,
        "skatteverket": _TAX_WITH_LEDGER if sector in _STAFF_LEDGER else _TAX_WITHOUT_LEDGER,
        "arbetsformedlingen": _EMPLOYMENT_SERVICE,
        "municipality": _MUNICIPALITY_AT_LODGING
        if lodging
        else _MUNICIPALITY_AT_MEALS
        if sector == "hotel_restaurant"
        else _MUNICIPALITY,
        "regional_coordinator": _COORDINATOR_AT_LODGING if lodging else _COORDINATOR,
    }
    along = [agency for agency, chance in chances.items() if rng.random() < chance]
    return Crew(("arbetsmiljoverket", *along))
