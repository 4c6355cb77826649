"""Promise: passwords, sessions and links are worth nothing to whoever finds the database, the logs or an address."""

# A fixture that makes a user need not be looked at.
# ruff: noqa: ARG002

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api import create_app
from api.auth.passwords import Passwords, find_fault
from api.auth.paths import choose_next
from api.redacting import hide_tokens
from api.settings import Settings
from geo.store.people.devices import MAX_DEVICES
from geo.store.people.sessions import DEVICE_LASTS_S
from geo.store.people.users import FIRST_ROLES, disable_user, find_user
from tests.accounts import PASSWORD, allow_routes, cheap_passwords, enter, make_account
from tests.api.made import BASE_URL

FORM = {"origin": BASE_URL}
OTHER = "sju sälar på en sten"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    app = create_app(Settings(home=tmp_path / "home"), passwords=cheap_passwords())
    app.state.accounts.clock = Clock()
    return app


@pytest.fixture
def clock(app: FastAPI) -> Clock:
    clock: Clock = app.state.accounts.clock
    return clock


@pytest.fixture
def home(app: FastAPI) -> Path:
    home: Path = app.state.service.settings.home
    return home


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    options: dict[str, Any] = {"base_url": BASE_URL, "raise_server_exceptions": False, "follow_redirects": False}
    with TestClient(app, **options) as started:
        yield started


@pytest.fixture
def anna(home: Path) -> str:
    return make_account(home, "Anna Berg", ["planner"], password=PASSWORD)


def send(client: TestClient, path: str, **fields: str) -> Any:
    return client.post(path, data=fields, headers=FORM)


def sign_in(client: TestClient, name: str = "Anna Berg", password: str = PASSWORD, **more: str) -> Any:
    return send(client, "/sign-in", name=name, password=password, **more)


def is_in(client: TestClient) -> bool:
    return client.get("/api/me").status_code == 200


class TestSignIn:
    @pytest.mark.parametrize("name", ["Anna Berg", "anna berg", "  ANNA   BERG ", "\uff21nna Berg"])
    def test_the_name_may_be_written_as_one_likes(self, client: TestClient, anna: str, name: str) -> None:
        response = sign_in(client, name)
        assert (response.status_code, response.headers["location"]) == (303, "/")
        assert client.get("/api/me").json()["user_id"] == anna

    def test_it_goes_on_where_one_wanted_to(self, client: TestClient, anna: str) -> None:
        led = client.get("/import/7?known=1", headers={"accept": "text/html"}).headers["location"]
        page = client.get(led).text
        (wanted,) = re.findall(r'name="next" value="([^"]*)"', page)
        assert sign_in(client, next=wanted.replace("&amp;", "&")).headers["location"] == "/import/7?known=1"

    def test_a_refusal_is_the_same_whoever_it_is(self, client: TestClient, home: Path, anna: str) -> None:
        make_account(home, "Bo", ["planner"], password=PASSWORD)
        make_account(home, "Cecilia", ["planner"])
        disable_user(home, make_account(home, "David", ["planner"], password=PASSWORD), now=time.time())
        answers = [
            sign_in(client, name, password)
            for name, password in (
                ("Anna Berg", OTHER), ("Nobody", PASSWORD), ("Cecilia", PASSWORD), ("David", PASSWORD),
                ("x" * 9000, "y"),
            )
        ]  # fmt: skip
        assert {answer.status_code for answer in answers} == {401}
        pages = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
        assert len(pages) == 1
        assert not any("set-cookie" in answer.headers for answer in answers)
        assert find_user(home, "Anna Berg").user_id == anna  # type: ignore[union-attr]

    def test_an_unknown_name_costs_as_much_work(self, client: TestClient, app: FastAPI, anna: str) -> None:
        passwords, done = app.state.accounts.passwords, []
        verify = passwords._hasher.verify
        passwords._hasher = type("Counted", (), {"verify": lambda _, *a: done.append(a[0][:9]) or verify(*a)})()
        for name in ("Anna Berg", "Nobody"):
            sign_in(client, name, OTHER)
        assert done == ["$argon2id", "$argon2id"]

    def test_what_was_typed_comes_back_but_the_password(self, client: TestClient) -> None:
        name = "\u202emoc.live <b>😀</b>" + "å" * 9_000
        answer = sign_in(client, name, "a secret that must not come back")
        assert answer.status_code == 401
        assert "must not come back" not in answer.text
        assert "&lt;b&gt;😀&lt;/b&gt;" in answer.text
        assert "<b>" not in answer.text

    def test_empty_fields_are_named(self, client: TestClient) -> None:
        answer = send(client, "/sign-in", name=" ", password="")
        assert answer.status_code == 422
        assert 'href="#name"' in answer.text
        assert 'href="#password"' in answer.text

    @pytest.mark.parametrize(
        "headers", [{}, {"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
    )
    def test_no_other_site_signs_anybody_in(self, client: TestClient, anna: str, headers: dict[str, str]) -> None:
        answer = client.post("/sign-in", data={"name": "Anna Berg", "password": PASSWORD}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers

    def test_other_bodies_are_refused(self, client: TestClient) -> None:
        assert client.post("/sign-in", json={"name": "a"}, headers=FORM).status_code == 422
        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post("/sign-in", content=b"a=" + b"b" * 200_000, headers=FORM | kind).status_code == 413
        assert client.post("/sign-in", content=b"&a=b" * 400, headers=FORM | kind).status_code == 422
        assert client.post("/sign-in", content=b"\xff", headers=FORM | kind).status_code == 422


class TestNext:
    @pytest.mark.parametrize(
        "wanted",
        [
            "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example",
            "javascript:alert(1)", "%2F%2Fevil.example", "/\t/evil.example", "/\n/evil", "evil.example", "", " /import",
            "///evil.example", "/%0d%0aSet-Cookie:x\r\n", "/å", "/" + "a" * 3000, "/welcome/x", "/sign-in?next=/",
            "@evil.example", "/import\\..", None,
        ],
    )  # fmt: skip
    def test_what_leads_elsewhere_leads_home(self, client: TestClient, anna: str, wanted: str | None) -> None:
        assert choose_next(wanted) == "/"
        query = urlencode({"next": wanted or ""}, errors="replace")
        page = client.get(f"/sign-in?{query}")
        assert page.status_code == 200
        assert "evil" not in re.sub(r'href="[^"]*lang=', "", page.text)
        assert sign_in(client, next=wanted or "").headers["location"] == "/"

    @pytest.mark.parametrize("wanted", ["/", "/import", "/import/3?known=1&lang=en", "/?at=2026-07-15#c", "/%2F%2Fx"])
    def test_pages_of_ours_are_gone_on_to(self, wanted: str) -> None:
        assert choose_next(wanted) == wanted

    @pytest.mark.parametrize(
        ("wanted", "path"),
        [
            ("/?lang=sv", "/?lang=en"), ("/import", "/import?lang=en"),
            ("/?at=2026-07-15&lang=sv#c", "/?at=2026-07-15&lang=en#c"),
            ("/?lang=sv&lang=sv&slang=1", "/?slang=1&lang=en"),
        ],
    )  # fmt: skip
    def test_they_are_in_the_language_that_was_chosen_last(self, wanted: str, path: str) -> None:
        assert choose_next(wanted, "en") == path
        assert choose_next(wanted, "xx") == wanted

    def test_switching_the_language_of_the_sign_in_page_lasts(self, client: TestClient, anna: str) -> None:
        page = client.get("/?at=2026-07-15&lang=sv", headers={"accept": "text/html"}, follow_redirects=True)
        english = re.search(r'href="(\?lang=en[^"]*)"', page.text)
        assert english is not None
        switched = client.get(f"/sign-in{unescape(english[1])}")
        wanted = re.search(r'name="next" value="([^"]*)"', switched.text)
        assert wanted is not None
        form = {"name": "Anna Berg", "password": PASSWORD, "next": unescape(wanted[1])}
        answer = client.post("/sign-in?lang=en", data=form, headers=FORM)
        assert answer.headers["location"] == "/?at=2026-07-15&lang=en"

    @given(st.text())
    def test_it_always_stays_here(self, wanted: str) -> None:
        path = choose_next(wanted)
        assert path.startswith("/")
        assert path[1:2] not in {"/", "\\"}
        assert not re.search(r"[\x00-\x20\\]", path)


class TestSession:
    def test_the_cookie(self, client: TestClient, anna: str) -> None:
        cookie, device = sign_in(client).headers.get_list("set-cookie")
        assert re.fullmatch(r"norrsyn=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookie)
        assert re.fullmatch(r"norrsyn-device=[\w-]{43}; HttpOnly; Max-Age=15552000; Path=/; SameSite=lax", device)

    @pytest.mark.parametrize("base", ["https://127.0.0.1:8000", "http://norrsyn.example", "https://norrsyn.example"])
    def test_the_cookie_wherever_the_way_is_tls(self, tmp_path: Path, base: str) -> None:
        make_account(tmp_path, "Anna Berg", ["planner"], password=PASSWORD)
        app = create_app(Settings(home=tmp_path, allowed_hosts="norrsyn.example"), passwords=cheap_passwords())
        with TestClient(app, base_url=base.replace("http:", "https:"), follow_redirects=False) as client:
            data = {"name": "Anna Berg", "password": PASSWORD}
            answer = client.post("/sign-in", data=data, headers={"origin": base.replace("http:", "https:")})
            cookie, device = answer.headers.get_list("set-cookie")
            assert re.fullmatch(r"__Host-norrsyn=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", cookie)
            assert re.fullmatch(
                r"__Host-norrsyn-device=[\w-]{43}; HttpOnly; Max-Age=15552000; Path=/; SameSite=lax; Secure", device
            )
            assert client.get("/api/me").status_code == 200

    def test_it_is_another_one_after_signing_in(self, client: TestClient, anna: str) -> None:
        planted = {"cookie": f"norrsyn={'A' * 43}"}
        client.post("/sign-in", data={"name": "Anna Berg", "password": PASSWORD}, headers=FORM | planted)
        first = client.cookies["norrsyn"]
        assert first != "A" * 43
        sign_in(client)
        assert client.cookies["norrsyn"] != first
        assert client.get("/api/me").status_code == 200
        client.cookies.clear()
        client.cookies.set("norrsyn", first)
        assert not is_in(client)

    def test_signing_out_ends_it(self, client: TestClient, anna: str) -> None:
        sign_in(client)
        token = client.cookies["norrsyn"]
        answer = client.post("/sign-out", headers=FORM)
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert "norrsyn" not in client.cookies
        client.cookies.set("norrsyn", token)
        assert not is_in(client)
        assert client.post("/sign-out", headers=FORM).status_code == 303

    @pytest.mark.parametrize(
        ("lang", "words"), [("sv", "det du skickade utfördes inte"), ("en", "what you sent was not done")]
    )
    def test_whoever_sends_a_form_after_it_ended_is_told(
        self, client: TestClient, home: Path, anna: str, lang: str, words: str
    ) -> None:
        accept = {"accept": "text/html"}
        for path, back in ((f"/account/password?lang={lang}", "/account"), (f"/admin/users?lang={lang}", "/admin")):
            answer = client.post(path, data={"name": "Ny"}, headers=FORM | accept)
            assert answer.status_code == 303
            page = client.get(answer.headers["location"], headers=accept)
            assert words in page.text
            assert f'name="next" value="{back}"' in page.text
        assert find_user(home, "Ny") is None
        # a page that is only read says nothing of the kind
        assert "problem" not in client.get("/account", headers=accept).headers["location"]

    def test_idle_and_absolute_ends(self, client: TestClient, anna: str, clock: Clock) -> None:
        sign_in(client)
        for _ in range(12 * 3 - 1):
            clock.now += 20 * 60
            assert is_in(client)
        clock.now += 20 * 60
        assert not is_in(client)
        sign_in(client)
        clock.now += 29 * 60
        assert is_in(client)
        clock.now += 30 * 60
        assert not is_in(client)

    def test_a_clock_that_is_put_back_revives_nothing(self, client: TestClient, anna: str, clock: Clock) -> None:
        sign_in(client)
        dead = client.cookies["norrsyn"]
        clock.now += 31 * 60
        assert not is_in(client)
        clock.now -= 24 * 3600
        assert not is_in(client)
        clock.now += 24 * 3600 - 20 * 60
        client.cookies.set("norrsyn", dead)
        assert not is_in(client)
        # one that is in use dies too: whoever put the clock back may want more of it
        sign_in(client)
        clock.now -= 3600
        assert not is_in(client)

    def test_use_is_written_down_once_a_minute(self, client: TestClient, anna: str, clock: Clock, app: FastAPI) -> None:
        sign_in(client)
        began = clock.now
        seen = set()
        for _ in range(10):
            clock.now += 10
            assert is_in(client)
            seen.add(app.state.accounts.list_sessions(anna)[0].seen_at - began)
        assert len(seen) == 2

    def test_ending_it_bites_at_once_on_every_worker(self, home: Path, client: TestClient, anna: str) -> None:
        sign_in(client)
        worker = create_app(Settings(home=home), passwords=cheap_passwords())
        with TestClient(worker, base_url=BASE_URL, cookies=dict(client.cookies)) as other:
            assert is_in(other)
            disable_user(home, anna, now=time.time())
            assert not is_in(other)
            assert not is_in(client)

    def test_two_cookies_of_one_name_are_none(self, client: TestClient, anna: str) -> None:
        sign_in(client)
        token = client.cookies["norrsyn"]
        client.cookies.clear()
        assert client.get("/api/me", headers={"cookie": f"a=1; norrsyn={token}"}).status_code == 200
        assert client.get("/api/me", headers={"cookie": f"norrsyn={token}; norrsyn=x"}).status_code == 401

    @given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
    def test_no_other_cookie_gets_in(self, value: str) -> None:
        from api.auth.cookies import read_cookie  # noqa: PLC0415
        from geo.store.people.tokens import is_token  # noqa: PLC0415

        scope = {"type": "http", "scheme": "http", "server": ("127.0.0.1", 80), "path": "/", "query_string": b""}
        from starlette.requests import Request  # noqa: PLC0415

        headers = [(b"host", b"127.0.0.1"), (b"cookie", b"norrsyn=" + value.encode("latin-1"))]
        found = read_cookie(Request({**scope, "headers": headers}))
        assert found is None or not is_token(found) or re.fullmatch(r"[\w-]{43}", found)


class TestAccount:
    def test_another_password_ends_every_other_session(self, client: TestClient, app: FastAPI, anna: str) -> None:
        sign_in(client)
        elsewhere = TestClient(app, base_url=BASE_URL, follow_redirects=False)
        sign_in(elsewhere)
        old = client.cookies["norrsyn"]
        fields = {"old_password": PASSWORD, "password": OTHER, "again": OTHER}
        assert send(client, "/account/password", **fields).status_code == 303
        assert is_in(client)
        assert client.cookies["norrsyn"] != old
        assert not is_in(elsewhere)
        assert sign_in(elsewhere).status_code == 401
        assert sign_in(elsewhere, password=OTHER).status_code == 303

    @pytest.mark.parametrize(
        ("fields", "where"),
        [
            ({"old_password": OTHER, "password": OTHER, "again": OTHER}, "old_password"),
            ({"old_password": "", "password": OTHER, "again": OTHER}, "old_password"),
            ({"old_password": PASSWORD, "password": "short", "again": "short"}, "password"),
            ({"old_password": PASSWORD, "password": OTHER, "again": PASSWORD}, "again"),
        ],
    )
    def test_what_is_wrong_changes_nothing(
        self,
        client: TestClient,
        home: Path,
        anna: str,
        fields: dict[str, str],
        where: str,
    ) -> None:
        sign_in(client)
        before = find_user(home, "Anna Berg")
        answer = send(client, "/account/password", **fields)
        assert answer.status_code in {401, 422}
        assert f'href="#{where}"' in answer.text
        assert 'href="../static/css/norrsyn.css"' in answer.text, "the answer stands one level below the page"
        assert OTHER not in answer.text
        assert find_user(home, "Anna Berg") == before
        assert is_in(client)

    def test_sessions_are_ended_one_by_one_or_all(self, client: TestClient, app: FastAPI, anna: str) -> None:
        others = [TestClient(app, base_url=BASE_URL, follow_redirects=False) for _ in range(3)]
        for one in (client, *others):
            sign_in(one)
        page = client.get("/account").text
        ids = re.findall(r'name="session" value="([0-9a-f]{16})"', page)
        assert len(ids) == 3
        send(client, "/account/sessions", session=ids[0])
        assert [is_in(one) for one in (client, *others)].count(True) == 3
        send(client, "/account/sessions", session="all")
        assert [is_in(one) for one in (client, *others)] == [True, False, False, False]
        assert len(app.state.accounts.list_sessions(anna)) == 1

    def test_nobody_ends_somebody_elses(self, client: TestClient, app: FastAPI, home: Path, anna: str) -> None:
        sign_in(client)
        other = enter(app, "Bo", ["admin"], base_url=BASE_URL)
        (session,) = app.state.accounts.list_sessions(make_account(home, "Bo"))
        send(client, "/account/sessions", session=session.session_id)
        assert is_in(other)


class TestLinks:
    @pytest.fixture
    def link(self, app: FastAPI) -> str:
        return f"/welcome/{app.state.accounts.make_first_link()}"

    def fields(self, client: TestClient, link: str, **more: str) -> dict[str, str]:
        (form_token,) = FORM_TOKEN.findall(client.get(link).text)
        first = {"form_token": form_token, "name": "Åsa", "agency": "skatteverket"}
        return {**first, "password": PASSWORD, "again": PASSWORD, **more}

    def test_the_first_user_comes_in(self, client: TestClient, home: Path, link: str) -> None:
        answer = send(client, link, **self.fields(client, link))
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        told = client.get("/api/me").json()
        assert (told["name"], told["agency"], told["circle"]) == ("Åsa", "skatteverket", "joint-inspection")
        assert tuple(told["roles"]) == FIRST_ROLES
        kept = find_user(home, "åsa")
        assert kept is not None
        assert str(kept.password_hash).startswith("$argon2id$")

    def test_it_works_once(self, client: TestClient, app: FastAPI, link: str) -> None:
        fields = self.fields(client, link)
        send(client, link, **fields)
        client.cookies.clear()
        assert send(client, link, **fields | {"name": "Bo"}).status_code == 404
        assert client.get(link).status_code == 404
        assert app.state.accounts.make_first_link() is None

    def test_scanners_do_no_harm(self, client: TestClient, link: str) -> None:
        for _ in range(3):
            assert client.get(link).status_code == 200
            assert client.head(link).status_code == 200
            assert client.post(link, headers=FORM).status_code == 422
            assert send(client, link).status_code == 422
            blind = {"name": "Åsa", "agency": "skatteverket", "password": PASSWORD, "again": PASSWORD}
            assert send(client, link, **blind, form_token="x" * 64).status_code == 422
            assert client.post(link, data=self.fields(client, link)).status_code == 403
        assert send(client, link, **self.fields(client, link)).status_code == 303

    @pytest.mark.parametrize(
        ("wrong", "where"),
        [
            ({"name": ""}, "name"), ({"name": "x" * 10_000}, "name"), ({"name": "a\u202eb"}, "name"),
            ({"agency": ""}, "agency"), ({"agency": "kgb"}, "agency"),
            ({"password": "", "again": ""}, "password"),
            ({"password": "elva tecken", "again": "elva tecken"}, "password"),
            ({"again": "annat"}, "again"), ({"name": PASSWORD}, "password"),
        ],
    )  # fmt: skip
    def test_a_wrong_form_uses_nothing_up_and_loses_nothing_but_passwords(
        self, client: TestClient, link: str, wrong: dict[str, str], where: str
    ) -> None:
        fields = self.fields(client, link) | wrong
        answer = send(client, link, **fields)
        assert answer.status_code == 422
        assert f'href="#{where}"' in answer.text
        assert f'value="{fields["name"]}"' in answer.text
        if fields["agency"] == "skatteverket":
            assert 'value="skatteverket" selected' in answer.text
        assert not fields["password"] or fields["password"] == fields["name"] or fields["password"] not in answer.text
        assert send(client, link, **self.fields(client, link)).status_code == 303

    @pytest.mark.parametrize("name", ["محمد", "ישראל", "😀", "Zoë 👩‍👩‍👧", "Ольга", "李"])
    def test_names_of_all_kinds(self, client: TestClient, link: str, name: str) -> None:
        assert send(client, link, **self.fields(client, link, name=name)).status_code == 303
        assert client.get("/api/me").json()["name"] == name
        client.post("/sign-out", headers=FORM)
        assert sign_in(client, name).status_code == 303

    def test_they_end_and_stay_dead(self, client: TestClient, link: str, clock: Clock) -> None:
        fields = self.fields(client, link)
        clock.now += 24 * 3600 + 1
        assert client.get(link).status_code == 404
        clock.now -= 24 * 3600
        assert client.get(link).status_code == 404
        assert send(client, link, **fields).status_code == 404

    def test_a_new_one_replaces_the_old(self, client: TestClient, app: FastAPI, link: str) -> None:
        newer = f"/welcome/{app.state.accounts.make_first_link()}"
        assert client.get(link).status_code == 404
        assert client.get(newer).status_code == 200

    def test_another_password_by_link(self, client: TestClient, app: FastAPI, anna: str) -> None:
        sign_in(client)
        link = f"/welcome/{app.state.accounts.make_link(anna)}"
        visitor = TestClient(app, base_url=BASE_URL, follow_redirects=False)
        (form_token,) = FORM_TOKEN.findall(visitor.get(link).text)
        fields = {"form_token": form_token, "password": OTHER, "again": OTHER}
        # whose password it is stands in the link, not in the form
        assert send(visitor, link, **fields, name="Bo").status_code == 303
        assert visitor.get("/api/me").json()["name"] == "Anna Berg"
        assert not is_in(client)
        assert sign_in(client).status_code == 401

    def test_no_two_use_one(self, app: FastAPI, home: Path, link: str, client: TestClient) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        forms = [self.fields(client, link, name=f"Person {n}") for n in range(6)]
        clients = [TestClient(app, base_url=BASE_URL, follow_redirects=False) for _ in forms]
        with ThreadPoolExecutor(6) as pool:
            codes = [
                a.status_code
                for a in pool.map(lambda each: send(each[0], link, **each[1]), zip(clients, forms, strict=True))
            ]
        assert sorted(codes) == [303, *[404] * 5]

    def test_tokens_stand_nowhere(
        self,
        client: TestClient,
        app: FastAPI,
        home: Path,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        token = app.state.accounts.make_first_link()
        link = f"/welcome/{token}"
        fields = self.fields(client, link)
        with caplog.at_level(logging.DEBUG):
            answers = [client.get(link), client.post(link), client.get(link + "x"), client.delete(link, headers=FORM)]
            with monkeypatch.context() as patched, allow_routes():
                patched.setattr(app.state.accounts, "find_link", lambda _: 1 / 0)
                answers.append(client.get(link, headers={"accept": "text/html"}))
                assert answers[-1].status_code == 500
            done = send(client, link, **fields)
        session = client.cookies["norrsyn"]
        assert done.status_code == 303
        kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        for secret in (token, session, PASSWORD):
            assert secret.encode() not in kept
            assert secret not in "".join(record.getMessage() for record in caplog.records if record.name == "norrsyn")
        for answer in answers:
            assert token not in answer.text
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"

    def test_paths_for_logs(self) -> None:
        assert hide_tokens("/welcome/abc") == "/welcome/-"
        assert hide_tokens("/welcome/abc/def") == "/welcome/-/def"
        assert hide_tokens("/api/welcome/abc") == "/api/welcome/abc"


class TestLockOut:
    def guess(self, client: TestClient, name: str, n: int) -> list[int]:
        return [sign_in(client, name, OTHER).status_code for _ in range(n)]

    @pytest.mark.parametrize("name", ["Anna Berg", "Nobody at all"])
    def test_delays_grow_also_for_names_that_do_not_exist(
        self,
        client: TestClient,
        anna: str,
        clock: Clock,
        name: str,
    ) -> None:
        assert self.guess(client, name, 6) == [401] * 5 + [429]
        waits = []
        for _ in range(6):
            answer = sign_in(client, name)
            assert answer.status_code == 429
            waits.append(int(answer.headers["retry-after"]))
            clock.now += waits[-1]
            self.guess(client, name, 1)
        assert waits == [2, 4, 8, 16, 32, 64]

    def test_the_right_password_is_not_looked_at_while_one_waits(
        self, client: TestClient, anna: str, clock: Clock
    ) -> None:
        self.guess(client, "Anna Berg", 5)
        assert sign_in(client).status_code == 429
        clock.now += 3
        assert sign_in(client).status_code == 303
        # and with it the sheet is clean
        assert self.guess(client, "Anna Berg", 5) == [401] * 5

    def test_a_stranger_does_not_keep_out_whoever_signed_in_here_before(
        self, app: FastAPI, client: TestClient, anna: str, clock: Clock
    ) -> None:
        assert sign_in(client).status_code == 303
        client.post("/sign-out", headers=FORM)
        stranger = TestClient(app, base_url=BASE_URL, follow_redirects=False)
        # the same address, as in one office: name and address are both made to wait
        assert self.guess(stranger, "Anna Berg", 6) == [401] * 5 + [429]
        for n in range(30):
            sign_in(stranger, f"n{n}", OTHER)
        assert sign_in(stranger, "somebody else").status_code == 429
        assert sign_in(client).status_code == 303
        # which gives the stranger nothing
        assert sign_in(stranger).status_code == 429
        # for another name it is a browser like any other
        assert sign_in(client, "Bo Ek", OTHER).status_code == 429
        # the browser's own failures are counted as ever
        assert self.guess(client, "Anna Berg", 6) == [401] * 5 + [429]
        assert sign_in(client).status_code == 429
        clock.now += 3
        assert sign_in(client).status_code == 303

    def test_a_device_cookie_is_one_browsers_and_lets_nobody_in(
        self, app: FastAPI, client: TestClient, home: Path, anna: str, clock: Clock
    ) -> None:
        sign_in(client)
        old = client.cookies["norrsyn-device"]
        sign_in(client)
        assert client.cookies["norrsyn-device"] != old
        assert old.encode() not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        device = client.cookies["norrsyn-device"]
        client.cookies.clear()
        client.cookies.set("norrsyn-device", device)
        assert not is_in(client)
        self.guess(TestClient(app, base_url=BASE_URL, follow_redirects=False), "Anna Berg", 5)
        for token in (old, "x", "A" * 43, device[:-1], ""):
            other = TestClient(app, base_url=BASE_URL, follow_redirects=False, cookies={"norrsyn-device": token})
            assert sign_in(other).status_code == 429
        # so many browsers of one user are known, and for so long
        for _ in range(MAX_DEVICES):
            clock.now += 3600
            assert sign_in(TestClient(app, base_url=BASE_URL, follow_redirects=False)).status_code == 303
        self.guess(TestClient(app, base_url=BASE_URL, follow_redirects=False), "Anna Berg", 5)
        assert sign_in(client).status_code == 429
        clock.now += 3
        assert sign_in(client).status_code == 303
        clock.now += DEVICE_LASTS_S + 1
        self.guess(TestClient(app, base_url=BASE_URL, follow_redirects=False), "Anna Berg", 5)
        assert sign_in(client).status_code == 429

    def test_it_holds_over_restarts_and_workers(self, client: TestClient, home: Path, anna: str, clock: Clock) -> None:
        self.guess(client, "Anna Berg", 3)
        again = create_app(Settings(home=home), passwords=cheap_passwords())
        again.state.accounts.clock = clock
        with TestClient(again, base_url=BASE_URL, follow_redirects=False) as other:
            assert self.guess(other, "Anna Berg", 3) == [401, 401, 429]
        assert sign_in(client).status_code == 429

    def test_many_names_from_one_place(self, tmp_path: Path) -> None:
        settings = Settings(home=tmp_path, trusted_proxies=["127.0.0.1", "testclient-is-no-address"][0])
        app = create_app(settings, passwords=cheap_passwords())
        clock = app.state.accounts.clock = Clock()
        with TestClient(app, base_url=BASE_URL, follow_redirects=False, client=("127.0.0.1", 5000)) as client:

            def guess(n: int, address: str) -> int:
                clock.now += 0.001
                headers = FORM | {"x-forwarded-for": address}
                return client.post("/sign-in", data={"name": f"n{n}", "password": "p"}, headers=headers).status_code

            # the host part of an IPv6 address is everybody's own choice
            codes = [guess(n, f"2001:db8:1:2::{n:x}") for n in range(1, 33)]
            assert codes[:30] == [401] * 30
            assert codes[30:] == [429] * 2
            assert guess(99, "2001:db8:1:3::1") == 401
            assert [guess(n + 100, "192.0.2.1") for n in range(31)] == [401] * 30 + [429]
            assert guess(300, "192.0.2.2") == 401

    def test_forwarded_addresses_count_only_where_a_setting_says_so(self, client: TestClient) -> None:
        codes = [
            client.post(
                "/sign-in", data={"name": f"n{n}", "password": "p"}, headers=FORM | {"x-forwarded-for": f"192.0.2.{n}"}
            ).status_code
            for n in range(31)
        ]
        assert codes == [401] * 30 + [429]

    def test_a_burst_gets_no_more_guesses(self, app: FastAPI, client: TestClient, anna: str) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(lambda _: sign_in(client, "Anna Berg", OTHER).status_code, range(24)))
        assert codes.count(401) == 5
        assert set(codes) == {401, 429}
        assert app.state.accounts is not None


class TestPasswords:
    @pytest.mark.parametrize(
        ("password", "fault"),
        [
            ("", "short"), ("elva tecken", "short"), ("x" * 501, "long"),
            ("Anna Lindberg", "name"), ("anna lindberg", "name"), ("AnnaLindberg!", "name"),
            ("anna lindberg 12", "name"),
            ("password1234", "obvious"), ("Lösenord1234", "obvious"), ("norrsyn123456", "obvious"),
            ("aaaaaaaaaaaaaa", "obvious"), ("123456789012", "obvious"), ("abcdefghijklmn", "obvious"),
            ("qwertyuiopåa", "obvious"), ("abcabcabcabcabc", "obvious"),
            (PASSWORD, None), ("korrekt häst batteri", None), ("zK3!vm-9Qx_p7", None),
            ("😀🙈🐟🌲❄️🌊⛵🔥🍞🧀🐴🎻", None),
        ],
    )  # fmt: skip
    def test_what_no_password_may_be(self, password: str, fault: str | None) -> None:
        assert find_fault(password, "Anna Lindberg") == fault

    def test_it_is_argon2id_at_full_strength_unless_a_test_says_otherwise(self) -> None:
        kept = Passwords().hash(PASSWORD)
        match = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", kept)
        assert match is not None
        memory, time_cost, _ = map(int, match.groups())
        # RFC 9106, second recommended option
        assert memory >= 65_536
        assert time_cost >= 3

    def test_two_ways_to_write_one_letter_are_one(self) -> None:
        passwords = cheap_passwords()
        assert passwords.verify(passwords.hash("sma\u030a fiskar hela dagen"), "små fiskar hela dagen")

    @pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=8,t=1,p=1$x"])
    def test_what_is_no_hash_fits_no_password(self, kept: str | None) -> None:
        assert not cheap_passwords().verify(kept, PASSWORD)
        assert not cheap_passwords().verify(kept, "nobody has this password")
