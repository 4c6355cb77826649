"""The real application over the demo region, served on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from api import create_app
from api.cli import app as commands
from api.settings import Settings
from tests.accounts import COOKIES, cheap_passwords, sign_in
from tests.browsing import find_free_port, run_server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def demo_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo region, scored for a day in July and published; nobody writes to it."""
    home = tmp_path_factory.mktemp("demo")
    for words in (["demo", "--seed", "68656048"], ["score", "--at", "2026-07-15"]):
        result = CliRunner().invoke(commands, [*words, "--home", str(home)])
        assert result.exit_code == 0, result.output
    return home


@pytest.fixture(scope="session")
def demo_home(demo_original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it that tests share: whoever changes its records takes a copy of their own (`own_home`)."""
    return copy_home(demo_original, tmp_path_factory)


@pytest.fixture(scope="session")
def demo_url(demo_home: Path) -> Iterator[str]:
    """Address of the running application."""
    with serve_demo(demo_home) as url:
        yield url


@pytest.fixture(scope="module")
def own_home(demo_original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy for the tests of one module."""
    return copy_home(demo_original, tmp_path_factory)


@pytest.fixture(scope="module")
def own_url(own_home: Path) -> Iterator[str]:
    """Address of an application over that copy."""
    with serve_demo(own_home) as url:
        yield url


def copy_home(original: Path, folders: pytest.TempPathFactory) -> Path:
    """A data folder of its own with the same content."""
    return Path(shutil.copytree(original, folders.mktemp("demo") / "home"))


@contextmanager
def serve_demo(home: Path) -> Iterator[str]:
    """Address of an application over a data folder."""
    port = find_free_port()
    sign_in(home)
    app = create_app(Settings(home=home), passwords=cheap_passwords())
    with run_server(uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def browser_cookies() -> dict[str, str]:
    """Pages are opened by the user "test", who is signed in with every role."""
    return COOKIES


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Folder for pictures of the pages: NORRSYN_SCREENSHOTS, or build/screenshots."""
    folder = Path(os.environ.get("NORRSYN_SCREENSHOTS") or ROOT / "build" / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
