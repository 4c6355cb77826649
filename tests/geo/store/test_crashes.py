"""Writers are killed, disks fill up, many work at once: what is read is the old state or the new one, never a mix."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geo.errors import StoreError
from geo.store import atomic
from geo.store.atomic import write_file
from geo.store.database import write_store
from geo.store.home import lock_home, open_home

ROOT = Path(__file__).resolve().parents[3]


def run_helper(*arguments: object) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603  our own interpreter and script
        # forking is what the helper is for, whatever threads its libraries keep
        [sys.executable, "-W", "ignore", ROOT / "tests/geo/store/crash_helper.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.long
@pytest.mark.parametrize("what", ["layers", "surfaces"])
@pytest.mark.usefixtures("database")
def test_a_writer_that_dies_at_any_step(tmp_path: Path, what: str) -> None:
    """Each file operation, statement and commit of a writer is the last one it does not live to make, in turn."""
    result = run_helper("every-step", what, tmp_path / "home")
    assert result["steps"] >= 20
    assert result["seen"]["old"] >= 10
    assert result["seen"]["new"] >= 1
    assert sum(result["seen"].values()) == result["steps"] + 1, result


@pytest.mark.long
@pytest.mark.usefixtures("database")
def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    result = run_helper("random", tmp_path / "home", 6, 20260715)
    assert sum(result["seen"].values()) == 6
    assert result["left"] == [], "what the dead left behind is gone"


@pytest.mark.long
@pytest.mark.usefixtures("database")
def test_kill_9_at_very_many_random_moments(tmp_path: Path) -> None:
    result = run_helper("random", tmp_path / "home", 120, 1)
    assert sum(result["seen"].values()) == 120
    assert set(result["seen"]) == {"old", "new"}, "not a test if it always dies in the same state"


@pytest.mark.long
def test_files_that_may_not_grow_leave_what_was_there(tmp_path: Path) -> None:
    outcomes = run_helper("full", tmp_path / "home", 0, 5_000, 50_000, 50_000_000)["outcomes"]
    assert outcomes == {"0": "old", "5000": "old", "50000": "old", "50000000": "new"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(  # noqa: S603  the system's own mount
        [mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False
    )
    if not done or done.returncode:
        pytest.skip("a small disk cannot be mounted here: only root may, and not in every container")
    yield folder
    subprocess.run([shutil.which("umount") or "umount", folder], check=True)  # noqa: S603


@pytest.mark.long
def test_a_full_disk_leaves_what_was_there(small_disk: Path) -> None:
    result = run_helper("fill", small_disk / "home")
    assert result["saved"] >= 200
    assert result["found"] == result["saved"]
    assert result["values"] == [result["saved"]]
    assert result["problems"] == []
    assert "norrsyn.sqlite cannot be written" in result["message"]
    assert "check disk space" in result["message"]


@pytest.mark.long
@pytest.mark.usefixtures("database")
def test_two_writers_and_twenty_readers(tmp_path: Path) -> None:
    assert run_helper("many", tmp_path / "home")["codes"] == [0] * 22


def test_two_machines_on_one_postgresql(database: str, tmp_path: Path) -> None:
    """Data folders of their own, one database: its lease makes the second writer wait, and says so in the end."""
    if database != "postgresql":
        pytest.skip("SQLite's file is in the data folder, whose lock is tested above")
    with (
        write_store(tmp_path / "one"),
        pytest.raises(StoreError, match=r"postgresql://\S+ is being written to by another process; wait for it"),
        write_store(tmp_path / "other", timeout_s=0.1),
    ):
        pass
    with write_store(tmp_path / "other", timeout_s=0.1):
        pass


def test_a_writer_waits_for_the_other(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    order: list[str] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with lock_home(home):
            order.append("second")

    with lock_home(home):
        with (
            pytest.raises(StoreError, match="is being written to by another process; wait for it to end"),
            lock_home(home, timeout_s=0.05),
        ):
            pass
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_the_next_writer_clears_up(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    (home / ".part-dead").write_text("half")
    (home / "surfaces" / ".part-dead").mkdir()
    (home / "surfaces" / ".part-dead" / "score.npy").write_text("half")
    with lock_home(home):
        pass
    assert list(home.glob("*/*")) == []
    assert not (home / ".part-dead").exists()


def test_files_are_flushed_before_and_folders_after_they_get_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut leaves depends on this order, and no test can cut the power."""
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def record_fsync(handle: int) -> None:
        calls.append("flush " + Path(f"/proc/self/fd/{handle}").readlink().name[:5])
        fsync(handle)

    def record_replace(self: Path, target: Path) -> Path:
        calls.append(f"rename to {target.name}")
        return replace(self, target)

    monkeypatch.setattr(atomic.os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_replace)
    write_file(tmp_path / "a.json", b"{}")
    assert calls == ["flush .part", "rename to a.json", f"flush {tmp_path.name[:5]}"]


def test_an_error_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def fail(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"
