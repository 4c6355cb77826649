"""The tree holds only what is ours to publish: no addresses of machines, no unsafe way to draw data."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written so that this file does not match itself.
MACHINE_PATHS = re.compile(
    r"(?<![\w.:/-])/(?:[w]ork|[f]arm|[r]oot|[h]ome/\w+|[U]sers/\w+|opt/[p]ypi|[t]mp/\w+)(?:/|\b)", re.MULTILINE
)
REGISTRY_HOSTS = re.compile(r"[p]ypi\.org|files\.[p]ythonhosted|registry\.[n]pmjs|deb\.[d]ebian|[a]naconda\.org")
EXPLORE_CALL = re.compile(r"\.explore\s*\(")


def list_tree_files() -> list[Path]:
    """Files that are, or with the next commit could be, part of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing is tracked here")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def read_texts(paths: list[Path]) -> dict[Path, str]:
    texts = {}
    for path in paths:
        content = path.read_bytes()
        if b"\0" not in content:
            texts[path.relative_to(ROOT)] = content.decode("utf-8")
    return texts


def find_lines(pattern: re.Pattern[str], texts: dict[Path, str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    return read_texts(list_tree_files())


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRY_HOSTS], ids=["machine paths", "registry hosts"])
def test_nothing_points_at_one_machine_or_registry(texts: dict[Path, str], pattern: re.Pattern[str]) -> None:
    assert find_lines(pattern, texts) == []


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("DATA = '/" + "work/shared/data'", MACHINE_PATHS),
        ("see /" + "home/somebody/norrsyn", MACHINE_PATHS),
        ("--index-url https://pypi" + ".org/simple", REGISTRY_HOSTS),
    ],
)
def test_the_patterns_find_what_they_are_for(line: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["/api/homework/1", "https://example.org/home/page", "a/tmp/b"])
def test_the_patterns_leave_routes_alone(line: str) -> None:
    assert not MACHINE_PATHS.search(line)


def test_no_frame_draws_itself_through_folium(texts: dict[Path, str]) -> None:
    """geopandas' own map puts every attribute of the data through folium's templates; ruff cannot see the call."""
    code = {
        path: text for path, text in texts.items() if path.suffix in {".py", ".ipynb"} and path.name != "test_tree.py"
    }
    assert find_lines(EXPLORE_CALL, code) == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "benchmarks/peers/requirements.lock"])
class TestLock:
    def test_holds_no_address(self, name: str) -> None:
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"https?:|file:|git\+|\s@\s|^--?(?!hash)[a-z]|^\s*/", text, re.MULTILINE)

    def test_pins_and_hashes_every_package(self, name: str) -> None:
        text = (ROOT / name).read_text("utf-8").replace("\\\n", "")
        lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
        assert lines
        unpinned = [
            line for line in lines if not re.match(r"[a-z0-9-]+==\S+( ; [^\\]+?)?\s+--hash=sha256:[0-9a-f]{64}", line)
        ]
        assert unpinned == []


def test_both_locks_agree() -> None:
    """Either may be installed first into one environment."""
    pins = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        pins[name] = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
    assert pins["requirements.lock"].items() <= pins["requirements-dev.lock"].items()


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_data_folder_is_the_default_one_in_the_makefile(blank: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    done = subprocess.run(
        [make, "help"],
        cwd=ROOT,
        env={**os.environ, "NORRSYN_HOME": blank},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "NORRSYN_HOME=./norrsyn-data " in done.stdout
