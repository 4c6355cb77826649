"""How `make test` spreads the tests over processes: what shares a thing that takes long to make stays together."""

from __future__ import annotations

from pathlib import Path

import pytest

import conftest

pytest_plugins = ["pytester"]

pytest.importorskip("xdist")

N_TESTS = 8
SOURCE = "\n".join(f"def test_{n}(): pass" for n in range(N_TESTS))
# the file of this tree, from wherever the small suite lies
HOOK = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("ours", {str(Path(conftest.__file__))!r})
ours = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ours)
pytest_xdist_make_scheduler = ours.pytest_xdist_make_scheduler
"""
FOLDERS = {
    "tests/browser": ("test_one", "test_two"),
    "tests/geo/demo": ("test_three", "test_four"),
    "tests/maps": ("test_five", "test_six"),
    "tests/notebooks": ("test_seven",),
}


def test_groups_are_files_but_for_folders_that_share_and_tests_that_share_nothing() -> None:
    together = {conftest.name_group(f"tests/browser/test_{name}.py::test_it[a::b]") for name in ("one", "two")}
    assert len(together) == 1
    assert conftest.name_group("tests/geo/demo/test_a.py::test_it") not in together
    of_file = {conftest.name_group(f"tests/maps/test_a.py::{name}") for name in ("test_x", "TestY::test_z[a::b]")}
    assert of_file == {"tests/maps/test_a.py"}
    apart = {conftest.name_group(f"tests/notebooks/test_a.py::test_it[{name}]") for name in "abc"}
    assert len(apart) == 3
    for folder in (*conftest.TOGETHER, *conftest.APART):
        assert (Path(conftest.ROOT) / folder).is_dir(), f"{folder} is named in conftest.py and is not there"
    for file in conftest.MAIN_PATH:
        assert (Path(conftest.ROOT) / file).is_file(), f"{file} is named in conftest.py and is not there"


@pytest.mark.long
def test_a_run_on_two_processes_keeps_to_the_groups(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real runs of a small suite: with our scheduler every group is one process's, with the usual one it is not."""
    monkeypatch.setenv("PYTHONPATH", str(conftest.ROOT))
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeconftest(HOOK)
    for folder, names in FOLDERS.items():
        (pytester.path / folder).mkdir(parents=True)
        for name in names:
            (pytester.path / folder / f"{name}.py").write_text(SOURCE, encoding="utf-8")

    ours = find_processes(pytester, "loadfile")
    # two folders, two files, and every test of the last folder by itself
    assert len(ours) == 2 + 2 + N_TESTS
    assert [group for group, processes in ours.items() if len(processes) > 1] == []
    assert len(set.union(*ours.values())) == 2

    usual = find_processes(pytester, "load")
    assert any(len(processes) > 1 for processes in usual.values()), "this suite does not tell the schedulers apart"


def find_processes(pytester: pytest.Pytester, dist: str) -> dict[str, set[str]]:
    """Group to the processes that ran its tests."""
    run = pytester.runpytest_subprocess("-v", "-n2", f"--dist={dist}", "-p", "no:cacheprovider", "-p", "no:randomly")
    run.assert_outcomes(passed=N_TESTS * sum(map(len, FOLDERS.values())))
    found: dict[str, set[str]] = {}
    for line in run.outlines:
        if line.startswith("[gw") and " PASSED " in line:
            process, _, node = line.partition("]")
            found.setdefault(conftest.name_group(node.split("PASSED", 1)[1].strip()), set()).add(process)
    return found
