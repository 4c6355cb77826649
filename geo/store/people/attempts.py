"""Failed sign-ins, counted by name and by address, so that nobody guesses passwords for long.

A browser from which the user of the name signed in before (`geo.store.people.devices`) waits for its own failures only:
whoever guesses at a name elsewhere does not keep its owner out.

An attempt is counted before its password is looked at, and taken back if it was right: many at once get no more guesses
than one after the other. The waits double with each failure. Nothing here tells whether a name exists.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from geo.store.home import StrPath
from geo.store.people.database import lock_people, read_people, write_people
from geo.store.people.sessions import FORGET_ATTEMPTS_S
from geo.store.people.tables import ATTEMPTS
from geo.store.people.users import make_name_key

__all__ = [
    "BY_ADDRESS",
    "BY_DEVICE",
    "BY_NAME",
    "OF_SHARES",
    "FailedSignIns",
    "Patience",
    "address_subject",
    "begin_attempt",
    "clear_attempt",
    "count_attempt",
    "count_failures",
    "name_subject",
    "take_back",
]

_IPV6_BITS = 64


@dataclass(frozen=True)
class Patience:
    """How many failures are free, and how long one waits after those.

    Attributes
    ----------
    n_free : int
    first_s, most_s : float, s, the first wait, which doubles up to the last
    """

    n_free: int
    first_s: float
    most_s: float

    def wait_s(self, failures: int) -> float:
        """How long to wait after so many failures."""
        over = failures - self.n_free
        return 0.0 if over < 0 else min(self.most_s, self.first_s * 2.0 ** min(over, 30))


@dataclass(frozen=True)
class FailedSignIns:
    """Sign-ins that failed within the last day and that no right password has made up for.

    Attributes
    ----------
    n_failures, n_addresses, n_names : int
        How many, and from how many addresses and under how many names (known by their digest only) where they did not
        come from known browsers.
    n_waiting : int
        How many of those names, addresses and known browsers must wait now.
    """

    n_failures: int = 0
    n_addresses: int = 0
    n_names: int = 0
    n_waiting: int = 0


# how subjects begin that count who opens share links, and are no sign-ins
OF_SHARES = "share-"
# A person mistypes; a whole office stands behind one address.
BY_NAME = Patience(5, 2.0, 900.0)
BY_DEVICE = BY_NAME
BY_ADDRESS = Patience(30, 2.0, 900.0)


def name_subject(name: str) -> str:
    """How a name is counted: by its digest, because people type passwords into the wrong field."""
    return f"name:{hashlib.sha256(make_name_key(name).encode('utf-8', 'replace')).hexdigest()}"


def _device_subject(device: str) -> str:
    return f"device:{device}"


def address_subject(address: str) -> str:
    """How an address is counted: each IPv4 address by itself, IPv6 by the network of 64 bits that one household has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "address:unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return f"address:{found.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((found, _IPV6_BITS), strict=False)}"
    return f"address:{found}"


def begin_attempt(home: StrPath | None, name: str, address: str, *, now: float, device: str | None = None) -> float:
    """Count an attempt to sign in, unless it comes too early.

    Parameters
    ----------
    home : path
    name, address : str
    now : float, s
    device : str, hash of the browser, where the user of that name signed in with it before

    Returns
    -------
    float, s, how long to wait; 0 where the password may be looked at

    Raises
    ------
    StoreError
    """
    subjects = {name_subject(name): BY_NAME, address_subject(address): BY_ADDRESS}
    if device is not None:
        subjects = {_device_subject(device): BY_DEVICE}
    with write_people(home) as connection:
        return count_attempt(connection, subjects, now=now)


def count_attempt(connection: sa.Connection, subjects: Mapping[str, Patience], *, now: float) -> float:
    """Count an attempt for each of several subjects within a transaction, unless it comes too early for one of them.

    Returns
    -------
    float, s, how long to wait; 0 where the attempt was counted
    """
    lock_people(connection)
    rows = {row.subject: row for row in connection.execute(sa.select(ATTEMPTS).where(ATTEMPTS.c.subject.in_(subjects)))}
    for each in rows.values():
        if each.blocked_until > now + subjects[each.subject].most_s:
            # a clock that was put back makes nobody wait for longer than the longest wait
            capped = {"blocked_until": now + subjects[each.subject].most_s}
            connection.execute(ATTEMPTS.update().where(ATTEMPTS.c.subject == each.subject).values(**capped))
    waits = [min(row.blocked_until - now, subjects[row.subject].most_s) for row in rows.values()]
    if (wait_s := float(max(waits, default=0.0))) > 0:
        return wait_s
    for subject, patience in subjects.items():
        row = rows.get(subject)
        failures = 1 if row is None or row.last_at <= now - FORGET_ATTEMPTS_S else row.failures + 1
        next_s = patience.wait_s(failures)
        values = {"failures": failures, "last_at": now, "blocked_until": now + next_s if next_s else 0.0}
        if row is None:
            connection.execute(ATTEMPTS.insert().values(subject=subject, **values))
        else:
            connection.execute(ATTEMPTS.update().where(ATTEMPTS.c.subject == subject).values(**values))
    return 0.0


def take_back(connection: sa.Connection, subject: str) -> None:
    """One failure less for a subject, which need not wait any more."""
    fewer = {"failures": ATTEMPTS.c.failures - 1, "blocked_until": 0.0}
    connection.execute(ATTEMPTS.update().where(ATTEMPTS.c.subject == subject).values(**fewer))
    connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.subject == subject, ATTEMPTS.c.failures <= 0))


def clear_attempt(home: StrPath | None, name: str, address: str, *, device: str | None = None) -> None:
    """Take an attempt back whose password was right: the name has a clean sheet, the address one failure less.

    Where it came from a known browser, that one has a clean sheet; name and address stay as others' guesses made them.

    Raises
    ------
    StoreError
    """
    with write_people(home) as connection:
        if device is not None:
            connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.subject == _device_subject(device)))
            return
        connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.subject == name_subject(name)))
        take_back(connection, address_subject(address))


def count_failures(home: StrPath | None, *, now: float) -> FailedSignIns:
    """How many sign-ins have failed within the last day.

    Raises
    ------
    StoreError
    """
    recent = sa.select(ATTEMPTS).where(
        ATTEMPTS.c.last_at > now - FORGET_ATTEMPTS_S, ~ATTEMPTS.c.subject.startswith(OF_SHARES)
    )
    with read_people(home) as connection:
        rows = [] if connection is None else connection.execute(recent).all()
    by_address = [row for row in rows if row.subject.startswith("address:")]
    by_device = [row for row in rows if row.subject.startswith("device:")]
    return FailedSignIns(
        sum(row.failures for row in (*by_address, *by_device)),
        len(by_address),
        len(rows) - len(by_address) - len(by_device),
        sum(row.blocked_until > now for row in rows),
    )
