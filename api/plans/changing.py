"""Changes of a plan by whoever is signed in, answered with the plan, or with what it is by now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator

from api.auth import TheUser, User
from api.auth.permissions import find_rule, is_allowed
from api.errors import respond_to_change
from api.params import CurrentSnapshot, LanguageParameter, TheService
from api.plan_schemas import PlanAnswer
from api.plans.bounds import check_size
from api.service import Service, Snapshot
from geo.errors import ChangedError
from geo.planning.plan import Plan
from geo.store.people.events import note_event
from geo.store.plans import StoredPlan, change_plan, find_plan
from maps.plan_answers import describe_plan

__all__ = ["PlanId", "ThePlanner", "Told"]


def _check_id(plan_id: str) -> str:
    # a database may know no such text
    if not plan_id.isprintable():
        message = "is no id of a plan"
        raise ValueError(message)
    return plan_id


Told = dict[str, Any] | Response
PlanId = Annotated[
    str, Path(description="Id of a plan of your sharing circle", max_length=100), AfterValidator(_check_id)
]


@dataclass(frozen=True)
class Planner:
    """Whoever asks about plans, and what they may see.

    Attributes
    ----------
    request : Request
    service : Service
    snapshot : Snapshot
    user : User
    lang : str
    """

    request: Request
    service: Service
    snapshot: Snapshot
    user: User
    lang: str

    @property
    def who(self) -> dict[str, Any]:
        """Name and moment, for the history of a plan."""
        at = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")
        return {"by": self.user.name, "at": at}

    def find(self, plan_id: str) -> StoredPlan:
        """A plan of their circle; see `find_plan`."""
        return find_plan(self.service.settings.home, plan_id, self.user.circle)

    def describe(self, stored: StoredPlan) -> dict[str, Any]:
        """A plan, as `PlanAnswer`."""
        rule = find_rule("POST", "/api/plans")
        may_change = rule is not None and is_allowed(self.user.roles, rule)
        return describe_plan(
            self.lang, stored, layers=self.snapshot.layers, names=self.snapshot.names, may_change=may_change
        )

    def change(self, plan_id: str, version: int, change: Callable[[Plan], Plan]) -> Told:
        """Change a plan, and answer it, or 409 with what it is by now."""
        home, circle = self.service.settings.home, self.user.circle
        return self.answer(
            lambda: change_plan(home, plan_id, version, lambda plan: check_size(change(plan)), circle=circle)
        )

    def answer(self, save: Callable[[], StoredPlan]) -> Told:
        """What was saved, or 409 with what it is by now."""
        try:
            stored = save()
        except ChangedError as error:
            current = PlanAnswer.model_validate(self.describe(error.current))
            return respond_to_change(self.request, error, current)
        return self.describe(stored)

    def note(self, what: str, plan_id: str) -> None:
        """Write into the log of what was done."""
        home, basis = self.service.settings.home, self.request.state.basis
        note_event(home, self.user.user_id, what, plan_id, now=self._now(), basis=basis)

    def _now(self) -> float:
        return float(self.request.app.state.accounts.clock())


def get_planner(
    request: Request, service: TheService, snapshot: CurrentSnapshot, user: TheUser, lang: LanguageParameter = "en"
) -> Planner:
    """Whoever asks."""
    return Planner(request, service, snapshot, user, lang)


ThePlanner = Annotated[Planner, Depends(get_planner)]
