"""Promise: an uploaded file is never kept, whatever becomes of its import: it may hold what must not be stored."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.settings import Settings
from tests.accounts import HTTP, enter
from tests.api.made import BASE_URL, BROKEN_ROWS, WRITING, import_workplaces
from tests.api.test_cli_process import serving

# In a column that is refused, so that no row may hold it either.
COUNTRY = "Ruritanien-4711"
HOLDING_IT = BROKEN_ROWS.replace(";SE\n", f";{COUNTRY}\n")


def find_bytes(*folders: Path) -> list[Path]:
    """Files below folders that hold the country, packed or not."""
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and COUNTRY.encode() in path.read_bytes()
    ]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of this process and of those that it starts."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def client(tmp_path: Path, scratch: Path) -> Iterator[TestClient]:  # noqa: ARG001  it must be there first
    with enter(create_app(Settings(home=tmp_path / "home", upload_mb=1)), base_url=BASE_URL) as started:
        yield started


def test_the_search_finds_what_it_is_for(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text(HOLDING_IT)
    assert find_bytes(tmp_path) == [tmp_path / "a" / "b" / "file"]


@pytest.mark.parametrize(
    ("content", "fields", "status"),
    [
        (HOLDING_IT, {}, "done"),
        (HOLDING_IT, {"dry_run": "true"}, "done"),
        (HOLDING_IT, {"strict": "true"}, "failed"),
        (HOLDING_IT, {"layer": "visits"}, "failed"),
        (HOLDING_IT.encode("utf-16"), {}, "done"),
        (b"PK\x03\x04" + HOLDING_IT.encode(), {}, "failed"),
    ],
)
def test_whatever_becomes_of_it(
    client: TestClient, tmp_path: Path, scratch: Path, content: str | bytes, fields: dict[str, str], status: str
) -> None:
    assert import_workplaces(client, content, **fields)["status"] == status
    assert find_bytes(tmp_path / "home", scratch) == []
    assert list((tmp_path / "home" / "uploads").glob("server-*/import-*")) == []
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"layer": "nothing"}, 404),
        ({"layer": "workplaces", "mode": "sideways"}, 422),
        ({"layer": "workplaces", "padding": "x" * 2_000_000}, 413),
    ],
)
def test_a_form_that_is_refused(
    client: TestClient, tmp_path: Path, scratch: Path, fields: dict[str, str], status: int
) -> None:
    upload = {"files": [("files", ("a.csv", HOLDING_IT.encode()))], "data": fields}
    assert client.post("/api/imports", headers=WRITING, **upload).status_code == status
    assert find_bytes(tmp_path / "home", scratch) == []


def test_it_is_readable_by_nobody_else_while_it_waits(client: TestClient, tmp_path: Path) -> None:
    with client.app.state.service.imports.open_slot() as slot:  # type: ignore[attr-defined]
        for folder in (slot.folder, slot.folder.parent, slot.folder.parent.parent):
            assert folder.stat().st_mode & 0o077 == 0
        assert slot.folder.is_relative_to(tmp_path / "home" / "uploads")


def wait_until(is_so: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_server_that_ends_in_the_middle_of_it(tmp_path: Path, how: signal.Signals) -> None:
    """Ended by its user it takes the file with it; killed, the next one to start does."""
    home = tmp_path / "home"
    rows = "".join(
        f"{n};Firma {n};1;41200;{759000 + n % 999};{7088000 + n // 999};{COUNTRY}\n" for n in range(1, 30_000)
    )
    content = HOLDING_IT.splitlines(keepends=True)[0] + rows
    with serving(home) as (process, url):
        upload = {
            "files": [("files", ("a.csv", content.encode()))],
            "data": {"layer": "workplaces", "set": "kind=registered"},
        }
        answer = HTTP.post(f"{url}/api/imports", headers=WRITING, timeout=60, **upload)
        job = f"{url}{answer.headers['location']}"
        wait_until(lambda: HTTP.get(job).json()["status"] == "running")
        assert find_bytes(home / "uploads")
        os.kill(process.pid, how)
        process.wait(30)
    if how == signal.SIGKILL:
        assert find_bytes(home / "uploads")
        with serving(home) as (_, url):
            assert HTTP.get(f"{url}/healthz").status_code == 200
            assert find_bytes(home) == []
    assert find_bytes(home) == []
