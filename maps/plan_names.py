"""Names of sites in a stored plan, for whoever reads it now: records may have been narrowed or erased since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from geo.layers.bundle import Layers
from geo.planning.plan import Plan
from geo.planning.targets.sites import read_sites
from maps.i18n import translate

__all__ = ["withhold_names"]


def withhold_names(lang: str, plan: Plan, layers: Layers) -> Plan:
    """The plan without the names of sites that are not among the reader's records now; the same plan where all are.

    A plan keeps the names of its sites as they were when it was drafted. A record may since have gone to a narrower
    circle, or been erased because its time was up. Where the stops lie and when they are visited stays.

    Parameters
    ----------
    lang : str, of the words that stand there instead
    plan : Plan
    layers : Layers of what whoever reads may see
    """
    sites = read_sites(layers)
    is_there = (sites.find_all([stop.key for stop in plan.stops]) >= 0).tolist()
    words = translate(lang, "Name withheld")
    stops = tuple(
        stop if known else replace(stop, title=words) for stop, known in zip(plan.stops, is_there, strict=True)
    )
    hidden = {stop.title for stop, known in zip(plan.stops, is_there, strict=True) if not known}
    shown = {stop.title for stop, known in zip(plan.stops, is_there, strict=True) if known}
    manifest = _clean_manifest(plan.manifest, words, hidden - shown, shown, layers)
    return plan if not hidden and manifest is plan.manifest else replace(plan, stops=stops, manifest=manifest)


def _clean_manifest(
    manifest: Mapping[str, Any], words: str, hidden: Collection[str], shown: Collection[str], layers: Layers
) -> Mapping[str, Any]:
    """The manifest with names in its notes and problems replaced: those that are of no stop and no site now too."""
    arranged = manifest.get("arranged") or {}
    notes, problems = list(manifest.get("notes", ())), list(arranged.get("problems", ()))
    named = {title for one in (*notes, *problems) for title in _find_title(one)} - set(shown)
    if named:
        named -= set(read_sites(layers).title.tolist())
    gone = {*named, *hidden}
    if not gone:
        return manifest
    cleaned = {**manifest, "notes": [_clean(one, words, gone) for one in notes]}
    if arranged:
        cleaned["arranged"] = {**arranged, "problems": [_clean(one, words, gone) for one in problems]}
    return cleaned


def _find_title(kept: Any) -> Iterable[str]:
    if isinstance(kept, Mapping) and isinstance(title := kept.get("values", {}).get("title"), str):
        yield title


def _clean(kept: Any, words: str, gone: Collection[str]) -> Any:
    """A sentence of a manifest, or one in English of a plan of an earlier version."""
    if isinstance(kept, Mapping):
        if not set(_find_title(kept)) & set(gone):
            return kept
        return {**kept, "values": {**kept["values"], "title": words}}
    text = str(kept)
    # the longest first: a name may be a part of another
    for title in sorted(gone, key=len, reverse=True):
        text = text.replace(title, words)
    return text
