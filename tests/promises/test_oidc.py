"""Promise: whoever comes through an identity provider is whom it vouches for, with the roles that its claims give."""

# A fixture that makes a provider need not be looked at.
# ruff: noqa: ARG002

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse, RedirectResponse

from api import create_app
from api.oidc.metadata import Directory
from api.oidc.rules import AgencyRule
from api.settings import Settings
from geo.reference import read_table
from geo.store.people.database import write_people
from geo.store.people.events import list_events
from geo.store.people.tables import ATTEMPTS, LINKS, SESSIONS, USERS
from geo.store.people.users import change_user, disable_user, find_by_subject, find_user, list_users
from tests.accounts import PASSWORD, cheap_passwords, make_account
from tests.api.made import BASE_URL
from tests.browsing import find_free_port, run_server
from tests.oidc_provider import CLIENT, SECRET, FakeProvider, Key, encode, run_provider

RETURN = "/sign-in/oidc/return"
FORM = {"origin": BASE_URL}
ROLES = "groups:norrsyn-planner=planner;groups:norrsyn-admin=admin;realm_access.roles:urn%3Aimport=analyst"
ANNA = {"sub": "anna-1", "name": "Anna Berg", "groups": ["norrsyn-planner", "others"]}


@pytest.fixture(scope="module")
def running() -> Iterator[FakeProvider]:
    with run_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: FakeProvider) -> FakeProvider:
    fresh = FakeProvider(running.issuer, running.keys[:1], user=dict(ANNA))
    running.__dict__.update(fresh.__dict__)
    return running


def make_settings(home: Path, provider: FakeProvider, **more: Any) -> Settings:
    given = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_name": "Logga in med SITHS",
        "oidc_roles": ROLES,
        "oidc_agency": "polismyndigheten",
    }
    return Settings(home=home, **(given | more))


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory, running: FakeProvider) -> FastAPI:
    return create_app(make_settings(tmp_path_factory.mktemp("oidc"), running), passwords=cheap_passwords())


@pytest.fixture
def app(shared_app: FastAPI, provider: FakeProvider) -> FastAPI:
    """An application without any user, which knows nothing of the provider yet."""
    with write_people(shared_app.state.service.settings.home) as connection:
        # the log is only added to
        for table in (SESSIONS, LINKS, ATTEMPTS, USERS):
            connection.execute(table.delete())
    accounts = shared_app.state.accounts
    accounts.clock, accounts.provider.directory = time.time, Directory(provider.issuer)
    return shared_app


@pytest.fixture
def home(app: FastAPI) -> Path:
    home: Path = app.state.service.settings.home
    return home


def open_client(app: FastAPI, base_url: str = BASE_URL) -> TestClient:
    return TestClient(app, base_url=base_url, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    # not started: nothing here needs a surface
    return open_client(app)


def begin(client: TestClient, **query: str) -> str:
    """The provider's address that the browser is sent to."""
    answer = client.get("/sign-in/oidc", params=query)
    assert answer.status_code == 303
    return answer.headers["location"]


def visit(address: str) -> str:
    """The address that the provider sends the browser back to, without the host."""
    back = urlsplit(httpx.get(address).headers["location"])
    return f"{back.path}?{back.query}"


def sign_in(client: TestClient, **query: str) -> Any:
    return client.get(visit(begin(client, **query)))


def told(answer: Any) -> str:
    """The problem that a refused sign-in is told by, empty where it went well."""
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["location"]).query).get("problem", [""])[0]


def is_in(client: TestClient) -> bool:
    return client.get("/api/me").status_code == 200


def session_of(client: TestClient) -> str | None:
    return next((one.value for one in client.cookies.jar if one.name == "norrsyn"), None)


class TestComingIn:
    def test_a_real_browser_s_way(self, tmp_path: Path, provider: FakeProvider) -> None:
        """Both servers over HTTP, each redirect followed as browsers do."""
        port = find_free_port()
        app = create_app(make_settings(tmp_path, provider), passwords=cheap_passwords())
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error")
        base = f"http://127.0.0.1:{port}"
        with run_server(uvicorn.Server(config)), httpx.Client(base_url=base, follow_redirects=True) as browser:
            page = browser.get("/sign-in?lang=en").text
            assert 'href="sign-in/oidc?next=&amp;lang=en">Logga in med SITHS<' in page
            answer = browser.get("/sign-in/oidc?next=/account&lang=en")
            assert (answer.status_code, answer.url.path) == (200, "/account")
            assert "Anna Berg" in answer.text
            assert [one.url.path for one in answer.history] == ["/sign-in/oidc", "/authorize", RETURN]
            assert provider.begun[0]["redirect_uri"] == f"{base}{RETURN}"

    def test_who_it_is(self, client: TestClient, home: Path, provider: FakeProvider) -> None:
        answer = sign_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        me = client.get("/api/me").json()
        assert (me["name"], me["agency"], me["roles"]) == ("Anna Berg", "polismyndigheten", ["planner"])
        user = find_by_subject(home, provider.issuer, "anna-1")
        assert user is not None
        assert user.password_hash is None
        # the same user at the next sign-in, whatever they are called now
        provider.user["name"] = "Anna Lund"
        client.cookies.clear()
        sign_in(client)
        assert client.get("/api/me").json()["user_id"] == me["user_id"]
        assert len(list_users(home)) == 1

    def test_the_session_is_as_after_a_password(self, client: TestClient, app: FastAPI, provider: FakeProvider) -> None:
        cookies = SimpleCookie()
        for text in sign_in(client).headers.get_list("set-cookie"):
            cookies.load(text)
        morsel = cookies["norrsyn"]
        assert len(morsel.value) == 43
        assert (morsel["httponly"], morsel["samesite"], morsel["max-age"], morsel["path"]) == (True, "lax", "", "/")
        assert cookies["norrsyn-sign-in"].value == ""
        first = session_of(client)
        provider.user["groups"] = ["norrsyn-planner"]
        client.cookies.set("norrsyn", "A" * 43)
        app.state.accounts.clock = lambda: time.time() + 31 * 60
        client.cookies.clear()
        client.cookies.set("norrsyn", first)
        assert not is_in(client)

    def test_no_session_of_before_is_taken_over(self, client: TestClient) -> None:
        back = visit(begin(client))
        client.cookies.set("norrsyn", "A" * 43)
        answer = client.get(back)
        assert "A" * 43 not in answer.headers["set-cookie"]
        assert told(answer) == ""

    def test_the_cookie_wherever_the_way_is_tls(self, tmp_path: Path, provider: FakeProvider) -> None:
        settings = make_settings(
            tmp_path, provider, allowed_hosts="norrsyn.example", public_url="https://norrsyn.example"
        )
        with open_client(create_app(settings, passwords=cheap_passwords()), "https://norrsyn.example") as client:
            first = client.get("/sign-in/oidc")
            given = first.headers["set-cookie"]
            assert given.startswith("__Host-norrsyn-sign-in=")
            for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
                assert part in given
            assert told(client.get(visit(first.headers["location"]))) == ""
            assert provider.begun[-1]["redirect_uri"] == f"https://norrsyn.example{RETURN}"
            assert is_in(client)

    @pytest.mark.parametrize(("supported", "is_in_form"), [(["client_secret_post"], True), (None, False)])
    def test_the_secret_goes_as_the_provider_wants_it(
        self, client: TestClient, provider: FakeProvider, supported: list[str] | None, is_in_form: bool
    ) -> None:
        if supported:
            provider.metadata["token_endpoint_auth_methods_supported"] = supported
        assert told(sign_in(client)) == ""
        assert ("client_secret" in provider.forms[-1]) is is_in_form

    def test_signing_out_ends_it_here(self, client: TestClient) -> None:
        sign_in(client)
        assert client.post("/sign-out", headers=FORM).status_code == 303
        assert not is_in(client)

    def test_whoever_is_in_goes_on(self, client: TestClient, provider: FakeProvider) -> None:
        sign_in(client)
        n = len(provider.asked)
        answer = client.get("/sign-in/oidc?next=/account")
        assert answer.headers["location"].startswith("/sign-in?")
        assert client.get(answer.headers["location"]).headers["location"] == "/account"
        assert len(provider.asked) == n


class TestRoles:
    def test_without_a_role_nobody_is_made(self, client: TestClient, home: Path, provider: FakeProvider) -> None:
        provider.user["groups"] = ["others"]
        answer = sign_in(client, lang="en", next="/account")
        assert told(answer) == "refused"
        page = client.get(answer.headers["location"])
        assert page.status_code == 403
        assert "You are known, but not to Norrsyn" in page.text
        assert 'href="sign-in/oidc?next=%2Faccount&amp;lang=en"' in page.text
        assert "Du är känd där, men inte i Norrsyn" in client.get("/sign-in?problem=refused").text
        assert list_users(home) == []
        assert not is_in(client)

    @pytest.mark.parametrize(
        ("claims", "roles"),
        [
            ({"groups": "norrsyn-admin"}, ["admin"]),
            ({"groups": ["norrsyn-admin", "norrsyn-planner"]}, ["planner", "admin"]),
            ({"groups": None, "realm_access": {"roles": ["urn:import"]}}, ["analyst"]),
        ],
    )
    def test_what_claims_give(
        self, client: TestClient, provider: FakeProvider, claims: dict[str, Any], roles: list[str]
    ) -> None:
        provider.user |= claims
        sign_in(client)
        assert client.get("/api/me").json()["roles"] == roles

    @pytest.mark.parametrize("groups", [None, 1, True, {"norrsyn-admin": 1}, [["norrsyn-admin"]], "norrsyn-admin2", []])
    def test_what_claims_do_not_give(self, client: TestClient, provider: FakeProvider, groups: Any) -> None:
        provider.user["groups"] = groups
        assert told(sign_in(client)) == "refused"

    def test_they_follow_at_the_next_sign_in(self, app: FastAPI, client: TestClient, provider: FakeProvider) -> None:
        sign_in(client)
        other = open_client(app)
        provider.user["groups"] = ["norrsyn-admin"]
        sign_in(other)
        assert other.get("/api/me").json()["roles"] == ["admin"]
        # where roles change, every session of before ends
        assert not is_in(client)

    def test_sessions_elsewhere_stay_where_nothing_changed(self, app: FastAPI, client: TestClient) -> None:
        sign_in(client)
        other = open_client(app)
        sign_in(other)
        assert is_in(client)

    def test_who_has_lost_every_role_is_out_at_once(
        self, app: FastAPI, client: TestClient, home: Path, provider: FakeProvider
    ) -> None:
        sign_in(client)
        provider.user["groups"] = []
        other = open_client(app)
        assert told(sign_in(other)) == "refused"
        assert not is_in(client)
        found = find_by_subject(home, provider.issuer, "anna-1")
        assert found is not None
        assert found.roles == frozenset()

    def test_what_happens_is_noted(self, client: TestClient, home: Path, provider: FakeProvider) -> None:
        n_before, _ = list_events(home)
        sign_in(client)
        client.cookies.clear()
        provider.user["groups"] = ["norrsyn-admin"]
        sign_in(client)
        client.cookies.clear()
        provider.user["groups"] = []
        sign_in(client)
        n_events, events = list_events(home)
        noted = [(event.user_name, event.what) for event in reversed(events[: n_events - n_before])]
        kinds = ["user-added", "signed-in", "user-changed", "signed-in", "user-changed"]
        assert noted == [("Anna Berg", kind) for kind in kinds]
        last = list_events(home)[1][0].about
        assert last.startswith("Anna Berg: admin; polismyndigheten; ")
        assert "→ no role; polismyndigheten; " in last

    def test_an_admin_s_circle_stays_as_long_as_the_agency(
        self, app: FastAPI, client: TestClient, home: Path, provider: FakeProvider
    ) -> None:
        provider.user["org"] = "polismyndigheten"
        app.state.accounts.provider._agency = AgencyRule(claim="org")
        try:
            sign_in(client)
            user_id, own = (client.get("/api/me").json()[name] for name in ("user_id", "circle"))
            other = next(one for one in map(str, read_table("circles")["circle"]) if one != own)
            change_user(home, user_id, circle=other)
            provider.user["groups"] = ["norrsyn-admin"]
            sign_in(client)
            assert client.get("/api/me").json()["circle"] == other
            provider.user["org"] = "arbetsmiljoverket"
            client.cookies.clear()
            sign_in(client)
            me = client.get("/api/me").json()
            assert me["agency"] == "arbetsmiljoverket"
            # both agencies belong to one circle
            assert me["circle"] == own
        finally:
            app.state.accounts.provider._agency = AgencyRule(fixed="polismyndigheten")

    def test_a_disabled_user_stays_out(self, client: TestClient, home: Path, provider: FakeProvider) -> None:
        sign_in(client)
        disable_user(home, client.get("/api/me").json()["user_id"], now=time.time())
        client.cookies.clear()
        answer = sign_in(client)
        assert told(answer) == "refused"
        assert session_of(client) is None

    @pytest.mark.parametrize("name", ["Anna Berg", "ANNA  BERG", "\uff21nna Berg"])
    def test_a_local_user_of_that_name_is_somebody_else(
        self, client: TestClient, home: Path, provider: FakeProvider, name: str
    ) -> None:
        local = make_account(home, "Anna Berg", ["admin"], password=PASSWORD)
        provider.user["name"] = name
        sign_in(client)
        me = client.get("/api/me").json()
        assert me["user_id"] != local
        assert me["name"].endswith(" (2)")
        assert me["roles"] == ["planner"]
        kept = find_user(home, "Anna Berg")
        assert kept is not None
        assert (kept.user_id, kept.issuer, kept.roles) == (local, None, frozenset({"admin"}))

    def test_nobody_signs_in_by_password_as_them(self, client: TestClient) -> None:
        sign_in(client)
        client.cookies.clear()
        for password in ("", PASSWORD):
            answer = client.post("/sign-in", data={"name": "Anna Berg", "password": password}, headers=FORM)
            assert answer.status_code in {401, 422}

    @pytest.mark.parametrize(
        ("claims", "name"),
        [
            ({"name": "\u202emoc.live"}, "anna-1"),
            ({"name": None, "email": "anna@polisen.example"}, "anna@polisen.example"),
            ({"name": ["x"], "preferred_username": "anna.berg"}, "anna.berg"),
            ({"name": "å" * 9_000}, "å" * 100),
            ({"name": "<b>😀 Åsa"}, "<b>😀 Åsa"),
        ],
    )
    def test_what_they_are_called(
        self, client: TestClient, provider: FakeProvider, claims: dict[str, Any], name: str
    ) -> None:
        provider.user |= claims
        sign_in(client)
        assert client.get("/api/me").json()["name"] == name
        assert "<b>😀" not in client.get("/account").text

    @pytest.mark.parametrize(
        ("rule", "org", "agency"),
        [
            ("claim:org", "arbetsmiljoverket", "arbetsmiljoverket"),
            ("claim:org", "nowhere", None),
            ("claim:org", None, None),
            ("org:Arbetsmiljöverket=arbetsmiljoverket;org:Polisen=polismyndigheten", "Polisen", "polismyndigheten"),
            ("org:Polisen=polismyndigheten", "Arbetsmiljöverket", None),
        ],
    )
    def test_which_agency(
        self, tmp_path: Path, provider: FakeProvider, rule: str, org: str | None, agency: str | None
    ) -> None:
        provider.user["org"] = org
        app = create_app(make_settings(tmp_path, provider, oidc_agency=rule), passwords=cheap_passwords())
        with open_client(app) as client:
            assert told(sign_in(client)) == ("" if agency else "refused")
            if agency:
                assert client.get("/api/me").json()["agency"] == agency

    def test_another_subject_or_issuer_is_somebody_else(
        self, client: TestClient, home: Path, provider: FakeProvider
    ) -> None:
        sign_in(client)
        first = client.get("/api/me").json()["user_id"]
        client.cookies.clear()
        provider.user["sub"] = "Anna-1"
        sign_in(client)
        assert client.get("/api/me").json()["user_id"] != first
        assert find_by_subject(home, "https://elsewhere.example", "anna-1") is None


def forge_none(provider: FakeProvider, claims: dict[str, Any]) -> str:
    return f"{encode({'alg': 'none', 'kid': provider.keys[-1].kid})}.{encode(claims)}."


def forge_strange(provider: FakeProvider, claims: dict[str, Any]) -> str:
    """Signed with a key that the provider does not have, under the name of one that it has."""
    own = provider.keys
    provider.keys = [Key(own[-1].kid)]
    token = provider.sign(claims)
    provider.keys = own
    return token


def forge_changed(provider: FakeProvider, claims: dict[str, Any]) -> str:
    head, _, signature = provider.sign(claims).split(".")
    return f"{head}.{encode(claims | {'groups': ['norrsyn-admin']})}.{signature}"


FORGED: dict[str, Callable[[FakeProvider, dict[str, Any]], str]] = {
    "none": forge_none,
    "no signature": lambda provider, claims: provider.sign(claims).rpartition(".")[0] + ".",
    "the public key as a secret": lambda provider, claims: provider.sign_with_secret(claims, provider.keys[-1].pem),
    "a published secret": lambda provider, claims: provider.sign_with_secret(claims, b"k" * 32, kid="oct"),
    "the client's secret": lambda provider, claims: provider.sign_with_secret(claims, SECRET.encode()),
    "a strange key": forge_strange,
    "changed": forge_changed,
    "a key of its own": lambda provider, claims: provider.sign(claims, jwk=Key("own").public, kid="own"),
    "critical": lambda provider, claims: provider.sign(claims, crit=["b64"], b64=False),
    "no token": lambda *_: "no.token.at-all",
    "empty": lambda *_: "",
    "a list": lambda provider, _: provider.sign([1]),  # type: ignore[arg-type]
}

CLAIMS: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "A" * 43},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody-else"},
    "another audience among two": {"aud": ["somebody-else", "others"]},
    "for two, and given to the other": {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"},
    "another audience, and asked for by us": {"aud": "somebody-else", "azp": CLIENT},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(time.time()) - 3600},
    "no end": {"exp": None},
    "an end that is none": {"exp": "tomorrow"},
    "not yet": {"nbf": int(time.time()) + 3600},
    "of the future": {"iat": int(time.time()) + 3600},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a long subject": {"sub": "s" * 256},
    "a subject that is none": {"sub": 7},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


class TestTokens:
    @pytest.mark.parametrize("kind", FORGED)
    def test_a_forged_one_lets_nobody_in(
        self, client: TestClient, home: Path, provider: FakeProvider, kind: str
    ) -> None:
        provider.forge = FORGED[kind]
        assert told(sign_in(client)) == "unreachable"
        assert session_of(client) is None
        assert list_users(home) == []

    @pytest.mark.parametrize("kind", CLAIMS)
    def test_one_for_something_else_lets_nobody_in(
        self, client: TestClient, home: Path, provider: FakeProvider, kind: str
    ) -> None:
        provider.claims = CLAIMS[kind]
        assert told(sign_in(client)) == "unreachable"
        assert list_users(home) == []

    @pytest.mark.parametrize(("off_s", "problem"), [(-40, ""), (-80, "unreachable")])
    def test_clocks_may_differ_by_a_minute(
        self, client: TestClient, provider: FakeProvider, off_s: int, problem: str
    ) -> None:
        provider.claims = {"exp": int(time.time()) + off_s}
        assert told(sign_in(client)) == problem

    def test_new_keys_are_asked_for_once(self, client: TestClient, provider: FakeProvider) -> None:
        sign_in(client)
        provider.keys = [*provider.keys, Key("second")]
        client.cookies.clear()
        assert told(sign_in(client)) == ""
        assert provider.asked.count("/keys") == 2
        client.cookies.clear()
        # known now
        assert told(sign_in(client)) == ""
        assert provider.asked.count("/keys") == 2
        provider.forge = lambda provider, claims: provider.sign(claims, kid="nowhere")
        client.cookies.clear()
        assert told(sign_in(client)) == "unreachable"
        assert provider.asked.count("/keys") == 3

    def test_a_withdrawn_key_is_good_no_more(self, client: TestClient, provider: FakeProvider) -> None:
        old = provider.keys[-1]
        provider.keys = [Key("other")]
        provider.forge = lambda provider, claims: FakeProvider(provider.issuer, [old]).sign(claims)
        assert told(sign_in(client)) == "unreachable"


class TestComingBack:
    def test_a_code_and_a_state_are_good_once(self, client: TestClient, provider: FakeProvider) -> None:
        start = client.get("/sign-in/oidc")
        kept = client.cookies["norrsyn-sign-in"]
        back = visit(start.headers["location"])
        assert told(client.get(back)) == ""
        client.cookies.clear()
        # the browser has nothing that fits any more
        assert told(client.get(back)) == "expired"
        # and where somebody has kept the cookie, the provider takes the code once only
        client.cookies.set("norrsyn-sign-in", kept)
        assert told(client.get(back)) == "unreachable"
        assert session_of(client) is None

    def test_a_code_of_another_sign_in_fits_no_verifier(
        self, app: FastAPI, client: TestClient, provider: FakeProvider
    ) -> None:
        other = open_client(app)
        stolen = parse_qs(urlsplit(visit(begin(other))).query)["code"][0]
        mine = parse_qs(urlsplit(visit(begin(client))).query)["state"][0]
        assert told(client.get(f"{RETURN}?code={stolen}&state={mine}")) == "unreachable"
        assert session_of(client) is None
        assert provider.forms[-1]["code"] == stolen

    def test_the_state_of_another_browser(self, app: FastAPI, client: TestClient, provider: FakeProvider) -> None:
        other = open_client(app)
        back = visit(begin(other))
        n = len(provider.forms)
        assert told(client.get(back)) == "expired"
        begin(client)
        assert told(client.get(back)) == "expired"
        assert len(provider.forms) == n
        assert session_of(client) is None

    @pytest.mark.parametrize("query", ["", "?state=", "?code=a", "?state=a&code=b", "?state=å%00&code=b", "?error=x"])
    def test_what_is_no_return(self, client: TestClient, query: str) -> None:
        assert told(client.get(RETURN + query)) == "expired"
        begin(client)
        assert told(client.get(RETURN + query)) == "expired"

    def test_parameters_that_come_twice_are_none(self, client: TestClient) -> None:
        back = visit(begin(client))
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert told(client.get(f"{back}&state={state}")) == "expired"

    def test_ten_minutes_are_enough(self, app: FastAPI, client: TestClient) -> None:
        back, kept = visit(begin(client)), client.cookies["norrsyn-sign-in"]
        app.state.accounts.clock = lambda: time.time() + 601
        client.cookies.set("norrsyn-sign-in", kept)
        assert told(client.get(back)) == "expired"

    def test_a_cookie_that_is_not_ours(self, client: TestClient, provider: FakeProvider) -> None:
        back, kept = visit(begin(client)), client.cookies["norrsyn-sign-in"]
        head, claims, signature = kept.split(".")
        for text in (f"{head}.{claims}.{signature[::-1]}", f"{encode({'alg': 'none'})}.{claims}.", "x", ""):
            client.cookies.clear()
            client.cookies.set("norrsyn-sign-in", text)
            assert told(client.get(back)) == "expired"
        assert provider.forms == []

    def test_who_changes_their_mind(self, client: TestClient, provider: FakeProvider) -> None:
        provider.error = "access_denied"
        answer = sign_in(client, lang="en", next="/import")
        assert told(answer) == "cancelled"
        page = client.get(answer.headers["location"])
        assert page.status_code == 403
        assert "You did not sign in through the other service" in page.text
        assert "of theirs" not in page.text
        assert 'name="next" value="/import"' in page.text

    @pytest.mark.parametrize("error", ["server_error", "login_required", "<script>", "x" * 9000])
    def test_the_provider_s_errors(
        self, client: TestClient, provider: FakeProvider, error: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider.error = error
        answer = sign_in(client)
        assert told(answer) == "unreachable"
        assert ("<script>" in caplog.text, "xxx" in caplog.text) == (False, False)
        page = client.get(answer.headers["location"])
        assert page.status_code == 502
        assert "Det gick inte att logga in genom den andra tjänsten" in page.text

    @pytest.mark.parametrize("named", ["https://elsewhere.example", ""])
    def test_an_answer_of_another_issuer(self, client: TestClient, provider: FakeProvider, named: str) -> None:
        provider.names_issuer = named
        assert told(sign_in(client)) == "unreachable"
        assert provider.forms == []

    def test_an_answer_that_names_its_issuer(self, client: TestClient, provider: FakeProvider) -> None:
        provider.names_issuer = provider.issuer
        assert told(sign_in(client)) == ""

    @pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-in/oidc"])
    def test_next_leads_nowhere_else(self, client: TestClient, wanted: str) -> None:
        assert sign_in(client, next=wanted, lang="en").headers["location"] == "/?lang=en"

    @pytest.mark.parametrize("wanted", ["/import?known=1&lang=en", "/?at=2026-07-15#c", "/a" * 990])
    def test_next_is_kept(self, client: TestClient, wanted: str) -> None:
        assert sign_in(client, next=wanted).headers["location"] == wanted

    def test_a_link_elsewhere_signs_nobody_in(self, client: TestClient) -> None:
        """An image on another page may name our address; browsers say that it does."""
        errand = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
        assert client.get(RETURN, headers=errand).status_code == 403
        arrival = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert told(client.get(visit(begin(client)), headers=arrival)) == ""


class TestProviderAway:
    def test_nobody_listens(self, tmp_path: Path, provider: FakeProvider) -> None:
        settings = make_settings(tmp_path, provider, oidc_issuer=f"http://127.0.0.1:{find_free_port()}")
        with open_client(create_app(settings, passwords=cheap_passwords())) as client:
            answer = client.get("/sign-in/oidc?lang=en&next=/account")
            assert told(answer) == "unreachable"
            page = client.get(answer.headers["location"])
            assert page.status_code == 502
            assert "Try again in a moment" in page.text
            # the local way in is open still
            make_account(tmp_path, "Bo", ["planner"], password=PASSWORD)
            sent = client.post("/sign-in", data={"name": "Bo", "password": PASSWORD}, headers=FORM)
            assert sent.headers["location"] == "/"

    @pytest.mark.parametrize(
        "answer",
        [
            JSONResponse({"error": "server_error"}, 500), JSONResponse([]), JSONResponse({}),
            JSONResponse({"a": "b" * 2_000_000}), RedirectResponse("https://elsewhere.example/", 302),
            JSONResponse({"keys": "none"}),
        ],
        ids=["500", "list", "empty", "2 MB", "elsewhere", "keys"],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
    def test_answers_that_are_none(self, client: TestClient, provider: FakeProvider, path: str, answer: Any) -> None:
        provider.answers = {path: answer}
        first = client.get("/sign-in/oidc")
        last = first if told(first) else client.get(visit(first.headers["location"]))
        assert told(last) == "unreachable"
        # and once it is well again, so is the way in
        provider.answers = {}
        assert told(sign_in(client)) == ""

    @pytest.mark.parametrize(
        "metadata",
        [
            {"issuer": "https://elsewhere.example"},
            {"token_endpoint": "http://elsewhere.example/token"},
            {"authorization_endpoint": "javascript:alert(1)"},
            {"jwks_uri": "file:///etc/passwd"},
            {"jwks_uri": None},
            {"token_endpoint": "http://[::1"},
            {"token_endpoint": 7},
        ],
    )
    def test_a_provider_that_says_what_cannot_be(
        self, client: TestClient, provider: FakeProvider, metadata: dict[str, Any]
    ) -> None:
        provider.metadata = metadata
        assert told(client.get("/sign-in/oidc")) == "unreachable"

    def test_without_a_provider_there_is_only_the_form(self, tmp_path: Path) -> None:
        with open_client(create_app(Settings(home=tmp_path), passwords=cheap_passwords())) as client:
            assert "sign-in/oidc" not in client.get("/sign-in").text
            for path in ("/sign-in/oidc", f"{RETURN}?state=a&code=b"):
                assert client.get(path).headers["location"] == "/sign-in?lang=sv"


class TestSecrets:
    def test_nothing_of_a_sign_in_is_logged_or_shown(
        self, client: TestClient, provider: FakeProvider, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for forge in (None, FORGED["changed"]):
            provider.forge = forge
            client.cookies.clear()
            address = begin(client)
            back = visit(address)
            answer = client.get(back)
            asked, brought = parse_qs(urlsplit(address).query), parse_qs(urlsplit(back).query)
            form = provider.forms[-1]
            hidden = [brought["code"][0], brought["state"][0], asked["nonce"][0], form["code_verifier"]]
            hidden += [SECRET, quote(SECRET), "anna-1"]
            said = answer.text + str(answer.headers) + client.get(answer.headers["location"]).text
            ours = "\n".join(
                one.getMessage() for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))
            )
            for secret in hidden:
                assert secret not in ours
                assert secret not in said
            # a tampered token's claims neither
            assert "norrsyn-admin" not in ours

    def test_the_client_secret_is_never_shown(self, tmp_path: Path, provider: FakeProvider) -> None:
        settings = make_settings(tmp_path, provider)
        assert SECRET not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()
