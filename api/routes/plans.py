"""Plans of joint inspections: drafted, changed, approved, carried out and closed, by those who plan in one circle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Request, Response

from api.auth import TheUser, User
from api.auth.permissions import find_rule, is_allowed
from api.bodies import SmallBodyRoute
from api.errors import Problem, SaidError, respond_to_change
from api.params import CurrentSnapshot, LanguageParameter, OneSurface, TheService, known_parameters_only
from api.plan_schemas import (
    AnswerRequest,
    CommentRequest,
    JustifyRequest,
    MoveRequest,
    OutcomeRequest,
    PlanAnswer,
    PlanRequest,
    PlansAnswer,
)
from api.plans.asked import read_outcome
from api.plans.bounds import check_room, check_size
from api.plans.drafting import draft_new
from api.service import Service, Snapshot
from api.surfaces import ServedSurface
from api.viewers import TheCircle, get_circle
from geo.errors import ChangedError, ParameterError
from geo.planning.plan import Answer, Plan, answer_item, comment_plan, find_blocks, justify_stop, move_plan
from geo.risk.uncertainty import Uncertainty
from geo.store.people.events import note_event
from geo.store.plans import StoredPlan, change_plan, find_plan, list_plans, save_outcome, save_plan
from maps.plan_answers import describe_plan, list_plan

__all__ = ["router"]

router = APIRouter(
    prefix="/api/plans",
    tags=["plans"],
    dependencies=[Depends(known_parameters_only), Depends(get_circle)],
    route_class=SmallBodyRoute,
)

PlanId = Annotated[str, Path(description="Id of a plan of your sharing circle", max_length=100)]
Item = Annotated[str, Path(description="Item of `support_checklist`", max_length=100)]
Told = dict[str, Any] | Response
_TOP = 20
# what the log of what was done calls a move; the others stand in the plan's own history
_EVENTS = {"approved": "plan-approved", "closed": "plan-closed", "cancelled": "plan-cancelled"}
_CHANGES: dict[str, Any] = {"response_model": PlanAnswer, "responses": {409: {"model": Problem}}}


@router.get("", summary="Plans", response_model=PlansAnswer)
def get_plans(service: TheService, circle: TheCircle, lang: LanguageParameter = "en") -> dict[str, Any]:
    """Plans of your sharing circle, the one whose first day comes last first."""
    return {"plans": [list_plan(lang, stored) for stored in list_plans(service.settings.home, circle)]}


@router.post("", summary="Draft a plan", response_model=PlanAnswer, status_code=201)
async def post_plan(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    served: OneSurface,
    user: TheUser,
    asked: PlanRequest,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """Choose sites for crews and days, and the routes between them; it takes some seconds.

    What cannot be planned is told all at once: a line for each thing in `detail`. 503 with `Retry-After` where many
    drafts wait, or where the filter asks how sure the scores are and that is not known yet.
    """
    uncertainty = None
    if asked.filter.min_certainty is not None:
        drawn = await run_sync(served.ask_uncertainty, _TOP, service.drawing, service.turns)
        uncertainty = await service.drawing.wait(drawn)
    stored = await run_sync(partial(_save_new, service, snapshot, served, user, asked, uncertainty))
    await run_sync(_note, request, service, user, "plan-made", stored.plan.plan_id)
    return await run_sync(_describe, lang, snapshot, user, stored)


@router.get("/{plan_id}", summary="A plan", response_model=PlanAnswer)
def get_plan(
    service: TheService, snapshot: CurrentSnapshot, user: TheUser, plan_id: PlanId, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """A plan with its routes, what keeps it from its next state, and what was done to it by whom."""
    return _describe(lang, snapshot, user, find_plan(service.settings.home, plan_id, user.circle))


@router.post("/{plan_id}/moves", summary="Move a plan to another state", **_CHANGES)
def post_move(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    plan_id: PlanId,
    asked: MoveRequest,
    lang: LanguageParameter = "en",
) -> Told:
    """Put it up for approval, approve, begin, close or cancel it; all that blocks the move is told at once."""

    def move(plan: Plan, who: dict[str, str]) -> Plan:
        try:
            return move_plan(plan, asked.to_state, reason=asked.reason, **who)
        except ParameterError as error:
            blocks = find_blocks(plan, asked.to_state)
            if blocks and str(error) == "\n".join(map(str, blocks)):
                raise SaidError(blocks) from error
            raise

    told = _change(request, service, snapshot, user, lang, plan_id, asked.version, move)
    if isinstance(told, dict) and asked.to_state in _EVENTS:
        _note(request, service, user, _EVENTS[asked.to_state], plan_id)
    return told


@router.put("/{plan_id}/checklist/{item}", summary="Answer an item of the checklist", **_CHANGES)
def put_item(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    plan_id: PlanId,
    item: Item,
    asked: AnswerRequest,
    lang: LanguageParameter = "en",
) -> Told:
    """Say whether something that victims may need is ready; languages are the plan's need, never a person's."""
    answer = Answer(asked.is_ready, frozenset(asked.languages))
    return _change(
        request,
        service,
        snapshot,
        user,
        lang,
        plan_id,
        asked.version,
        lambda plan, who: answer_item(plan, item, answer, **who),
    )


@router.put("/{plan_id}/justifications", summary="Say why a site is visited again", **_CHANGES)
def put_justification(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    plan_id: PlanId,
    asked: JustifyRequest,
    lang: LanguageParameter = "en",
) -> Told:
    """Give a coded reason for a stop at a site that was visited lately."""
    return _change(
        request,
        service,
        snapshot,
        user,
        lang,
        plan_id,
        asked.version,
        lambda plan, who: justify_stop(plan, asked.key, asked.reason, **who),
    )


@router.post("/{plan_id}/comments", summary="Comment a plan", **_CHANGES)
def post_comment(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    plan_id: PlanId,
    asked: CommentRequest,
    lang: LanguageParameter = "en",
) -> Told:
    """Add a coded comment, about the plan or a stop of it; there is no free text, in which a name could stand."""

    def comment(plan: Plan, who: dict[str, str]) -> Plan:
        layer, _, record = asked.about.partition("/")
        if asked.about and plan.find_stop((layer, record)) is None:
            message = f"The plan has no stop at {layer} {record}."
            raise ParameterError(message)
        return comment_plan(plan, asked.reason, about=asked.about, **who)

    return _change(request, service, snapshot, user, lang, plan_id, asked.version, comment)


@router.post("/{plan_id}/outcomes", summary="Record what came of a stop", **_CHANGES)
def post_outcome(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    plan_id: PlanId,
    asked: OutcomeRequest,
    lang: LanguageParameter = "en",
) -> Told:
    """Record an outcome, or correct it; visits and findings follow, and the next score rests on them."""
    home, outcome = service.settings.home, read_outcome(asked)
    check_size(find_plan(home, plan_id, user.circle).plan)
    save = partial(save_outcome, home, plan_id, asked.version, outcome, by=user.name, circle=user.circle)
    told = _answer(request, snapshot, user, lang, save)
    if isinstance(told, dict):
        _note(request, service, user, "plan-outcome", plan_id)
    return told


def _save_new(
    service: Service,
    snapshot: Snapshot,
    served: ServedSurface,
    user: User,
    asked: PlanRequest,
    uncertainty: Uncertainty | None,
) -> StoredPlan:
    home = service.settings.home
    # before anybody waits for what could not be kept
    check_room(list_plans(home, user.circle))
    plan = draft_new(service, snapshot, served, asked, uncertainty)
    return save_plan(home, check_size(plan), by=user.name)


def _change(
    request: Request,
    service: Service,
    snapshot: Snapshot,
    user: User,
    lang: str,
    plan_id: str,
    version: int,
    change: Callable[[Plan, dict[str, str]], Plan],
) -> Told:
    """Change a plan as whoever is signed in, and answer it, or 409 with what it is by now."""
    who = {"by": user.name, "at": datetime.fromtimestamp(_now(request), UTC).isoformat(timespec="seconds")}
    save = partial(
        change_plan,
        service.settings.home,
        plan_id,
        version,
        lambda plan: check_size(change(plan, who)),
        circle=user.circle,
    )
    return _answer(request, snapshot, user, lang, save)


def _answer(request: Request, snapshot: Snapshot, user: User, lang: str, save: Callable[[], StoredPlan]) -> Told:
    try:
        stored = save()
    except ChangedError as error:
        current = PlanAnswer.model_validate(_describe(lang, snapshot, user, error.current))
        return respond_to_change(request, error, current)
    return _describe(lang, snapshot, user, stored)


def _describe(lang: str, snapshot: Snapshot, user: User, stored: StoredPlan) -> dict[str, Any]:
    rule = find_rule("POST", "/api/plans")
    may_change = rule is not None and is_allowed(user.roles, rule)
    return describe_plan(lang, stored, names=snapshot.names, may_change=may_change)


def _note(request: Request, service: Service, user: User, what: str, plan_id: str) -> None:
    note_event(service.settings.home, user.user_id, what, plan_id, now=_now(request))


def _now(request: Request) -> float:
    return float(request.app.state.accounts.clock())
