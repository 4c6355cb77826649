"""Plans of joint inspections: drafted, changed, approved, carried out and closed, by those who plan in one circle."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Query

from api.bodies import SmallBodyRoute
from api.errors import Problem
from api.params import OneSurface, known_parameters_only
from api.plan_requests import (
    AnswerRequest,
    CommentRequest,
    JustifyRequest,
    MoveRequest,
    OptimiseRequest,
    OutcomeRequest,
    PlanRequest,
    RedraftRequest,
    RoutesRequest,
)
from api.plan_schemas import PlanAnswer, PlansAnswer, RequestAnswer
from api.plans.asked import read_outcome, read_routes
from api.plans.bounds import check_room, check_size
from api.plans.changing import PlanId, Planner, ThePlanner, Told
from api.plans.drafting import arrange_plan, draft_anew, draft_new, find_plan_surface
from api.plans.moving import move_known
from api.surfaces import ServedSurface
from api.viewers import get_circle
from api.witness import TheWitness
from geo.errors import ParameterError
from geo.planning.draft import request_of
from geo.planning.plan import (
    Answer,
    Plan,
    answer_item,
    comment_plan,
    justify_stop,
    replace_request,
    replace_stops,
    require_draft,
)
from geo.planning.targets import SiteKey
from geo.risk.uncertainty import Uncertainty
from geo.store.plans import StoredPlan, count_plans, list_plans, save_outcome, save_plan
from maps.plan_answers import list_plan
from maps.plan_request import describe_request

__all__ = ["router"]

router = APIRouter(
    prefix="/api/plans",
    tags=["plans"],
    dependencies=[Depends(known_parameters_only), Depends(get_circle)],
    route_class=SmallBodyRoute,
)

Item = Annotated[str, Path(description="Item of `support_checklist`", max_length=100)]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="How many of the first ones to leave out")]
_TOP = 20
# what the log of what was done calls a move; the others stand in the plan's own history
_EVENTS = {"approved": "plan-approved", "closed": "plan-closed", "cancelled": "plan-cancelled"}
_CHANGES: dict[str, Any] = {"response_model": PlanAnswer, "responses": {409: {"model": Problem}}}


@router.get("", summary="Plans", response_model=PlansAnswer)
def get_plans(planner: ThePlanner, limit: Limit = 200, offset: Offset = 0) -> dict[str, Any]:
    """Plans of your sharing circle, the one whose first day comes last first, and how many there are in all.

    Where there are more than `limit`, ask again with `offset`.
    """
    home, circle = planner.service.settings.home, planner.user.circle
    stored = list_plans(home, circle, limit=limit, offset=offset)
    n_plans = sum(count_plans(home, circle).values())
    return {"n_plans": n_plans, "plans": [list_plan(planner.lang, one) for one in stored]}


@router.post("", summary="Draft a plan", response_model=PlanAnswer, status_code=201)
async def post_plan(planner: ThePlanner, served: OneSurface, asked: PlanRequest) -> dict[str, Any]:
    """Choose sites for crews and days, and the routes between them; it takes some seconds.

    What cannot be planned is told all at once: a line for each thing in `detail`. 503 with `Retry-After` where many
    drafts wait, or where the filter asks how sure the scores are and that is not known yet.
    """
    uncertainty = await _draw(planner, served, asked.filter.min_certainty)
    return await run_sync(_save_new, planner, served, asked, uncertainty)


@router.get("/{plan_id}", summary="A plan", response_model=PlanAnswer)
def get_plan(planner: ThePlanner, plan_id: PlanId, witness: TheWitness) -> dict[str, Any]:
    """A plan with its routes, what keeps it from its next state, and what was done to it by whom."""
    stored = planner.find(plan_id)
    witness.see("plan-viewed", stored.plan.plan_id)
    return planner.describe(stored)


@router.get("/{plan_id}/request", summary="What a plan was drafted from", response_model=RequestAnswer)
def get_request(planner: ThePlanner, plan_id: PlanId, witness: TheWitness) -> dict[str, Any]:
    """Days, crews, hours and sites as they were asked for, to change some of them and draft the plan again."""
    stored = planner.find(plan_id)
    witness.see("plan-viewed", stored.plan.plan_id)
    return describe_request(stored)


@router.put("/{plan_id}/request", summary="Draft the plan from another request", **_CHANGES)
async def put_request(planner: ThePlanner, plan_id: PlanId, asked: RedraftRequest) -> Told:
    """Give a draft other days, crews, hours or sites, and choose its stops and routes anew; it takes some seconds.

    It keeps its address, checklist, comments, locks that still hold, and the reasons for sites that stay. What a
    planner has put in order by hand is given up.
    """
    stored, served = await run_sync(_find_draft, planner, plan_id)
    if stored.version != asked.version:
        return await run_sync(planner.change, plan_id, asked.version, lambda plan: plan)
    uncertainty = await _draw(planner, served, asked.filter.min_certainty)
    draft = await run_sync(
        partial(draft_new, planner.service, planner.snapshot, served, asked, uncertainty, stored.plan)
    )

    def change(plan: Plan) -> Plan:
        return replace_request(plan, draft.plan, **planner.who)

    return await run_sync(planner.change, plan_id, asked.version, change)


@router.post("/{plan_id}/optimise", summary="Plan the routes anew", **_CHANGES)
async def post_optimise(planner: ThePlanner, plan_id: PlanId, asked: OptimiseRequest) -> Told:
    """Plan the routes of a draft anew, with other pinned, locked or excluded sites; it takes some seconds.

    What a planner has put in order by hand is given up, but for what is locked and pinned.
    """
    stored, served = await run_sync(_find_draft, planner, plan_id)
    if stored.version != asked.version:
        return await run_sync(planner.change, plan_id, asked.version, lambda plan: plan)
    certainty = (await run_sync(request_of, stored.plan)).chosen.certainty
    uncertainty = await _draw(planner, served, certainty)
    draft = await run_sync(
        partial(draft_anew, planner.service, planner.snapshot, served, stored.plan, asked, uncertainty)
    )
    stops, manifest = draft.plan.stops, draft.plan.manifest

    def replace(plan: Plan) -> Plan:
        return replace_stops(plan, stops, manifest=manifest, **planner.who)

    return await run_sync(planner.change, plan_id, asked.version, replace)


@router.put("/{plan_id}/routes", summary="Put the stops in an order", **_CHANGES)
def put_routes(planner: ThePlanner, plan_id: PlanId, asked: RoutesRequest) -> Told:
    """Choose stops and their order by hand in a draft; times follow, and `problems` says what does not hold.

    A site that is no stop yet is put in, and a stop that is left out is taken out.
    """
    stored, served = _find_draft(planner, plan_id)
    if stored.version != asked.version:
        return planner.change(plan_id, asked.version, lambda plan: plan)
    routes: dict[tuple[str, date], tuple[SiteKey, ...]] = read_routes(asked)
    made = arrange_plan(planner.service, planner.snapshot, served, stored.plan, routes)

    def replace(plan: Plan) -> Plan:
        return replace_stops(plan, made.stops, manifest=made.manifest, **planner.who)

    return planner.change(plan_id, asked.version, replace)


@router.post("/{plan_id}/moves", summary="Move a plan to another state", **_CHANGES)
def post_move(planner: ThePlanner, plan_id: PlanId, asked: MoveRequest) -> Told:
    """Put it up for approval, approve, begin, close or cancel it; all that blocks the move is told at once."""
    told = planner.change(
        plan_id,
        asked.version,
        lambda plan: move_known(
            plan,
            asked.to_state,
            reason=asked.reason,
            layers=planner.snapshot.layers,
            lang=planner.lang,
            **planner.who,
        ),
    )
    if isinstance(told, dict) and asked.to_state in _EVENTS:
        planner.note(_EVENTS[asked.to_state], plan_id)
    return told


@router.put("/{plan_id}/checklist/{item}", summary="Answer an item of the checklist", **_CHANGES)
def put_item(planner: ThePlanner, plan_id: PlanId, item: Item, asked: AnswerRequest) -> Told:
    """Say whether something that victims may need is ready; languages are the plan's need, never a person's."""
    answer = Answer(asked.is_ready, frozenset(asked.languages))
    return planner.change(plan_id, asked.version, lambda plan: answer_item(plan, item, answer, **planner.who))


@router.put("/{plan_id}/justifications", summary="Say why a site is visited again", **_CHANGES)
def put_justification(planner: ThePlanner, plan_id: PlanId, asked: JustifyRequest) -> Told:
    """Give a coded reason for a stop at a site that was visited lately."""
    return planner.change(
        plan_id, asked.version, lambda plan: justify_stop(plan, asked.key, asked.reason, **planner.who)
    )


@router.post("/{plan_id}/comments", summary="Comment a plan", **_CHANGES)
def post_comment(planner: ThePlanner, plan_id: PlanId, asked: CommentRequest) -> Told:
    """Add a coded comment, about the plan or a stop of it; there is no free text, in which a name could stand."""

    def comment(plan: Plan) -> Plan:
        layer, _, record = asked.about.partition("/")
        if asked.about and plan.find_stop((layer, record)) is None:
            message = f"The plan has no stop at {layer} {record}."
            raise ParameterError(message)
        return comment_plan(plan, asked.reason, about=asked.about, **planner.who)

    return planner.change(plan_id, asked.version, comment)


@router.post("/{plan_id}/outcomes", summary="Record what came of a stop", **_CHANGES)
def post_outcome(planner: ThePlanner, plan_id: PlanId, asked: OutcomeRequest) -> Told:
    """Record an outcome, or correct it; visits and findings follow, and the next score rests on them."""
    home, user, outcome = planner.service.settings.home, planner.user, read_outcome(asked)
    check_size(planner.find(plan_id).plan)
    told = planner.answer(
        partial(save_outcome, home, plan_id, asked.version, outcome, by=user.name, circle=user.circle)
    )
    if isinstance(told, dict):
        planner.note("plan-outcome", plan_id)
    return told


async def _draw(planner: Planner, served: ServedSurface, certainty: str | None) -> Uncertainty | None:
    """How sure the scores are, where a filter asks for it."""
    if certainty is None:
        return None
    service = planner.service
    drawn = await run_sync(served.ask_uncertainty, _TOP, service.drawing, service.turns)
    return await service.drawing.wait(drawn)


def _save_new(
    planner: Planner, served: ServedSurface, asked: PlanRequest, uncertainty: Uncertainty | None
) -> dict[str, Any]:
    home = planner.service.settings.home
    # before anybody waits for what could not be kept
    check_room(count_plans(home, planner.user.circle))
    draft = draft_new(planner.service, planner.snapshot, served, asked, uncertainty)
    stored = save_plan(home, check_size(draft.plan), by=planner.user.name)
    planner.note("plan-made", stored.plan.plan_id)
    return planner.describe(stored)


def _find_draft(planner: Planner, plan_id: str) -> tuple[StoredPlan, ServedSurface]:
    """A draft and the surface that it rests on; another state is refused before anything is computed."""
    stored = planner.find(plan_id)
    require_draft(stored.plan)
    return stored, find_plan_surface(planner.service, planner.snapshot, planner.user.user_id, stored.plan)
