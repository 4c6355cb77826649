"""Backup and restore: one command each, from either kind of database to either, with equal digests."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.errors import NotFoundError, StoreError
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.risk.surface import RiskSurface
from geo.store.database import close_databases
from geo.store.files import (
    Provenance,
    backup,
    check,
    erase_expired,
    find_current,
    import_frames,
    list_erasures,
    list_imports,
    list_snapshots,
    load_demo_truth,
    load_layers,
    load_quarantine,
    load_snapshot,
    load_surface,
    publish,
    read_stamp,
    restore,
    save_demo_truth,
    save_layers,
    save_surface,
)
from geo.store.people.events import list_events, note_event
from geo.store.people.saved_views import list_views, save_view
from geo.store.people.shortlist import add_entry, list_entries
from geo.store.people.users import NewUser, make_user
from tests.databases import fresh_schema
from tests.frames import make_frame, make_workplace

SOURCE = Provenance("a.csv", "ab" * 32, 7, licence="CC0", legal_basis="law", retain_until="2099-01-01")


@contextmanager
def use_database(kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One kind of database for as long as the block lasts."""
    close_databases()
    if kind == "sqlite":
        monkeypatch.delenv("NORRSYN_DATABASE_URL", raising=False)
        yield
        close_databases()
        return
    with fresh_schema() as address:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", address)
        yield
        close_databases()


def fill(home: Path, frames: dict[str, gpd.GeoDataFrame], surface: RiskSurface) -> None:
    """Every kind of thing that a store keeps."""
    save_layers(home, {name: (frame, SOURCE) for name, frame in frames.items()})
    rows = [{"row": 3, "failures": [{"column": "å", "rule": '"x", \n'}], "cells": {"namn": "\0é", "tom": None}}]
    names = ["", " ", '"', "a,b", "rad\nrad", "\\x41", "\\N", "NULL", "å" * 300, None]
    frame = validate(
        LAYERS["workplaces"], make_frame([make_workplace(number, name=name) for number, name in enumerate(names)])
    )
    import_frames(home, "workplaces", [frame], SOURCE, quarantine=rows, report={"å": [1, None]})
    import_frames(home, "findings", [load_layers(home)["findings"][1:]], Provenance("b.csv", retain_until="2020-01-01"))
    erase_expired(home, pd.Timestamp("2026-07-15").date())
    save_surface(home, surface)
    publish(home, surface.id)
    save_demo_truth(home, make_frame([make_workplace()]), {"seed": 1})


def describe(home: Path) -> dict[str, object]:
    """Everything that can be asked of a store."""
    imports = [each for name in LAYERS for each in list_imports(home, name)]
    return {
        "snapshots": [list_snapshots(home, name) for name in LAYERS],
        "imports": [(each.import_id, each.provenance, each.options and dict(each.options)) for each in imports],
        "reports": [each.report and dict(each.report) for each in imports],
        "quarantine": [load_quarantine(home, each.import_id) for each in imports],
        "erasures": list_erasures(home),
        "current": find_current(home),
        "truth": load_demo_truth(home)[1],
        "fingerprint": load_layers(home).fingerprint,
    }


BOTH = ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.long])]


@pytest.mark.parametrize("there", BOTH)
@pytest.mark.parametrize("here", BOTH)
def test_the_drill(
    tmp_path: Path,
    frames: dict[str, gpd.GeoDataFrame],
    surface: RiskSurface,
    monkeypatch: pytest.MonkeyPatch,
    here: str,
    there: str,
) -> None:
    file = tmp_path / "backup.zip"
    with use_database(here, monkeypatch):
        fill(tmp_path / "old", frames, surface)
        before, stamp = describe(tmp_path / "old"), read_stamp(tmp_path / "old")
        snapshots = {
            (name, each.number): load_snapshot(tmp_path / "old", name, each.number)
            for name in LAYERS
            for each in list_snapshots(tmp_path / "old", name)
        }
        done = backup(tmp_path / "old", file)
        assert (done.size, done.surfaces) == (file.stat().st_size, 1)
        assert file.stat().st_mode & 0o077 == 0
    with use_database(there, monkeypatch):
        assert restore(file, tmp_path / "new") == done
        assert describe(tmp_path / "new") == before
        for (name, number), frame in snapshots.items():
            pd.testing.assert_frame_equal(load_snapshot(tmp_path / "new", name, number), frame)
        np.testing.assert_array_equal(load_surface(tmp_path / "new").score, surface.score)
        assert check(tmp_path / "new").problems == ()
        # whoever looks at both must see that they are two
        assert read_stamp(tmp_path / "new") != stamp
        # and life goes on: numbers that the database gives do not meet the restored ones
        again = import_frames(tmp_path / "new", "workplaces", [frames_of(1)], Provenance("c.csv"))
        assert again.import_id > max(each[0] for each in before["imports"])
        assert len(load_layers(tmp_path / "new")["workplaces"]) == 1


def frames_of(number: int) -> gpd.GeoDataFrame:
    return validate(LAYERS["workplaces"], make_frame([make_workplace(number)]))


class TestRefused:
    @pytest.fixture
    def file(self, tmp_path: Path, frames: dict[str, gpd.GeoDataFrame], surface: RiskSurface) -> Path:
        fill(tmp_path / "old", frames, surface)
        backup(tmp_path / "old", tmp_path / "backup.zip")
        return tmp_path / "backup.zip"

    def test_every_member_is_checked(self, tmp_path: Path, file: Path) -> None:
        content = file.read_bytes()
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
        assert len(members) > 20
        for member in members:
            damaged = bytearray(content)
            # behind the local header and the name, in the member's middle
            damaged[member.header_offset + 30 + len(member.filename) + 20 + member.compress_size // 2] ^= 1
            file.write_bytes(damaged)
            with pytest.raises(StoreError, match=member.filename.rpartition("/")[2].replace(".", r"\.")):
                restore(file, tmp_path / "new")
        assert load_layers(tmp_path / "new").provenance == {}

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
    def test_a_file_that_is_cut_off(self, tmp_path: Path, file: Path, share: float) -> None:
        file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
        with pytest.raises(StoreError, match=r"backup\.zip is damaged, or no backup"):
            restore(file, tmp_path / "new")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda members: members.pop("tables/imports.parquet"), r"imports\.parquet is not what was backed up"),
            (lambda members: members.update({"../x": b"1"}), r"\.\./x is not what was backed up"),
            (lambda members: members.update({"tables/more": b"1"}), "tables/more is not what was backed up"),
            (lambda members: members.update({"norrsyn-backup.json": b"{}"}), "damaged or of another version"),
            (lambda members: change_index(members, "step", "9999"), "written by a newer version of Norrsyn"),
            (lambda members: change_index(members, "format", 2), "damaged or of another version"),
        ],
    )
    def test_an_archive_that_somebody_changed(
        self, tmp_path: Path, file: Path, change: Callable[[dict[str, bytes]], object], message: str
    ) -> None:
        rewrite(file, change)
        with pytest.raises(StoreError, match=message):
            restore(file, tmp_path / "new")

    def test_rows_that_were_changed_and_listed_anew(self, tmp_path: Path, file: Path) -> None:
        """The list agrees with the files, and the rows do not agree with their hashes."""
        import hashlib  # noqa: PLC0415

        def change(members: dict[str, bytes]) -> None:
            name = "tables/records_workplaces.parquet"
            table = pd.read_parquet(io.BytesIO(members[name]))
            table.loc[0, "employees"] += 1
            table.to_parquet(buffer := io.BytesIO(), index=False)
            members[name] = buffer.getvalue()
            index = json.loads(members["norrsyn-backup.json"])
            index["members"][name]["sha256"] = hashlib.sha256(members[name]).hexdigest()
            members["norrsyn-backup.json"] = json.dumps(index).encode()

        rewrite(file, change)
        with pytest.raises(StoreError, match=r"does not hold what was backed up(.|\n)*workplaces: 1 row"):
            restore(file, tmp_path / "new")
        assert load_layers(tmp_path / "new").provenance == {}
        assert list((tmp_path / "new" / "surfaces").iterdir()) == []

    def test_a_store_that_is_not_empty(self, tmp_path: Path, file: Path) -> None:
        before = describe(tmp_path / "old")
        with pytest.raises(StoreError, match="holds layers or surfaces already"):
            restore(file, tmp_path / "old")
        assert describe(tmp_path / "old") == before

    def test_what_is_not_there(self, tmp_path: Path, file: Path) -> None:
        with pytest.raises(NotFoundError, match="There is no backup"):
            restore(tmp_path / "nothing.zip", tmp_path / "new")
        with pytest.raises(NotFoundError, match="no data folder"):
            backup(tmp_path / "nothing", tmp_path / "b.zip")
        with pytest.raises(StoreError, match="there is no folder"):
            backup(tmp_path / "old", tmp_path / "nowhere" / "b.zip")
        assert file.exists()


@pytest.mark.parametrize("there", BOTH)
@pytest.mark.parametrize("here", BOTH)
def test_what_users_keep_comes_back_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str, there: str
) -> None:
    file = tmp_path / "backup.zip"
    with use_database(here, monkeypatch):
        save_layers(tmp_path / "old", {"workplaces": (make_frame([make_workplace()]), SOURCE)})
        anna = make_user(tmp_path / "old", NewUser("Anna", "polismyndigheten", ["planner"]), now=1.0)
        save_view(tmp_path / "old", anna, '🫐 \\N "a", b', "at=2026-07-15", is_shared=True, now=2.5)
        add_entry(tmp_path / "old", anna.user_id, "cells", "1", note="rad\nrad", now=1.0)
        for about in ("first", "second"):
            note_event(tmp_path / "old", anna.user_id, "import-sent", about, now=3.0)
        events = list_events(tmp_path / "old")
        views, entries = list_views(tmp_path / "old", anna), list_entries(tmp_path / "old", anna.user_id)
        assert len(views) == len(entries) == 1
        backup(tmp_path / "old", file)
    with use_database(there, monkeypatch):
        # what was noted here before stays, after what was backed up
        note_event(tmp_path / "new", None, "import-sent", "here", now=4.0, name="cli:root")
        restore(file, tmp_path / "new")
        assert list_views(tmp_path / "new", anna) == views
        assert list_entries(tmp_path / "new", anna.user_id) == entries
        told = list_events(tmp_path / "new")[1]
        assert told[2:] == events[1]
        assert [(each.what, each.about[:3]) for each in told[:2]] == [("log-restored", "3–3"), ("import-sent", "her")]
        # and numbers go on from there
        note_event(tmp_path / "new", anna.user_id, "signed-in", now=5.0)
        n_events, told = list_events(tmp_path / "new")
        assert n_events == 5
        assert [each.what for each in told[:2]] == ["signed-in", "log-restored"]
        assert [each.about for each in told[2:]] == ["here", "second", "first"]
        assert [each.event_id for each in told] == sorted({each.event_id for each in told}, reverse=True)
    with use_database("sqlite", monkeypatch):
        bo = make_user(tmp_path / "full", NewUser("Bo", "polismyndigheten", ["planner"]), now=1.0)
        save_view(tmp_path / "full", bo, "kept", "", is_shared=True, now=1.0)
        with pytest.raises(StoreError, match="saved views or shortlists"):
            restore(file, tmp_path / "full")
        assert [view.name for view in list_views(tmp_path / "full", bo)] == ["kept"]


def change_index(members: dict[str, bytes], name: str, value: object) -> None:
    index = json.loads(members["norrsyn-backup.json"])
    index[name] = value
    members["norrsyn-backup.json"] = json.dumps(index).encode()


def rewrite(file: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
