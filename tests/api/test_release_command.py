"""The commands that make, audit, list and take back releases."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from geo.errors import StoreError
from geo.store import releasing
from geo.store.files import close_databases
from geo.store.people.events import list_events
from geo.store.people.management import By
from geo.store.people.shares.life import create_share
from geo.store.people.shares.links import ShareScope, find_share_link
from tests.accounts import make_account
from tests.api.made import fill_home
from tests.api.test_cli import fail_json, no_settings, run, run_json
from tests.geo.disclosure.release.made import make_frames
from tests.shares import make_new

__all__ = ["no_settings"]
INNER = "joint-inspection"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("releases")
    fill_home(path, make_frames())
    close_databases()
    return path


def test_build_audit_list_and_delete(filled: Path) -> None:
    (made,) = run_json("release", "build", "--circle", INNER, "--home", filled)["releases"]
    assert made["rows"] > 0
    assert made["withheld"]["n_employers"]["workplaces"] > 100
    assert len(made["digest"]) == 64
    (again,) = run_json("release", "build", "--circle", INNER, "--home", filled)["releases"]
    assert again["digest"] == made["digest"]
    audited = run_json("release", "audit", "--home", filled)
    assert [one["release_id"] for one in audited["audited"]] == [made["release_id"], again["release_id"]]
    assert "2 release(s)" in run("release", "audit", "--home", filled).stdout
    listed = run_json("release", "list", "--circle", INNER, "--home", filled)["releases"]
    assert [one["release_id"] for one in listed] == [again["release_id"], made["release_id"]]
    assert run_json("release", "list", "--circle", "public", "--home", filled)["releases"] == []
    assert made["release_id"] in run("release", "list", "--home", filled).stdout
    assert run_json("release", "delete", made["release_id"], "--home", filled)["state"] == "deleted"
    states = {one["release_id"]: one["state"] for one in run_json("release", "list", "--home", filled)["releases"]}
    assert states == {made["release_id"]: "deleted", again["release_id"]: "open"}
    noted = [(event.what, event.about) for event in list_events(filled)[1]]
    assert noted == [
        ("release-deleted", made["release_id"]),
        ("release-built", again["release_id"]),
        ("release-built", made["release_id"]),
    ]


def test_releases_of_several_circles_are_made_from_coarse_to_fine(tmp_path: Path) -> None:
    fill_home(tmp_path, make_frames())
    build = ("release", "build", "--circle", INNER, "--circle", "public", "--circle", "municipality", "--circle", INNER)
    said = run(*build, "--home", tmp_path).stdout
    coarse_first = ["public", "municipality", INNER]
    assert re.findall(r"for circle (\S+):", said) == coarse_first
    made = run_json(*build, "--home", tmp_path)["releases"]
    assert [one["circle"] for one in made] == coarse_first
    assert [one["finest_m"] for one in made] == [8_000, 2_000, 1_000]
    listed = run_json("release", "list", "--home", tmp_path)["releases"]
    assert [one["release_id"] for one in listed[:3]] == [one["release_id"] for one in reversed(made)]
    assert [event.about for event in list_events(tmp_path)[1]] == [one["release_id"] for one in listed]


def test_what_was_made_before_a_failure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_home(tmp_path, make_frames())
    make_release, full = releasing.make_release, StoreError("The disk is full.")

    def fail_later(home: Path, circle: str, **more: Any) -> Any:
        if circle == INNER:
            raise full
        return make_release(home, circle, **more)

    monkeypatch.setattr(releasing, "make_release", fail_later)
    told = fail_json("release", "build", "--circle", INNER, "--circle", "public", "--home", tmp_path, code=4)["detail"]
    (kept,) = run_json("release", "list", "--home", tmp_path)["releases"]
    assert told == f"The disk is full.\nMade before that, and kept: {kept['release_id']} (public)."


def test_what_was_withheld_is_told_in_words(filled: Path) -> None:
    said = run("release", "build", "--circle", "public", "--lang", "sv", "--home", filled).stdout
    assert "arbetsgivare räknas i någon ruta" in said
    assert "rutor har för få arbetsgivare" in said
    # a switch that would leave something out of the audit is not there
    for switch in ("--no-audit", "--no-noise", "--no-keep"):
        assert run("release", "build", "--circle", "public", switch, "--home", filled, code=2)


def test_links_go_with_their_release(filled: Path) -> None:
    (made,) = run_json("release", "build", "--circle", INNER, "--home", filled)["releases"]
    now = time.time()
    by = By(make_account(filled, "Anna", ["coordinator"]), now)
    scope = ShareScope(made["release_id"], None, ("all",), ("workplaces",), 4_000)
    link = create_share(filled, make_new(now, scope=scope), by, among={INNER}).link
    told = run_json("release", "delete", made["release_id"], "--home", filled)
    assert told["links_revoked"] == [link.link_id]
    assert find_share_link(filled, link.link_id, now=now).state == "revoked"


def test_what_cannot_be_done_is_told(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n_before = len(run_json("release", "list", "--home", filled)["releases"])
    build = ("release", "build", "--circle", "x", "--circle", INNER, "--circle", "y")
    told = fail_json(*build, "--home", filled, code=2)["detail"]
    assert "no sharing circle 'x'" in told
    assert "no sharing circle 'y'" in told
    assert len(run_json("release", "list", "--home", filled)["releases"]) == n_before
    assert fail_json("release", "list", "--circle", "x", "--home", filled, code=2)
    assert fail_json("release", "delete", "x", "--home", filled, code=3)
    for command in (("build", "--circle", INNER), ("audit",), ("list",), ("delete", "x")):
        assert "no data folder" in fail_json("release", *command, "--home", tmp_path / "no", code=3)["detail"]
    monkeypatch.setenv("NORRSYN_RELEASE_KEY", "short")
    told = fail_json("release", "build", "--circle", INNER, "--home", filled, code=4)["detail"]
    assert "32 characters or more" in told
    assert "short" not in told
    monkeypatch.delenv("NORRSYN_RELEASE_KEY")
    run("release", "build", "--circle", INNER, "--home", filled)
    key = (filled / "release.key").read_text()
    (filled / "release.key").unlink()
    told = fail_json("release", "build", "--circle", INNER, "--home", filled, code=4)["detail"]
    assert "put the file back" in told
    assert not (filled / "release.key").exists()
    (filled / "release.key").write_text(key)
    (filled / "release.key").chmod(0o640)
    told = fail_json("release", "build", "--circle", INNER, "--home", filled, code=4)["detail"]
    assert "chmod 600" in told
