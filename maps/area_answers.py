"""The totals of a drawn area as the API and the pages tell them, in a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geo.reference import municipality_names, read_table, score_classes
from geo.risk.area import AreaTotals
from geo.risk.surface import RiskSurface
from geo.risk.words import title_sentence
from maps.degrees import to_degrees
from maps.i18n import say, translate

__all__ = ["describe_area"]

# Layer to the table and the column that its groups have their titles in.
_GROUP_TITLES = {
    "workplaces": ("sectors", "sector"),
    "accommodation": ("housing_types", "housing_type"),
    "establishments": ("establishment_phases", "phase"),
}


def describe_area(lang: str, surface: RiskSurface, totals: AreaTotals) -> dict[str, Any]:
    """A drawn area in numbers, as `api.area_schemas.AreaAnswer`."""
    n_visits = sum(totals.visits.values())
    nothing = totals.visits.get("nothing_found", 0)
    names = municipality_names()
    outcomes = read_table("visit_outcomes")["outcome"].tolist()
    return {
        "surface": surface.id,
        "km2": totals.km2,
        "n_cells": totals.n_cells,
        "cells_by": "centre" if totals.holds_centres else "reach",
        "classes": [
            {
                "code": each.code,
                "name": translate(lang, each.name),
                "colour": each.colour,
                "n_cells": totals.classes[each.code],
            }
            for each in score_classes()
        ],
        "states": {
            "nothing_known": totals.n_nothing_known,
            "never_inspected": totals.n_never_inspected,
            "inspected": totals.n_inspected,
        },
        "mean_score": totals.mean_score,
        "highest": _describe_highest(lang, totals),
        "sites": {
            layer: {
                "n": found.n,
                "size": found.size,
                "groups": _describe_groups(lang, *_GROUP_TITLES[layer], found.groups),
            }
            for layer, found in totals.sites.items()
        },
        "establishment_sectors": _describe_groups(lang, "sectors", "sector", totals.establishment_sectors),
        "visits": {
            "n": n_visits,
            "with_findings": n_visits - nothing,
            "nothing_found": nothing,
            "outcomes": [
                {"code": code, "name": _title(lang, "visit_outcomes", "outcome", code), "n": totals.visits[code]}
                for code in outcomes
                if code in totals.visits
            ],
        },
        "months": [
            {"month": f"{month:%Y-%m}", "findings": findings, "visits": visits}
            for month, findings, visits in zip(
                totals.months, totals.findings_by_month, totals.visits_by_month, strict=True
            )
        ],
        "municipalities": [
            {"code": code, "name": names.get(code, code), "share": share}
            for code, share in totals.municipalities.items()
        ],
    }


def _describe_highest(lang: str, totals: AreaTotals) -> dict[str, Any] | None:
    highest = totals.highest
    if highest is None:
        return None
    lon, lat = to_degrees(highest.easting, highest.northing)
    return {
        "cell_id": highest.cell_id,
        "score": highest.score,
        "name": say(lang, highest.name),
        "lon": lon,
        "lat": lat,
    }


def _describe_groups(
    lang: str, table: str, column: str, groups: Mapping[str, tuple[int, float]]
) -> list[dict[str, Any]]:
    return [
        {"code": code, "name": _title(lang, table, column, code), "n": n, "size": size}
        for code, (n, size) in groups.items()
    ]


def _title(lang: str, table: str, column: str, code: str) -> str:
    return say(lang, title_sentence(table, column, code))
