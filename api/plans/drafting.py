"""Drafts, one or a few at a time: each takes seconds, and whoever comes when too many wait is told so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TypeVar

from api.drive import choose_drive
from api.errors import SaidError
from api.plan_requests import OptimiseRequest, PlanRequest
from api.plans.asked import check_everything, name_fields, read_exclusions, read_keys, read_locks, read_plan_request
from api.service import CURRENT, Service, Snapshot
from api.surfaces import ServedSurface
from geo.errors import NotFoundError
from geo.planning.draft import Arrangement, Draft, arrange_stops, draft_again, draft_changed, draft_plan, request_of
from geo.planning.plan import Plan
from geo.planning.routes import InfeasibleError
from geo.planning.targets import SiteKey
from geo.risk.uncertainty import Uncertainty

__all__ = ["arrange_plan", "draft_anew", "draft_new", "find_plan_surface"]

T = TypeVar("T")


def draft_new(
    service: Service,
    snapshot: Snapshot,
    served: ServedSurface,
    asked: PlanRequest,
    uncertainty: Uncertainty | None,
    plan: Plan | None = None,
) -> Draft:
    """A plan that is not kept yet; or a draft that is kept, made from another request.

    Raises
    ------
    FieldsError
        A line for everything that cannot be planned.
    SaidError
        No plan holds all that must be visited.
    StoreError, BusyError
    """
    surface, layers = served.surface, snapshot.layers
    draft = partial(draft_plan, surface) if plan is None else partial(draft_changed, surface, plan)
    with service.planning.take(), name_fields(asked):
        request = read_plan_request(asked, surface, layers, snapshot.circle, uncertainty)
        drive = choose_drive(service.settings, layers)
        return _say_why_not(lambda: draft(request, layers=layers, drive=drive, uncertainty=uncertainty))


def draft_anew(
    service: Service,
    snapshot: Snapshot,
    served: ServedSurface,
    plan: Plan,
    asked: OptimiseRequest,
    uncertainty: Uncertainty | None,
) -> Draft:
    """The plan with its routes planned anew, by its own request with what is asked for changed.

    Raises
    ------
    ParameterError, SaidError, BusyError
    """
    surface, layers, before = served.surface, snapshot.layers, request_of(plan)
    pinned = None if asked.pinned is None else read_keys(asked.pinned)
    locks = None if asked.locks is None else read_locks(asked.locks)
    excluded = None if asked.excluded is None else read_exclusions(asked.excluded)
    changed = replace(
        before,
        pinned=before.pinned if pinned is None else pinned,
        locks=before.locks if locks is None else locks,
        excluded=before.excluded if excluded is None else excluded,
    )
    with service.planning.take():
        check_everything(changed, surface, layers, uncertainty)
        drive = choose_drive(service.settings, layers)
        return _say_why_not(
            lambda: draft_again(
                surface,
                plan,
                pinned=pinned,
                locks=locks,
                excluded=excluded,
                layers=layers,
                drive=drive,
                uncertainty=uncertainty,
            )
        )


def arrange_plan(
    service: Service,
    snapshot: Snapshot,
    served: ServedSurface,
    plan: Plan,
    routes: Mapping[tuple[str, date], tuple[SiteKey, ...]],
) -> Arrangement:
    """The stops in the order that a planner has chosen.

    Raises
    ------
    ParameterError, BusyError
    """
    layers = snapshot.layers
    with service.planning.take():
        drive = choose_drive(service.settings, layers)
        return arrange_stops(served.surface, plan, routes, layers=layers, drive=drive)


def find_plan_surface(service: Service, snapshot: Snapshot, user: str, plan: Plan) -> ServedSurface:
    """The surface that a plan rests on, or the published one where that is gone or another user's.

    Raises
    ------
    NotFoundError
    """
    try:
        return service.find_surface(snapshot, str(plan.manifest.get("surface", CURRENT)), user)
    except NotFoundError:
        return service.find_surface(snapshot, CURRENT, user)


def _say_why_not(draft: Callable[[], T]) -> T:
    try:
        return draft()
    except InfeasibleError as error:
        raise SaidError([reason.sentence for reason in error.reasons]) from error
