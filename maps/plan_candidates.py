"""The sites that a plan's stops were chosen from and that are none of them, looked up among what the reader may see."""

from __future__ import annotations

from typing import Any

from geo.layers.bundle import Layers
from geo.layers.registry import LAYERS
from geo.planning.plan import Plan
from geo.planning.targets import SiteKey
from geo.planning.targets.sites import read_sites
from geo.reference import municipality_names
from geo.region import Region
from geo.risk.words import title_sentence
from maps.degrees import to_degrees
from maps.i18n import say, translate
from maps.record_names import RecordNames

__all__ = ["describe_candidates", "name_municipality", "title_site"]

_MOST = 40


def describe_candidates(lang: str, plan: Plan, layers: Layers, names: RecordNames) -> list[dict[str, Any]]:
    """As `api.plan_schemas.CandidateInfo`, the highest first; one that is gone is left out."""
    kept: list[tuple[str, str, float]] = [tuple(one) for one in plan.manifest.get("candidates", ())]
    others = [(layer, record, points) for layer, record, points in kept if plan.find_stop((layer, record)) is None]
    others = sorted(others, key=lambda one: -one[2])[:_MOST]
    if not others:
        return []
    sites = read_sites(layers)
    keys: list[SiteKey] = [(layer, record) for layer, record, _ in others]
    told = []
    for (layer, record, points), at in zip(others, sites.find_all(keys).tolist(), strict=True):
        if at < 0:
            continue
        easting, northing = float(sites.easting[at]), float(sites.northing[at])
        lon, lat = to_degrees(easting, northing)
        sector = str(sites.group[at]) if layer == "workplaces" else ""
        told.append(
            {
                "layer": layer,
                "record_id": record,
                "title": names.find_title(layer, record),
                **title_site(lang, layer, sector),
                "place": name_municipality(layers.region, easting, northing),
                "sector": sector,
                "lon": lon,
                "lat": lat,
                "easting": easting,
                "northing": northing,
                "priority": points,
            }
        )
    return told


def name_municipality(region: Region, easting: float, northing: float) -> str:
    """The municipality of a place, empty where none is near."""
    return municipality_names().get(str(region.municipality_at([easting], [northing])[0]), "")


def title_site(lang: str, layer: str, sector: str) -> dict[str, str]:
    """What kind of site it is, in words; accommodation has no sector."""
    title = say(lang, title_sentence("sectors", "sector", sector)) if sector else ""
    return {"layer_title": translate(lang, LAYERS[layer].title), "sector_title": title}
