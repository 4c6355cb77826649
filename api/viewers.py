"""Whoever asks: the sharing circle that decides which records count, and what the role allows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from api.auth import TheUser, User
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


async def get_circle(user: TheUser) -> str:
    """The circle of whoever asks.

    Raises
    ------
    ForbiddenError
        There is no such circle: nothing may be seen.
    """
    if user.circle not in VISIBLE:
        message = "Your user belongs to no sharing circle that this server knows; ask your administrator."
        raise ForbiddenError(message)
    return user.circle


async def get_user_name(user: TheUser) -> str:
    """What tells users apart."""
    return user.user_id


TheCircle = Annotated[str, Depends(get_circle)]
TheUserName = Annotated[str, Depends(get_user_name)]


async def require_inner_circle(circle: TheCircle) -> None:
    """Refuse what tells of all records, such as reports of imports, to those who may not see all of them.

    Raises
    ------
    ForbiddenError
    """
    if circle != INNER_CIRCLE:
        message = "Imports and their reports tell of records that your circle may not see."
        raise ForbiddenError(message)


def may_change_weights(user: User) -> bool:
    """Whether a user may score with weights of their own."""
    return not WEIGHT_ROLES.isdisjoint(user.roles)


def require_weights_role(user: TheUser) -> None:
    """Refuse changed weights to roles that may not change them.

    Raises
    ------
    ForbiddenError
    """
    if not may_change_weights(user):
        message = (
            "Only planners and analysts may change weights; leave `weight` out for those of the published surface."
        )
        raise ForbiddenError(message)
