"""Frozen versions of the model: kept once, never changed, and with everything else in a backup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import geo
from geo.errors import NotFoundError, ParameterError, StoreError
from geo.store.database import close_databases, write_store
from geo.store.files import backup, find_model, list_models, restore, save_model
from geo.store.tables import MODELS
from tests.databases import fresh_schema

pytestmark = pytest.mark.usefixtures("database")


def other(version: str = "ours") -> geo.Model:
    return replace(geo.load_model().with_weights({"findings": 0.9}), version=version)


def test_there_is_always_the_one_of_the_tables(tmp_path: Path) -> None:
    (only,) = list_models(tmp_path / "none")
    assert only.model == geo.load_model()
    assert find_model(tmp_path / "none", only.model.version) == only


def test_a_version_is_kept_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    stored = save_model(home, other(), frozen_by="analyst")
    assert (stored.model, stored.frozen_by) == (other(), "analyst")
    assert save_model(home, other(), frozen_by="another") == stored
    assert [each.model.version for each in list_models(home)] == [geo.load_model().version, "ours"]
    assert find_model(home, "ours") == stored
    with pytest.raises(ParameterError, match="ours is another model already"):
        save_model(home, replace(other(), parameters={**other().parameters, "half_life_days": 1.0}))
    assert find_model(home, "ours") == stored


def test_the_tables_own_version_is_not_kept_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert save_model(home, geo.load_model()).model == geo.load_model()
    assert len(list_models(home)) == 1
    with pytest.raises(ParameterError, match="is another model already"):
        save_model(home, other(geo.load_model().version))


def test_an_unknown_version(tmp_path: Path) -> None:
    save_model(tmp_path / "home", other())
    with pytest.raises(NotFoundError, match=rf"no model 'x'; there are {geo.load_model().version}, ours"):
        find_model(tmp_path / "home", "x")


def test_a_document_that_does_not_fit(tmp_path: Path) -> None:
    home = tmp_path / "home"
    save_model(home, other())
    with write_store(home) as connection:
        connection.execute(sa.update(MODELS).values(document={"version": "ours"}))
    with pytest.raises(StoreError, match="Model ours does not fit this version of Norrsyn"):
        list_models(home)


def test_a_backup_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    stored = save_model(tmp_path / "home", other())
    backup(tmp_path / "home", tmp_path / "all.zip")
    close_databases()
    if database == "sqlite":
        restore(tmp_path / "all.zip", tmp_path / "new")
        assert find_model(tmp_path / "new", "ours") == stored
        return
    with fresh_schema() as address:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", address)
        restore(tmp_path / "all.zip", tmp_path / "new")
        assert find_model(tmp_path / "new", "ours") == stored
        close_databases()
