"""norrsyn users: people are taken in, and only they choose their passwords."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.settings import Settings
from geo.store.people.events import list_events
from geo.store.people.users import find_user
from tests.accounts import PASSWORD, cheap_passwords, enter
from tests.api.made import BASE_URL
from tests.api.test_cli import fail_json, run, run_json


def test_from_add_to_disable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:  # noqa: ARG001
    home = tmp_path / "home"
    monkeypatch.setenv("NORRSYN_PUBLIC_URL", "https://norrsyn.example/")
    assert "no users yet" in run("users", "list", "--home", home).stdout
    added = run_json("users", "add", "Anna Berg", "--agency", "polismyndigheten", "--role", "planner", "--home", home)
    assert re.fullmatch(r"https://norrsyn\.example/welcome/[\w-]{43}", added["link"])
    (told,) = run_json("users", "list", "--home", home)["users"]
    assert (told["name"], told["roles"], told["state"]) == ("Anna Berg", ["planner"], "no password yet")
    app = create_app(Settings(home=home), passwords=cheap_passwords())
    with TestClient(app, base_url=BASE_URL, follow_redirects=False) as client:
        link = added["link"].removeprefix("https://norrsyn.example")
        (form_token,) = re.findall(r'name="form_token" value="(\w+)"', client.get(link).text)
        fields = {"form_token": form_token, "password": PASSWORD, "again": PASSWORD}
        assert client.post(link, data=fields, headers={"origin": BASE_URL}).status_code == 303
        assert client.get("/api/me").json()["roles"] == ["planner"]
        changed = run_json("users", "roles", "anna berg", "--role", "auditor", "--role", "analyst", "--home", home)
        assert changed["roles"] == ["analyst", "auditor"]
        assert client.get("/api/me").status_code == 401
        with enter(app, "Anna Berg", base_url=BASE_URL) as again:
            assert again.get("/api/me").status_code == 200
            assert run_json("users", "disable", "anna berg", "--home", home)["state"] == "disabled"
            assert again.get("/api/me").status_code == 401
    assert "welcome" in run("users", "reset", "anna berg", "--home", home).stdout
    kept = find_user(home, "anna berg")
    assert kept is not None
    assert kept.disabled_at is None
    me = f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    told = [(each.user_id, each.what) for each in reversed(list_events(home)[1]) if each.user_name == me]
    assert told == [
        (None, each) for each in ("user-added", "user-changed", "user-disabled", "user-enabled", "link-made")
    ]
    # the same roles once more sign out as well, and the only admin can be shut out by whoever has the server
    run("users", "roles", "anna berg", "--role", "admin", "--home", home)
    run("users", "roles", "anna berg", "--role", "admin", "--home", home)
    assert list_events(home)[1][0].what == "sessions-ended"
    assert run_json("users", "disable", "anna berg", "--home", home)["state"] == "disabled"
    assert (
        "that of a command"
        in fail_json(
            "users", "add", me.upper(), "--agency", "polismyndigheten", "--role", "planner", "--home", home, code=2
        )["detail"]
    )


def test_the_link_has_the_address_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = ("users", "add", "Anna", "--agency", "polismyndigheten", "--role", "planner", "--home", tmp_path)
    assert run_json(*anna, "--url", "http://127.0.0.1:9000/")["link"].startswith("http://127.0.0.1:9000/welcome/")
    reset = ("users", "reset", "Anna", "--home", tmp_path)
    told = run(*reset)
    assert "http://127.0.0.1:8000/welcome/" in told.stdout
    assert "--url" in told.stderr
    monkeypatch.setenv("NORRSYN_PORT", "9001")
    assert run_json(*reset)["link"].startswith("http://127.0.0.1:9001/welcome/")
    monkeypatch.setenv("NORRSYN_PUBLIC_URL", "https://norrsyn.example")
    told = run(*reset, "--url", "https://other.example")
    assert "https://other.example/welcome/" in told.stdout
    assert "--url" not in told.stderr
    assert "NORRSYN_PUBLIC_URL" in fail_json(*reset, "--url", "norrsyn.example/map", code=4)["detail"]


def test_what_cannot_be_done(tmp_path: Path) -> None:
    wrong = fail_json("users", "add", "A", "--agency", "kgb", "--role", "king", "--home", tmp_path, code=2)
    assert "kgb" in wrong["detail"]
    assert "king" in wrong["detail"]
    for command in ("roles", "reset", "disable"):
        assert "users list" in fail_json("users", command, "nobody", "--home", tmp_path, code=3)["detail"]
