"""What the log empties by itself is never told to be too early, and whatever else was emptied is."""

from __future__ import annotations

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.store.people.chain import LogRow
from geo.store.people.emptied import DAY_S, EMPTIED, LEAST_DAYS, Told, find_early, read_told, write_told
from geo.store.people.emptying import _find_last_old
from geo.store.people.tables import EVENTS

START = 1_700_000_000.0


class Log:
    """The table without its chain, and a clock that goes on."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection, self.now, self.n = connection, START, 0
        EVENTS.create(connection)

    def note(self, what: str = "plan-viewed", about: str = "x", ahead_days: float = 0) -> None:
        self.n += 1
        values = {"event_id": self.n, "at": self.now + ahead_days * DAY_S, "what": what, "about": about}
        rest = {"user_name": "", "basis": "", "salt": "s", "content_hash": "", "hash": ""}
        self.connection.execute(EVENTS.insert().values(**values, **rest))

    def empty(self, days: int, up_to: int | None = None) -> list[LogRow]:
        """Empty as the log does, or so far; the rows that it was done to."""
        end = _find_last_old(self.connection, self.now - days * DAY_S, self.now) if up_to is None else up_to
        done = [row for row in self.list_rows() if row.number <= end and row.salt is not None]
        self.connection.execute(EVENTS.update().where(EVENTS.c.event_id <= end).values(salt=None, about=""))
        if done:
            self.note(EMPTIED, write_told(end, days))
        return done

    def list_rows(self) -> list[LogRow]:
        return [LogRow._make(row) for row in self.connection.execute(sa.select(EVENTS).order_by(EVENTS.c.event_id))]

    def is_early(self, now: float) -> bool:
        rows = self.list_rows()
        told = [one for row in rows if row.salt is not None and (one := read_told(row)) is not None]
        return find_early(rows, told, now=now) is not None


STEPS = st.lists(
    st.tuples(
        st.sampled_from((0, 0, 1, 40, 400)),
        st.sampled_from(("note", "note", "note", "ahead", "empty")),
        st.sampled_from((LEAST_DAYS, 500, 730)),
        st.sampled_from((0.5, 3.0, 300.0, 1_000.0, 9_000.0)),
    ),
    min_size=1,
    max_size=25,
)


@given(steps=STEPS, later=st.sampled_from((0, 10, 900, 1_500, 5_000)), extra=st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_only_what_was_not_emptied_by_age_is_early(
    steps: list[tuple[int, str, int, float]], later: int, extra: int
) -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        log = Log(connection)
        noted_at: dict[int, float] = {}
        for gap, what, days, ahead in steps:
            log.now += gap * DAY_S + 1
            if what == "empty":
                for row in log.empty(days):
                    # by the clock that was right all the time
                    assert log.now - noted_at[row.number] >= days * DAY_S or row.at > log.now
                noted_at.setdefault(log.n, log.now)
                assert not log.is_early(log.now)
            else:
                log.note(ahead_days=ahead if what == "ahead" else 0)
                noted_at[log.n] = log.now
        assert not log.is_early(log.now + later * DAY_S)
        full = [row for row in log.list_rows() if row.salt is not None][:extra]
        if full and START <= full[-1].at <= log.now and log.now - full[-1].at < LEAST_DAYS * DAY_S:
            log.empty(1, full[-1].number)
            assert log.is_early(log.now + later * DAY_S)
    engine.dispose()


def test_an_event_of_a_clock_that_was_ahead_keeps_the_one_that_tells_of_its_emptying() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        log = Log(connection)
        log.note(ahead_days=1_000)
        log.note()
        log.now += 731 * DAY_S
        assert [row.number for row in log.empty(730)] == [1, 2]
        log.note()
        log.now += 732 * DAY_S
        # the first is younger than that now, by its own time: only what was told then says that it was emptied rightly
        assert log.empty(730) == []
        assert not log.is_early(log.now)
        log.now += 300 * DAY_S
        assert [row.number for row in log.empty(730)] == [3, 4]
        assert not log.is_early(log.now)
    engine.dispose()


def test_what_tells_of_it_stays_as_long_as_a_later_emptying_would_tell_otherwise() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        log = Log(connection)
        log.note(ahead_days=1_000)
        log.note()
        log.now += 400 * DAY_S
        log.note()
        for days, emptied in ((500, [1, 2]), (365, [3]), (500, []), (500, [4, 5])):
            log.now += 400 * DAY_S
            assert [row.number for row in log.empty(days)] == emptied
            assert not log.is_early(log.now)
    engine.dispose()


def test_times_to_come_excuse_nothing_at_the_end_or_where_they_are_the_most() -> None:
    for ahead, is_early in (
        ((0, 100, 0), False),
        ((0, 0, 100), True),
        ((100, 100, 0), True),
    ):
        engine = sa.create_engine("sqlite://")
        with engine.begin() as connection:
            log = Log(connection)
            for days in ahead:
                log.note(ahead_days=1_000 * days)
            log.now += 400 * DAY_S
            log.empty(365, 3)
            assert log.is_early(log.now) == is_early
        engine.dispose()


def test_what_an_event_tells() -> None:
    row = LogRow(9, START, None, "", EMPTIED, write_told(5, 800), "", "s", "", "")
    assert read_told(row) == Told(9, START, 5, 800)
    assert read_told(row._replace(about="1–50; 7 days")) == Told(9, START, 8, LEAST_DAYS)
    assert read_told(row._replace(about="1–5")) == Told(9, START, 5, LEAST_DAYS)
    for about in ("", "2–5; 800 days", "1–5; 800 days or so", "1–5; days"):
        assert read_told(row._replace(about=about)) is None
    assert read_told(row._replace(what=f"{EMPTIED}-elsewhere")) is None
