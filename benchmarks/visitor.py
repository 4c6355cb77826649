"""Who asks the server in benchmarks: a planner whose session is made beforehand, so that no password is waited for."""

from __future__ import annotations

import time
from pathlib import Path

from geo.store.people.sessions import open_session
from geo.store.people.users import NewUser, find_user, make_user

__all__ = ["sign_in"]

NAME = "benchmark"
LASTS_S = 36_000


def sign_in(home: Path) -> dict[str, str]:
    """Cookies of a planner."""
    now = time.time()
    user = find_user(home, NAME)
    user_id = (
        user.user_id if user else make_user(home, NewUser(NAME, "polismyndigheten", ("planner",)), now=now).user_id
    )
    return {"norrsyn": open_session(home, user_id, now=now, lasts_s=LASTS_S)}
