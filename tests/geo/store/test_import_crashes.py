"""An import that is killed at any moment, reading or writing, leaves the old state or the new one, and no scratch."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geo.store.database import close_databases
from geo.store.files import check, list_snapshots, load_layers
from geo.store.ingest import Order, import_files
from geo.store.scratch import scratch_folder

pytestmark = pytest.mark.usefixtures("database")

N_KILLS = 60
HEAD = "workplace_id,name,sni,employees,easting,northing"
COMMAND = "import sys; from api.cli import app; app(sys.argv[1:])"


def write_rows(path: Path, n_rows: int, employees: int) -> Path:
    rows = [f"{row},Firma {row},41200,{employees},{758000 + row % 900},7088000" for row in range(n_rows)]
    # one row in ten waits in quarantine
    rows = [row.replace(",41200,", ",999,") if position % 10 == 9 else row for position, row in enumerate(rows)]
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return path


def start(home: Path, path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", COMMAND, "import", "workplaces", str(path), "--home", str(home)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def signature(home: Path) -> tuple[str, int]:
    close_databases()
    layers = load_layers(home)
    return layers.hashes.get("workplaces", ""), int(layers["workplaces"]["employees"].sum())


@pytest.mark.long
def test_killed_at_any_moment(tmp_path: Path) -> None:
    home = tmp_path / "home"
    old, new = write_rows(tmp_path / "old.csv", 2_000, 1), write_rows(tmp_path / "new.csv", 2_000, 2)
    import_files(home, Order((str(old),), "workplaces"))
    before = signature(home)
    began = time.monotonic()
    assert start(home, new).wait() == 0
    took = time.monotonic() - began
    after = signature(home)
    assert before != after
    chance = random.Random(4)  # noqa: S311
    seen = set()
    for kill in range(N_KILLS):
        # from whichever state it is in to the other
        going = old if signature(home) == after else new
        worker = start(home, going)
        try:
            # the more of them late, where it writes
            worker.wait(took * (chance.random() ** 0.5) * 1.1)
        except subprocess.TimeoutExpired:
            os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        state = signature(home)
        assert state in {before, after}, f"after kill {kill}"
        seen.add(state)
    assert seen == {before, after}
    assert not check(home).problems
    import_files(home, Order((str(new),), "workplaces"))
    assert signature(home) == after
    assert list(home.glob(".reading-*")) == []


def test_what_a_killed_import_left_is_removed_and_a_living_one_stays(tmp_path: Path) -> None:
    dead = tmp_path / ".reading-dead"
    dead.mkdir()
    (dead / "rows").write_text("x")
    with scratch_folder(tmp_path) as mine, scratch_folder(tmp_path) as other:
        assert not dead.exists()
        assert mine.exists()
        assert other.exists()
        assert mine != other
    assert list(tmp_path.glob(".reading-*")) == []


@pytest.mark.long
def test_two_imports_at_once_both_come_through(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first, second = write_rows(tmp_path / "a.csv", 300, 1), write_rows(tmp_path / "b.csv", 300, 2)
    import_files(home, Order((str(write_rows(tmp_path / "c.csv", 10, 3)),), "workplaces"))
    workers = [start(home, path) for path in (first, second)]
    assert [worker.wait() for worker in workers] == [0, 0]
    close_databases()
    assert len(list_snapshots(home, "workplaces")) == 3
    assert set(load_layers(home)["workplaces"]["employees"]) in ({1.0}, {2.0})
    assert not check(home).problems
