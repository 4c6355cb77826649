"""The server over PostgreSQL: it follows the store, and outlives a database that is away for a while."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from geo.store.files import Provenance, close_databases, rollback, save_layer
from tests.api.made import fill_home
from tests.frames import make_frame, make_workplace, near_town


def count_workplaces(client: TestClient) -> int:
    layers = client.get("/api/layers").json()
    found = layers["layers"] if isinstance(layers, dict) else layers
    return next(int(one["rows"]) for one in found if one["name"] == "workplaces")


def test_imports_and_roll_backs_are_served(database: str, tmp_path: Path, serve: Callable[..., TestClient]) -> None:
    surface = fill_home(tmp_path)
    client = serve(tmp_path)
    before = count_workplaces(client)
    assert client.get("/api/surfaces").json()["current"] == surface.id, database
    save_layer(tmp_path, "workplaces", make_frame([make_workplace(1, **near_town(0, 0))]), Provenance("one.csv"))
    assert count_workplaces(client) == 1
    rollback(tmp_path, "workplaces", 1)
    assert count_workplaces(client) == before


def test_a_database_that_is_away_for_a_while(
    database: str, tmp_path: Path, serve: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_home(tmp_path)
    client = serve(tmp_path)
    assert client.get("/healthz").json()["problem"] is None
    with monkeypatch.context() as away:
        close_databases()
        away.setenv("NORRSYN_DATABASE_URL", "postgresql://me:hemligt@127.0.0.1:1/away")
        health = client.get("/healthz").json()
        assert health["is_scored"], database
        assert health["problem"]
        assert "hemligt" not in health["problem"]
        # who is signed in stands in that database, and nobody is let in on trust
        refused = client.get("/api/top")
        assert refused.status_code == 503
        assert "hemligt" not in refused.text
    assert client.get("/healthz").json()["problem"] is None
    assert client.get("/api/top").status_code == 200
