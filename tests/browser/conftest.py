"""The real application over the demo region, served on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo region, scored for a day in July and published."""
    home = tmp_path_factory.mktemp("demo")
    for words in (["demo", "--seed", "68656048"], ["score", "--at", "2026-07-15"]):
        result = CliRunner().invoke(commands, [*words, "--home", str(home)])
        assert result.exit_code == 0, result.output
    return home


@pytest.fixture(scope="session")
def demo_url(demo_home: Path) -> Iterator[str]:
    """Address of the running application."""
    port = find_free_port()
    sign_in(demo_home)
    app = create_app(Settings(home=demo_home), passwords=cheap_passwords())
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
