"""Pages of plans for people: all of them, the form for a new one, and one plan."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse

from api.auth import TheUser, User
from api.auth.permissions import find_rule, is_allowed
from api.params import CurrentSnapshot, TheService
from api.routes.pages import PageLanguage
from api.viewers import TheCircle, get_circle
from api.witness import TheWitness
from geo.planning.plan.value import CANCELLED
from geo.store.plans import StoredPlan, count_plans, find_plan, list_plans
from maps.i18n import pick_language
from maps.pages.plans import ListedPlan, PlansPage, render_new_plan_page, render_plan_page, render_plans_page

__all__ = ["router"]

_AT_A_TIME = 50

router = APIRouter(prefix="/plans", tags=["pages"], dependencies=[Depends(get_circle)])


@router.get("", summary="Plans", response_class=HTMLResponse)
def show_plans(
    request: Request,
    service: TheService,
    user: TheUser,
    circle: TheCircle,
    sort: Annotated[
        Literal["", "name", "state"], Query(description="What they are sorted by; days when left out")
    ] = "",
    offset: Annotated[int, Query(ge=0, le=1_000_000, description="How many of the first ones to leave out")] = 0,
    cancelled: Annotated[bool, Query(description="Whether plans that were cancelled are listed too")] = False,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """Plans of the circle, so many at a time, the one whose days come last first."""
    home, without = service.settings.home, () if cancelled else (CANCELLED,)
    plans = list_plans(home, circle, limit=_AT_A_TIME, offset=offset, sort=sort or "days", without=without)
    counts = count_plans(home, circle)
    n_cancelled = counts.get(CANCELLED, 0)
    page = render_plans_page(
        pick_language(lang),
        [_list(stored) for stored in plans],
        PlansPage(
            sum(counts.values()) - (0 if cancelled else n_cancelled),
            offset,
            _AT_A_TIME,
            n_cancelled=n_cancelled,
            has_cancelled=cancelled,
        ),
        may_plan=_may_plan(user),
        sort=sort,
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page)


@router.get("/new", summary="A new plan", response_class=HTMLResponse)
def show_new_plan(
    request: Request,
    service: TheService,
    snapshot: CurrentSnapshot,
    circle: TheCircle,
    witness: TheWitness,
    plan: Annotated[str | None, Query(description="Id of a draft that is made from something else instead")] = None,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """The form for a new plan; each `site` (`layer:id`) must be visited, and the map's filter is taken over.

    With `plan` it is that draft's, with what was asked for.
    """
    draft = None if plan is None else find_plan(service.settings.home, plan, circle).plan
    if draft is not None:
        witness.see("plan-viewed", draft.plan_id)
    published = snapshot.published
    page = render_new_plan_page(
        pick_language(lang),
        service.skeleton,
        plan=draft,
        synthetic=published is not None and bool(published.surface.manifest["synthetic"]),
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page)


@router.get("/{plan_id}", summary="A plan", response_class=HTMLResponse)
def show_plan(
    request: Request,
    service: TheService,
    user: TheUser,
    circle: TheCircle,
    plan_id: Annotated[str, Path(description="Id of a plan")],
    witness: TheWitness,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """Routes on a map and as timelines and lists, what must be ready, what blocks, and what came of each stop."""
    plan = find_plan(service.settings.home, plan_id, circle).plan
    witness.see("plan-viewed", plan.plan_id)
    page = render_plan_page(
        pick_language(lang),
        service.skeleton,
        plan,
        may_change=_may_plan(user),
        can_save=service.settings.allow_offline,
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page)


def _may_plan(user: User) -> bool:
    rule = find_rule("GET", "/plans/new")
    return rule is not None and is_allowed(user.roles, rule)


def _list(stored: StoredPlan) -> ListedPlan:
    plan = stored.plan
    return ListedPlan(
        plan.plan_id,
        plan.name,
        plan.state,
        plan.days,
        n_crews=len(plan.crews),
        n_stops=len(plan.stops),
        n_outcomes=len(plan.outcomes),
        synthetic=plan.is_synthetic,
    )
