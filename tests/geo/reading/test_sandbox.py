"""A file is read in a process that may crash, hang or eat without end; whoever asked gets a message and lives on."""

import errno
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from geo.errors import ConfigError, CRSError, GeometryError, InputError, NorrsynError, SchemaError, StoreError
from geo.reading import read_layer_file
from geo.reading.columns import Choice
from geo.reading.files import Request
from geo.reading.limits import Limits
from geo.reading.sandbox import ENVIRONMENT, Progress, run_worker
from geo.reading.staging import Staged

ROOT = Path(__file__).resolve().parents[3]
START = """
import importlib.util, sys
sys.path.insert(0, {root!r})
spec = importlib.util.spec_from_file_location("worker", {worker!r})
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)

def stage(request, folder, on_progress):
{body}

worker.serve(lambda: stage)
"""
QUICK = Limits(time_s=60, memory_bytes=2**30)

Run = Callable[..., None]


def command(body: str) -> list[str]:
    worker = str(ROOT / "geo" / "reading" / "worker.py")
    body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return [sys.executable, "-P", "-c", START.format(root=str(ROOT), worker=worker, body=body)]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run some lines in place of the reader."""

    def run_lines(body: str, limits: Limits = QUICK, **options: object) -> None:
        run_worker({"paths": ["/somewhere/big.csv"]}, tmp_path, limits, command=command(body), **options)

    return run_lines


def test_request_folder_and_progress_come_and_go(tmp_path: Path) -> None:
    body = """
    on_progress("read", 1, None)
    on_progress("read", 2, 3)
    (folder / "out").write_text(request["paths"][0] + str(request["options"]))
    """
    told: list[Progress] = []
    run_worker({"paths": ["å.csv"], "options": [1, None]}, tmp_path, QUICK, told.append, command=command(body))
    assert told == [Progress("read", 1, None), Progress("read", 2, 3)]
    assert (tmp_path / "out").read_text() == "å.csv[1, None]"


@pytest.mark.parametrize("kind", [InputError, CRSError, GeometryError, StoreError])
def test_errors_come_back_as_what_they_were(run: Run, kind: type[NorrsynError]) -> None:
    with pytest.raises(kind, match=r"^row 3:\n  - “å”$") as caught:
        run(f"from geo.errors import {kind.__name__}\nraise {kind.__name__}('row 3:\\n  - “å”')")
    assert type(caught.value) is kind


def test_failures_come_back_with_their_error(run: Run) -> None:
    with pytest.raises(SchemaError, match="two rules") as caught:
        run("from geo.errors import SchemaError\nraise SchemaError('two rules', ('a', 'b'))")
    assert caught.value.failures == ("a", "b")


@pytest.mark.parametrize(
    ("body", "limits", "kind", "message"),
    [
        ("b = [bytes(2**24) for _ in range(1000)]", QUICK, InputError, "takes more than 1024 MiB of memory; split"),
        ("import time\ntime.sleep(60)", Limits(time_s=1), InputError, "took more than 1 s; split it"),
        ("while True: pass", Limits(processor_s=1), InputError, "more than 1 s of computing; split"),
        (
            "(folder / 'x').write_bytes(bytes(2**21))",
            Limits(written_bytes=2**20),
            StoreError,
            "write a file of more than 1 MiB",
        ),
        ("fs = [open('/dev/null') for _ in range(50)]", Limits(open_files=40), StoreError, "more than 40 open files"),
        (f"raise OSError({errno.ENOSPC}, 'full')", QUICK, StoreError, "the disk is full; make room"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", QUICK, InputError, r"crashed on it \(SIGSEGV\)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", QUICK, InputError, "was ended by the system"),
        ("import os\nos._exit(7)", QUICK, InputError, r"failed on it \(exit 7\)"),
        ("raise KeyError('a')", QUICK, InputError, r"failed on it \(KeyError\)"),
    ],
    ids=["memory", "time", "computing", "written", "open", "disk", "crash", "killed", "exit", "bug"],
)
def test_what_a_reader_may_not_do_ends_in_words(
    run: Run, body: str, limits: Limits, kind: type[NorrsynError], message: str
) -> None:
    started = time.monotonic()
    with pytest.raises(kind, match=rf"^big\.csv: .*{message}"):
        run(body, limits)
    assert time.monotonic() - started < 30


def test_a_full_disk_is_said(run: Run) -> None:
    """A device that is always full."""
    with pytest.raises(StoreError, match=r"big\.csv: the disk is full"):
        run("with open('/dev/full', 'w') as file: file.write('x' * 100_000)")


def test_deep_recursion_in_c_ends_the_worker_alone(run: Run) -> None:
    body = """
    import shapely, struct
    depth = 2_000_000
    shapely.from_wkb(struct.pack("<BII", 1, 7, 1) * depth + struct.pack("<BIdd", 1, 1, 0, 0))
    """
    with pytest.raises(InputError, match=r"big\.csv: the process that read it crashed on it \(SIGSEGV\)"):
        run(body, Limits(time_s=60))


def test_nothing_of_the_parents_secrets_is_handed_on(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORRSYN_DATABASE_URL", "postgresql://u:secret@db/x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("TZ", "UTC")
    run("import json, os\n(folder / 'env').write_text(json.dumps(dict(os.environ)))")
    import json  # noqa: PLC0415

    got = json.loads((tmp_path / "env").read_text())
    assert got["TZ"] == "UTC"
    assert set(got) <= ENVIRONMENT | {"PROJ_NETWORK", "OPENBLAS_NUM_THREADS", "PYTHONUTF8"}
    assert "secret" not in str(got)


def test_files_of_the_worker_are_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    run("(folder / 'mine').write_text('x')")
    assert (tmp_path / "mine").stat().st_mode & 0o077 == 0


def test_what_libraries_print_disturbs_nobody(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Progress] = []
    with caplog.at_level(logging.WARNING):
        run(
            "print('{\"done\": true}')\nimport os\nos.write(1, b'noise')\non_progress('a', 1, 1)",
            on_progress=told.append,
        )
    assert told == [Progress("a", 1, 1)]
    assert "noise" in caplog.text


def test_a_bugs_traceback_is_logged_and_not_shown(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(InputError) as caught:
        run("raise KeyError('what stood in the cell')")
    assert "what stood" not in str(caught.value)
    assert "Traceback" in caplog.text


def test_who_stops_listening_ends_the_worker(run: Run, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(_: Progress) -> None:
        raise Stop

    body = "import os, time\n(folder / 'pid').write_text(str(os.getpid()))\non_progress('a', 0, 1)\ntime.sleep(60)"
    with pytest.raises(Stop):
        run(body, on_progress=stop)
    assert is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_the_worker_ends_with_its_parent(tmp_path: Path, end: signal.Signals) -> None:
    body = "import os, time\n(folder / 'pid').write_text(str(os.getpid()))\ntime.sleep(60)"
    code = f"""
import signal, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from geo.reading.sandbox import run_worker
# a shell has its background jobs ignore it, and their children
signal.signal(signal.SIGINT, signal.default_int_handler)
run_worker({{"paths": ["a"]}}, Path({str(tmp_path)!r}), command={command(body)!r})
"""
    pid = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as parent:  # noqa: S603  ours
        try:
            wait_for(lambda: pid.exists() and pid.read_text())
            parent.send_signal(end)
            parent.wait(30)
            wait_for(lambda: is_gone(int(pid.read_text())))
        finally:
            # one that did not end would be in the way of other tests
            parent.kill()


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    """As a server does; a lock that another thread holds is never inherited."""
    problems: list[BaseException] = []

    def read(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            run_worker(
                {"paths": [str(number)]}, folder, command=command("(folder / 'out').write_text(request['paths'][0])")
            )
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert [(tmp_path / str(number) / "out").read_text() for number in range(6)] == [str(number) for number in range(6)]


def test_answers_that_make_no_sense_are_an_error(tmp_path: Path) -> None:
    for answer in ("nonsense", "[1]", '{"error": "SystemExit", "message": "x"}', '{"error": "NoSuch"}', ""):
        told = [sys.executable, "-c", f"import sys; sys.stdin.readline(); print({answer!r})"]
        with pytest.raises(InputError, match=r"^a\.csv: the process that read it failed on it"):
            run_worker({"paths": ["a.csv"]}, tmp_path, QUICK, command=told)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the process that reads files cannot be started"):
        run_worker({"paths": ["a.csv"]}, tmp_path, command=[str(tmp_path / "gone")])


def test_the_readers_own_start_is_quick(tmp_path: Path) -> None:
    """It imports what reading takes, and neither the model nor the compiler, which take as long again."""
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "geo" / "reading")!r})
import worker
sys.path.pop(0)
worker.find_stage_file()
print(*(name in sys.modules for name in ("geo.risk", "scipy.stats", "numba", "geo.reading.files")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)  # noqa: S603
    assert done.stdout.split() == ["False", "False", "False", "True"]


def test_a_file_is_read_by_the_real_worker(tmp_path: Path) -> None:
    """In a process of its own the rows are those that are read in this one."""
    path = tmp_path / "sites.csv"
    path.write_text("workplace_id,sni,employees,lon,lat\n1,41.20,5,20.26,63.83\n2,41.20,x,20.27,63.83\n", "utf-8")
    (tmp_path / "out").mkdir()
    request = Request((str(path),), "workplaces", Choice.of(None, None, None))
    told: list[Progress] = []
    run_worker(request.to_dict(), tmp_path / "out", on_progress=told.append)
    staged = Staged(tmp_path / "out")
    assert staged.frame()["workplace_id"].tolist() == ["1"]
    here = read_layer_file(path, "workplaces")
    assert staged.reports[0].to_dict() == here.report.to_dict()
    assert told


def test_what_the_real_worker_refuses_comes_back_in_words(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / "a.geojson"
    path.write_bytes(b"<OGRVRTDataSource/>")
    request = Request((str(path),), "workplaces", Choice.of(None, None, None))
    with pytest.raises(InputError, match=r"^a\.geojson: its name says \.geojson, but it holds XML"):
        run_worker(request.to_dict(), tmp_path / "out")


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # a dead child that nobody has asked about yet
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
