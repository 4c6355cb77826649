"""A plan drafted again, with some of what was asked for changed and the rest as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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

__all__ = ["draft_again", "draft_changed", "pinned_in"]


def pinned_in(plan: Plan, excluded: Collection[SiteKey] | None = None) -> tuple[SiteKey, ...]:
    """Sites that a planner wants in a plan: those that had to be visited, and those that were put in by hand since.

    Parameters
    ----------
    plan : Plan
    excluded : keys of sites that are left out though they were put in by hand; left out, those of the plan

    Raises
    ------
    StoreError
        The plan does not hold what was asked for.
    """
    request = request_of(plan)
    out = request.excluded if excluded is None else excluded
    added = plan.manifest.get("arranged", {}).get("added", [])
    by_hand = ((layer, site) for layer, site in added if (layer, site) not in out)
    return tuple(dict.fromkeys((*request.pinned, *by_hand)))


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
    return _keep(plan, draft)


def draft_changed(
    surface: ScoredSurface,
    plan: Plan,
    request: DraftRequest,
    *,
    layers: Mapping[str, gpd.GeoDataFrame] | None = None,
    drive: DriveProvider | None = None,
    uncertainty: Uncertainty | None = None,
    limits: Limits | None = None,
) -> Draft:
    """A plan drafted from another request: other days, crews, hours or sites.

    Sites that are fixed to a crew and a day stay so where the plan still has both and does not leave them out. Stops
    are drawn by lot anew, with the request's seed: what they are drawn among is another.

    Parameters
    ----------
    surface : RiskSurface
    plan : Plan
    request : DraftRequest, whose locks and circle are left to the plan
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
    names = {crew.name for crew in request.crews}
    locks = {
        site: (crew, day)
        for site, (crew, day) in request_of(plan).locks.items()
        if crew in names and day in request.days and site not in request.excluded
    }
    wanted = replace(request, locks=locks, circle=plan.circle)
    draft = make_draft(surface, wanted, layers=layers, drive=drive, uncertainty=uncertainty, limits=limits)
    return _keep(plan, draft)


def _keep(plan: Plan, draft: Draft) -> Draft:
    """What was drafted, as the plan that it is drafted for."""
    made = draft.plan
    again = replace(plan, name=made.name, days=made.days, crews=made.crews, stops=made.stops, manifest=made.manifest)
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
        pinned = pinned_in(plan, excluded)
    return replace(
        request,
        pinned=tuple(dict.fromkeys(pinned)),
        locks=request.locks if locks is None else locks,
        excluded=excluded,
    )
