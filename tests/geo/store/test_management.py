"""What admins do with users: the last one stays, sessions end, and every change leaves an event."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from geo.errors import NotFoundError, ParameterError
from geo.store.people.attempts import begin_attempt, clear_attempt, count_failures
from geo.store.people.database import read_people, write_people
from geo.store.people.events import KINDS, insert_event, list_events, note_event
from geo.store.people.links import find_link, use_link
from geo.store.people.management import (
    By,
    LastAdminError,
    add_user,
    end_user_sessions,
    give_link,
    lock_out,
    reassign_user,
    unlock,
)
from geo.store.people.sessions import end_session, find_session, list_sessions, open_session
from geo.store.people.tables import EVENTS
from geo.store.people.tokens import hash_token
from geo.store.people.users import NewUser, find_user, make_user

NOW = 1_790_000_000.0
IDLE_S = 1800.0
PLACE = {"agency": "polismyndigheten", "circle": "joint-inspection"}


def make(home: Path, name: str, *roles: str, password: str | None = "hash") -> str:  # noqa: S107
    new = NewUser(name, "polismyndigheten", roles, password_hash=password)
    return make_user(home, new, now=NOW).user_id


def tell(home: Path) -> list[tuple[str, str, str]]:
    return [(each.user_name, each.what, each.about) for each in reversed(list_events(home)[1])]


@pytest.fixture
def anna(tmp_path: Path) -> By:
    return By(make(tmp_path, "Anna", "admin"), NOW)


class TestTheLastAdmin:
    @pytest.mark.parametrize("other", ["none", "without the role", "without a password", "disabled"])
    def test_stays(self, tmp_path: Path, anna: By, other: str) -> None:
        if other == "without the role":
            make(tmp_path, "Bo", "planner", "auditor")
        if other == "without a password":
            make(tmp_path, "Bo", "admin", password=None)
        if other == "disabled":
            lock_out(tmp_path, make(tmp_path, "Bo", "admin"), anna)
        before = len(tell(tmp_path))
        with pytest.raises(LastAdminError, match="Anna is the only admin who can sign in"):
            lock_out(tmp_path, anna.user_id, anna)
        with pytest.raises(LastAdminError):
            reassign_user(tmp_path, anna.user_id, anna, roles=["planner"], **PLACE)
        kept = find_user(tmp_path, "Anna")
        assert kept is not None
        assert (kept.roles, kept.disabled_at) == ({"admin"}, None)
        assert len(tell(tmp_path)) == before

    def test_may_get_more_roles(self, tmp_path: Path, anna: By) -> None:
        user, is_changed = reassign_user(tmp_path, anna.user_id, anna, roles=["admin", "planner"], **PLACE)
        assert (user.roles, is_changed) == ({"admin", "planner"}, True)

    def test_may_go_when_another_can_sign_in(self, tmp_path: Path, anna: By) -> None:
        make(tmp_path, "Bo", "admin")
        assert lock_out(tmp_path, anna.user_id, anna).name == "Anna"


class TestChanges:
    def test_a_new_user_chooses_a_password_by_a_link(self, tmp_path: Path, anna: By) -> None:
        user, token = add_user(tmp_path, NewUser("بو 😀", "skatteverket", ["planner", "admin"]), anna)
        found = find_link(tmp_path, token, now=NOW + 1)
        assert found is not None
        assert found.user_id == user.user_id
        assert tell(tmp_path) == [
            ("Anna", "user-added", f"{user.name}: planner, admin; skatteverket; {user.circle}"),
        ]

    def test_nothing_is_left_of_a_user_who_cannot_be_kept(self, tmp_path: Path, anna: By) -> None:
        with pytest.raises(ParameterError, match="a name has 1 to 100 characters"):
            add_user(tmp_path, NewUser("x" * 10_000, "polismyndigheten", ["planner"]), anna)
        with pytest.raises(ParameterError, match="already"):
            add_user(tmp_path, NewUser("ANNA", "polismyndigheten", ["planner"]), anna)
        assert tell(tmp_path) == []

    def test_other_roles_end_sessions_and_the_same_ones_do_not(self, tmp_path: Path, anna: By) -> None:
        bo = make(tmp_path, "Bo", "planner")
        token = open_session(tmp_path, bo, now=NOW, lasts_s=9_000)
        assert reassign_user(tmp_path, bo, anna, roles=["planner"], **PLACE)[1] is False
        assert find_session(tmp_path, token, now=NOW + 1, idle_s=IDLE_S) is not None
        assert reassign_user(tmp_path, bo, anna, roles=["auditor"], **PLACE)[1] is True
        assert find_session(tmp_path, token, now=NOW + 1, idle_s=IDLE_S) is None
        place = "polismyndigheten; joint-inspection"
        assert tell(tmp_path)[1:] == [("Anna", "user-changed", f"Bo: planner; {place} → auditor; {place}")]

    def test_out_and_in_again(self, tmp_path: Path, anna: By) -> None:
        bo = make(tmp_path, "Bo", "planner")
        open_session(tmp_path, bo, now=NOW, lasts_s=9_000)
        lock_out(tmp_path, bo, anna)
        lock_out(tmp_path, bo, anna)
        assert list_sessions(tmp_path, now=NOW + 1, idle_s=IDLE_S) == []
        with pytest.raises(NotFoundError):
            give_link(tmp_path, bo, anna)
        unlock(tmp_path, bo, anna)
        _, token = give_link(tmp_path, bo, anna)
        use_link(tmp_path, token, password_hash="new", now=NOW + 2, lasts_s=9_000)  # noqa: S106
        assert end_user_sessions(tmp_path, bo, anna) == 1
        assert [what for _, what, _ in tell(tmp_path)] == [
            "signed-in",
            "user-disabled",
            "user-enabled",
            "link-made",
            "password-set",
            "sessions-ended",
        ]

    def test_whoever_signs_in_elsewhere_gets_no_link(self, tmp_path: Path, anna: By) -> None:
        new = NewUser("Bo", "polismyndigheten", ["planner"], issuer="https://id.example", subject="1")
        bo = make_user(tmp_path, new, now=NOW).user_id
        with pytest.raises(ParameterError, match=r"id\.example"):
            give_link(tmp_path, bo, anna)
        assert tell(tmp_path) == []

    def test_nobody_of_that_id(self, tmp_path: Path, anna: By) -> None:
        for change in (lock_out, unlock, give_link, end_user_sessions):
            with pytest.raises(NotFoundError):
                change(tmp_path, "x" * 10_000, anna)


class TestEvents:
    def test_signing_in_and_out(self, tmp_path: Path, anna: By) -> None:
        token = open_session(tmp_path, anna.user_id, now=NOW, lasts_s=9_000)
        end_session(tmp_path, hash_token(token), signed_out=anna.user_id, now=NOW + 5)
        open_session(tmp_path, anna.user_id, now=NOW + 6, lasts_s=10)
        # a session that ends by itself is nothing that anybody did
        list_sessions(tmp_path, now=NOW + 60, idle_s=IDLE_S)
        assert tell(tmp_path) == [("Anna", "signed-in", ""), ("Anna", "signed-out", ""), ("Anna", "signed-in", "")]

    def test_the_newest_first_and_page_by_page(self, tmp_path: Path, anna: By) -> None:
        for number in range(7):
            note_event(tmp_path, anna.user_id, "surface-published", str(number), now=NOW + number)
        total, first = list_events(tmp_path, limit=4)
        assert (total, [each.about for each in first]) == (7, ["6", "5", "4", "3"])
        _, rest = list_events(tmp_path, before=first[-1].event_id, limit=4)
        assert [each.about for each in rest] == ["2", "1", "0"]

    def test_before_there_is_anything(self, tmp_path: Path) -> None:
        assert list_events(tmp_path / "none") == (0, [])
        assert count_failures(tmp_path / "none", now=NOW).n_failures == 0

    def test_only_known_kinds(self, tmp_path: Path, anna: By) -> None:
        with write_people(tmp_path) as connection, pytest.raises(ValueError, match="borrowed"):
            insert_event(connection, anna.user_id, "borrowed", now=NOW)
        assert len(set(KINDS)) == len(KINDS)

    def test_no_password_link_or_session_stands_in_them(self, tmp_path: Path, anna: By) -> None:
        user, token = add_user(tmp_path, NewUser("Bo", "polismyndigheten", []), anna)
        session = use_link(tmp_path, token, password_hash="geheim", now=NOW, lasts_s=60).token  # noqa: S106
        with read_people(tmp_path) as connection:
            assert connection is not None
            rows = str(connection.execute(sa.select(EVENTS)).all())
        for secret in (token, session, hash_token(token), hash_token(session), "geheim"):
            assert secret not in rows
        assert user.user_id in rows


def test_failed_sign_ins_are_counted(tmp_path: Path) -> None:
    now = time.time()
    for name, address in [("Bo", "192.0.2.1"), ("Bo", "192.0.2.1"), ("Cecilia", "192.0.2.2"), ("Anna", "192.0.2.2")]:
        assert begin_attempt(tmp_path, name, address, now=now) == 0
    clear_attempt(tmp_path, "Anna", "192.0.2.2")
    found = count_failures(tmp_path, now=now)
    assert (found.n_failures, found.n_addresses, found.n_names, found.n_waiting) == (3, 2, 2, 0)
    for _ in range(3):
        begin_attempt(tmp_path, "Bo", "192.0.2.1", now=now)
    assert count_failures(tmp_path, now=now).n_waiting == 1
    assert count_failures(tmp_path, now=now + 2 * 86_400).n_failures == 0
