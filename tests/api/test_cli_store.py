"""norrsyn layers and norrsyn db: what they say, what they change, and their exit codes; on both databases."""

from __future__ import annotations

import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli import app
from api.cli.events import name_operator
from geo.store.files import Provenance, list_snapshots, load_layers, save_layer
from geo.store.people.events import list_events
from geo.store.people.management import By
from geo.store.people.shares.life import create_share, revoke_share
from geo.store.people.shares.links import list_share_links
from geo.store.people.users import NewUser, make_user
from geo.store.releases import list_releases
from tests.frames import make_finding, make_frame, make_workplace
from tests.shares import DAY_S, make_new, put_release

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two snapshots of a layer."""
    home = tmp_path / "home"
    first = make_frame([make_workplace(1), make_workplace(2), make_workplace(3)])
    second = make_frame([make_workplace(2, employees=99.0, name=None), make_workplace(3), make_workplace(4)])
    save_layer(home, "workplaces", first, Provenance("first.csv", licence="CC0"))
    save_layer(home, "workplaces", second, Provenance("second.csv", importer="analyst"))
    return home


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
    return result


def run_json(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.stderr == ""
    return json.loads(result.stdout)


def fail_json(*arguments: object, code: int) -> str:
    result = run(*arguments, "--json", code=code)
    assert result.stdout == ""
    return str(json.loads(result.stderr)["detail"])


def test_what_commands_do_is_noted(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text(
        "workplace_id,sni,sni_version,employees,easting,northing\nw9,41200,2007,3,760000,7080000\n", encoding="utf-8"
    )
    run("import", "workplaces", file, "--add", "--dry-run", "--home", home)
    run("import", "workplaces", file, "--add", "--home", home)
    run("layers", "rollback", "workplaces", 1, "--home", home)
    surface = run_json("score", "--at", "2026-01-15", "--cell", "20000", "--home", home)["surface"]
    told = list(reversed(list_events(home)[1]))
    assert [(each.what, each.about) for each in told] == [
        ("import-sent", "workplaces"),
        ("layer-rolled-back", "workplaces → 1"),
        ("surface-published", surface),
    ]
    assert {(each.user_id, each.user_name) for each in told} == {(None, name_operator())}
    assert name_operator().startswith("cli:")


class TestLayers:
    def test_alone_it_lists(self, home: Path) -> None:
        assert run_json("layers", "--home", home) == run_json("layers", "list", "--home", home)
        assert "second.csv" in run("layers", "--home", home).stdout

    def test_history(self, home: Path) -> None:
        answer = run_json("layers", "history", "workplaces", "--home", home)
        assert [(one["number"], one["rows"], one["current"]) for one in answer["snapshots"]] == [
            (2, 3, True), (1, 3, False),
        ]  # fmt: skip
        assert [one["source_name"] for one in answer["imports"]] == ["second.csv", "first.csv"]
        assert (answer["imports"][0]["importer"], answer["imports"][1]["licence"]) == ("analyst", "CC0")
        text = run("layers", "history", "workplaces", "--home", home).stdout
        assert "first.csv" in text
        assert "current" in text
        assert "Nothing was ever imported" in run("layers", "history", "visits", "--home", home).stdout

    def test_diff(self, home: Path) -> None:
        answer = run_json("layers", "diff", "workplaces", 1, 2, "--home", home)
        assert (answer["added"], answer["gone"]) == (["w004"], ["w001"])
        assert answer["changed"] == [{"key": "w002", "columns": {"name": ["Firma 2", None], "employees": [10.0, 99.0]}}]
        text = run("layers", "diff", "workplaces", 1, 2, "--home", home).stdout
        assert "1 added, 1 changed, 1 gone" in text
        assert "w002" in text

    def test_rollback_and_forward(self, home: Path) -> None:
        answer = run_json("layers", "rollback", "workplaces", 1, "--home", home)
        assert (answer["number"], answer["current"]) == (1, True)
        assert list(load_layers(home)["workplaces"]["workplace_id"]) == ["w001", "w002", "w003"]
        assert "3 rows of second.csv" in run("layers", "rollback", "workplaces", 2, "--home", home).stdout

    def test_what_is_not_there(self, home: Path, tmp_path: Path) -> None:
        assert "no snapshot 7" in fail_json("layers", "diff", "workplaces", 1, 7, "--home", home, code=3)
        assert "no snapshot 7" in fail_json("layers", "rollback", "workplaces", 7, "--home", home, code=3)
        assert "no layer 'weather'" in fail_json("layers", "history", "weather", "--home", home, code=3)
        run("layers", "rollback", "workplaces", "0", "--home", tmp_path, code=2)
        run("layers", "nonsense", code=2)


class TestDatabase:
    def test_upgrade_and_check(self, home: Path, database: str) -> None:
        answer = run_json("db", "upgrade", "--home", home)
        assert ("postgresql://" if database == "postgresql" else "norrsyn.sqlite") in answer["database"]
        assert "@" not in answer["database"]
        counts = run_json("db", "check", "--home", home)
        # two of the six rows are the same in both snapshots' eyes: w003 is kept once
        assert (counts["rows"], counts["snapshots"], counts["surfaces"]) == (5, 2, 0)
        assert "is whole" in run("db", "check", "--home", home).stdout

    def test_backup_and_restore(self, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "b.zip"
        answer = run_json("db", "backup", file, "--home", home)
        assert answer["bytes"] == file.stat().st_size
        assert answer["rows"]["snapshots"] == 2
        assert "holds layers or surfaces already" in fail_json("db", "restore", file, "--home", home, code=4)
        before = list_snapshots(home, "workplaces")
        # into the other folder's own file, whatever was backed up
        monkeypatch.delenv("NORRSYN_DATABASE_URL", raising=False)
        assert "holds what" in run("db", "restore", file, "--home", tmp_path / "new").stdout
        assert list_snapshots(tmp_path / "new", "workplaces") == before
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("surfaces/more", b"")
        assert "surfaces/more" in fail_json("db", "restore", file, "--home", tmp_path / "third", code=4)
        assert "no backup" in fail_json("db", "restore", tmp_path / "none", "--home", home, code=3)

    def test_erase_takes_expired_releases_and_links_that_ended_long_ago(self, home: Path) -> None:
        now = time.time()
        put_release(home, days=60, now=now - 900 * DAY_S)
        put_release(home, "fedcba9876543210", days=60)
        anna = By(make_user(home, NewUser("Anna", "polismyndigheten", ["coordinator"]), now=1.0).user_id, 0)
        for recipient, days in (("Old", 800), ("Young", 700)):
            at = now - days * DAY_S
            made = create_share(
                home, make_new(at, recipient=recipient), replace(anna, now=at), among={"joint-inspection"}
            )
            revoke_share(home, made.link.link_id, replace(anna, now=at + 1))
        # a day to come takes nothing that the clock does not
        told = run_json("db", "erase", "--today", "2099-01-01", "--home", home)
        assert (told["links_emptied"], told["releases_forgotten"]) == (1, 1)
        assert [link.recipient for link in list_share_links(home, now=now)] == ["Young", ""]
        assert [one.release_id for one in list_releases(home)] == ["fedcba9876543210"]
        told = run_json("db", "erase", "--home", home)
        assert (told["links_emptied"], told["releases_forgotten"]) == (0, 0)

    def test_erase(self, home: Path) -> None:
        save_layer(home, "findings", make_frame([make_finding(1, retain_until="2026-07-14")]), Provenance("f.csv"))
        assert "Nothing had to be erased" in run("db", "erase", "--today", "2026-07-14", "--home", home).stdout
        (erased,) = run_json("db", "erase", "--today", "2026-07-15", "--home", home)["erased"]
        assert (erased["layer"], erased["versions"]) == ("findings", 1)
        assert "YYYY-MM-DD" in fail_json("db", "erase", "--today", "soon", "--home", home, code=2)
        assert "no rows" not in run("layers", "--home", home).stdout
