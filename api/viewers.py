"""Whoever asks: the sharing circle that decides which records count, and what the role allows.

Sign-in puts a user into ``request.state.user``; where there is none, the server answers on its own machine only, and
whoever asks is taken for the operator.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from api.errors import ForbiddenError
from geo.layers.circles import INNER_CIRCLE, VISIBLE

__all__ = [
    "TheCircle",
    "TheUserName",
    "get_circle",
    "get_user_name",
    "may_change_weights",
    "require_inner_circle",
    "require_weights_role",
]

WEIGHT_ROLES = frozenset({"planner", "analyst"})


def get_circle(request: Request) -> str:
    """The circle of whoever asks.

    Raises
    ------
    ForbiddenError
        There is no such circle: nothing may be seen.
    """
    circle = getattr(getattr(request.state, "user", None), "circle", INNER_CIRCLE)
    if circle not in VISIBLE:
        message = "Your user belongs to no sharing circle that this server knows; ask your administrator."
        raise ForbiddenError(message)
    return str(circle)


def get_user_name(request: Request) -> str:
    """What tells users apart; empty without sign-in."""
    user = getattr(request.state, "user", None)
    return "" if user is None else str(getattr(user, "id", ""))


TheCircle = Annotated[str, Depends(get_circle)]
TheUserName = Annotated[str, Depends(get_user_name)]


def require_inner_circle(circle: TheCircle) -> None:
    """Refuse what tells of all records, such as reports of imports, to those who may not see all of them.

    Raises
    ------
    ForbiddenError
    """
    if circle != INNER_CIRCLE:
        message = "Imports and their reports tell of records that your circle may not see."
        raise ForbiddenError(message)


def may_change_weights(user: Any) -> bool:
    """Whether a user, or nobody in particular, may score with weights of their own."""
    return user is None or getattr(user, "role", "") in WEIGHT_ROLES


def require_weights_role(request: Request) -> None:
    """Refuse changed weights to roles that may not change them.

    Raises
    ------
    ForbiddenError
    """
    if not may_change_weights(getattr(request.state, "user", None)):
        message = (
            "Only planners and analysts may change weights; leave `weight` out for those of the published surface."
        )
        raise ForbiddenError(message)
