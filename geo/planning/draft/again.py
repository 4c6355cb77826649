"""A plan drafted again, with some of what was asked for changed and the rest as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

import geopandas as gpd

from geo.planning.draft.make import Draft, make_draft
from geo.planning.draft.record import request_of
from geo.planning.draft.request import DraftRequest
from geo.planning.drive import DriveProvider
from geo.planning.plan import Plan
from geo.planning.routes import Limits
from geo.planning.targets import SiteKey
from geo.risk.scored import ScoredSurface
from geo.risk.uncertainty import Uncertainty

__all__ = ["draft_again"]


def draft_again(  # noqa: PLR0913  what may change, and what it is made from
    surface: ScoredSurface,
    plan: Plan,
    *,
    pinned: Iterable[SiteKey] | None = None,
    locks: Mapping[SiteKey, tuple[str, date]] | None = None,
    excluded: Mapping[SiteKey, str] | None = None,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    drive: DriveProvider | None = None,
    uncertainty: Uncertainty | None = None,
    limits: Limits | None = None,
) -> Draft:
    """Choose the stops of a plan and their routes anew, from what was asked for, with these changed.

    Days, crews, hours, filter and seed are those of the plan. Sites that a planner put in by hand stay in, and stops
    that were drawn by lot on the same surface stay drawn: there is no second lot.

    Parameters
    ----------
    surface : RiskSurface
    plan : Plan
    pinned : keys of all sites that must be visited; left out, as before
    locks : key of a site to the crew and day that it is fixed to, all of them; left out, as before
    excluded : key of a site to the code of a reason in ``exclusion_reasons``, all of them; left out, as before
    layers, drive, uncertainty, limits : see `draft_plan`

    Returns
    -------
    Draft
        Its plan has the id, state, checklist and history of the one that was given.

    Raises
    ------
    StoreError
        The plan does not hold what was asked for.
    ParameterError, InfeasibleError
        See `draft_plan`.
    """
    request = _change(request_of(plan), plan, pinned, locks, excluded)
    log = plan.manifest.get("exploration")
    if log is not None and log["asked"]["surface"] != surface.id:
        log = None
    draft = make_draft(surface, request, layers=layers, drive=drive, uncertainty=uncertainty, limits=limits, log=log)
    again = replace(plan, stops=draft.plan.stops, manifest=draft.plan.manifest)
    return replace(draft, plan=again)


def _change(
    request: DraftRequest,
    plan: Plan,
    pinned: Iterable[SiteKey] | None,
    locks: Mapping[SiteKey, tuple[str, date]] | None,
    excluded: Mapping[SiteKey, str] | None,
) -> DraftRequest:
    excluded = request.excluded if excluded is None else excluded
    if pinned is None:
        added = plan.manifest.get("arranged", {}).get("added", [])
        by_hand = ((layer, site) for layer, site in added if (layer, site) not in excluded)
        pinned = (*request.pinned, *by_hand)
    return replace(
        request,
        pinned=tuple(dict.fromkeys(pinned)),
        locks=request.locks if locks is None else locks,
        excluded=excluded,
    )
