"""Settings: from the environment, all failures at once, and the one that opens the policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.settings import Settings, find_unknown_variables, load_settings
from geo.errors import ConfigError

TILES = "https://{s}.tiles.example/{z}/{x}/{y}.png"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"NORRSYN_{name}".upper(), raising=False)


def test_defaults() -> None:
    settings = load_settings()
    assert settings.home == Path("norrsyn-data")
    assert settings.port == 8000
    assert settings.basemap_url is None


def test_environment_and_overrides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NORRSYN_HOME", str(tmp_path))
    monkeypatch.setenv("NORRSYN_PORT", "9001")
    monkeypatch.setenv("NORRSYN_CELL_M", "")
    assert load_settings().home == tmp_path
    assert load_settings(home=None).home == tmp_path
    assert load_settings(home=tmp_path / "b").home == tmp_path / "b"
    assert load_settings().port == 9001
    assert load_settings().cell_m is None


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_data_folder_is_the_default_one(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("NORRSYN_HOME", blank)
    assert load_settings().home == Path("norrsyn-data")


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_file = tmp_path / "file"
    a_file.touch()
    wrong = {
        "HOME": str(a_file),
        "PORT": "70000",
        "CELL_M": "nan",
        "SURFACE_CACHE": "0",
        "SCORE_WORKERS": "many",
        "CHECK_SECONDS": "-1",
        "BASEMAP_URL": "javascript:alert(1)",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(f"NORRSYN_{name}", value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert all(f"NORRSYN_{name}: " in str(caught.value) for name in wrong)


@pytest.mark.parametrize(
    "url",
    [
        "https://tiles.example/static.png",
        "ftp://tiles.example/{z}/{x}/{y}.png",
        "https://user:word@tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example/{z}/{x}/{y}.png'; script-src *",
        "//tiles.example/{z}/{x}/{y}.png",
    ],
)
def test_addresses_that_could_do_harm_are_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NORRSYN_BASEMAP_URL", url)
    monkeypatch.setenv("NORRSYN_BASEMAP_ATTRIBUTION", "Somebody")
    with pytest.raises(ConfigError, match="NORRSYN_BASEMAP_URL"):
        load_settings()


def test_an_online_base_map_needs_its_credit() -> None:
    with pytest.raises(ConfigError, match="NORRSYN_BASEMAP_ATTRIBUTION"):
        load_settings(basemap_url=TILES)


def test_an_online_base_map_opens_images_to_its_origin_only(
    serve: Callable[..., TestClient], made_home: Path, client: TestClient
) -> None:
    opened = serve(made_home, basemap_url=TILES, basemap_attribution="© Somebody <b>")
    default = client.get("/").headers["content-security-policy"]
    policy = opened.get("/").headers["content-security-policy"]
    assert "img-src 'self' data:;" in default
    assert policy == default.replace("img-src 'self' data:", "img-src 'self' data: https://*.tiles.example")
    assert "tiles.example" in opened.get("/map/skeleton.js").text
    assert "tiles.example" not in client.get("/map/skeleton.js").text
    assert "© Somebody &lt;b&gt;" in opened.get("/").text


def test_a_cell_size_of_ones_own(serve: Callable[..., TestClient], made_home: Path) -> None:
    coarse = serve(made_home, cell_m=25_000)
    assert coarse.get("/api/score?at=2026-01-01").json()["cell_m"] == 25_000
    assert coarse.get("/api/surfaces/current").json()["cell_m"] == 2_000


def test_misspelled_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORRSYN_HOEM", "x")
    monkeypatch.setenv("NORRSYN_PORT", "1")
    assert "NORRSYN_HOEM" in find_unknown_variables()
    assert "NORRSYN_PORT" not in find_unknown_variables()


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORRSYN_PSEUDONYM_KEY", "too-short-a-secret")
    with pytest.raises(ConfigError, match="NORRSYN_PSEUDONYM_KEY: must have 32 characters") as caught:
        load_settings()
    assert "too-short-a-secret" not in str(caught.value)
    monkeypatch.setenv("NORRSYN_PSEUDONYM_KEY", "k" * 32)
    settings = load_settings()
    assert settings.pseudonym_key is not None
    assert settings.pseudonym_key.get_secret_value() == "k" * 32
    assert "kkk" not in repr(settings)
    monkeypatch.setenv("NORRSYN_PSEUDONYM_KEY", " ")
    assert load_settings().pseudonym_key is None


class TestDatabase:
    def test_its_address_is_a_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", "postgresql://me:hemligt@host/db")
        settings = load_settings()
        assert "hemligt" not in f"{settings!r} {settings}"
        assert settings.database_url is not None
        assert settings.database_url.get_secret_value() == "postgresql://me:hemligt@host/db"
        monkeypatch.setenv("NORRSYN_DATABASE_URL", " ")
        assert load_settings().database_url is None

    def test_one_that_cannot_be_used_is_named_and_not_repeated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", "mysql://me:hemligt@host/db")
        with pytest.raises(ConfigError, match="NORRSYN_DATABASE_URL: is no address") as caught:
            load_settings()
        assert "hemligt" not in str(caught.value)


class TestHosts:
    def test_names_are_parted_by_commas(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_ALLOWED_HOSTS", " Norrsyn.example, 192.0.2.7,[2001:db8::7] ,")
        assert load_settings().host_names == {"norrsyn.example", "192.0.2.7", "[2001:db8::7]"}
        monkeypatch.setenv("NORRSYN_ALLOWED_HOSTS", " ")
        assert load_settings().host_names == frozenset()

    @pytest.mark.parametrize(
        "name", ["https://a.example", "a.example:8000", "*.example", "*", "a b", "a.example/x", "::1"]
    )
    def test_nothing_but_names(self, name: str) -> None:
        with pytest.raises(ConfigError, match=r"NORRSYN_ALLOWED_HOSTS: .* without scheme, port or star"):
            load_settings(allowed_hosts=f"b.example,{name}")

    @pytest.mark.parametrize(("value", "allowed"), [("", True), ("1", True), ("0", False), ("true", True)])
    def test_uploads(self, monkeypatch: pytest.MonkeyPatch, value: str, allowed: bool) -> None:
        monkeypatch.setenv("NORRSYN_ALLOW_UPLOADS", value)
        assert load_settings().allow_uploads is allowed

    @pytest.mark.parametrize(("value", "allowed"), [("", True), ("1", True), ("0", False)])
    def test_saving_for_the_field(self, monkeypatch: pytest.MonkeyPatch, value: str, allowed: bool) -> None:
        monkeypatch.setenv("NORRSYN_ALLOW_OFFLINE", value)
        assert load_settings().allow_offline is allowed
