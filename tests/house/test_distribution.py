"""What is handed out: the wheel and the source archive, built from this tree, and the wheel installed and used."""

import json
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]

READ_A_TABLE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import geo
from geo.reference import read_table
print(json.dumps({"geo": geo.__file__, "rows": len(read_table("counties"))}))
"""


def run_python(*arguments: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def list_packaged_files(package: str) -> set[str]:
    """Files of one package that belong in the wheel, as posix names."""
    made_by_running = {"__pycache__", ".ipynb_checkpoints"}
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not made_by_running & set(path.parts) and path.suffix not in {".pyc", ".nbi", ".nbc"}
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run_python("-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    return next(folder.glob("norrsyn-*.whl"))


def test_wheel_holds_exactly_the_three_packages_and_the_tables(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    metadata = {name for name in names if PurePosixPath(name).parts[0].endswith(".dist-info")}
    tables = {f"geo/data/reference/{path.name}" for path in (ROOT / "data" / "reference").iterdir()}
    packages = set().union(*(list_packaged_files(package) for package in ("geo", "api", "maps")))
    assert names - metadata == packages | tables
    assert {PurePosixPath(name).name for name in metadata} >= {"METADATA", "RECORD", "WHEEL", "entry_points.txt"}


def test_installed_wheel_reads_its_own_tables(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    run_python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", site, wheel)
    answer = json.loads(run_python("-I", "-c", READ_A_TABLE, site, cwd=tmp_path))
    assert Path(answer["geo"]).is_relative_to(site)
    assert answer["rows"] == 4


def test_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    run_python("-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path)
    archive = next(tmp_path.glob("norrsyn-*.tar.gz"))
    with tarfile.open(archive) as opened:
        tops = {PurePosixPath(name).parts[1] for name in opened.getnames()}
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    included = {entry.strip("/").split("/")[0] for entry in targets["sdist"]["include"]}
    assert tops <= included | {"PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
    run_python("-m", "pip", "wheel", "-qq", "--no-deps", "--no-index", "--no-build-isolation", "-w", tmp_path, archive)
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as theirs:
        assert {i.filename: i.CRC for i in ours.infolist()} == {i.filename: i.CRC for i in theirs.infolist()}
