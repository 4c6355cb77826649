"""Promise: a share link opens for its recipient, shows its part of a release, and tells nobody anything else."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from scipy.stats import mannwhitneyu

from api import create_app
from api.auth.passwords import Passwords
from api.middleware import is_shared
from api.redacting import hide_tokens
from api.settings import Settings
from geo.layers.circles import VISIBLE
from geo.store.files import backup
from geo.store.people.attempts import Patience
from geo.store.people.database import read_people, write_people
from geo.store.people.management import By
from geo.store.people.shares import opening
from geo.store.people.shares.life import Issued, create_share, revoke_share
from geo.store.people.shares.links import find_share_link, list_share_links
from geo.store.people.shares.terms import RAW_LINKS
from geo.store.people.shares.tokens import make_share_token
from geo.store.people.tables import ATTEMPTS, SHARE_LINKS
from geo.store.releases import delete_release
from tests.accounts import cheap_passwords, enter, make_account
from tests.api.made import BASE_URL
from tests.shares import DAY_S, break_row, make_new, put_release

FORM = {"origin": BASE_URL}
SECRET = "fyra lax under isen"  # noqa: S105
WRONG = "sju sälar på en sten"
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "style-src-attr": "'unsafe-inline'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
ALL = frozenset(VISIBLE)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class World:
    """A server with one release, and a coordinator who makes links of it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.home: Path = app.state.service.settings.home
        self.clock: Clock = app.state.accounts.clock
        self.user_id = make_account(self.home, "Anna Berg", ["coordinator"])
        self.n = 0

    @property
    def by(self) -> By:
        return By(self.user_id, self.clock.now)

    def make(self, **changes: Any) -> Issued:
        self.n += 1
        password = changes.pop("password", None)
        if password is not None:
            changes["password_hash"] = self.app.state.share_passwords.hash(password)
        new = make_new(self.clock.now, recipient=f"Mottagare {self.n}", **changes)
        return create_share(self.home, new, self.by, among=ALL)

    def client(self, **options: Any) -> TestClient:
        return TestClient(self.app, base_url=BASE_URL, raise_server_exceptions=False, follow_redirects=False, **options)


def make_app(home: Path, passwords: Passwords | None = None) -> FastAPI:
    app = create_app(Settings(home=home, check_seconds=0), passwords=passwords or cheap_passwords())
    app.state.accounts.clock = Clock()
    return app


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(make_app(tmp_path / "home"))
    put_release(world.home)
    return world


@pytest.fixture
def client(world: World) -> TestClient:
    return world.client()


def send(client: TestClient, token: str | None, password: str = "", code: str = "", **options: Any) -> Any:
    return client.post(f"/s/{token}", data={"password": password, "code": code}, headers=FORM, **options)


def is_open(client: TestClient) -> bool:
    return client.get("/share").status_code == 200


def make_failures(world: World) -> dict[str, tuple[str, str, str]]:
    """Every way in which a link does not open: what stands in the address, the password, and the code."""
    good, expired, revoked, used = (world.make(password=SECRET) for _ in range(4))
    once = world.make(is_single_use=True)
    awaiting = world.make(needs_approval=True)
    assert awaiting.token is None
    put_release(world.home, "fedcba9876543210")
    gone = world.make(scope=make_new(0).scope.__class__("fedcba9876543210", None, ("all",), ("workplaces",), 4_000))
    delete_release(world.home, "fedcba9876543210")
    revoke_share(world.home, revoked.link.link_id, world.by)
    opened = world.make(password=SECRET, max_openings=1)
    assert send(world.client(), opened.token, SECRET).status_code == 303
    assert used.token
    brief = world.make(password=SECRET, expires_at=world.clock.now + 60)
    changed = [world.make(password=SECRET) for _ in range(2)]
    for made, values in zip(changed, ("sectors = 'x'", "expires_at = 'soon'"), strict=True):
        break_row(world.home, made.link.link_id, values)
    assert expired.token
    world.clock.now += 3600
    return {
        "unknown": (make_share_token(), SECRET, ""),
        "wrong password": (str(good.token), WRONG, ""),
        "no password": (str(good.token), "", ""),
        "revoked": (str(revoked.token), SECRET, ""),
        "expired": (str(brief.token), SECRET, ""),
        "used up": (str(opened.token), SECRET, ""),
        "row that is no JSON": (str(changed[0].token), SECRET, ""),
        "row of other kinds": (str(changed[1].token), SECRET, ""),
        "no code": (str(once.token), "", ""),
        "wrong code": (str(once.token), "", "AAAA-AAAA"),
        "release gone": (str(gone.token), "", ""),
        "cut off": (str(good.token)[:-1], SECRET, ""),
        "one sign wrong": (f"{str(good.token)[:-1]}{'a' if str(good.token)[-1] != 'a' else 'b'}", SECRET, ""),
        "without its mark": (str(good.token)[4:], SECRET, ""),
        "capitals": (str(good.token).upper(), SECRET, ""),
        "old form": ("A" * 43, "", ""),
        "too long": (f"{good.token}{'x' * 5_000}", SECRET, ""),
        "long password": (str(good.token), "x" * 50_000, ""),
        "unicode": ("nsl_åäö😀\u202e", SECRET, "å😀"),
        "a path": ("..%2F..%2Fadmin", SECRET, ""),
        "encoded": ("%00%2F%ff", "", ""),
        "markup": ("<script>alert(1)</script>", "{{ 7*7 }}", ""),
        "id": (good.link.link_id, SECRET, ""),
    }


def start_flood(world: World) -> None:
    """As if many more had missed within this minute than are borne."""
    values = {"failures": 2 * opening.ALL_MISSES.most, "last_at": world.clock.now, "blocked_until": 0.0}
    with write_people(world.home) as connection:
        connection.execute(ATTEMPTS.delete().where(ATTEMPTS.c.subject == "share-all"))
        connection.execute(ATTEMPTS.insert().values(subject="share-all", **values))


class TestOneAnswer:
    def test_whatever_does_not_open_looks_the_same(self, world: World) -> None:
        answers = {}
        for name, (text, password, code) in make_failures(world).items():
            client = world.client()
            response = client.post(f"/s/{text}", data={"password": password, "code": code}, headers=FORM)
            headers = {key: value for key, value in response.headers.items() if key != "date"}
            answers[name] = (response.status_code, response.content, tuple(sorted(headers.items())))
            assert response.status_code == 404, name
            assert not client.cookies, name
            assert not is_open(client), name
        assert len(set(answers.values())) == 1
        status, body, _ = next(iter(answers.values()))
        assert b"nsl_" not in body
        # nor does what there is below /share look another way for whoever has no link
        assert (world.client().get("/share").status_code, world.client().get("/share").content) == (status, body)

    def test_the_page_before_is_the_same_for_everything(self, world: World) -> None:
        texts = [text for text, _, _ in make_failures(world).values()]
        texts += [str(world.make().token), str(world.make(is_single_use=True).token), "", "x" * 5_000]
        with read_people(world.home) as connection:
            assert connection is not None
            before = connection.execute(RAW_LINKS.order_by(SHARE_LINKS.c.link_id)).all()
        answers = [world.client().get(f"/s/{text}") for text in texts]
        pages = {(answer.status_code, answer.content) for answer in answers}
        assert len(pages) == 1
        assert next(iter(pages))[0] == 200
        with read_people(world.home) as connection:
            assert connection is not None
            assert connection.execute(RAW_LINKS.order_by(SHARE_LINKS.c.link_id)).all() == before

    def test_addresses_that_are_none_look_like_what_is_not_shown(self, world: World) -> None:
        refused = world.client().get("/share")
        reader = world.client()
        send(reader, world.make().token)
        for client in (world.client(), reader):
            answers = [
                client.post("/s/a%0d%0aX:1", headers=FORM, data={"password": ""}),
                *(
                    client.get(path)
                    for path in (
                        "/share/", "/share/tiles/6.5/1/1.png", "/share/tiles/x/1/1.png", "/share/nothing",
                    )
                ),
            ]  # fmt: skip
            for answer in answers:
                assert (answer.status_code, answer.content) == (404, refused.content), answer.url

    def test_each_costs_one_comparison_of_a_password(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        failures, done = make_failures(world), []
        passwords: Passwords = world.app.state.share_passwords
        verify = passwords._hasher.verify
        passwords.warm()
        counted = type("Counted", (), {"verify": lambda _, *a: done.append(a[0][:9]) or verify(*a)})()
        monkeypatch.setattr(passwords, "_hasher", counted)
        for name, (text, password, code) in failures.items():
            world.client().post(f"/s/{text}", data={"password": password, "code": code}, headers=FORM)
            assert done == ["$argon2id"], name
            done.clear()
        assert send(world.client(), world.make().token).status_code == 303
        assert done == ["$argon2id"]

    def test_each_takes_as_long(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Interleaved, by rank: an answer without the comparison would always be the first."""
        patient = Patience(10**6, 1.0, 1.0)
        for name in ("BY_LINK", "SHARE_BY_ADDRESS"):
            monkeypatch.setattr(opening, name, patient)
        monkeypatch.setattr(opening, "ALL_MISSES", opening.Ceiling(10**6, 1.0))
        hasher = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1)
        world = World(make_app(tmp_path / "home", Passwords(hasher)))
        put_release(world.home)
        failures = make_failures(world)
        names = ("unknown", "expired", "revoked", "wrong password", "wrong code")
        took: dict[str, list[float]] = {name: [] for name in names}
        order, client = np.random.default_rng(1), world.client()
        for _ in range(30):
            for name in order.permutation(names):
                text, password, code = failures[name]
                before = time.perf_counter()
                send(client, text, password, code)
                took[name].append(time.perf_counter() - before)
        for name in names:
            # how often one of these takes longer than one of all others: a half where they are alike; with 30 of them
            # a spread of 0.06, so that a difference of 0.3 does not come about by chance
            others = [second for other in names if other != name for second in took[other]]
            share = mannwhitneyu(took[name], others).statistic / (len(took[name]) * len(others))
            assert 0.2 < share < 0.8, f"{name}: {share:.2f}"


class TestMisses:
    def guess(self, world: World, n: int, address: Callable[[int], str]) -> list[int]:
        statuses = []
        for at in range(n):
            client = world.client(client=(address(at), 50_000))
            statuses.append(send(client, make_share_token()).status_code)
        return statuses

    @pytest.mark.parametrize(
        "address",
        [lambda _: "192.0.2.7", lambda n: f"2001:db8:1:2:{n:x}::1"],
        ids=["one IPv4 address", "one IPv6 network of 64 bits"],
    )
    def test_one_address_waits(self, world: World, address: Callable[[int], str]) -> None:
        statuses = self.guess(world, 40, address)
        assert statuses[:30] == [404] * 30
        assert statuses[30:] == [429] * 10
        refused = send(world.client(client=(address(99), 1)), world.make().token)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert send(world.client(client=("198.51.100.1", 1)), world.make().token).status_code == 303

    def test_a_link_waits_from_wherever_it_is_tried(self, world: World) -> None:
        made = world.make(password=SECRET)
        statuses = [send(world.client(client=(f"192.0.2.{n}", 1)), made.token, WRONG).status_code for n in range(8)]
        assert statuses == [404] * 5 + [429] * 3
        assert send(world.client(client=("198.51.100.1", 1)), made.token, SECRET).status_code == 429
        # and so does a text that is no link at all
        statuses = [send(world.client(client=(f"192.0.2.{n}", 1)), "no link").status_code for n in range(8)]
        assert statuses == [404] * 5 + [429] * 3
        world.clock.now += 900
        assert send(world.client(client=("198.51.100.1", 1)), made.token, SECRET).status_code == 303

    def test_a_flood_tells_no_link_from_a_text(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        failures = make_failures(world)
        names = ("unknown", "revoked", "expired", "wrong password", "wrong code", "release gone", "cut off", "old form")
        passwords: Passwords = world.app.state.share_passwords
        verify, done = passwords._hasher.verify, []
        passwords.warm()
        counted = type("Counted", (), {"verify": lambda _, *a: done.append(1) or verify(*a)})()
        monkeypatch.setattr(passwords, "_hasher", counted)
        n_asked = 0

        def answer(name: str) -> tuple[int, bytes, tuple[tuple[str, str], ...], int]:
            nonlocal n_asked
            n_asked += 1
            done.clear()
            text, password, code = failures[name]
            response = send(world.client(client=(f"2001:db8:{n_asked:x}::1", 1)), text, password, code)
            headers = tuple(sorted((key, value) for key, value in response.headers.items() if key != "date"))
            return response.status_code, response.content, headers, len(done)

        start_flood(world)
        in_flood = {answer(name) for _ in range(9) for name in names}
        assert len(in_flood) == 1
        status, _, headers, n_compared = in_flood.pop()
        assert (status, dict(headers)["retry-after"], n_compared) == (429, "60", 1)
        # nor do those tries tell them apart when it is over
        world.clock.now += 1_201
        for n in range(6):
            after = {answer(name) for name in names}
            assert len(after) == 1, n
            assert after.pop()[0] == (404 if n < 5 else 429), n

    def test_in_a_flood_a_password_is_guessed_no_faster(self, world: World) -> None:
        made, other = world.make(password=SECRET), world.make(password=SECRET)
        start_flood(world)
        for n in range(5):
            assert send(world.client(client=(f"192.0.2.{n}", 1)), made.token, WRONG).status_code == 429
        assert send(world.client(client=("198.51.100.1", 1)), made.token, SECRET).status_code == 429
        assert send(world.client(client=("198.51.100.1", 1)), other.token, SECRET).status_code == 303
        world.clock.now += 2
        assert send(world.client(client=("198.51.100.1", 1)), made.token, SECRET).status_code == 303
        # a right password makes up for them: the next five are free again
        assert send(world.client(client=("192.0.2.9", 1)), made.token, WRONG).status_code == 429
        assert send(world.client(client=("198.51.100.1", 1)), made.token, SECRET).status_code == 303

    @pytest.mark.long
    def test_a_thousand_misses_from_as_many_networks(self, world: World) -> None:
        statuses = self.guess(world, 1_000, lambda n: f"2001:db8:{n % 7:x}:{n:x}::1")
        assert statuses[:200] == [404] * 200
        assert set(statuses[200:]) == {429}
        right = world.make(password=SECRET)
        assert send(world.client(client=("2001:db8:0:ffff::1", 1)), right.token, WRONG).status_code == 429
        assert send(world.client(client=("2001:db8:0:ffff::1", 1)), right.token, SECRET).status_code == 303

    def test_counts_hold_across_workers(self, world: World) -> None:
        other = World(make_app(world.home))
        made = world.make(password=SECRET)
        for each in (world, other, world, other, world):
            assert send(each.client(), made.token, WRONG).status_code == 404
        assert send(other.client(), made.token, SECRET).status_code == 429


class TestSecrets:
    def test_nothing_that_opens_a_link_is_found_anywhere(
        self, world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        made = world.make(password=SECRET, is_single_use=True)
        token, code, client = str(made.token), str(made.code), world.client()
        for password in (WRONG, SECRET):
            send(client, token, password, code)
        session = client.cookies["norrsyn-share"]
        assert is_open(client)
        for path in (f"/s/{token}", f"/s/{token}/more", f"/{token}", f"/api/{token}", f"/share?from={token}"):
            client.get(path)
            client.post(path, headers=FORM)
        logging.getLogger("any.library").error("could not fetch https://norrsyn.example/s/%s?lang=en", token)
        try:
            raise RuntimeError(token)
        except RuntimeError:
            logging.getLogger("norrsyn").exception("failed at %s", {"path": f"/s/{token}"})
        backup(world.home, tmp_path / "b.zip")
        kept = {path: path.read_bytes() for path in world.home.rglob("*") if path.is_file()}
        assert any(path.name.endswith("-wal") for path in kept), "the log of the database is looked at too"
        kept[tmp_path / "b.zip"] = (tmp_path / "b.zip").read_bytes()
        kept[Path("log")] = caplog.text.encode()
        assert "failed at" in caplog.text
        for secret in (token, token[4:47], code, code.replace("-", ""), SECRET, session):
            assert [path.name for path, content in kept.items() if secret.encode() in content] == []

    @pytest.mark.parametrize("path", ["/s/{}", "/api/{}", "/{}", "/share/{}", "/tiles/{}/1/1/1.png"])
    def test_no_answer_repeats_a_token(self, world: World, path: str) -> None:
        token = make_share_token()
        for accept in ("text/html", "application/json"):
            for method in ("GET", "POST", "PUT"):
                response = world.client().request(method, path.format(token), headers={"accept": accept, **FORM})
                assert token[4:40] not in response.text + str(response.headers)

    def test_any_text_loses_its_tokens(self) -> None:
        token = make_share_token()
        for text in (
            f"GET /s/{token} 404", f"https://norrsyn.example/s/{token}?lang=sv", f"referer: {token}", f"<{token[:20]}>",
            f"({token},{token})", f"nsl%5F{token[4:]}", f"/S/{token}".lower(), f"/s/{token[4:]}",
        ):  # fmt: skip
            assert token[4:12].lower() not in hide_tokens(text).lower(), text
        assert hide_tokens("/api/surfaces/current") == "/api/surfaces/current"
        assert hide_tokens("/api/sites/workplaces/s/1") == "/api/sites/workplaces/s/1"
        assert hide_tokens("nothing of transls or /share here") == "nothing of transls or /share here"


class TestHarmless:
    def test_what_a_mail_scanner_does_uses_nothing_up(self, world: World) -> None:
        made = world.make(is_single_use=True)
        for _ in range(3):
            client = world.client()
            assert client.get(f"/s/{made.token}").status_code == 200
            assert client.head(f"/s/{made.token}").status_code == 200
            assert client.post(f"/s/{made.token}").status_code == 403
            assert (
                client.post(f"/s/{made.token}", data={"code": ""}, headers={"origin": "https://x.example"}).status_code
                == 403
            )
        assert send(world.client(), made.token).status_code == 404
        assert find_share_link(world.home, made.link.link_id, now=world.clock.now).state == "issued"
        assert send(world.client(), made.token, code=str(made.code)).status_code == 303

    def test_the_recipients_own_form_comes_through(self, world: World) -> None:
        """Pages that send no ``Referer`` have their forms sent with the origin ``null``."""
        headers = {"origin": "null", "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate"}
        client = world.client()
        response = client.post(f"/s/{world.make().token}", data={"password": ""}, headers=headers)
        assert (response.status_code, response.headers["location"]) == (303, "/share?lang=sv")


class TestSessions:
    def test_it_has_a_cookie_of_its_own(self, world: World, client: TestClient) -> None:
        response = send(client, world.make().token)
        (cookie,) = response.headers.get_list("set-cookie")
        assert cookie.startswith("norrsyn-share=")
        assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
        assert "max-age" not in cookie.lower()
        assert "expires" not in cookie.lower()
        guarded = TestClient(world.app, base_url="https://127.0.0.1:8000", follow_redirects=False)
        response = guarded.post(
            f"/s/{world.make().token}", data={"code": ""}, headers={"origin": "https://127.0.0.1:8000"}
        )
        assert response.headers["set-cookie"].startswith("__Host-norrsyn-share=")
        assert "Secure" in response.headers["set-cookie"]

    def test_who_is_signed_in_plays_no_part(self, world: World) -> None:
        signed_in = enter(world.app, "Cecilia", base_url=BASE_URL)
        signed_in.follow_redirects = False
        assert signed_in.get("/share").status_code == 404
        recipient = world.client()
        send(recipient, world.make().token)
        page = recipient.get("/share")
        assert page.status_code == 200
        assert recipient.get("/api/me").status_code == 401
        for cookie in recipient.cookies.jar:
            signed_in.cookies.set(cookie.name, str(cookie.value))
        both = signed_in.get("/share")
        assert both.status_code == 200
        assert "Cecilia" not in both.text

    def test_leaving(self, world: World, client: TestClient) -> None:
        send(client, world.make().token)
        held = client.cookies["norrsyn-share"]
        assert client.post("/share/leave", headers=FORM).status_code == 200
        assert not client.cookies
        client.cookies.set("norrsyn-share", held)
        assert not is_open(client)
        assert world.client().post("/share/leave", headers=FORM).status_code == 200

    def test_revoked_is_refused_with_the_next_request(self, world: World) -> None:
        """Four applications on one data folder, as four workers have it."""
        workers = [world, *(World(make_app(world.home)) for _ in range(3))]
        made = world.make()
        client = world.client()
        send(client, made.token)
        held = client.cookies["norrsyn-share"]
        recipients = [each.client(cookies={"norrsyn-share": held}) for each in workers]
        assert [is_open(each) for each in recipients] == [True] * 4
        revoke_share(world.home, made.link.link_id, world.by)
        assert [is_open(each) for each in recipients] == [False] * 4
        assert [send(each.client(), made.token).status_code for each in workers] == [404] * 4

    @pytest.mark.parametrize("end", ["expired", "release deleted"])
    def test_so_is_what_has_ended_by_itself(self, world: World, client: TestClient, end: str) -> None:
        send(client, world.make(expires_at=world.clock.now + 3600).token)
        assert is_open(client)
        if end == "expired":
            world.clock.now += 3600
        else:
            delete_release(world.home, "0123456789abcdef")
        assert not is_open(client)
        world.clock.now -= DAY_S
        assert not is_open(client)

    def test_a_clock_put_back_a_day_revives_no_link(self, world: World, client: TestClient) -> None:
        made = world.make(expires_at=world.clock.now + 3600)
        send(client, made.token)
        world.clock.now += 2 * 3600
        assert send(world.client(), made.token).status_code == 404
        world.clock.now -= DAY_S
        assert send(world.client(), made.token).status_code == 404
        assert not is_open(client)

    def test_the_page_shows_its_scope_and_its_watermark(self, world: World, client: TestClient) -> None:
        scope = make_new(0).scope
        narrow = scope.__class__(scope.release_id, ("RES4000mN7084000E756000",), ("all",), ("workplaces",), 4_000)
        made = world.make(scope=narrow, purpose="<b>Vecka 30</b>")
        send(client, made.token)
        page = client.get("/share")
        assert re.findall(r"RES\d+mN\d+E\d+", page.text) == ["RES4000mN7084000E756000"]
        # the watermark above and below, and the page's own requests, which say whose page asks
        assert len(re.findall(f"(?:länk|link) {made.link.link_id}", page.text)) == 2
        # the page for printing twice: as a button, and in the list for whoever has no scripts
        assert page.text.count(f"link={made.link.link_id}") == 3
        assert page.text.count(made.link.link_id) == 6
        assert "Mottagare 1" in page.text
        assert "&lt;b&gt;Vecka 30" in page.text
        assert made.link.scope.release_id not in page.text
        (link,) = list_share_links(world.home, now=world.clock.now)
        assert link.views == 1


def test_every_share_route_has_the_strict_headers_and_needs_a_link(world: World) -> None:
    """By enumeration: a route that somebody adds below /share is held to it too."""
    recipient, stranger = world.client(), world.client()
    send(recipient, world.make().token)
    examples = {
        "token:path": make_share_token(),
        "z": "8",
        "x": "142",
        "y": "68",
        "square_id": "RES4000mN7084000E756000",
    }
    seen = 0
    for route in iter_route_contexts(world.app.routes):
        path = str(route.path)
        if not is_shared(path):
            assert not path.startswith(("/s/", "/share"))
            continue
        for name, value in examples.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, f"{path}: give its parameters an example"
        for method in sorted(set(route.methods or ()) - {"HEAD", "OPTIONS"}):
            for client in (stranger, recipient):
                response = client.request(method, path, headers=FORM, data={"code": ""} if method == "POST" else None)
                policy = dict(
                    part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";")
                )
                assert policy == STRICT
                assert response.headers["cache-control"] == "no-store"
                assert response.headers["referrer-policy"] == "no-referrer"
                assert "noindex" in response.headers["x-robots-tag"]
                if client is stranger and path.startswith("/share") and path != "/share/leave":
                    assert response.status_code == 404
            seen += 1
    assert seen >= 12


def test_no_other_route_takes_a_link_session(world: World) -> None:
    """Whatever is not shared answers a recipient as it does anybody who is not signed in."""
    recipient, stranger = world.client(), world.client()
    send(recipient, world.make().token)
    assert is_open(recipient)
    # what every page is made of, and the pages to sign in
    public = ("/healthz", "/sw.js", "/i18n", "/static", "/sign-in", "/welcome", "/help/accessibility")
    seen = 0
    for route in iter_route_contexts(world.app.routes):
        path = re.sub(r"\{[^}]+\}", "1", str(route.path))
        if is_shared(path):
            continue
        for method in sorted(set(getattr(route, "methods", None) or {"GET"}) - {"HEAD", "OPTIONS"}):
            asked = {"headers": FORM | {"sec-fetch-site": "same-origin"}, "json": {} if method != "GET" else None}
            mine, nobodys = recipient.request(method, path, **asked), stranger.request(method, path, **asked)
            assert (mine.status_code, mine.text) == (nobodys.status_code, nobodys.text), f"{method} {path}"
            if not path.startswith(public):
                assert mine.status_code in {303, 401, 403}, f"{method} {path}: {mine.status_code}"
            seen += 1
    assert seen >= 60
    assert is_open(recipient)


def test_share_routes_ask_nobody_else_even_where_maps_may(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, basemap_url="https://tiles.example/{z}/{x}/{y}.png", basemap_attribution="Tiles")
    client = TestClient(create_app(settings, passwords=cheap_passwords()), base_url=BASE_URL)
    assert "tiles.example" in client.get("/sign-in").headers["content-security-policy"]
    for path in ("/s/x", "/share", "/share/nothing"):
        assert "tiles.example" not in client.get(path).headers["content-security-policy"]
    client.app.state.accounts.clock = Clock()  # type: ignore[attr-defined]
    world = World(client.app)  # type: ignore[arg-type]
    put_release(world.home)
    send(client, world.make().token)
    for path in ("/share", "/share/skeleton.js", "/share/skeleton.css", "/share/print", "/share/tiles/8/142/68.png"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "tiles.example" not in answer.text + str(answer.headers)
        assert answer.headers["content-security-policy"] == client.get("/s/x").headers["content-security-policy"]
