"""Browsers from which somebody signed in with their password before, so that nobody else's guesses keep them out.

Device cookies as OWASP describes them: such a browser's failures are counted by themselves. It gets nobody in.
"""

from __future__ import annotations

import sqlalchemy as sa

from geo.store.home import StrPath
from geo.store.people.database import lock_people, read_people, write_people
from geo.store.people.sessions import DEVICE_LASTS_S
from geo.store.people.tables import DEVICES, USERS
from geo.store.people.tokens import hash_token, is_token, make_token
from geo.store.people.users import make_name_key

__all__ = ["MAX_DEVICES", "find_device", "remember_device"]

# of one user; each gives whoever has it some more guesses
MAX_DEVICES = 10


def find_device(home: StrPath | None, token: str | None, name: str, *, now: float) -> str | None:
    """Hash of a browser's token, if the user of a name signed in with it; None where not.

    Raises
    ------
    StoreError
    """
    # looked up in any case: how long that takes tells nothing
    hashed = hash_token(token if token is not None and is_token(token) else "")
    ask = (
        sa.select(DEVICES.c.device_hash)
        .join(USERS, USERS.c.user_id == DEVICES.c.user_id)
        .where(DEVICES.c.device_hash == hashed, USERS.c.name_key == make_name_key(name))
        .where(DEVICES.c.made_at <= now, DEVICES.c.made_at > now - DEVICE_LASTS_S)
    )
    with read_people(home) as connection:
        return None if connection is None else connection.execute(ask).scalar_one_or_none()


def remember_device(home: StrPath | None, user_id: str, *, instead_of: str | None, now: float) -> str:
    """Remember the browser from which a user has just signed in; the oldest of many is forgotten.

    Parameters
    ----------
    home : path
    user_id : str
    instead_of : str, the token that the browser has had so far, which is good no more; None where it had none
    now : float, s

    Returns
    -------
    str, the browser's new token

    Raises
    ------
    StoreError
    """
    token = make_token()
    with write_people(home) as connection:
        lock_people(connection)
        if instead_of is not None:
            connection.execute(DEVICES.delete().where(DEVICES.c.device_hash == hash_token(instead_of)))
        connection.execute(DEVICES.insert().values(device_hash=hash_token(token), user_id=user_id, made_at=now))
        own = sa.select(DEVICES.c.device_hash).where(DEVICES.c.user_id == user_id)
        newest = own.order_by(DEVICES.c.made_at.desc(), DEVICES.c.device_hash).limit(MAX_DEVICES)
        kept = connection.execute(newest).scalars().all()
        connection.execute(DEVICES.delete().where(DEVICES.c.user_id == user_id, DEVICES.c.device_hash.not_in(kept)))
    return token
