"""Users that a provider vouches for, in both kinds of database: known by issuer and subject, whoever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from geo.errors import ParameterError
from geo.store.people.sessions import find_session
from geo.store.people.users import MAX_NAME, NewUser, find_by_subject, list_users, make_user
from geo.store.people.vouched import Vouched, sign_in_vouched

NOW = 1_800_000_000.0
pytestmark = pytest.mark.usefixtures("database")
ANNA = Vouched("https://login.example", "a-1", ("Anna", "a-1"), "polismyndigheten", frozenset({"planner"}))


def enter(home: Path, vouched: Vouched, instead_of: str | None = None) -> str | None:
    done = sign_in_vouched(home, vouched, now=NOW, lasts_s=3600, instead_of=instead_of)
    return None if done is None else done.token


def look(home: Path, token: str | None) -> bool:
    return token is not None and find_session(home, token, now=NOW, idle_s=1800) is not None


def test_first_sign_ins_at_once_make_one_user(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        tokens = list(pool.map(lambda _: enter(tmp_path, ANNA), range(12)))
    assert len(list_users(tmp_path)) == 1
    assert len(set(tokens)) == 12
    assert all(look(tmp_path, token) for token in tokens)


def test_people_of_one_name_who_come_at_once_keep_apart(tmp_path: Path) -> None:
    make_user(tmp_path, NewUser("ANNA", "skatteverket", ["admin"], password_hash="x"), now=NOW)  # noqa: S106
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: enter(tmp_path, replace(ANNA, subject=f"a-{n}")), range(6)))
    names = [user.name for user in list_users(tmp_path)]
    assert sorted(names) == ["ANNA", *(f"Anna ({n})" for n in range(2, 8))]
    assert len({user.subject for user in list_users(tmp_path)}) == 7


def test_the_same_subject_of_another_issuer_is_somebody_else(tmp_path: Path) -> None:
    enter(tmp_path, ANNA)
    enter(tmp_path, replace(ANNA, issuer="https://elsewhere.example"))
    assert len(list_users(tmp_path)) == 2


def test_long_names_have_room_for_a_number(tmp_path: Path) -> None:
    for n in range(3):
        enter(tmp_path, replace(ANNA, subject=str(n), names=("å" * 300,)))
    names = [user.name for user in list_users(tmp_path)]
    assert sorted(map(len, names)) == [MAX_NAME] * 3
    assert {name[-3:] for name in names} == {"ååå", "(2)", "(3)"}


def test_no_name_that_can_be_kept(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no name"):
        enter(tmp_path, replace(ANNA, names=("\u202e", " ")))
    assert list_users(tmp_path) == []


@pytest.mark.parametrize("gone", [{"roles": frozenset()}, {"agency": None}])
def test_who_is_vouched_for_no_more_is_out(tmp_path: Path, gone: dict) -> None:
    assert enter(tmp_path, replace(ANNA, **gone)) is None
    assert list_users(tmp_path) == []
    token = enter(tmp_path, ANNA)
    assert enter(tmp_path, replace(ANNA, **gone)) is None
    assert not look(tmp_path, token)
    user = find_by_subject(tmp_path, ANNA.issuer, ANNA.subject)
    assert user is not None
    assert (user.roles, user.agency) == (frozenset(), "polismyndigheten")


def test_the_session_of_before_ends_here_and_not_elsewhere(tmp_path: Path) -> None:
    first, second = enter(tmp_path, ANNA), enter(tmp_path, ANNA)
    third = enter(tmp_path, ANNA, instead_of=second)
    assert [look(tmp_path, token) for token in (first, second, third)] == [True, False, True]
    fourth = enter(tmp_path, replace(ANNA, agency="arbetsmiljoverket"))
    assert [look(tmp_path, token) for token in (first, third, fourth)] == [False, False, True]
