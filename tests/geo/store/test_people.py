"""Users, sessions and links in both kinds of database; an import keeps nobody out, and a backup takes users along."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from geo.errors import NotFoundError, ParameterError, StoreError
from geo.store.database import close_databases, upgrade_store, write_store
from geo.store.files import Provenance, backup, read_stamp, restore, save_layer
from geo.store.people.attempts import BY_NAME, address_subject, begin_attempt, clear_attempt
from geo.store.people.database import PEOPLE_CHAIN, PEOPLE_HEAD, PEOPLE_NAME, read_people, write_people
from geo.store.people.links import find_link, make_first_link, make_link, use_first_link
from geo.store.people.sessions import end_sessions, find_session, list_sessions, open_session, prune_people
from geo.store.people.tables import ATTEMPTS, LINKS, PEOPLE, SESSIONS
from geo.store.people.users import (
    ROLES,
    NewUser,
    change_user,
    count_users,
    disable_user,
    enable_user,
    find_user,
    list_users,
    make_user,
)
from tests.frames import make_frame, make_workplace

NOW = 1_800_000_000.0
pytestmark = pytest.mark.usefixtures("database")
ANNA = NewUser("Anna", "polismyndigheten", ["planner", "admin"], password_hash="x")  # noqa: S106


def look(home: Path, token: str, now: float = NOW) -> bool:
    return find_session(home, token, now=now, idle_s=1800) is not None


def test_the_tables_are_those_of_the_steps(tmp_path: Path) -> None:
    assert upgrade_store(tmp_path, PEOPLE_CHAIN) == PEOPLE_HEAD == upgrade_store(tmp_path, PEOPLE_CHAIN)
    with read_people(tmp_path) as connection:
        assert connection is not None
        there = sa.inspect(connection)
        for table in PEOPLE.sorted_tables:
            found = {column["name"]: column["nullable"] for column in there.get_columns(table.name)}
            assert found == {column.name: bool(column.nullable) for column in table.columns}


def test_a_newer_program_s_tables_are_refused(tmp_path: Path) -> None:
    upgrade_store(tmp_path, PEOPLE_CHAIN)
    with write_people(tmp_path) as connection:
        connection.execute(sa.text("UPDATE alembic_version_people SET version_num = 'p9999'"))
    close_databases()
    with pytest.raises(StoreError, match="newer version"), write_people(tmp_path):
        pass


def test_users(tmp_path: Path) -> None:
    assert count_users(tmp_path) == 0
    anna = make_user(tmp_path, ANNA, now=NOW)
    assert (anna.circle, anna.roles) == ("joint-inspection", {"planner", "admin"})
    with pytest.raises(ParameterError, match="already"):
        make_user(tmp_path, NewUser(" ANNA ", "skatteverket", []), now=NOW)
    with pytest.raises(ParameterError) as wrong:
        make_user(tmp_path, NewUser("\u202e", "kgb", ["king"], circle="secret"), now=NOW)
    assert all(word in str(wrong.value) for word in ("cannot be seen", "kgb", "king", "secret"))
    make_user(tmp_path, NewUser("Bo", "municipality", ROLES, circle="public"), now=NOW)
    assert [(each.name, each.circle) for each in list_users(tmp_path)] == [
        ("Anna", "joint-inspection"),
        ("Bo", "public"),
    ]
    token = open_session(tmp_path, anna.user_id, now=NOW, lasts_s=3600)
    changed = change_user(tmp_path, anna.user_id, roles=["auditor"], agency="municipality")
    assert (changed.circle, changed.roles) == ("municipality", {"auditor"})
    assert not look(tmp_path, token)
    with pytest.raises(NotFoundError):
        change_user(tmp_path, "nobody", roles=[])


def test_sessions(tmp_path: Path) -> None:
    anna = make_user(tmp_path, ANNA, now=NOW)
    first, second = (open_session(tmp_path, anna.user_id, now=NOW, lasts_s=3600, browser=name) for name in ("a", "b\n"))
    assert {each.browser for each in list_sessions(tmp_path, now=NOW, idle_s=1800)} == {"a", "b "}
    found = find_session(tmp_path, first, now=NOW, idle_s=1800)
    assert found is not None
    assert found.user == anna
    assert end_sessions(tmp_path, anna.user_id, but=found.session_hash) == 1
    assert (look(tmp_path, first), look(tmp_path, second)) == (True, False)
    disable_user(tmp_path, anna.user_id, now=NOW)
    assert not look(tmp_path, first)
    enable_user(tmp_path, anna.user_id)
    assert not look(tmp_path, first)
    assert not look(tmp_path, "")
    assert not look(tmp_path, "x" * 43)


def test_what_has_had_its_time_is_deleted(tmp_path: Path) -> None:
    anna = make_user(tmp_path, ANNA, now=NOW)
    open_session(tmp_path, anna.user_id, now=NOW, lasts_s=3600)
    make_link(tmp_path, anna.user_id, now=NOW)
    begin_attempt(tmp_path, "Bo", "::1", now=NOW)
    prune_people(tmp_path, now=NOW + 60, idle_s=1800)
    counts = []
    for at in (NOW + 60, NOW + 25 * 3600):
        prune_people(tmp_path, now=at, idle_s=1800)
        with read_people(tmp_path) as connection:
            assert connection is not None
            counts.append([len(connection.execute(sa.select(table)).all()) for table in (SESSIONS, LINKS, ATTEMPTS)])
    assert counts == [[1, 1, 2], [0, 0, 0]]


def test_attempts_at_once_are_counted_one_by_one(tmp_path: Path) -> None:
    make_user(tmp_path, ANNA, now=NOW)
    with ThreadPoolExecutor(6) as pool:
        waits = list(pool.map(lambda _: begin_attempt(tmp_path, "Anna", "192.0.2.1", now=NOW), range(18)))
    assert waits.count(0.0) == BY_NAME.n_free
    clear_attempt(tmp_path, "anna", "192.0.2.1")
    assert begin_attempt(tmp_path, "Anna", "192.0.2.1", now=NOW) == 0
    # a clock that is put back makes nobody wait for a day
    for _ in range(5):
        begin_attempt(tmp_path, "Anna", "192.0.2.1", now=NOW)
    back = NOW - 86_400
    assert 0 < begin_attempt(tmp_path, "Anna", "192.0.2.1", now=back) <= BY_NAME.most_s
    assert begin_attempt(tmp_path, "Anna", "192.0.2.1", now=back + BY_NAME.most_s) == 0
    # nor does anybody who need not wait
    assert begin_attempt(tmp_path, "Bo", "192.0.2.2", now=NOW) == 0
    assert begin_attempt(tmp_path, "Bo", "192.0.2.2", now=back) == 0


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("192.0.2.7", "address:192.0.2.7"),
        ("::ffff:192.0.2.7", "address:192.0.2.7"),
        ("2001:db8:1:2:3::4", "address:2001:db8:1:2::/64"),
        ("fe80::1%eth0", "address:fe80::/64"),
        ("", "address:unknown"),
        ("testclient", "address:unknown"),
    ],
)
def test_addresses(address: str, subject: str) -> None:
    assert address_subject(address) == subject


def test_only_one_makes_the_first_user(tmp_path: Path) -> None:
    token = make_first_link(tmp_path, now=NOW)
    assert token is not None

    def come(n: int) -> bool:
        try:
            use_first_link(
                tmp_path,
                token,
                name=f"P{n}",
                agency="polismyndigheten",
                password_hash="x",  # noqa: S106
                now=NOW,
                lasts_s=9,
            )
        except NotFoundError:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(come, range(5))) == [False] * 4 + [True]
    assert count_users(tmp_path) == 1
    assert find_link(tmp_path, token, now=NOW) is None
    assert make_first_link(tmp_path, now=NOW) is None


def test_an_import_keeps_nobody_out_and_signing_in_looks_like_no_change(tmp_path: Path) -> None:
    save_layer(tmp_path, "workplaces", make_frame([make_workplace()]), Provenance("a.csv"))
    anna = make_user(tmp_path, ANNA, now=NOW)
    stamp = read_stamp(tmp_path)
    with write_store(tmp_path):
        before = time.perf_counter()
        token = open_session(tmp_path, anna.user_id, now=NOW, lasts_s=3600)
        assert begin_attempt(tmp_path, "Anna", "::1", now=NOW) == 0
        assert look(tmp_path, token, NOW + 61)
        # the import's lock would have been waited for a minute
        assert time.perf_counter() - before < 30
    assert read_stamp(tmp_path) == stamp


def test_a_backup_takes_users_along_and_nothing_that_lets_in(tmp_path: Path, database: str) -> None:
    save_layer(tmp_path / "old", "workplaces", make_frame([make_workplace()]), Provenance("a.csv"))
    anna = make_user(tmp_path / "old", ANNA, now=NOW)
    token = open_session(tmp_path / "old", anna.user_id, now=NOW, lasts_s=3600)
    before = find_user(tmp_path / "old", "anna")
    done = backup(tmp_path / "old", tmp_path / "b.zip")
    assert done.rows["users"] == 1
    assert not {"sessions", "links", "sign_in_attempts", "devices"} & set(done.rows)
    if database != "sqlite":
        return
    restore(tmp_path / "b.zip", tmp_path / "new")
    assert find_user(tmp_path / "new", "anna") == before
    assert not look(tmp_path / "new", token)
    assert (tmp_path / "new" / PEOPLE_NAME).stat().st_mode & 0o077 == 0
    make_user(tmp_path / "other", NewUser("Bo", "skatteverket", []), now=NOW)
    with pytest.raises(StoreError, match="users who are not in the backup"):
        restore(tmp_path / "b.zip", tmp_path / "other")
    assert [each.name for each in list_users(tmp_path / "other")] == ["Bo"]
