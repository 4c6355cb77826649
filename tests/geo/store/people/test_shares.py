"""Share links in both kinds of database: their life, who opens them, and what ends them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ChangedError, NotFoundError, ParameterError, UnreadableError
from geo.layers.circles import VISIBLE
from geo.store.database import close_databases
from geo.store.files import Provenance, backup, restore, save_layer
from geo.store.people.attempts import count_failures
from geo.store.people.database import read_people, write_people
from geo.store.people.emptying import empty_events
from geo.store.people.events import list_events
from geo.store.people.management import By
from geo.store.people.sessions import prune_people
from geo.store.people.shares.comparing import ChangedLink
from geo.store.people.shares.emptying import empty_links
from geo.store.people.shares.life import (
    Issued,
    RecipientTakenError,
    approve_share,
    create_share,
    extend_share,
    issue_share,
    revoke_recipient,
    revoke_release,
    revoke_share,
)
from geo.store.people.shares.links import (
    MAX_LASTS_S,
    ShareLink,
    ShareScope,
    find_share_link,
    list_share_links,
    read_share_list,
)
from geo.store.people.shares.opening import (
    ALL_MISSES,
    BY_LINK,
    SHARE_BY_ADDRESS,
    SHARE_IDLE_S,
    SHARE_LASTS_S,
    begin_opening,
    find_share_session,
    finish_opening,
    note_share_use,
)
from geo.store.people.shares.tokens import make_share_token
from geo.store.people.tables import ATTEMPTS, SHARE_LINKS, SHARE_SESSIONS
from geo.store.people.users import NewUser, make_user
from geo.store.people.verifying import verify_log
from tests.frames import make_frame, make_workplace
from tests.shares import DAY_S, break_row, make_new

NOW = 1_800_000_000.0
ALL = frozenset(VISIBLE)
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def by(tmp_path: Path) -> dict[str, By]:
    users = {
        name: make_user(tmp_path, NewUser(name, "polismyndigheten", ["coordinator"]), now=NOW)
        for name in ("Anna", "Bo")
    }
    return {name: By(user.user_id, NOW) for name, user in users.items()}


def make(home: Path, by: By, **changes: object) -> Issued:
    return create_share(home, make_new(by.now, **changes), by, among=ALL)


def open_one(
    home: Path, token: str, *, now: float = NOW, code: str = "", is_right: bool = True, address: str = "192.0.2.1"
) -> str | None:
    attempt = begin_opening(home, token, address, now=now)
    if attempt.wait_s:
        return None
    done = finish_opening(home, attempt, is_right=is_right, code=code, now=now)
    return None if done is None else done[1]


def look(home: Path, session: str | None, now: float = NOW) -> bool:
    return session is not None and find_share_session(home, session, now=now) is not None


def list_unreadable(home: Path, circles: frozenset[str] | None = None, now: float = NOW) -> list[str]:
    return read_share_list(home, now=now, circles=circles)[1]


def list_kinds(home: Path) -> list[str]:
    return [event.what for event in reversed(list_events(home)[1])]


class TestLife:
    def test_a_link_is_made_opened_and_revoked(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"])
        assert made.token is not None
        assert made.code is None
        assert made.link.state == "issued"
        assert [made.link.created.name, made.link.issued and made.link.issued.name] == ["Anna", "Anna"]
        first, second = open_one(tmp_path, made.token), open_one(tmp_path, made.token)
        assert look(tmp_path, first)
        assert look(tmp_path, second)
        (link,) = list_share_links(tmp_path, now=NOW)
        note_share_use(tmp_path, link, "link-viewed", now=NOW)
        (link,) = list_share_links(tmp_path, now=NOW)
        assert (link.state, link.openings, link.views) == ("opened", 2, 1)
        done, is_ended = revoke_share(tmp_path, link.link_id, by["Bo"], among=ALL)
        assert is_ended
        assert done.state == "revoked"
        assert done.revoked is not None
        assert done.revoked.name == "Bo"
        assert not look(tmp_path, first)
        assert not look(tmp_path, second)
        assert open_one(tmp_path, made.token) is None
        assert list_kinds(tmp_path) == [
            "link-created", "link-issued", "link-opened", "link-opened", "link-viewed", "link-revoked", "link-refused",
        ]  # fmt: skip
        _, events = list_events(tmp_path)
        (view,) = (event for event in events if event.what == "link-viewed")
        # what is looked at names the link, and nobody
        assert (view.user_name, view.about, view.basis) == (
            f"link:{link.link_id}",
            f"{link.link_id}; 0123456789abcdef",
            "law-2024-307",
        )
        for event in events:
            if event != view:
                assert event.about.startswith(f"{link.link_id}: Berit Lund, Skatteverket; 0123456789abcdef")
                assert event.basis == "law-2024-307"

    def test_a_link_that_is_used_up_but_open_is_replaced_too(self, tmp_path: Path, by: dict[str, By]) -> None:
        first = make(tmp_path, by["Anna"], max_openings=1)
        held = open_one(tmp_path, str(first.token))
        assert look(tmp_path, held)
        with pytest.raises(RecipientTakenError):
            make(tmp_path, by["Anna"])
        assert look(tmp_path, held)
        create_share(tmp_path, make_new(NOW), by["Anna"], among=ALL, replaces=True)
        assert not look(tmp_path, held)

    def test_what_does_not_open_leaves_what_is_open(self, tmp_path: Path, by: dict[str, By]) -> None:
        held = open_one(tmp_path, str(make(tmp_path, by["Anna"]).token))
        assert held is not None
        attempt = begin_opening(tmp_path, make_share_token(), "192.0.2.1", now=NOW)
        assert finish_opening(tmp_path, attempt, is_right=True, code="", now=NOW, instead_of=held) is None
        assert look(tmp_path, held)

    def test_somebody_else_approves_small_squares(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"], needs_approval=True)
        link_id = made.link.link_id
        assert (made.token, made.link.state) == (None, "awaiting")
        with pytest.raises(ChangedError):
            issue_share(tmp_path, link_id, by["Anna"], among=ALL)
        with pytest.raises(ParameterError, match="cannot approve"):
            approve_share(tmp_path, link_id, by["Anna"], among=ALL)
        assert approve_share(tmp_path, link_id, by["Bo"], among=ALL).state == "ready"
        with pytest.raises(ChangedError):
            approve_share(tmp_path, link_id, by["Bo"], among=ALL)
        issued = issue_share(tmp_path, link_id, by["Anna"], among=ALL)
        assert issued.token is not None
        assert look(tmp_path, open_one(tmp_path, issued.token))
        with pytest.raises(ChangedError):
            issue_share(tmp_path, link_id, by["Anna"], among=ALL)
        with pytest.raises(ParameterError, match="did not make it"):
            extend_share(tmp_path, link_id, by["Anna"], expires_at=NOW + 30 * DAY_S, among=ALL)
        extended = extend_share(tmp_path, link_id, by["Bo"], expires_at=NOW + 30 * DAY_S, among=ALL)
        assert extended.expires_at == NOW + 30 * DAY_S

    def test_what_no_release_has_is_not_kept(self, tmp_path: Path, by: dict[str, By]) -> None:
        new = make_new(NOW, area_asked={"kind": "nowhere"})
        scope = replace(new.scope, area=("RES4000m",), sectors=("nope",), layers=("findings",), finest_m=3_000)
        with pytest.raises(ParameterError) as wrong:
            create_share(tmp_path, replace(new, scope=scope), by["Anna"], among=ALL)
        for name in ("area", "area_asked", "finest_m", "layers", "sectors"):
            assert f"{name} holds what no release has." in str(wrong.value)
        assert list_share_links(tmp_path, now=NOW) == []
        assert list_unreadable(tmp_path) == []

    def test_what_cannot_be_kept_leaves_nothing(self, tmp_path: Path, by: dict[str, By]) -> None:
        new = make_new(NOW, recipient="\u202e", purpose="x" * 501, basis="harm-tested", lang="fi", max_openings=0)
        new = replace(new, expires_at=NOW - 1, scope=replace(new.scope, sectors=()))
        with pytest.raises(ParameterError) as wrong:
            create_share(tmp_path, new, by["Anna"], among=ALL)
        for word in ("recipient", "purpose", "basis", "lang", "max_openings", "past", "scope"):
            assert word in str(wrong.value)
        with pytest.raises(ParameterError, match="90 days"):
            make(tmp_path, by["Anna"], expires_at=NOW + MAX_LASTS_S + 3600)
        assert list_share_links(tmp_path, now=NOW) == []
        assert list_kinds(tmp_path) == []

    def test_one_link_for_each_recipient(self, tmp_path: Path, by: dict[str, By]) -> None:
        first = make(tmp_path, by["Anna"])
        with pytest.raises(RecipientTakenError) as taken:
            make(tmp_path, by["Bo"], recipient="  BERIT   lund, skatteverket ")
        assert [link.link_id for link in taken.value.links] == [first.link.link_id]
        # somebody who may not see the other link is not told of it
        outside = make_new(NOW, circle="public", basis="harm-tested")
        create_share(tmp_path, outside, by["Bo"], among={"public"})
        second = create_share(tmp_path, make_new(NOW), by["Bo"], among=ALL, replaces=True)
        states = {
            link.link_id: link.state for link in list_share_links(tmp_path, now=NOW, circles={"joint-inspection"})
        }
        assert states == {first.link.link_id: "revoked", second.link.link_id: "issued"}
        assert len(revoke_recipient(tmp_path, "berit lund, Skatteverket", by["Anna"], among=ALL)) == 1
        assert revoke_recipient(tmp_path, "berit lund, Skatteverket", by["Anna"], among=ALL) == []

    def test_a_release_takes_its_links_along(self, tmp_path: Path, by: dict[str, By]) -> None:
        first = make(tmp_path, by["Anna"]).link
        scope = ShareScope("fedcba9876543210", None, ("all",), ("workplaces",), 4_000)
        other = make(tmp_path, by["Anna"], recipient="Cilla", scope=scope).link
        command = By(None, NOW, "cli:root")
        assert [link.link_id for link in revoke_release(tmp_path, "0123456789abcdef", command)] == [first.link_id]
        states = {link.link_id: link.state for link in list_share_links(tmp_path, now=NOW)}
        assert states == {first.link_id: "revoked", other.link_id: "issued"}
        assert revoke_release(tmp_path, "0123456789abcdef", command) == []
        assert list_kinds(tmp_path).count("link-revoked") == 1
        # the recipient may have another
        make(tmp_path, by["Bo"])

    def test_others_circles_are_not_there(self, tmp_path: Path, by: dict[str, By]) -> None:
        link_id = make(tmp_path, by["Anna"]).link.link_id
        assert list_share_links(tmp_path, now=NOW, circles={"municipality", "public"}) == []
        for change in (
            lambda: find_share_link(tmp_path, link_id, now=NOW, circles={"public"}),
            lambda: revoke_share(tmp_path, link_id, by["Bo"], among={"public"}),
            lambda: extend_share(tmp_path, link_id, by["Bo"], expires_at=NOW + 20 * DAY_S, among={"public"}),
            lambda: find_share_link(tmp_path, "nothing", now=NOW),
        ):
            with pytest.raises(NotFoundError):
                change()

    def test_two_revoke_at_once(self, tmp_path: Path, by: dict[str, By]) -> None:
        link_id = make(tmp_path, by["Anna"]).link.link_id

        def revoke(name: str) -> tuple[ShareLink, bool]:
            return revoke_share(tmp_path, link_id, by[name], among=ALL)

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(revoke, ("Anna", "Bo")))
        assert sorted(is_ended for _, is_ended in done) == [False, True]
        assert {link.state for link, _ in done} == {"revoked"}
        assert len({link.revoked and link.revoked.name for link, _ in done}) == 1
        assert list_kinds(tmp_path).count("link-revoked") == 1

    @pytest.mark.parametrize(("days", "words"), [(-1, "past"), (5, "not later"), (91, "90 days"), (14, "not later")])
    def test_extending_too_little_or_too_far(self, tmp_path: Path, by: dict[str, By], days: int, words: str) -> None:
        link_id = make(tmp_path, by["Anna"]).link.link_id
        with pytest.raises(ParameterError, match=words):
            extend_share(tmp_path, link_id, by["Anna"], expires_at=NOW + days * DAY_S, among=ALL)

    def test_extending_is_from_now_and_does_not_wake_the_dead(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"])
        later = replace(by["Anna"], now=NOW + 10 * DAY_S)
        extend_share(tmp_path, made.link.link_id, later, expires_at=NOW + 99 * DAY_S, among=ALL)
        over = replace(by["Anna"], now=NOW + 99 * DAY_S)
        with pytest.raises(ChangedError, match="expired"):
            extend_share(tmp_path, made.link.link_id, over, expires_at=NOW + 120 * DAY_S, among=ALL)


class TestChangedByHand:
    # both kinds of database take these
    @pytest.mark.parametrize(
        "values",
        [
            "sectors = '1'", "sectors = 'null'", "sectors = '[]'", """sectors = '["nope"]'""", "layers = '{}'",
            """layers = '["findings"]'""", "area = '[1]'", "area = '[]'", """area = '["x"]'""", "area_asked = '[]'",
            """area_asked = '{"kind": "counties", "codes": 5}'""", """area_asked = '{"kind": 1}'""",
            "finest_m = 0", "finest_m = -4000", "finest_m = 3000", "finest_m = 512000", "lang = 'xx'", "circle = 'x'",
            "expires_at = 9e14", "expires_at = 1e300", "created_at = -1e18", "opened_at = 1e300", "views = -1",
            "ended_at = 1.0", "ended_at = 1.0, ended_why = 'zzz'", "ended_why = 'revoked'",
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_opens_nothing_and_hides_no_other(
        self, tmp_path: Path, by: dict[str, By], values: str
    ) -> None:
        self.check(tmp_path, by, values)

    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        "values",
        [
            "sectors = 'x'", "sectors = x'ff'", "area = 1", "expires_at = 'soon'", "expires_at = 9e999",
            "seen_at = 'late'", "purpose = x'ff'", "finest_m = 'x'", "views = 'many'", "approved_at = 'then'",
            "created_by = x'ff'", "token_hash = CAST(token_hash AS BLOB)", f"sectors = '{'[' * 20_000}'",
        ],
    )  # fmt: skip
    def test_nor_does_what_is_of_another_kind(self, tmp_path: Path, by: dict[str, By], values: str) -> None:
        self.check(tmp_path, by, values)

    def check(self, home: Path, by: dict[str, By], values: str) -> None:
        broken = make(home, by["Anna"], recipient="Berit Lund, Skatteverket")
        good = make(home, by["Anna"], recipient="Cecilia Ek, Arbetsmiljöverket")
        broken_id, good_id = broken.link.link_id, good.link.link_id
        sessions = [open_one(home, str(made.token)) for made in (broken, good)]
        assert list_unreadable(home) == []
        begun = begin_opening(home, str(broken.token), "192.0.2.1", now=NOW)
        break_row(home, broken_id, values)
        assert finish_opening(home, begun, is_right=True, code="", now=NOW) is None
        assert [look(home, session) for session in sessions] == [False, True]
        assert open_one(home, str(broken.token)) is None
        assert [link.link_id for link in list_share_links(home, now=NOW)] == [good_id]
        assert list_unreadable(home) == list_unreadable(home, ALL) == [broken_id]
        assert list_unreadable(home, frozenset({"public"})) == ([broken_id] if values.startswith("circle") else [])
        assert verify_log(home, now=NOW).links == (ChangedLink(broken_id, "changed", 2),)
        with pytest.raises(UnreadableError, match=f"{broken_id} cannot be read"):
            find_share_link(home, broken_id, now=NOW)
        with pytest.raises(NotFoundError):
            find_share_link(home, good_id, now=NOW, circles={"public"})
        ended = revoke_release(home, good.link.scope.release_id, by["Bo"])
        assert [link.link_id for link in ended] == [good_id]
        assert list_share_links(home, now=NOW)[0].state == "revoked"

    def test_one_of_no_circle_is_anybodys_to_end(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"])
        break_row(tmp_path, made.link.link_id, "circle = 'x'")
        with pytest.raises(UnreadableError):
            revoke_share(tmp_path, made.link.link_id, by["Bo"], among={"public"})
        break_row(tmp_path, made.link.link_id, "circle = 'joint-inspection'")
        assert find_share_link(tmp_path, made.link.link_id, now=NOW).state == "revoked"

    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("values", ["seen_at = 'x'", "expires_at = x'ff'"])
    def test_nor_is_a_session_that_says_nothing(self, tmp_path: Path, by: dict[str, By], values: str) -> None:
        session = open_one(tmp_path, str(make(tmp_path, by["Anna"]).token))
        assert look(tmp_path, session)
        with write_people(tmp_path) as connection:
            connection.execute(sa.text(f"UPDATE share_sessions SET {values}"))  # noqa: S608
        assert not look(tmp_path, session)

    @pytest.mark.parametrize("way", ["one", "recipient", "release", "replaced"])
    def test_it_can_be_ended_and_is_not_made_good_again(self, tmp_path: Path, by: dict[str, By], way: str) -> None:
        made = make(tmp_path, by["Anna"])
        link_id = made.link.link_id
        session = open_one(tmp_path, str(made.token))
        break_row(tmp_path, link_id, "views = -1")
        match way:
            case "one":
                with pytest.raises(UnreadableError, match="cannot be read"):
                    revoke_share(tmp_path, link_id, by["Bo"], among=ALL)
            case "recipient":
                assert revoke_recipient(tmp_path, made.link.recipient, by["Bo"], among=ALL) == []
            case "release":
                assert revoke_release(tmp_path, made.link.scope.release_id, by["Bo"]) == []
            case _:
                create_share(tmp_path, make_new(NOW), by["Bo"], among=ALL, replaces=True)
        told = [(event.what, event.about.split(";")[0]) for event in list_events(tmp_path)[1]]
        assert ("link-revoked", f"{link_id}: cannot be read") in told
        break_row(tmp_path, link_id, "views = 1")
        assert not look(tmp_path, session)
        assert open_one(tmp_path, str(made.token)) is None
        assert find_share_link(tmp_path, link_id, now=NOW).state == "revoked"
        # how it was found, and left, is known
        assert verify_log(tmp_path, now=NOW).links == ()

    def test_a_backup_that_has_it_can_be_put_back(self, tmp_path: Path, by: dict[str, By]) -> None:
        home, new = tmp_path / "home", tmp_path / "new"
        made = make(home, by["Anna"])
        good = make(home, by["Anna"], recipient="B")
        break_row(home, made.link.link_id, "expires_at = 9e14")
        backup(home, tmp_path / "backup")
        restore(tmp_path / "backup", new)
        assert list_unreadable(new, now=time.time()) == [made.link.link_id]
        assert [link.link_id for link in list_share_links(new, now=time.time())] == [good.link.link_id]
        assert open_one(new, str(made.token), now=time.time()) is None


class TestOpening:
    def test_a_single_use_is_used_by_its_code_only(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"], is_single_use=True)
        assert made.token is not None
        assert made.code is not None
        for code in ("", "AAAA-AAAA", made.token):
            assert open_one(tmp_path, made.token, code=code) is None
        session = open_one(tmp_path, made.token, code=made.code.lower())
        assert look(tmp_path, session)
        assert find_share_link(tmp_path, made.link.link_id, now=NOW).state == "used-up"
        assert open_one(tmp_path, made.token, code=made.code) is None
        # who has it open goes on
        assert look(tmp_path, session)

    def test_only_one_of_many_opens_what_opens_once(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"], is_single_use=True)
        token, code = str(made.token), str(made.code)

        def come(n: int) -> bool:
            return open_one(tmp_path, token, code=code, address=f"192.0.2.{n}") is not None

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(come, range(4))) == [False] * 3 + [True]

    def test_so_often_and_no_more(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"], max_openings=2)
        assert [open_one(tmp_path, str(made.token)) is not None for _ in range(3)] == [True, True, False]

    def test_a_link_session_ends(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        assert not look(tmp_path, open_one(tmp_path, token), NOW + SHARE_IDLE_S)
        session, at = open_one(tmp_path, token), NOW
        while at < NOW + SHARE_LASTS_S - SHARE_IDLE_S / 2:
            assert look(tmp_path, session, at)
            at += SHARE_IDLE_S / 2
        assert not look(tmp_path, session, NOW + SHARE_LASTS_S)
        assert not look(tmp_path, "x" * 43)
        assert not look(tmp_path, "")
        late = NOW + 14 * DAY_S - 60
        session = open_one(tmp_path, token, now=late)
        assert look(tmp_path, session, late + 59)
        assert not look(tmp_path, session, late + 60)

    def test_opening_anew_ends_what_the_browser_had(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        first = open_one(tmp_path, token)
        attempt = begin_opening(tmp_path, token, "::1", now=NOW)
        assert finish_opening(tmp_path, attempt, is_right=True, code="", now=NOW, instead_of=first) is not None
        assert not look(tmp_path, first)

    @pytest.mark.parametrize("how", ["opened", "viewed", "listed", "signed in", "made another"])
    def test_a_clock_that_is_put_back_revives_nothing(self, tmp_path: Path, by: dict[str, By], how: str) -> None:
        token = str(make(tmp_path, by["Anna"], expires_at=NOW + 60).token)
        session, late = open_one(tmp_path, token), NOW + 3600
        if how == "opened":
            assert open_one(tmp_path, token, now=late) is None
        elif how == "viewed":
            assert not look(tmp_path, session, late)
        elif how == "listed":
            assert [link.state for link in list_share_links(tmp_path, now=late)] == ["expired"]
        elif how == "signed in":
            prune_people(tmp_path, now=late, idle_s=1800)
        else:
            make(tmp_path, replace(by["Anna"], now=late), recipient="Cecilia")
        for now in (NOW, NOW + 30, NOW - DAY_S):
            assert open_one(tmp_path, token, now=now) is None
            assert not look(tmp_path, session, now)

    def test_a_clock_before_what_the_link_has_seen_is_not_believed(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        session = open_one(tmp_path, token, now=NOW + 2 * DAY_S)
        assert open_one(tmp_path, token, now=NOW + DAY_S) is None
        assert not look(tmp_path, session, NOW + DAY_S)
        # when it is right again, a link that is good opens
        assert look(tmp_path, open_one(tmp_path, token, now=NOW + 2 * DAY_S), NOW + 2 * DAY_S)


class TestMisses:
    def test_a_link_and_an_address_wait(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        for n in range(BY_LINK.n_free):
            assert begin_opening(tmp_path, token, f"192.0.2.{n}", now=NOW).wait_s == 0
        assert begin_opening(tmp_path, token, "192.0.2.99", now=NOW).wait_s > 0
        assert begin_opening(tmp_path, token, "192.0.2.99", now=NOW + BY_LINK.most_s).wait_s == 0
        for n in range(SHARE_BY_ADDRESS.n_free):
            assert begin_opening(tmp_path, f"guess {n}", f"2001:db8:1:2::{n:x}", now=NOW).wait_s == 0
        assert begin_opening(tmp_path, "another", "2001:db8:1:2:ffff::", now=NOW).wait_s > 0
        assert begin_opening(tmp_path, "another", "2001:db8:1:3::", now=NOW).wait_s == 0
        # they are no failed sign-ins
        assert count_failures(tmp_path, now=NOW).n_failures == 0

    def test_those_at_once_are_counted_one_by_one(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        with ThreadPoolExecutor(6) as pool:
            attempts = list(pool.map(lambda n: begin_opening(tmp_path, token, f"192.0.2.{n}", now=NOW), range(18)))
        assert sum(not attempt.wait_s for attempt in attempts) == BY_LINK.n_free

    def test_the_right_password_makes_up_for_it(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        for _ in range(20):
            assert open_one(tmp_path, token, is_right=False) is None
            assert open_one(tmp_path, token) is not None

    def test_a_flood_from_everywhere_keeps_no_right_link_out(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        flooded = []
        with write_people(tmp_path) as connection:
            # as if so many had missed within this minute
            values = {"failures": ALL_MISSES.most - 2, "last_at": NOW, "blocked_until": 0.0}
            connection.execute(ATTEMPTS.insert().values(subject="share-all", **values))
        for n in range(40):
            flooded.append(begin_opening(tmp_path, make_share_token(), f"2001:db8:{n:x}::1", now=NOW).is_flooded)
        assert flooded == [False] * 2 + [True] * 38
        with read_people(tmp_path) as connection:
            assert connection is not None
            n_rows = connection.execute(sa.select(sa.func.count()).select_from(ATTEMPTS)).scalar_one()
        # in a flood nothing is kept of addresses and texts that were not known before
        assert n_rows <= 6
        assert look(tmp_path, open_one(tmp_path, token, address="2001:db8:ffff::1"))
        assert list_kinds(tmp_path).count("link-refused") == 1
        assert not begin_opening(tmp_path, "x", "2001:db8:aaaa::1", now=NOW + 600).is_flooded

    @pytest.mark.long
    def test_ten_thousand_guesses_open_nothing_and_leave_little(self, tmp_path: Path, by: dict[str, By]) -> None:
        token = str(make(tmp_path, by["Anna"]).token)
        opened = 0
        for n in range(10_000):
            # each from another network, a hundred a second
            now, address = NOW + n / 100, f"2001:db8:{n:x}::1"
            attempt = begin_opening(tmp_path, make_share_token(), address, now=now)
            assert not attempt.wait_s
            opened += finish_opening(tmp_path, attempt, is_right=True, code="", now=now) is not None
        assert opened == 0
        with read_people(tmp_path) as connection:
            assert connection is not None
            n_rows = connection.execute(sa.select(sa.func.count()).select_from(ATTEMPTS)).scalar_one()
        # address and text of each until the flood was one, and the counts of all
        assert n_rows <= 2 * ALL_MISSES.most + 2 * 100 * ALL_MISSES.per_s + 2
        assert list_kinds(tmp_path).count("link-refused") == 1
        assert look(tmp_path, open_one(tmp_path, token, now=NOW + 100, address="198.51.100.1"), NOW + 100)

    def test_a_flood_that_lasts_is_told_once_in_a_while(self, tmp_path: Path, by: dict[str, By]) -> None:
        make(tmp_path, by["Anna"])
        with write_people(tmp_path) as connection:
            values = {"failures": ALL_MISSES.most, "last_at": NOW, "blocked_until": 0.0}
            connection.execute(ATTEMPTS.insert().values(subject="share-all", **values))
        # about as many as are forgotten meanwhile: the count stays where it is
        n, gap_s = 200, 3.3
        for at in range(n):
            begin_opening(tmp_path, make_share_token(), f"2001:db8:{at:x}::1", now=NOW + gap_s * at)
        assert list_kinds(tmp_path).count("link-refused") <= 1 + n * gap_s // 600


@given(st.lists(st.floats(0.0, 2_000.0), min_size=1, max_size=30), st.integers(0, 400))
def test_misses_are_forgotten_evenly_however_often_somebody_looks(gaps: list[float], failures: int) -> None:
    left, since, now = failures, NOW, NOW
    for gap in gaps:
        now += gap
        left, since = ALL_MISSES.forget(left, since, now)
    at_once, _ = ALL_MISSES.forget(failures, NOW, now)
    assert abs(left - at_once) <= 1
    assert ALL_MISSES.add(left) <= 2 * ALL_MISSES.most


def test_a_flood_ends_ten_minutes_after_it() -> None:
    failures = 0
    for _ in range(10_000):
        failures = ALL_MISSES.add(failures)
    left, since = ALL_MISSES.forget(failures, NOW, NOW + 604)
    assert left < ALL_MISSES.most
    # a clock that is put back neither forgets nor waits for itself
    assert ALL_MISSES.forget(left, since, NOW - 1e6) == (left, NOW - 1e6)


class TestBackups:
    def test_a_link_comes_back_without_what_opens_it(self, tmp_path: Path, database: str) -> None:
        # restoring asks the clock
        old, now = tmp_path / "old", time.time()
        save_layer(old, "workplaces", make_frame([make_workplace()]), Provenance("a.csv"))
        anna = By(make_user(old, NewUser("Anna", "polismyndigheten", ["coordinator"]), now=now).user_id, now)
        made = make(old, anna, password_hash="$argon2id$secret", is_single_use=True)  # noqa: S106
        waiting = make(old, anna, recipient="C", password_hash="$argon2id$secret", needs_approval=True)  # noqa: S106
        # approved, and without an address or a password yet: nothing that it has is left out of the backup
        ready = make(old, anna, recipient="D", needs_approval=True)
        approve_share(old, ready.link.link_id, By("somebody", now), among=ALL)
        over = make(old, anna, recipient="E")
        revoke_share(old, over.link.link_id, anna, among=ALL)
        lapsed = make(old, By(anna.user_id, now - 20 * DAY_S), recipient="F")
        done = backup(old, tmp_path / "b.zip")
        assert done.rows["share_links"] == 5
        assert "share_sessions" not in done.rows
        if database != "sqlite":
            return
        new = tmp_path / "new"
        restore(tmp_path / "b.zip", new)
        links = {link.link_id: link for link in list_share_links(new, now=now)}
        assert (links.pop(over.link.link_id).state, links.pop(lapsed.link.link_id).state) == ("revoked", "expired")
        with read_people(new) as connection:
            assert connection is not None
            assert all(connection.execute(sa.select(SHARE_LINKS.c.ended_at)).scalars())
        assert {link.state for link in links.values()} == {"restored"}
        assert all(link.is_over and link.revoked and link.revoked.name == "norrsyn" for link in links.values())
        told = [each.about for each in list_events(new)[1] if each.about.endswith("; restored from a backup")]
        assert sorted(about.partition(":")[0] for about in told) == sorted(links)
        with pytest.raises(ChangedError, match="backup"):
            issue_share(new, ready.link.link_id, anna, among=ALL)
        assert open_one(new, str(made.token), code=str(made.code)) is None
        with pytest.raises(ChangedError):
            approve_share(new, waiting.link.link_id, By("somebody", now), among=ALL)
        with read_people(new) as connection:
            assert connection is not None
            rows = connection.execute(sa.select(SHARE_LINKS)).mappings().all()
            assert connection.execute(sa.select(SHARE_SESSIONS)).all() == []
        assert all(row[name] is None for row in rows for name in ("token_hash", "password_hash", "code_hash"))
        # it is over already
        again, is_ended = revoke_share(new, made.link.link_id, anna, among=ALL)
        assert (again.state, is_ended) == ("restored", False)
        assert list_kinds(new).count("link-revoked") == 4


class TestEmptying:
    def test_what_ended_long_ago_keeps_numbers_and_no_names(self, tmp_path: Path, by: dict[str, By]) -> None:
        old = make(
            tmp_path, by["Anna"], recipient="Zebedaios", purpose="ändamålet", contact="kontakten", is_single_use=True
        )
        assert look(tmp_path, open_one(tmp_path, str(old.token), code=str(old.code)))
        revoke_share(tmp_path, old.link.link_id, by["Bo"], among=ALL)
        lapsed = make(tmp_path, by["Anna"], recipient="B")
        young = make(tmp_path, replace(by["Anna"], now=NOW + 30 * DAY_S), recipient="C", expires_at=NOW + 60 * DAY_S)
        before = {link.link_id: link for link in list_share_links(tmp_path, now=NOW + 30 * DAY_S)}
        now = NOW + 380 * DAY_S
        assert empty_links(tmp_path, before=now, days=365, now=now, name="cli:root") == 2
        after = {link.link_id: link for link in list_share_links(tmp_path, now=now)}
        assert after[young.link.link_id].recipient == "C"
        for link_id in (old.link.link_id, lapsed.link.link_id):
            link, was = after[link_id], before[link_id]
            assert link.is_emptied
            assert (link.recipient, link.purpose, link.contact, link.area_asked) == ("", "", "", {})
            assert {moment.user_id for moment in (link.created, link.issued, link.revoked) if moment} <= {""}
            for name in ("state", "basis", "circle", "openings", "views", "opened_at", "expires_at"):
                assert getattr(link, name) == getattr(was, name), name
            assert (link.scope.release_id, link.created.at) == (was.scope.release_id, was.created.at)
        assert after[old.link.link_id].openings == 1
        assert list_events(tmp_path)[1][0].about == "2; 365 days"
        # nothing more to do; and nothing is younger than it is by the clock
        assert empty_links(tmp_path, before=now, days=365, now=now, name="cli:root") == 0
        assert empty_links(tmp_path, before=now * 2, days=365, now=now, name="cli:root") == 0
        assert list_kinds(tmp_path).count("links-emptied") == 1
        # nobody's are revoked with it
        assert revoke_recipient(tmp_path, "Zebedaios", replace(by["Anna"], now=now), among=ALL) == []

    # looks into the file
    @pytest.mark.usefixtures("database")
    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    def test_the_bytes_go(self, tmp_path: Path, by: dict[str, By]) -> None:
        made = make(tmp_path, by["Anna"], recipient="Zebedaios", purpose="andamalet", contact="kontakten")
        revoke_share(tmp_path, made.link.link_id, by["Bo"], among=ALL)
        now = NOW + 380 * DAY_S
        # the log names the recipient as long as it is kept itself
        empty_links(tmp_path, before=now, days=365, now=now, name="cli:root")
        empty_events(tmp_path, before=now, days=365, now=now, name="cli:root")
        close_databases()
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for word in (b"Zebedaios", b"zebedaios", b"andamalet", b"kontakten"):
            assert word not in kept

    def test_nothing_yet(self, tmp_path: Path, database: str) -> None:
        assert empty_links(tmp_path / "none", before=NOW, days=365, now=NOW, name="") == 0
        # a server's database is there already
        assert (tmp_path / "none").exists() == (database != "sqlite")
