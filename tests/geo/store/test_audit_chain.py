"""The chain of events: whatever is altered is found, and neither writers, retention nor restoring break it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import threading
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from geo.errors import NotFoundError, ParameterError, StoreError
from geo.store.backup import backup, restore
from geo.store.database import close_databases
from geo.store.files import save_layers
from geo.store.people.appending import find_head, find_last, guard_events, unguard_events
from geo.store.people.chain import GENESIS, Content, Head, LogRow, hash_content, hash_event
from geo.store.people.database import read_people, write_people
from geo.store.people.emptied import Early
from geo.store.people.emptying import empty_events
from geo.store.people.events import EventFilter, insert_event, list_events, note_event
from geo.store.people.heads import HEAD_FILE, keep_head, read_kept_head
from geo.store.people.log_files import export_log, verify_file
from geo.store.people.tables import EVENTS, USERS
from geo.store.people.users import NewUser, make_user
from geo.store.people.verifying import Fault, Verdict, describe_fault, read_rows, verify_log, verify_rows
from tests.databases import database, fresh_schema, make_people_at
from tests.frames import make_frame, make_workplace
from tests.geo.store.test_backup import SOURCE

__all__ = ["database"]

NOW = 1_700_000_000.0
DAY_S = 86_400.0
# when what was noted about now has been kept long enough, which is past for the clock of the tests, too
LATER = NOW + 400 * DAY_S
N = 7


def fill(home: Path, n: int = N) -> None:
    for number in range(n):
        what = ("plan-viewed", "site-viewed")[number % 2]
        note_event(
            home, f"u{number}", what, f"thing {number}", now=NOW + number, name=f"Anna {number}", basis="planner"
        )


def list_rows(home: Path) -> list[LogRow]:
    with read_people(home) as connection:
        assert connection is not None
        return list(read_rows(connection))


def change(home: Path, *statements: str, **values: Any) -> None:
    """What somebody does who may do anything with the database."""
    with write_people(home) as connection:
        unguard_events(connection)
        for statement in statements:
            connection.execute(sa.text(statement), values)


def empty_by_hand(home: Path, up_to: int) -> None:
    """What the guards of the database let pass."""
    nothing = "salt = NULL, user_id = NULL, user_name = '', about = '', basis = ''"
    with write_people(home) as connection:
        connection.execute(sa.text(f"UPDATE events SET {nothing} WHERE event_id <= :up_to"), {"up_to": up_to})  # noqa: S608


def find_fault(verdict: Verdict) -> tuple[int, str] | None:
    return None if verdict.fault is None else (verdict.fault.number, verdict.fault.way)


@pytest.mark.usefixtures("database")
def test_hashes_are_what_the_documentation_says(tmp_path: Path) -> None:
    """Written anew from docs/audit.md."""
    note_event(tmp_path, None, "import-sent", 'å \U0001f600 "x"', now=NOW + 0.1, name="cli:root", basis="b")
    note_event(tmp_path, "u", "signed-in", now=NOW + 1)
    previous = "0" * 64
    for row in list_rows(tmp_path):
        content = json.dumps(
            [row.user_id, row.user_name, row.about, row.basis], ensure_ascii=False, separators=(",", ":")
        )
        content_hash = hashlib.sha256(f"{row.salt}{content}".encode()).hexdigest()
        linked = json.dumps([previous, row.number, row.at, row.what, content_hash], separators=(",", ":"))
        assert (row.content_hash, row.hash) == (content_hash, hashlib.sha256(linked.encode()).hexdigest())
        assert row.salt is not None
        assert len(row.salt) == 32
        previous = row.hash
    assert verify_log(tmp_path).head == Head(2, previous)


def test_nothing_yet(tmp_path: Path) -> None:
    assert verify_log(tmp_path / "none") == Verdict(0, 0, 0, 0, GENESIS, Head(0, GENESIS), None)
    assert export_log(tmp_path / "none", tmp_path / "out.csv").events == 0
    assert verify_file(tmp_path / "out.csv").n_events == 0


WAYS = [
    ("UPDATE events SET at = at + 1 WHERE event_id = 4", (4, "time-or-kind")),
    ("UPDATE events SET user_id = 'u9' WHERE event_id = 4", (4, "content")),
    ("UPDATE events SET user_id = NULL WHERE event_id = 4", (4, "content")),
    ("UPDATE events SET user_name = 'Bo' WHERE event_id = 4", (4, "content")),
    ("UPDATE events SET what = 'plan-closed' WHERE event_id = 4", (4, "time-or-kind")),
    ("UPDATE events SET about = '' WHERE event_id = 4", (4, "content")),
    ("UPDATE events SET basis = 'admin' WHERE event_id = 7", (7, "content")),
    ("UPDATE events SET salt = '' WHERE event_id = 1", (1, "content")),
    ("UPDATE events SET salt = NULL WHERE event_id = 4", (4, "emptied")),
    ("UPDATE events SET content_hash = hash WHERE event_id = 4", (4, "content-hash")),
    ("UPDATE events SET hash = content_hash WHERE event_id = 4", (4, "hash")),
    ("UPDATE events SET hash = content_hash WHERE event_id = 7", (7, "time-or-kind")),
    ("UPDATE events SET event_id = 70 WHERE event_id = 4", (4, "gap")),
    ("UPDATE events SET event_id = 0 WHERE event_id = 4", (1, "inserted")),
    ("DELETE FROM events WHERE event_id = 1", (1, "gap")),
    ("DELETE FROM events WHERE event_id = 4", (4, "gap")),
    ("DELETE FROM events WHERE event_id = 7", (7, "cut-off")),
    ("DELETE FROM events WHERE event_id > 3", (4, "cut-off")),
    ("DELETE FROM events", (1, "cut-off")),
    ("UPDATE event_head SET hash = '' WHERE head_id = 1", (7, "head")),
]  # fmt: skip


def test_every_column_is_altered_in_a_test() -> None:
    assert all(any(f"SET {name} =" in way for way, _ in WAYS) for name in EVENTS.columns.keys())  # noqa: SIM118


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("statement", "fault"), WAYS)
def test_what_is_altered_by_hand_is_named(tmp_path: Path, statement: str, fault: tuple[int, str]) -> None:
    fill(tmp_path)
    assert find_fault(verify_log(tmp_path)) is None
    change(tmp_path, statement)
    verdict = verify_log(tmp_path)
    assert find_fault(verdict) == fault


@pytest.mark.usefixtures("database")
def test_events_that_change_places(tmp_path: Path) -> None:
    fill(tmp_path)
    swap = [(3, -1), (5, 3), (-1, 5)]
    for old, new in swap:
        change(tmp_path, "UPDATE events SET event_id = :new WHERE event_id = :old", old=old, new=new)
    assert find_fault(verify_log(tmp_path)) == (3, "reordered")


@pytest.mark.usefixtures("database")
def test_all_emptied_by_hand_is_not_the_retention(tmp_path: Path) -> None:
    fill(tmp_path)
    change(tmp_path, "UPDATE events SET salt = NULL, user_id = NULL, user_name = '', about = '', basis = ''")
    assert find_fault(verify_log(tmp_path)) == (1, "emptied")


@pytest.mark.usefixtures("database")
def test_one_more_event_by_hand(tmp_path: Path) -> None:
    fill(tmp_path)
    last = list_rows(tmp_path)[-1]
    salt, content = "s", Content("u", "Bo", "", "")
    content_hash = hash_content(salt, content)
    # even with the right hash: the head tells another
    linked = hash_event(last.hash, N + 1, NOW, "signed-in", content_hash)
    row = LogRow(N + 1, NOW, content.user_id, "Bo", "signed-in", "", "", salt, content_hash, linked)
    names = EVENTS.columns.keys()
    with write_people(tmp_path) as connection:
        connection.execute(EVENTS.insert().values(**dict(zip(names, row, strict=True))))
    assert find_fault(verify_log(tmp_path)) == (N + 1, "head")


def rehash(home: Path) -> None:
    """The whole log without its last three events, hashed anew by somebody who can write to every table."""
    previous, rows = GENESIS, list_rows(home)[:-3]
    with write_people(home) as connection:
        unguard_events(connection)
        connection.execute(EVENTS.delete())
        for row in rows:
            content = row.content._replace(user_name="Bo")
            content_hash = hash_content(str(row.salt), content)
            previous = hash_event(previous, row.number, row.at, row.what, content_hash)
            values = row._replace(user_name="Bo", content_hash=content_hash, hash=previous)
            connection.execute(EVENTS.insert().values(**dict(zip(EVENTS.columns.keys(), values, strict=True))))
        connection.execute(sa.text("UPDATE event_head SET number = :n, hash = :h"), {"n": len(rows), "h": previous})


@pytest.mark.usefixtures("database")
def test_a_log_hashed_anew_is_noticed_by_a_kept_head_only(tmp_path: Path) -> None:
    fill(tmp_path)
    early, late = list_rows(tmp_path)[2].hash, verify_log(tmp_path).head
    assert find_fault(verify_log(tmp_path, head=early)) is None
    rehash(tmp_path)
    assert find_fault(verify_log(tmp_path)) is None
    for head in (early, late.hash):
        assert find_fault(verify_log(tmp_path, head=f" {head.upper()}\n")) == (N - 3, "rewritten")
    keep_head(tmp_path, late)
    assert find_fault(verify_log(tmp_path)) == (N - 2, "cut-off")
    keep_head(tmp_path, Head(3, early))
    assert find_fault(verify_log(tmp_path)) == (3, "rewritten")
    with pytest.raises(ParameterError, match="64 hexadecimal digits"):
        verify_log(tmp_path, head="x" * 64)


def test_the_head_beside_the_database(tmp_path: Path) -> None:
    fill(tmp_path)
    head = verify_log(tmp_path).head
    keep_head(tmp_path, head)
    assert read_kept_head(tmp_path) == head
    assert (tmp_path / HEAD_FILE).stat().st_mode & 0o077 == 0
    for text in ("", "[]", '{"number": "x", "hash": ""}'):
        (tmp_path / HEAD_FILE).write_text(text)
        with pytest.raises(StoreError, match="holds no head"):
            verify_log(tmp_path)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events WHERE event_id = 2",
        "DELETE FROM events",
        "UPDATE events SET about = 'x' WHERE event_id = 2",
        "UPDATE events SET hash = 'x' WHERE event_id = 2",
        "UPDATE events SET at = 0, salt = NULL, user_id = NULL, user_name = '', about = '', basis = ''",
        "UPDATE events SET salt = NULL WHERE event_id = 2",
        "UPDATE events SET event_id = 9 WHERE event_id = 2",
    ],
)
def test_the_database_refuses(tmp_path: Path, statement: str) -> None:
    fill(tmp_path)
    before = list_rows(tmp_path)
    with pytest.raises(StoreError, match="append-only"), write_people(tmp_path) as connection:
        connection.execute(sa.text(statement))
    assert list_rows(tmp_path) == before


def test_each_kind_of_database_refuses_its_own_way_round(tmp_path: Path, database: str) -> None:
    fill(tmp_path)
    way_round = "TRUNCATE events"
    if database == "sqlite":
        way_round = (
            "REPLACE INTO events SELECT event_id, at, user_id, 'x', what, about, basis, salt, hash, hash FROM events"
        )
    with pytest.raises(StoreError, match="append-only"), write_people(tmp_path) as connection:
        connection.execute(sa.text(way_round))
    assert len(list_rows(tmp_path)) == N


@pytest.mark.usefixtures("database")
def test_writers_at_once_never_share_a_predecessor(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    failures: list[Exception] = []

    def write(name: str) -> None:
        try:
            for number in range(12):
                note_event(tmp_path, None, "signed-in", str(number), now=NOW, name=name)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(f"t{each}",)) for each in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    verdict = verify_log(tmp_path)
    assert (verdict.n_events, verdict.fault) == (61, None)


@pytest.mark.postgres
def test_nobody_waits_in_a_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One notes and then changes a row, another changes it and then notes: neither holds what the other waits for."""
    with fresh_schema() as address:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", address)
        user_id = make_user(tmp_path, NewUser("Anna", "polismyndigheten", ["planner"]), now=1.0).user_id
        both, failures = threading.Barrier(2, timeout=20), []
        row = USERS.update().where(USERS.c.user_id == user_id).values(created_at=2.0)

        def work(*, notes_first: bool) -> None:
            try:
                with write_people(tmp_path) as connection:
                    for notes in (notes_first, not notes_first):
                        if notes:
                            insert_event(connection, user_id, "signed-in", now=NOW)
                        else:
                            connection.execute(row)
                        if notes is notes_first:
                            both.wait()
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, kwargs={"notes_first": first}) for first in (True, False)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert verify_log(tmp_path).n_events == 2
        close_databases()


@pytest.mark.usefixtures("database")
def test_an_event_of_a_transaction_that_fails_is_not_there(tmp_path: Path) -> None:
    fill(tmp_path, 1)

    def fail() -> None:
        with write_people(tmp_path) as connection:
            insert_event(connection, None, "signed-in", now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    note_event(tmp_path, None, "signed-out", now=NOW)
    assert [row.what for row in list_rows(tmp_path)] == ["plan-viewed", "signed-out"]
    assert find_fault(verify_log(tmp_path)) is None


def make_events_of_before(home: Path) -> None:
    """A database as the version before the chain left it, with three events and a gap between their numbers."""
    add = "INSERT INTO events VALUES (:n, :at, 'u', 'Anna', 'user-added', :about)"
    events = [(2, "first"), (3, "second"), (7, "third")]
    make_people_at(home, "p0007", [(add, {"n": n, "at": NOW + n, "about": about}) for n, about in events])


@pytest.mark.usefixtures("database")
def test_events_of_before_are_taken_in_and_told(tmp_path: Path) -> None:
    make_events_of_before(tmp_path)
    total, events = list_events(tmp_path)
    assert total == 4
    assert [(each.event_id, each.what, each.about) for each in events] == [
        (4, "chain-begun", "1–3"),
        (3, "user-added", "third"),
        (2, "user-added", "second"),
        (1, "user-added", "first"),
    ]
    note_event(tmp_path, None, "signed-in", now=NOW)
    verdict = verify_log(tmp_path)
    assert (verdict.fault, verdict.n_events, verdict.n_taken_in) == (None, 5, 3)


class TestRetention:
    @pytest.mark.usefixtures("database")
    def test_old_events_are_emptied_and_the_chain_holds(self, tmp_path: Path) -> None:
        fill(tmp_path)
        # a clock that was set back: an old time after younger ones
        note_event(tmp_path, "old", "signed-in", "late", now=NOW - DAY_S, name="Bo")
        before = list_rows(tmp_path)
        done = empty_events(tmp_path, before=NOW + 3, days=365, now=LATER, name="cli:root")
        assert (done.events, done.up_to) == (3, 3)
        after = list_rows(tmp_path)
        for old, new in zip(before, after[: N + 1], strict=True):
            empty = old._replace(user_id=None, user_name="", about="", basis="", salt=None)
            assert new == (empty if old.number <= 3 else old)
        assert (after[-1].what, after[-1].about, after[-1].user_name) == ("audit-emptied", "1–3; 365 days", "cli:root")
        verdict = verify_log(tmp_path)
        assert (verdict.fault, verdict.n_emptied, verdict.n_events) == (None, 3, N + 2)
        # nothing more to do, and nothing more told
        assert empty_events(tmp_path, before=NOW + 3, days=365, now=LATER, name="cli:root").events == 0
        assert len(list_rows(tmp_path)) == N + 2
        # in the end, the event that tells of the first emptying goes as well
        assert (
            empty_events(tmp_path, before=LATER + 1, days=365, now=LATER + 366 * DAY_S, name="cli:root").up_to == N + 2
        )
        verdict = verify_log(tmp_path)
        assert (verdict.fault, verdict.n_emptied, verdict.n_events) == (None, N + 2, N + 3)
        assert list_events(tmp_path)[1][-1].is_emptied

    @pytest.mark.usefixtures("database")
    def test_a_clock_that_was_ahead_keeps_nothing_after_it(self, tmp_path: Path) -> None:
        note_event(tmp_path, "u", "signed-in", "ahead", now=NOW + 9_000 * DAY_S, name="Bo")
        fill(tmp_path)
        done = empty_events(tmp_path, before=NOW + 3, days=365, now=LATER, name="cli:root")
        # the one that was ahead, and those of three seconds
        assert (done.events, done.up_to) == (4, 4)
        assert verify_log(tmp_path).fault is None

    @pytest.mark.usefixtures("database")
    def test_what_is_young_by_the_clock_stays_whatever_day_is_asked_for(self, tmp_path: Path) -> None:
        fill(tmp_path)
        for now in (NOW + 364 * DAY_S, NOW - 2_000 * DAY_S):
            assert empty_events(tmp_path, before=NOW + 9_999 * DAY_S, days=365, now=now, name="cli:root").events == 0
        now = NOW + 365 * DAY_S + 3
        assert empty_events(tmp_path, before=NOW + 9_999 * DAY_S, days=365, now=now, name="cli:root").up_to == 3
        with pytest.raises(ParameterError, match="365 days at least, not for 364"):
            empty_events(tmp_path, before=NOW, days=364, now=LATER, name="cli:root")
        assert verify_log(tmp_path).fault is None

    @pytest.mark.parametrize(
        ("about", "at", "early"),
        [
            ("1–3; 1 days", NOW + 2 * DAY_S, Early(1, 3, 2, 365)),
            ("1–3", NOW + 364.5 * DAY_S, Early(1, 3, 364, 365)),
            ("1–3; 730 days", LATER, Early(1, 3, 400, 730)),
            ("1–3; 365 days", NOW + 365 * DAY_S + 1.5, Early(3, 1, 364, 365)),
            # clocks that were put on, or back behind all that was noted
            ("1–3; 365 days", NOW + 90_000 * DAY_S, Early(1, 3, 100, 365)),
            ("1–3; 365 days", NOW - 2_000 * DAY_S, Early(1, 3, 0, 365)),
        ],
    )
    def test_emptied_too_early(self, tmp_path: Path, about: str, at: float, early: Early) -> None:
        fill(tmp_path)
        empty_by_hand(tmp_path, 3)
        note_event(tmp_path, None, "audit-emptied", about, now=at, name="cli:root")
        # whoever verifies has a clock, too
        now = NOW + 100 * DAY_S if at > LATER else LATER
        with read_people(tmp_path) as connection:
            assert connection is not None
            verdict = verify_rows(lambda: read_rows(connection), told=find_head(connection), now=now)
        assert verdict.fault == Fault(early.number, "emptied-early", early)
        assert (verdict.n_emptied, verdict.newest_emptied) == (3, NOW + 2)
        assert f"kept for {early.least_days}" in describe_fault(verdict.fault)

    def test_an_emptying_of_another_database_counts_for_nothing(self, tmp_path: Path) -> None:
        fill(tmp_path / "old")
        save_layers(tmp_path / "old", {"workplaces": (make_frame([make_workplace()]), SOURCE)})
        backup(tmp_path / "old", tmp_path / "b.zip")
        fill(tmp_path / "used", 4)
        empty_events(tmp_path / "used", before=NOW + 3, days=365, now=LATER, name="cli:root")
        restore(tmp_path / "b.zip", tmp_path / "used")
        rows = list_rows(tmp_path / "used")
        assert [row.what for row in rows[-2:]] == ["audit-emptied-elsewhere", "log-restored"]
        assert rows[-2].about == "1–3; 365 days"
        assert verify_log(tmp_path / "used").fault is None
        empty_by_hand(tmp_path / "used", 3)
        assert find_fault(verify_log(tmp_path / "used")) == (1, "emptied")

    def test_one_more_emptied_by_hand(self, tmp_path: Path) -> None:
        fill(tmp_path)
        empty_events(tmp_path, before=NOW + 3, days=365, now=LATER, name="cli:root")
        # the guard lets it pass, the chain does not
        empty_by_hand(tmp_path, 4)
        assert find_fault(verify_log(tmp_path)) == (4, "emptied")

    def test_the_bytes_go(self, tmp_path: Path) -> None:
        note_event(tmp_path, "u", "plan-viewed", "findling-4711", now=NOW, name="Zebedaios", basis="grundlag")
        empty_events(tmp_path, before=NOW + 3, days=365, now=LATER, name="cli:root")
        close_databases()
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for word in (b"findling-4711", b"Zebedaios", b"grundlag"):
            assert word not in kept

    def test_nothing_yet(self, tmp_path: Path) -> None:
        assert empty_events(tmp_path / "none", before=NOW, days=365, now=NOW, name="").events == 0
        assert not (tmp_path / "none").exists()


class TestFiles:
    def test_a_file_that_is_verified_makes_no_other_file_unreadable(self, tmp_path: Path) -> None:
        fill(tmp_path, 2)
        export_log(tmp_path, tmp_path / "log.csv")
        before = csv.field_size_limit(2**25)
        try:
            verify_file(tmp_path / "log.csv")
            assert csv.field_size_limit() == 2**25
        finally:
            csv.field_size_limit(before)

    @pytest.mark.usefixtures("database")
    @pytest.mark.parametrize("ending", [".csv", ".jsonl"])
    def test_a_part_is_verified_elsewhere(self, tmp_path: Path, ending: str) -> None:
        fill(tmp_path)
        note_event(tmp_path, None, "user-added", '=cmd|"x"!A1\r\n\'@', now=NOW + N, name="-Bo")
        rows, out = list_rows(tmp_path), tmp_path / f"log{ending}"
        done = export_log(tmp_path, out, since=NOW + 2, until=NOW + 6)
        assert (done.events, done.first, done.head) == (4, 3, Head(6, rows[5].hash))
        verdict = verify_file(out, head=rows[4].hash)
        assert (verdict.fault, verdict.first, verdict.previous, verdict.head) == (None, 3, rows[1].hash, done.head)
        assert find_fault(verify_file(out, head=rows[6].hash)) == (6, "rewritten")
        assert export_log(tmp_path, out, since=NOW + 99).events == 0
        assert export_log(tmp_path, out).head == verify_file(out).head == verify_log(tmp_path).head
        text = out.read_bytes().decode("utf-8-sig")
        if ending == ".csv":
            assert not [
                line for line in text.split("\r\n") for cell in line.split(",") if cell.startswith(("=", "@", "-"))
            ]

    @pytest.mark.parametrize("ending", [".csv", ".jsonl"])
    def test_any_letter_changed_is_found(self, tmp_path: Path, ending: str) -> None:
        fill(tmp_path, 2)
        out, bad = tmp_path / f"log{ending}", tmp_path / f"bad{ending}"
        export_log(tmp_path, out)
        text, n_faults = out.read_text("utf-8-sig"), 0
        rows = list_rows(tmp_path)
        start = text.index("\n") + 1 if ending == ".csv" else 0
        for place in range(start, len(text)):
            letter = text[place]
            if not letter.isalnum():
                continue
            bad.write_text(f"{text[:place]}{'1' if letter != '1' else '2'}{text[place + 1 :]}", "utf-8")
            try:
                verdict = verify_file(bad)
            except ParameterError:
                n_faults += 1
                continue
            # what the first event follows is only told, and must be compared
            assert verdict.fault is not None or verdict.previous != GENESIS, text[place - 20 : place + 20]
            n_faults += verdict.fault is not None
        assert n_faults > 400
        assert verify_file(out).head.hash == rows[-1].hash

    def test_emptied_events_in_a_file(self, tmp_path: Path) -> None:
        fill(tmp_path)
        empty_events(tmp_path, before=NOW + 3, days=365, now=LATER, name="cli:root")
        out = tmp_path / "log.csv"
        export_log(tmp_path, out)
        verdict = verify_file(out)
        assert (verdict.fault, verdict.n_emptied, verdict.is_emptying_told) == (None, 3, True)
        export_log(tmp_path, out, until=NOW + 6)
        verdict = verify_file(out)
        assert (verdict.fault, verdict.n_emptied, verdict.is_emptying_told) == (None, 3, False)

    @pytest.mark.parametrize("content", [b"a,b\r\n1,2\r\n", b"\xff\xfe", b"number\r\n1\r\n", b'"'])
    def test_other_files(self, tmp_path: Path, content: bytes) -> None:
        for name in ("x.csv", "x.jsonl"):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(ParameterError, match="cannot be read"):
                verify_file(tmp_path / name)
        with pytest.raises(NotFoundError):
            verify_file(tmp_path / "none.csv")
        with pytest.raises(ParameterError, match=r"\.csv or \.jsonl"):
            export_log(tmp_path, tmp_path / "x.txt")
        with pytest.raises(StoreError, match="no folder"):
            export_log(tmp_path, tmp_path / "none" / "x.csv")


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8)


@given(
    rows=st.lists(
        st.tuples(st.floats(0, 4e9), st.none() | TEXTS.filter(bool), TEXTS, TEXTS, TEXTS), min_size=2, max_size=6
    ),
    data=st.data(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_change_of_any_rows_passes(rows: list[tuple[float, str | None, str, str, str]], data: st.DataObject) -> None:
    from geo.store.people.appending import NewEvent, chain_events  # noqa: PLC0415

    start = Head(0, GENESIS)
    chain = list(chain_events((NewEvent(at, "signed-in", Content(*rest)) for at, *rest in rows), start))
    told = Head(chain[-1].number, chain[-1].hash)

    def verify(changed: list[LogRow]) -> Verdict:
        # read by number, as from a database
        return verify_rows(lambda: iter(sorted(changed, key=lambda row: row.number)), told=told)

    assert verify(chain).fault is None
    place = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from((*LogRow._fields, "gone", "twice")))
    changed = list(chain)
    if name == "gone":
        del changed[place]
    elif name == "twice":
        changed.insert(place, changed[place])
    else:
        old = getattr(chain[place], name)
        values = st.floats(0, 4e9) if name == "at" else st.integers(-2, 9) if name == "number" else st.none() | TEXTS
        changed[place] = chain[place]._replace(**{name: data.draw(values.filter(lambda new: new != old))})
    assert verify(changed).fault is not None


def test_a_backup_keeps_the_chain(tmp_path: Path, database: str) -> None:
    fill(tmp_path / "old")
    save_layers(tmp_path / "old", {"workplaces": (make_frame([make_workplace()]), SOURCE)})
    empty_events(tmp_path / "old", before=NOW + 2, days=365, now=LATER, name="cli:root")
    head, rows = verify_log(tmp_path / "old").head, list_rows(tmp_path / "old")
    backup(tmp_path / "old", tmp_path / "b.zip")
    close_databases()
    with pytest.MonkeyPatch.context() as patch:
        # into the other kind as well, where there is nothing, and where something was noted
        patch.delenv("NORRSYN_DATABASE_URL", raising=False)
        restore(tmp_path / "b.zip", tmp_path / "new")
        assert list_rows(tmp_path / "new") == rows
        assert verify_log(tmp_path / "new", head=head.hash) == verify_log(tmp_path / "new")
        assert verify_log(tmp_path / "new").fault is None
        fill(tmp_path / "used", 3)
        keep_head(tmp_path / "used", verify_log(tmp_path / "used").head)
        there = list_rows(tmp_path / "used")
        old_head = there[-1].hash
        restore(tmp_path / "b.zip", tmp_path / "used")
        close_databases()
    here = list_rows(tmp_path / "used") if database == "sqlite" else []
    if here:
        verdict = verify_log(tmp_path / "used", head=head.hash)
        assert (verdict.fault, verdict.n_events) == (None, len(rows) + 4)
        assert here[: len(rows)] == rows
        assert [row.content for row in here[len(rows) : -1]] == [row.content for row in there]
        assert (here[-1].what, here[-1].about) == (
            "log-restored",
            f"{len(rows) + 1}–{len(rows) + 3}; 3 {old_head}",
        )
        with pytest.raises(StoreError, match="append-only"), write_people(tmp_path / "used") as connection:
            connection.execute(EVENTS.delete())


@pytest.mark.usefixtures("database")
def test_the_log_goes_on_after_it_was_cut_off_and_the_fault_stays(tmp_path: Path) -> None:
    fill(tmp_path / "old", 4)
    save_layers(tmp_path / "old", {"workplaces": (make_frame([make_workplace()]), SOURCE)})
    with write_people(tmp_path / "old") as connection:
        unguard_events(connection)
        connection.execute(EVENTS.delete().where(EVENTS.c.event_id == 4))
        guard_events(connection)
    backup(tmp_path / "old", tmp_path / "b.zip")
    fill(tmp_path / "old", 1)
    assert [row.number for row in list_rows(tmp_path / "old")] == [1, 2, 3, 5]
    assert find_fault(verify_log(tmp_path / "old")) == (4, "gap")
    change(tmp_path / "old", "DELETE FROM event_head")
    assert find_fault(verify_log(tmp_path / "old")) == (4, "gap")
    fill(tmp_path / "old", 1)
    assert [row.number for row in list_rows(tmp_path / "old")] == [1, 2, 3, 5, 6]
    close_databases()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NORRSYN_DATABASE_URL", raising=False)
        # a backup does not mend it
        restore(tmp_path / "b.zip", tmp_path / "new")
        assert find_fault(verify_log(tmp_path / "new")) == (4, "cut-off")
        close_databases()


def test_a_log_that_goes_on_from_the_backup_stays(tmp_path: Path) -> None:
    fill(tmp_path / "old", 3)
    save_layers(tmp_path / "old", {"workplaces": (make_frame([make_workplace()]), SOURCE)})
    backup(tmp_path / "old", tmp_path / "b.zip")
    fill(tmp_path / "old", 2)
    rows = list_rows(tmp_path / "old")
    close_databases()
    (tmp_path / "new").mkdir()
    # the layers are lost, the users are not
    (tmp_path / "old" / "people.sqlite").rename(tmp_path / "new" / "people.sqlite")
    restore(tmp_path / "b.zip", tmp_path / "new")
    assert list_rows(tmp_path / "new") == rows
    assert find_fault(verify_log(tmp_path / "new")) is None


def test_a_backup_of_before_there_was_a_chain(tmp_path: Path) -> None:
    fill(tmp_path / "old", 3)
    save_layers(tmp_path / "old", {"workplaces": (make_frame([make_workplace()]), SOURCE)})
    backup(tmp_path / "old", tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "tables/events.parquet"
    table = pq.read_table(io.BytesIO(members[name])).select(["event_id", "at", "user_id", "user_name", "what", "about"])
    pq.write_table(table, buffer := io.BytesIO())
    index = json.loads(members["norrsyn-backup.json"])
    index["people_step"], members[name] = "p0005", buffer.getvalue()
    index["members"][name]["sha256"] = hashlib.sha256(members[name]).hexdigest()
    members["norrsyn-backup.json"] = json.dumps(index).encode()
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    restore(tmp_path / "b.zip", tmp_path / "new")
    verdict = verify_log(tmp_path / "new")
    assert (verdict.fault, verdict.n_events, verdict.n_taken_in) == (None, 4, 3)
    assert [row.about for row in list_rows(tmp_path / "new")] == ["thing 0", "thing 1", "thing 2", "1–3"]


@pytest.mark.usefixtures("database")
def test_what_is_wanted(tmp_path: Path) -> None:
    fill(tmp_path)
    note_event(tmp_path, None, "import-sent", "100 % x", now=NOW + 50, name="cli:root")

    def ask(**wanted: Any) -> list[int]:
        total, found = list_events(tmp_path, EventFilter(**wanted))
        assert total == len(found)
        return [each.event_id for each in found]

    assert ask(what="site-viewed") == [6, 4, 2]
    assert ask(who="anna 3") == [4]
    assert ask(who="u3") == [4]
    assert ask(thing="%") == [8]
    assert ask(since=NOW + 2, until=NOW + 4) == [4, 3]
    assert ask(what="site-viewed", since=NOW + 4) == [6]
    assert ask(who="' OR 1=1 --") == []


@pytest.mark.usefixtures("database")
def test_a_writer_that_dies_leaves_no_gap(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    with pytest.raises((StoreError, DBAPIError)), write_people(tmp_path) as connection:
        connection.execute(EVENTS.insert().values(event_id=3, at=1.0, what="x"))
    fill(tmp_path, 1)
    with read_people(tmp_path) as connection:
        assert connection is not None
        assert find_last(connection).number == 3
    assert find_fault(verify_log(tmp_path)) is None
