"""Settings of an identity provider: all or none, and each of them usable."""

from __future__ import annotations

import re
from typing import Any

import pytest

from api.auth.providers import make_provider
from api.oidc.rules import AgencyRule, Rule, find_agency, find_roles, parse_agency, parse_rules
from api.settings import load_settings
from geo.errors import ConfigError
from geo.store.people.users import ROLES

GIVEN = {
    "oidc_issuer": "https://login.example/realms/north",
    "oidc_client_id": "norrsyn",
    "oidc_client_secret": "do not tell anybody",
    "oidc_name": "Sign in with SITHS",
    "oidc_roles": "groups:norrsyn-planner=planner",
    "oidc_agency": "polismyndigheten",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*GIVEN, "oidc_scopes"):
        monkeypatch.delenv(f"NORRSYN_{name.upper()}", raising=False)


def fail(**given: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(**given)
    return str(caught.value)


def test_all_or_none() -> None:
    assert make_provider(load_settings()) is None
    provider = make_provider(load_settings(**GIVEN))
    assert provider is not None
    assert (provider.issuer, provider.name) == (GIVEN["oidc_issuer"], GIVEN["oidc_name"])


@pytest.mark.parametrize("missing", GIVEN)
@pytest.mark.parametrize("how", ["absent", "blank"])
def test_what_is_missing_is_named(missing: str, how: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != missing}
    message = fail(**given, **({missing: " "} if how == "blank" else {}))
    assert message.endswith(f"missing: NORRSYN_{missing.upper()}")
    assert "do not tell" not in message


def test_all_that_is_missing_is_named_once() -> None:
    message = fail(oidc_issuer=GIVEN["oidc_issuer"])
    names = re.findall(r"NORRSYN_OIDC_[A-Z_]+", message.partition("missing:")[2])
    assert names == [f"NORRSYN_{name.upper()}" for name in GIVEN if name != "oidc_issuer"]


def test_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(f"NORRSYN_{name.upper()}", value)
    monkeypatch.setenv("NORRSYN_OIDC_SCOPES", "openid  email")
    assert load_settings().oidc_scopes == "openid email"
    monkeypatch.delenv("NORRSYN_OIDC_NAME")
    assert fail().endswith("missing: NORRSYN_OIDC_NAME")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("oidc_issuer", "http://login.example"),
        ("oidc_issuer", "http://localhost:8080"),
        ("oidc_issuer", "http://127.0.0.1.evil.example"),
        ("oidc_issuer", "http://127.0.0.1:80@evil.example"),
        ("oidc_issuer", "https://user:word@login.example"),
        ("oidc_issuer", "https://login.example?x=1"),
        ("oidc_issuer", "https://login.example/#a"),
        ("oidc_issuer", "login.example"),
        ("oidc_roles", "groups:norrsyn-planner"),
        ("oidc_roles", "groups:norrsyn-planner=king"),
        ("oidc_roles", "groups=planner"),
        ("oidc_roles", ":a=planner"),
        ("oidc_roles", "groups:=planner"),
        ("oidc_roles", ";"),
        ("oidc_agency", "polisen"),
        ("oidc_agency", "claim:"),
        ("oidc_agency", "org:Polisen=polisen"),
        ("oidc_scopes", "profile"),
        ("oidc_name", "x" * 81),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    message = fail(**{**GIVEN, name: value})
    assert f"NORRSYN_{name.upper()}: " in message
    assert "missing" not in message
    assert "do not tell" not in message


@pytest.mark.parametrize("issuer", ["https://login.example", "https://login.example:8443/a/b/", "http://127.0.0.1:9/x"])
def test_issuers_that_will_do(issuer: str) -> None:
    assert load_settings(**{**GIVEN, "oidc_issuer": issuer}).oidc_issuer == issuer


def test_rules() -> None:
    text = " groups:cn=north, ou=x:y = planner ; https%3A//norrsyn.example/roles:a%3Bb=admin; "
    rules = parse_rules(text, ROLES)
    assert rules == (
        Rule("groups", "cn=north, ou=x:y", "planner"),
        Rule("https://norrsyn.example/roles", "a;b", "admin"),
    )
    assert find_roles({"groups": "cn=north, ou=x:y"}, rules) == {"planner"}
    assert find_roles({"https://norrsyn.example/roles": ["a;b"]}, rules) == {"admin"}
    assert find_roles({"groups": "cn=north"}, rules) == frozenset()


def test_a_claim_with_a_dot_in_its_name_comes_before_one_within_another() -> None:
    rules = parse_rules("a.b:x=planner", ROLES)
    assert find_roles({"a.b": "x", "a": {"b": "y"}}, rules) == {"planner"}
    assert find_roles({"a.b": "y", "a": {"b": "x"}}, rules) == frozenset()
    assert find_roles({"a": {"b": ["x"]}}, rules) == {"planner"}
    assert find_roles({"a": "b"}, rules) == frozenset()


def test_agencies() -> None:
    known = ("one", "two")
    assert parse_agency(" one ", known) == AgencyRule(fixed="one")
    assert find_agency({}, parse_agency("one", known), known) == "one"
    assert find_agency({"org": ["three", "two"]}, parse_agency("claim:org", known), known) == "two"
    assert find_agency({"org": ["B", "A"]}, parse_agency("org:A=one;org:B=two", known), known) == "one"
    assert find_agency({"org": "three"}, parse_agency("claim:org", known), known) is None
