"""Saved views: a user's own, and those that others of the same sharing circle share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from api.auth import TheUser
from api.bodies import SmallBodyRoute
from api.errors import Problem, respond_to_change
from api.params import TheService, known_parameters_only
from api.saved_schemas import ViewAnswer, ViewChange, ViewRequest, ViewsAnswer
from api.viewers import get_circle
from geo.errors import ChangedError
from geo.store.people.saved_views import SavedView, change_view, delete_view, list_views, save_view
from geo.store.people.users import User
from maps.permalinks import tidy_query

__all__ = ["router"]

router = APIRouter(
    prefix="/api/views",
    tags=["saved"],
    dependencies=[Depends(known_parameters_only), Depends(get_circle)],
    route_class=SmallBodyRoute,
)

ViewId = Annotated[str, Path(description="Id of a view of yours")]


@router.get("", summary="Saved views", response_model=ViewsAnswer)
def get_views(service: TheService, user: TheUser) -> dict[str, Any]:
    """Your own views, and those that others of your sharing circle share, to open but not to change."""
    return {"views": [_describe(view, user) for view in list_views(service.settings.home, user)]}


@router.post("", summary="Save a view", response_model=ViewAnswer, status_code=201)
def post_view(request: Request, service: TheService, user: TheUser, asked: ViewRequest) -> dict[str, Any]:
    """Keep a view of the map under a name; at most 200 of them."""
    query, now = tidy_query(asked.query), _now(request)
    saved = save_view(service.settings.home, user, asked.name, query, is_shared=asked.is_shared, now=now)
    return _describe(saved, user)


@router.put("/{view_id}", summary="Change a view", response_model=ViewAnswer, responses={409: {"model": Problem}})
def put_view(
    request: Request, service: TheService, user: TheUser, view_id: ViewId, asked: ViewChange
) -> dict[str, Any] | Response:
    """Rename your view, share it or not, or let it show something else; one that is another by now is 409."""
    query = None if asked.query is None else tidy_query(asked.query)
    changes: dict[str, Any] = {"name": asked.name, "query": query, "is_shared": asked.is_shared}
    try:
        view = change_view(service.settings.home, user, view_id, now=_now(request), version=asked.version, **changes)
    except ChangedError as error:
        return respond_to_change(request, error, ViewAnswer.model_validate(_describe(error.current, user)))
    return _describe(view, user)


@router.delete("/{view_id}", summary="Delete a view", status_code=204)
def remove_view(service: TheService, user: TheUser, view_id: ViewId) -> None:
    """Delete a view of yours; whoever has it open goes on seeing it."""
    delete_view(service.settings.home, user, view_id)


def _now(request: Request) -> float:
    return float(request.app.state.accounts.clock())


def _describe(view: SavedView, user: User) -> dict[str, Any]:
    return {
        "view_id": view.view_id,
        "name": view.name,
        "query": view.query,
        "is_shared": view.is_shared,
        "is_own": view.owner_id == user.user_id,
        "owner": view.owner,
        "created_at": _moment(view.created_at),
        "changed_at": _moment(view.changed_at),
        "version": view.version,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
