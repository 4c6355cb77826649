"""Whoever is signed in, for the routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from geo.store.people.sessions import Session
from geo.store.people.users import User

__all__ = ["TheSession", "TheUser", "get_session", "get_user"]


async def get_user(request: Request) -> User:
    """Whoever asks; `api.auth.doors.DoorKeeper` has let them in."""
    user: User = request.state.user
    return user


async def get_session(request: Request) -> Session:
    """The session that the request belongs to."""
    session: Session = request.state.session
    return session


TheUser = Annotated[User, Depends(get_user)]
TheSession = Annotated[Session, Depends(get_session)]
