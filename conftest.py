"""What every test run rests on: the right tree under test, the markers, and skips that may be forbidden."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import geo

ROOT = Path(__file__).resolve().parent

MARKERS = {
    "long": "takes longer than the suite allows; run by `make test-long`",
    "browser": "drives Chromium; every test below tests/browser has it",
    "postgres": "needs a PostgreSQL server with PostGIS",
}

# Where one of these variables is set to 1, a test with the marker must run: a skip becomes a failure.
REQUIRING_VARIABLE = {"browser": "NORRSYN_REQUIRE_BROWSER", "postgres": "NORRSYN_REQUIRE_POSTGRES"}
SUITE_VARIABLES = {
    "NORRSYN_CHROMIUM",
    "NORRSYN_SCREENSHOTS",
    "NORRSYN_SHARED_DATA",
    "NORRSYN_TEST_DATABASE_URL",
    *REQUIRING_VARIABLE.values(),
}

# Folders whose files share what takes long to make, the demo region; and those whose tests share nothing and take long.
TOGETHER = ("tests/browser/", "tests/geo/demo/")
APART = ("tests/notebooks/",)

# Of the tests that drive a browser the suite runs what people come for; all others are long.
MAIN_PATH = tuple(
    f"tests/browser/test_{name}.py"
    for name in ("accounts", "import", "main_job", "new_user", "share_links", "shared_map")
)

assert geo.__file__ is not None, "`geo` is a bare folder, not this tree's package"
assert Path(geo.__file__).resolve().is_relative_to(ROOT), f"the tests of {ROOT} would run against {geo.__file__}"

# A developer's own data folder and settings must not decide what the tests see.
for name in [name for name in os.environ if name.startswith("NORRSYN_") and name not in SUITE_VARIABLES]:
    del os.environ[name]

# A database waits for the disk at each commit. Where a disk in memory has room, the tests' folders are there;
# half of the time of tests of the store was that wait.
IN_MEMORY = Path("/dev/shm")  # noqa: S108  pytest makes a folder of our own in it
ROOM_BYTES = 2 * 2**30
if os.access(IN_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))

# A kernel's first call compiles it, so a deadline would time the compiler.
hypothesis.settings.register_profile("norrsyn", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("norrsyn")


def find_chromium() -> str | None:
    """Path of the Chromium to drive: NORRSYN_CHROMIUM, or the first one on the path."""
    named = os.environ.get("NORRSYN_CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the installed Chromium, for a test marked `browser`."""
    path = find_chromium()
    assert path is not None, "Chromium is not installed (Debian: apt-get install chromium)"
    return path


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests, most of them as long, and skip them where there is no browser."""
    browser_tests = ROOT / "tests" / "browser"
    without_browser = pytest.mark.skip(
        reason="Chromium is not installed: apt-get install chromium, or name one in NORRSYN_CHROMIUM"
    )
    missing = find_chromium() is None
    for item in items:
        if item.path.is_relative_to(browser_tests):
            item.add_marker("browser")
        if item.get_closest_marker("browser") and not item.nodeid.startswith(MAIN_PATH):
            item.add_marker("long")
        if missing and item.get_closest_marker("browser"):
            item.add_marker(without_browser)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For `make test` on several processes: what is made once for a file, or a folder, is made by one of them.

    The groups of pytest-xdist 3.8 (`--dist loadgroup`) hold nothing together under pytest 9.2, and do not say so.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  not there where tests run in one process

    class Scheduling(LoadScopeScheduling):
        """A file at a time, the largest first."""

        def _split_scope(self, nodeid: str) -> str:
            return name_group(nodeid)

    return Scheduling(config, log)


def name_group(nodeid: str) -> str:
    """Tests of one group run in one process."""
    if nodeid.startswith(APART):
        return nodeid
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where the environment says that the test must run."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        for marker, variable in REQUIRING_VARIABLE.items():
            if item.get_closest_marker(marker) and os.environ.get(variable, "0") not in {"", "0"}:
                report.outcome = "failed"
                report.longrepr = f"{variable} forbids this skip: {report.longrepr}"
    return report
