"""Drafts, one or a few at a time: each takes seconds, and whoever comes when too many wait is told so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from api.drive import choose_drive
from api.errors import SaidError
from api.plan_schemas import PlanRequest
from api.plans.asked import read_plan_request
from api.service import Service, Snapshot
from api.surfaces import ServedSurface
from geo.errors import NotFoundError
from geo.planning.draft import Draft, draft_plan
from geo.planning.plan import Plan, write_sentence
from geo.planning.routes import InfeasibleError
from geo.risk.uncertainty import Uncertainty

__all__ = ["draft_new", "find_plan_surface"]

T = TypeVar("T")


def draft_new(
    service: Service, snapshot: Snapshot, served: ServedSurface, asked: PlanRequest, uncertainty: Uncertainty | None
) -> Plan:
    """A plan that is not kept yet.

    Raises
    ------
    ParameterError
        A line for everything that cannot be planned.
    SaidError
        No plan holds all that must be visited.
    BusyError
    """
    surface, layers = served.surface, snapshot.layers
    with service.planning.take():
        request = read_plan_request(asked, surface, layers, snapshot.circle, uncertainty)
        drive = choose_drive(service.settings, layers)
        draft = _say_why_not(lambda: draft_plan(surface, request, layers=layers, drive=drive, uncertainty=uncertainty))
    return _keep_notes(draft)


def find_plan_surface(service: Service, snapshot: Snapshot, user: str, plan: Plan) -> ServedSurface:
    """The surface that a plan rests on, or the published one where that is gone or another user's."""
    try:
        return service.find_surface(snapshot, str(plan.manifest.get("surface", "")), user)
    except NotFoundError:
        return service.find_surface(snapshot, "current", user)


def _say_why_not(draft: Callable[[], T]) -> T:
    try:
        return draft()
    except InfeasibleError as error:
        raise SaidError([reason.sentence for reason in error.reasons]) from error


def _keep_notes(draft: Draft) -> Plan:
    """The draft's plan, which says itself what its planner must be told."""
    return replace(
        draft.plan, manifest={**draft.plan.manifest, "notes": [write_sentence(note) for note in draft.notes]}
    )
