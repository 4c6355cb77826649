"""A small made home with hostile names, served by the real application."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import geo
from api import create_app
from api.settings import Settings
from geo.risk.surface import RiskSurface
from geo.store.files import load_layers
from tests.accounts import cheap_passwords, enter
from tests.api.made import BASE_URL, fill_home
from tests.frames import GRID, SCORING_DAY


@pytest.fixture(scope="session")
def made_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled data folder; nobody writes to it, and nothing is served from it."""
    home = tmp_path_factory.mktemp("made-original")
    fill_home(home)
    return home


@pytest.fixture(scope="session")
def made_home(made_original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it that tests share, whose log grows by what they look at: do not change its records."""
    return Path(shutil.copytree(made_original, tmp_path_factory.mktemp("made") / "home"))


@pytest.fixture
def home(made_original: Path, tmp_path: Path) -> Path:
    """A filled data folder of one's own."""
    return Path(shutil.copytree(made_original, tmp_path / "home"))


@pytest.fixture(scope="session")
def published(made_home: Path) -> RiskSurface:
    """The surface that `made_home` publishes, straight from the library."""
    return geo.score(load_layers(made_home), GRID, at=SCORING_DAY)


@pytest.fixture(scope="session")
def app(made_home: Path) -> FastAPI:
    """The application over `made_home`."""
    return create_app(Settings(home=made_home, check_seconds=0), passwords=cheap_passwords())


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the application over `made_home`, signed in with every role."""
    with enter(app, base_url=BASE_URL, raise_server_exceptions=False) as started:
        yield started


@pytest.fixture
def serve() -> Iterator[Callable[..., TestClient]]:
    """Start an application with settings of one's own, and sign in with every role."""
    running: list[TestClient] = []

    def start(home: Path, **settings: object) -> TestClient:
        made = create_app(Settings(home=home, **{"check_seconds": 0, **settings}), passwords=cheap_passwords())
        started = enter(made, base_url=BASE_URL, raise_server_exceptions=False)
        started.__enter__()
        running.append(started)
        return started

    yield start
    for started in running:
        started.__exit__(None, None, None)
