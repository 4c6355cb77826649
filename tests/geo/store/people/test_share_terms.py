"""Share links are held against the log: a row that anything but Norrsyn has changed is named."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import ChangedError, ParameterError
from geo.layers.circles import VISIBLE
from geo.store.database import close_databases
from geo.store.files import Provenance, backup, restore, save_layer
from geo.store.people.appending import NewEvent, append_events
from geo.store.people.chain import Content
from geo.store.people.database import PEOPLE_NAME, write_people
from geo.store.people.emptying import empty_events
from geo.store.people.events import list_events
from geo.store.people.management import By
from geo.store.people.shares.comparing import ChangedLink
from geo.store.people.shares.emptying import empty_links
from geo.store.people.shares.life import (
    Issued,
    approve_share,
    create_share,
    extend_share,
    issue_share,
    revoke_recipient,
    revoke_release,
    revoke_share,
)
from geo.store.people.shares.links import Moment, ShareLink, ShareScope, list_share_links
from geo.store.people.shares.opening import begin_opening, finish_opening
from geo.store.people.shares.terms import EXPIRED, RESTORED, describe_terms, hide_hash, read_terms
from geo.store.people.shares.tokens import make_share_token
from geo.store.people.tables import EVENTS, SHARE_LINKS
from geo.store.people.tokens import hash_token
from geo.store.people.verifying import Verdict, verify_log
from tests.frames import make_frame, make_workplace
from tests.shares import DAY_S, make_new

NOW = 1_750_000_000.0
ALL = frozenset(VISIBLE)
# stands where the hash of a password does
HASHED = "$argon2id$"
ANNA, BO = By("anna-id", NOW, "Anna"), By("bo-id", NOW, "Bo")
# what opens a link is not in backups; the rest changes with each opening, or follows from what is compared
NOT_COMPARED = {
    "token_hash", "password_hash", "code_hash", "openings", "views", "opened_at", "seen_at"
}  # fmt: skip


def make(home: Path, by: By = ANNA, **changes: Any) -> Issued:
    return create_share(home, make_new(by.now, **changes), by, among=ALL)


def alter(home: Path, link_id: str, **values: Any) -> None:
    with write_people(home) as connection:
        done = connection.execute(SHARE_LINKS.update().where(SHARE_LINKS.c.link_id == link_id).values(**values))
        assert done.rowcount == 1


def find_changed(home: Path, now: float | None = None) -> list[tuple[str, str, int]]:
    verdict = verify_log(home, now=now)
    assert verdict.fault is None
    assert verdict.is_well == (not verdict.links)
    return [(each.link_id, each.way, each.number) for each in verdict.links]


def find_last(home: Path, link_id: str, *kinds: str) -> int:
    return next(
        each.event_id
        for each in list_events(home)[1]
        if each.about.startswith(link_id) and (not kinds or each.what in kinds)
    )


@pytest.mark.usefixtures("database")
class TestTheWholeLife:
    def test_what_norrsyn_does_is_as_it_was_noted(self, tmp_path: Path) -> None:
        drawn = {"kind": "drawn", "ring": [[16.1, 63.2], [17.0, 64.123456789], [18.5, 63.0]]}
        scope = ShareScope(
            "0123456789abcdef",
            ("RES4000mN7084000E756000", "RES8000mN7200000E640000"),
            ("all", "construction"),
            ("workplaces",),
            4_000,
        )
        plain = make(tmp_path)
        fine = make(
            tmp_path,
            recipient="Ö & <b>; terms x",
            scope=scope,
            area_asked=drawn,
            needs_approval=True,
            password_hash=HASHED,
        )
        approve_share(tmp_path, fine.link.link_id, BO, among=ALL)
        token = issue_share(tmp_path, fine.link.link_id, ANNA, among=ALL).token
        assert token is not None
        later = replace(BO, now=NOW + 3_600.123456)
        extend_share(tmp_path, fine.link.link_id, later, expires_at=NOW + 60.1 * DAY_S, among=ALL)
        attempt = begin_opening(tmp_path, token, "192.0.2.1", now=later.now)
        assert finish_opening(tmp_path, attempt, is_right=True, code="", now=later.now) is not None
        make(tmp_path, recipient="C", is_single_use=True, max_openings=None)
        make(tmp_path, recipient="D", max_openings=3)
        revoke_share(tmp_path, plain.link.link_id, BO, among=ALL)
        revoke_recipient(tmp_path, "C", BO, among=ALL)
        # expires, which nobody notes
        list_share_links(tmp_path, now=NOW + 89 * DAY_S)
        make(tmp_path, replace(ANNA, now=NOW + 89 * DAY_S), recipient="E")
        assert find_changed(tmp_path) == []
        assert verify_log(tmp_path).is_well

    def test_the_log_says_what_a_link_shows_and_until_when(self, tmp_path: Path) -> None:
        made = make(tmp_path, needs_approval=True, password_hash=HASHED, max_openings=3)
        approve_share(tmp_path, made.link.link_id, BO, among=ALL)
        extend_share(tmp_path, made.link.link_id, BO, expires_at=NOW + 20 * DAY_S, among=ALL)
        extended, approved, created = list_events(tmp_path)[1][:3]
        assert [each.what for each in (created, approved, extended)] == [
            "link-created",
            "link-approved",
            "link-extended",
        ]
        assert [each.user_name for each in (created, approved, extended)] == ["Anna", "Bo", "Bo"]
        assert created.about.startswith(
            f"{made.link.link_id}: Berit Lund, Skatteverket; 0123456789abcdef; until 2025-06-29T15:06Z; all squares; "
            "4000 m at the finest; sectors all; layers workplaces; 3 openings; password; needs approval; terms "
        )
        assert "; until 2025-07-05T15:06Z instead of 2025-06-29T15:06Z; " in extended.about
        assert len({each.about[-64:] for each in (created, approved, extended)}) == 3

    @pytest.mark.parametrize("column", sorted({column.name for column in SHARE_LINKS.columns} - {"link_id"}))
    def test_each_column_altered_by_hand(self, tmp_path: Path, column: str) -> None:
        other = make(tmp_path, recipient="another")
        made = make(tmp_path, needs_approval=True)
        approve_share(tmp_path, made.link.link_id, BO, among=ALL)
        issue_share(tmp_path, made.link.link_id, ANNA, among=ALL)
        extend_share(tmp_path, made.link.link_id, BO, expires_at=NOW + 20 * DAY_S, among=ALL)
        revoke_share(tmp_path, made.link.link_id, BO, among=ALL)
        with write_people(tmp_path) as connection:
            row = connection.execute(sa.select(SHARE_LINKS).where(SHARE_LINKS.c.link_id == made.link.link_id)).one()
        value = getattr(row, column)
        altered: Any = {
            "area": ["RES4000mN7084000E756000"],
            "area_asked": {"kind": "county", "county": "25"},
            "sectors": ["all", "construction"],
            "layers": ["workplaces", "accommodation"],
            "max_openings": 7,
            "opened_at": NOW,
            "password_hash": "$argon2id",
            "code_hash": "c" * 64,
        }.get(column)
        if altered is None:
            altered = not value if isinstance(value, bool) else value + (1 if isinstance(value, int | float) else "x")
        alter(tmp_path, made.link.link_id, **{column: altered})
        number = find_last(tmp_path, made.link.link_id)
        found = [] if column in NOT_COMPARED else [(made.link.link_id, "changed", number)]
        assert find_changed(tmp_path) == found
        assert other.link.link_id not in {each[0] for each in found}

    @pytest.mark.parametrize("column", [column.name for column in SHARE_LINKS.columns if column.nullable])
    def test_each_column_emptied_by_hand(self, tmp_path: Path, column: str) -> None:
        scope = replace(make_new(NOW).scope, area=("RES4000mN7084000E756000",))
        made = make(tmp_path, needs_approval=True, scope=scope, password_hash=HASHED, max_openings=3)
        approve_share(tmp_path, made.link.link_id, BO, among=ALL)
        issue_share(tmp_path, made.link.link_id, ANNA, among=ALL)
        extend_share(tmp_path, made.link.link_id, BO, expires_at=NOW + 20 * DAY_S, among=ALL)
        revoke_share(tmp_path, made.link.link_id, BO, among=ALL)
        alter(tmp_path, made.link.link_id, **{column: sa.null()})
        number = find_last(tmp_path, made.link.link_id)
        assert find_changed(tmp_path) == ([] if column in NOT_COMPARED else [(made.link.link_id, "changed", number)])

    @pytest.mark.parametrize(
        "half", [{"approved_at": NOW}, {"approved_by": "bo-id"}, {"approved_at": NOW, "approved_by": "bo-id"}]
    )
    def test_nobody_approves_by_hand(self, tmp_path: Path, half: dict[str, Any]) -> None:
        made = make(tmp_path, needs_approval=True)
        alter(tmp_path, made.link.link_id, **half)
        assert find_changed(tmp_path) == [(made.link.link_id, "changed", 1)]
        if len(half) == 1:
            with pytest.raises(ChangedError, match="approved first"):
                issue_share(tmp_path, made.link.link_id, ANNA, among=ALL)
        else:
            # whoever has the database can say so; it is told for as long as the log is kept
            issue_share(tmp_path, made.link.link_id, ANNA, among=ALL)
            assert find_changed(tmp_path) == [(made.link.link_id, "changed", 1)]

    @pytest.mark.parametrize("says", ["nothing", "issued", "half of it"])
    def test_a_token_put_in_by_hand_opens_nothing_that_was_not_approved(self, tmp_path: Path, says: str) -> None:
        made, token = make(tmp_path, needs_approval=True), make_share_token()
        more = {
            "nothing": {},
            "issued": {"issued_at": NOW, "issued_by": "anna-id"},
            "half of it": {"issued_at": NOW, "issued_by": "anna-id", "approved_at": NOW},
        }[says]
        alter(tmp_path, made.link.link_id, token_hash=hash_token(token), **more)
        attempt = begin_opening(tmp_path, token, "192.0.2.1", now=NOW)
        assert finish_opening(tmp_path, attempt, is_right=True, code="", now=NOW) is None

    def test_nor_one_that_was_approved_and_not_issued(self, tmp_path: Path) -> None:
        made, token = make(tmp_path, needs_approval=True), make_share_token()
        approve_share(tmp_path, made.link.link_id, BO, among=ALL)
        alter(tmp_path, made.link.link_id, token_hash=hash_token(token))
        attempt = begin_opening(tmp_path, token, "192.0.2.1", now=NOW)
        assert finish_opening(tmp_path, attempt, is_right=True, code="", now=NOW) is None

    @pytest.mark.parametrize("then", ["extended", "revoked", "approved and issued"])
    def test_what_norrsyn_does_next_covers_nothing_up(self, tmp_path: Path, then: str) -> None:
        made = make(tmp_path, needs_approval=then != "extended")
        number = find_last(tmp_path, made.link.link_id)
        alter(tmp_path, made.link.link_id, finest_m=1_000)
        if then == "extended":
            extend_share(tmp_path, made.link.link_id, ANNA, expires_at=NOW + 20 * DAY_S, among=ALL)
        elif then == "revoked":
            revoke_share(tmp_path, made.link.link_id, BO)
        else:
            approve_share(tmp_path, made.link.link_id, BO, among=ALL)
            issue_share(tmp_path, made.link.link_id, ANNA, among=ALL)
        assert find_changed(tmp_path) == [(made.link.link_id, "changed", number)]

    def test_what_was_revived_and_extended_stays_told(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        revoke_share(tmp_path, made.link.link_id, BO)
        number = find_last(tmp_path, made.link.link_id)
        alter(tmp_path, made.link.link_id, ended_at=None, ended_by=None, ended_why=None)
        extend_share(tmp_path, made.link.link_id, ANNA, expires_at=NOW + 20 * DAY_S, among=ALL)
        assert find_changed(tmp_path) == [(made.link.link_id, "changed", number)]

    def test_a_link_put_in_and_extended_stays_told(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        with write_people(tmp_path) as connection:
            row = connection.execute(sa.select(SHARE_LINKS)).mappings().one()
            connection.execute(SHARE_LINKS.insert().values({**row, "link_id": "ffffffffff", "token_hash": "t"}))
        extend_share(tmp_path, "ffffffffff", ANNA, expires_at=NOW + 20 * DAY_S, among=ALL)
        assert find_changed(tmp_path) == [("ffffffffff", "unnoted", 0)]
        assert made.link.link_id not in str(find_changed(tmp_path))

    def test_a_link_put_in_as_if_it_were_old_and_extended_stays_told(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        now = NOW + 400 * DAY_S
        with write_people(tmp_path) as connection:
            row = connection.execute(sa.select(SHARE_LINKS)).mappings().one()
            new = {**row, "link_id": "ffffffffff", "token_hash": "t", "expires_at": now + DAY_S, "created_at": NOW - 1}
            connection.execute(SHARE_LINKS.insert().values(new))
        empty_events(tmp_path, before=now, days=365, now=now, name="cli:root")
        extend_share(tmp_path, "ffffffffff", replace(ANNA, now=now), expires_at=now + 20 * DAY_S, among=ALL)
        assert find_changed(tmp_path, now) == [("ffffffffff", "unnoted", 0)]
        assert made.link.link_id not in str(find_changed(tmp_path, now))

    def test_a_link_that_was_extended_for_years_is_known_by_its_last_events(self, tmp_path: Path) -> None:
        made, now = make(tmp_path, expires_at=NOW + 89 * DAY_S), NOW
        for _ in range(8):
            now += 80 * DAY_S
            by = replace(ANNA, now=now)
            extend_share(tmp_path, made.link.link_id, by, expires_at=now + 89 * DAY_S, among=ALL)
            empty_events(tmp_path, before=now, days=365, now=now, name="cli:root")
            assert find_changed(tmp_path, now) == []
        assert list_events(tmp_path)[1][-1].is_emptied
        alter(tmp_path, made.link.link_id, finest_m=1_000)
        assert [each[:2] for each in find_changed(tmp_path, now)] == [(made.link.link_id, "changed")]

    def test_a_link_ended_by_hand_is_told(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        alter(tmp_path, made.link.link_id, ended_at=NOW, ended_why="expired")
        assert [each[:2] for each in find_changed(tmp_path)] == [(made.link.link_id, "changed")]

    def test_who_ended_a_link_that_expired_by_itself_is_not_written_in(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        list_share_links(tmp_path, now=NOW + 15 * DAY_S)
        assert find_changed(tmp_path) == []
        alter(tmp_path, made.link.link_id, ended_by="bo-id")
        assert [each[:2] for each in find_changed(tmp_path)] == [(made.link.link_id, "changed")]

    # the other kind of database takes no text for a number
    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    def test_a_row_put_in_that_cannot_be_read_hides_no_other(self, tmp_path: Path) -> None:
        made, widened = make(tmp_path, replace(ANNA, now=NOW - 400 * DAY_S)), make(tmp_path, recipient="B")
        empty_events(tmp_path, before=NOW, days=365, now=NOW, name="cli:root")
        alter(tmp_path, widened.link.link_id, finest_m=1_000)
        broken = sa.text("UPDATE share_links SET expires_at = 'soon', ended_at = NULL WHERE link_id = :link")
        with write_people(tmp_path) as connection:
            connection.execute(broken, {"link": made.link.link_id})
        found = {each[0]: each[1] for each in find_changed(tmp_path)}
        assert found == {made.link.link_id: "unnoted", widened.link.link_id: "changed"}

    # the other kind of database takes no text for a number
    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE share_links SET sectors = 'x' WHERE link_id = :link",
            "UPDATE share_links SET area = 1 WHERE link_id = :link",
            "UPDATE share_links SET expires_at = 'soon' WHERE link_id = :link",
            "UPDATE share_links SET purpose = x'ff' WHERE link_id = :link",
            "UPDATE share_links SET has_password = 7 WHERE link_id = :link",
        ],
    )
    def test_a_row_that_cannot_be_read_hides_no_other(self, tmp_path: Path, statement: str) -> None:
        broken, widened, kept = (make(tmp_path, recipient=name).link.link_id for name in "ABC")
        alter(tmp_path, widened, finest_m=1_000)
        with write_people(tmp_path) as connection:
            connection.execute(sa.text(statement), {"link": broken})
        found = {each[0]: each[1] for each in find_changed(tmp_path)}
        assert found == {broken: "changed", widened: "changed"}
        assert kept not in found

    @pytest.mark.parametrize("days", [0, 400])
    def test_a_link_emptied_by_hand_is_told(self, tmp_path: Path, days: int) -> None:
        made = make(tmp_path)
        revoke_share(tmp_path, made.link.link_id, BO)
        emptied = dict.fromkeys(("recipient", "recipient_key", "purpose", "contact", "created_by", "issued_by"), "")
        nothing = dict.fromkeys(("token_hash", "area", "area_asked"), sa.null())
        # also as if it had ended long ago
        alter(tmp_path, made.link.link_id, **emptied, **nothing, ended_at=NOW - days * DAY_S, ended_by="")
        assert find_changed(tmp_path, NOW) == [(made.link.link_id, "emptied", find_last(tmp_path, made.link.link_id))]
        # and where others were emptied rightly
        other = make(tmp_path, replace(ANNA, now=NOW - 380 * DAY_S), recipient="B")
        assert empty_links(tmp_path, before=NOW, days=365, now=NOW, name="cli:root") <= 1
        assert [each[:2] for each in find_changed(tmp_path, NOW)] == [(made.link.link_id, "emptied")]
        assert other.link.link_id not in str(find_changed(tmp_path, NOW))

    def test_what_told_of_the_emptying_may_be_emptied_in_turn(self, tmp_path: Path) -> None:
        made, now = make(tmp_path), NOW + 380 * DAY_S
        for _ in range(3):
            empty_events(tmp_path, before=now, days=365, now=now, name="cli:root")
            empty_links(tmp_path, before=now, days=365, now=now, name="cli:root")
            assert find_changed(tmp_path, now) == []
            now += 380 * DAY_S
        (told,) = [each for each in list_events(tmp_path)[1] if each.what == "links-emptied"]
        assert told.is_emptied
        assert [link.is_emptied for link in list_share_links(tmp_path, now=now)] == [True]
        assert made.link.link_id not in str(list_events(tmp_path)[1])

    def test_a_link_of_a_clock_that_was_ahead_may_lose_its_events(self, tmp_path: Path) -> None:
        ahead = make(tmp_path, replace(ANNA, now=NOW + 5 * 365 * DAY_S)).link.link_id
        for name in "ABC":
            make(tmp_path, recipient=name)
        now = NOW + 800 * DAY_S
        assert empty_events(tmp_path, before=now, days=730, now=now, name="cli:root").events > 2
        assert find_changed(tmp_path, now) == []
        assert ahead in {link.link_id for link in list_share_links(tmp_path, now=now)}

    def test_what_was_revoked_is_not_revived(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        revoke_share(tmp_path, made.link.link_id, BO, among=ALL)
        alter(tmp_path, made.link.link_id, ended_at=None, ended_by=None, ended_why=None)
        assert find_changed(tmp_path) == [(made.link.link_id, "changed", find_last(tmp_path, made.link.link_id))]

    def test_a_link_put_in_and_one_taken_out(self, tmp_path: Path) -> None:
        made, kept = make(tmp_path), make(tmp_path, recipient="B")
        with write_people(tmp_path) as connection:
            of_link = SHARE_LINKS.c.link_id == made.link.link_id
            row = connection.execute(sa.select(SHARE_LINKS).where(of_link)).mappings().one()
            connection.execute(SHARE_LINKS.delete().where(of_link))
            for link_id, token in (("ffffffffff", "t"), ("eeeeeeeeee", None)):
                connection.execute(SHARE_LINKS.insert().values({**row, "link_id": link_id, "token_hash": token}))
        gone = (made.link.link_id, "gone", find_last(tmp_path, made.link.link_id))
        assert find_changed(tmp_path) == sorted([gone, ("eeeeeeeeee", "unnoted", 0), ("ffffffffff", "unnoted", 0)])
        assert kept.link.link_id not in str(find_changed(tmp_path))

    def test_what_is_emptied_in_time_is_no_fault(self, tmp_path: Path) -> None:
        old = make(tmp_path)
        revoke_share(tmp_path, old.link.link_id, BO, among=ALL)
        make(tmp_path, recipient="B")
        now = NOW + 380 * DAY_S
        # events of links go by their age, links by that of their end: between the two nothing tells of a link
        empty_events(tmp_path, before=now, days=365, now=now, name="cli:root")
        assert find_changed(tmp_path) == []
        assert empty_links(tmp_path, before=now, days=365, now=now, name="cli:root") == 2
        assert find_changed(tmp_path) == []

    def test_a_new_link_is_not_taken_for_one_whose_events_are_emptied(self, tmp_path: Path) -> None:
        old = make(tmp_path)
        revoke_share(tmp_path, old.link.link_id, BO, among=ALL)
        now = NOW + 380 * DAY_S
        empty_events(tmp_path, before=now, days=365, now=now, name="cli:root")
        # alive again, or of a day whose events are there
        for values in (
            {"ended_at": None, "ended_why": None, "expires_at": time.time() + DAY_S},
            {"created_at": NOW + 1.0},
        ):
            before = find_changed(tmp_path)
            alter(tmp_path, old.link.link_id, **values)
            assert (before, [each[:2] for each in find_changed(tmp_path)]) == ([], [(old.link.link_id, "unnoted")])
            alter(tmp_path, old.link.link_id, ended_at=NOW, ended_why="revoked", created_at=NOW)

    def test_a_link_of_before_terms_were_noted_is_compared_once_it_is_changed(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        with write_people(tmp_path) as connection:
            row = connection.execute(sa.select(SHARE_LINKS)).mappings().one()
            connection.execute(SHARE_LINKS.insert().values({**row, "link_id": "01d", "token_hash": "x"}))
            about = f"01d: {row['recipient']}; {row['release_id']}"
            append_events(connection, [NewEvent(NOW, "link-created", Content("anna-id", "Anna", about, row["basis"]))])
        alter(tmp_path, "01d", finest_m=8_000)
        assert find_changed(tmp_path) == []
        extend_share(tmp_path, "01d", ANNA, expires_at=NOW + 20 * DAY_S, among=ALL)
        assert find_changed(tmp_path) == []
        alter(tmp_path, "01d", finest_m=4_000)
        assert [each[:2] for each in find_changed(tmp_path)] == [("01d", "changed")]
        assert made.link.link_id not in str(find_changed(tmp_path))

    def test_a_fault_of_the_log_comes_first(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        alter(tmp_path, made.link.link_id, finest_m=8_000)
        with write_people(tmp_path) as connection:
            # the database refuses to change an event, not one more
            values = {"at": NOW, "user_id": None, "user_name": "", "about": "", "basis": "", "what": "signed-in"}
            last = connection.execute(sa.select(sa.func.max(EVENTS.c.event_id))).scalar_one()
            hashes = {"salt": "s", "content_hash": "x", "hash": "y"}
            connection.execute(EVENTS.insert().values(event_id=last + 1, **values, **hashes))
        verdict = verify_log(tmp_path)
        assert verdict.fault is not None
        assert (verdict.links, verdict.is_well) == ((), False)


def lose_layers(old: Path, new: Path) -> None:
    """A place whose users and log are those of another, and that has no layers: where a backup may be restored."""
    close_databases()
    new.mkdir()
    shutil.copy(old / PEOPLE_NAME, new)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("make", "make", "approve", "issue", "extend", "revoke", "revoke all", "release", "open", "list", "erase")
        ),
        st.integers(0, 9),
        # the clock is put back now and then
        st.sampled_from((0.0, 0.0, 3_600.5, 5 * DAY_S, 40 * DAY_S, 200 * DAY_S, -600.25, -2 * DAY_S)),
        st.booleans(),
    ),
    max_size=25,
)


class Keepers:
    """Two who look after links, whatever comes; what is refused is refused."""

    def __init__(self, home: Path) -> None:
        self.home, self.now, self.latest, self.tokens = home, NOW, NOW, dict[str, str]()

    def do(self, what: str, n: int, step_s: float, is_other: bool) -> None:
        self.now += step_s
        self.latest = max(self.latest, self.now)
        by = replace(BO if is_other else ANNA, now=self.now)
        links = list_share_links(self.home, now=self.now)
        link = links[n % len(links)] if links else None
        with suppress(ChangedError, ParameterError):
            if what == "make":
                new = make_new(self.now, recipient=f"R{n % 4}", needs_approval=is_other, max_openings=n or None)
                self.keep(create_share(self.home, new, by, among=ALL, replaces=n > 4))
            elif what == "erase":
                # as `norrsyn db erase` does
                empty_events(self.home, before=self.now, days=365, now=self.now, name="cli:root")
                empty_links(self.home, before=self.now, days=365, now=self.now, name="cli:root")
            elif link is not None:
                self.look_after(what, n, link, by)

    def look_after(self, what: str, n: int, link: ShareLink, by: By) -> None:
        if what == "approve":
            approve_share(self.home, link.link_id, by, among=ALL)
        elif what == "issue":
            self.keep(issue_share(self.home, link.link_id, by, among=ALL))
        elif what == "extend":
            extend_share(self.home, link.link_id, by, expires_at=self.now + (n + 1) * 9 * DAY_S, among=ALL)
        elif what == "revoke":
            revoke_share(self.home, link.link_id, by)
        elif what == "revoke all":
            revoke_recipient(self.home, link.recipient, by, among=ALL)
        elif what == "release":
            revoke_release(self.home, link.scope.release_id, by)
        elif what == "open":
            attempt = begin_opening(self.home, self.tokens.get(link.link_id, "x"), f"192.0.2.{n}", now=self.now)
            finish_opening(self.home, attempt, is_right=True, code="", now=self.now)

    def keep(self, issued: Issued) -> None:
        if issued.token is not None:
            self.tokens[issued.link.link_id] = issued.token


@given(steps=STEPS, at=st.integers(0, 24))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_that_norrsyn_does_is_told_to_be_changed_and_anything_else_is(
    steps: list[tuple[str, int, float, bool]], at: int
) -> None:
    with TemporaryDirectory() as folder:
        keepers = Keepers(Path(folder))
        for step in steps:
            keepers.do(*step)
            # whoever verifies has a clock that is right, and another that is not
            for now in (keepers.latest, keepers.now):
                assert find_changed(keepers.home, now) == []
        links = [link for link in list_share_links(keepers.home, now=keepers.now) if not link.is_emptied]
        # one whose events are emptied is known by nothing any more, and is over
        noted = {each.about.partition(":")[0] for each in list_events(keepers.home, limit=500)[1]}
        if kept := [link for link in links if link.link_id in noted]:
            link = kept[at % len(kept)]
            alter(keepers.home, link.link_id, finest_m=link.scope.finest_m * 2)
            assert [each[:2] for each in find_changed(keepers.home, keepers.latest)] == [(link.link_id, "changed")]
        close_databases()


class TestRestoring:
    @pytest.mark.parametrize("elsewhere", [False, True], ids=["over the same place", "in a new place"])
    def test_an_older_backup_is_no_fault(self, tmp_path: Path, elsewhere: bool) -> None:
        old, now = tmp_path / "old", time.time()
        save_layer(old, "workplaces", make_frame([make_workplace()]), Provenance("a.csv"))
        anna = replace(ANNA, now=now)
        alive, ended, lapsed = (make(old, anna, recipient=name) for name in "ABC")
        gone_by = make(old, replace(anna, now=now - 20 * DAY_S), recipient="D")
        revoke_share(old, ended.link.link_id, anna, among=ALL)
        brief = make(old, anna, recipient="E", expires_at=now + 0.5)
        backup(old, tmp_path / "b.zip")
        # of these the backup knows nothing
        extend_share(old, alive.link.link_id, replace(anna, now=now + 1), expires_at=now + 30 * DAY_S, among=ALL)
        revoke_share(old, lapsed.link.link_id, anna, among=ALL)
        time.sleep(0.6)
        new = tmp_path / "new"
        if elsewhere:
            with write_people(new) as connection:
                append_events(connection, [NewEvent(now, "signed-in", Content("x", "X", "", ""))])
            restore(tmp_path / "b.zip", new)
        else:
            lose_layers(old, new)
            restore(tmp_path / "b.zip", new)
        states = {link.link_id: link.state for link in list_share_links(new, now=now + 1)}
        wanted = (
            ("restored", alive),
            ("revoked", ended),
            ("restored", lapsed),
            ("expired", gone_by),
            ("expired", brief),
        )
        assert states == {issued.link.link_id: state for state, issued in wanted}
        assert find_changed(new) == []
        ends = (RESTORED, EXPIRED)
        kinds = {each.about.partition(":")[0]: each.what for each in list_events(new)[1] if each.about.endswith(ends)}
        # what had ended in the backup already needs no line
        assert kinds == {
            alive.link.link_id: "link-revoked",
            lapsed.link.link_id: "link-revoked",
            brief.link.link_id: "link-restored",
        }

    def test_one_that_had_expired_in_a_backup_is_emptied_in_time(self, tmp_path: Path) -> None:
        old, now = tmp_path / "old", time.time()
        save_layer(old, "workplaces", make_frame([make_workplace()]), Provenance("a.csv"))
        made = make(old, replace(ANNA, now=now - 380 * DAY_S))
        backup(old, tmp_path / "b.zip")
        restore(tmp_path / "b.zip", tmp_path / "new")
        # its end is older than that, what tells of the backup is not
        assert empty_links(tmp_path / "new", before=now, days=365, now=now, name="cli:root") == 1
        assert find_changed(tmp_path / "new") == []
        assert list_share_links(tmp_path / "new", now=now)[0].link_id == made.link.link_id

    def test_what_was_noted_here_before_a_backups_log_counts_for_nothing(self, tmp_path: Path) -> None:
        """Two places that came from one backup: a link was ended in each, and the row of the other one is restored."""
        first, now = tmp_path / "first", time.time()
        save_layer(first, "workplaces", make_frame([make_workplace()]), Provenance("a.csv"))
        made = make(first, replace(ANNA, now=now))
        backup(first, tmp_path / "a.zip")
        here, there = tmp_path / "here", tmp_path / "there"
        for place in (here, there):
            restore(tmp_path / "a.zip", place)
            assert find_changed(place) == []
            time.sleep(0.01)
        backup(there, tmp_path / "b.zip")
        lose_layers(here, tmp_path / "again")
        here = tmp_path / "again"
        restore(tmp_path / "b.zip", here)
        assert [each.what for each in list_events(here)[1][:1]] == ["log-restored"]
        assert find_changed(here) == []
        alter(here, made.link.link_id, finest_m=8_000)
        assert [each[:2] for each in find_changed(here)] == [(made.link.link_id, "changed")]


def make_link(recipient: str) -> ShareLink:
    scope = ShareScope("0123456789abcdef", None, ("all",), ("workplaces",), 4_000)
    moment = Moment(NOW, "anna-id", "Anna")
    return ShareLink(
        "0123456789", "issued", recipient, "key", "purpose", "contact", "law-2024-307", "joint-inspection", "sv", scope,
        {"kind": "all"}, False, False, False, None, 0, 0, None, NOW + DAY_S, moment, None, moment, None, None,
    )  # fmt: skip


WAS, TERMS = "a" * 64, "b" * 64


@given(
    st.text(max_size=60)
    | st.sampled_from(
        (f"a; terms {'0' * 64}; {RESTORED}", f"a; was {'0' * 64}", f"a; was {'0' * 64}; terms {'1' * 64}")
    )
    | st.just("ffff: b\n; terms ")
)
def test_no_recipient_changes_what_is_read(recipient: str) -> None:
    link = make_link(recipient)
    made, changed = describe_terms(link, TERMS), describe_terms(link, TERMS, was=WAS, was_until=NOW)
    assert read_terms(made) == ("0123456789", None, TERMS)
    assert read_terms(changed) == ("0123456789", WAS, TERMS)
    for why in (RESTORED, EXPIRED):
        assert read_terms(f"{made}; {why}") == ("0123456789", None, TERMS)
    assert hide_hash(changed).count(WAS) == hide_hash(changed).count(TERMS) == 0


def test_what_is_nothing_of_a_link_is_read_as_nothing() -> None:
    assert read_terms("") is None
    assert read_terms("Anna: terms") is None
    assert read_terms("0123456789: B; r") == ("0123456789", None, None)


def test_a_verdict_with_a_changed_link_is_not_well() -> None:
    verdict = verify_log_of_nothing()
    assert verdict.is_well
    assert not replace(verdict, links=(ChangedLink("a", "gone", 1),)).is_well


def verify_log_of_nothing() -> Verdict:
    return verify_log(Path("/nonexistent/norrsyn"))
