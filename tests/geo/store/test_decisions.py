"""What people say of records that may be one place: kept, listed no more, and changing nothing else."""

from datetime import date
from pathlib import Path

import pytest

from geo.errors import NotFoundError, ParameterError
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.store.database import close_databases
from geo.store.files import (
    Provenance,
    backup,
    decide_duplicate,
    erase_expired,
    import_frames,
    list_decisions,
    list_duplicates,
    load_layers,
    read_stamp,
    remove_layer,
    restore,
    rollback,
    save_layer,
)
from tests.databases import fresh_schema
from tests.frames import make_accommodation, make_frame, make_workplace, near_town

pytestmark = pytest.mark.usefixtures("database")

NAMES = ("Hotell Älven", "hotell alven AB", "Älvens Hotell", "Något annat")


def save(home: Path, *names: str) -> None:
    rows = [make_workplace(n, name=name, **near_town(n * 10.0, 0)) for n, name in enumerate(names, 1)]
    save_layer(home, "workplaces", make_frame(rows), Provenance("register.csv"))


def list_ids(home: Path, *layers: str, with_decided: bool = False) -> list[tuple[str, str, str]]:
    found = list_duplicates(home, *layers, with_decided=with_decided)
    return sorted(found[["id", "other_id", "verdict"]].itertuples(index=False, name=None))


def test_what_is_decided_is_not_listed_again(tmp_path: Path) -> None:
    save(tmp_path, *NAMES)
    assert list_ids(tmp_path, "workplaces") == [("w001", "w002", ""), ("w001", "w003", ""), ("w002", "w003", "")]
    before, stamp = load_layers(tmp_path).hashes, read_stamp(tmp_path)
    decision = decide_duplicate(tmp_path, "workplaces", "w002", "w001", "same", decided_by="planner")
    assert (decision.id, decision.other_id, decision.decided_by) == ("w001", "w002", "planner")
    decide_duplicate(tmp_path, "workplaces", "w002", "w003", "different")
    assert list_ids(tmp_path, "workplaces") == [("w001", "w003", "")]
    assert list_ids(tmp_path, "workplaces", with_decided=True) == [
        ("w001", "w002", "same"),
        ("w001", "w003", ""),
        ("w002", "w003", "different"),
    ]
    assert (load_layers(tmp_path).hashes, read_stamp(tmp_path)) == (before, stamp), "no record is changed"


def test_the_last_word_counts(tmp_path: Path) -> None:
    save(tmp_path, *NAMES)
    for verdict in ("same", "different", "same"):
        said = decide_duplicate(tmp_path, "workplaces", "w001", "w002", verdict)
    assert list_decisions(tmp_path) == (said,)
    assert said.decided_by, "who runs the program"


def test_across_two_layers_either_way_round(tmp_path: Path) -> None:
    save(tmp_path, "Hotell Älven")
    lodging = make_accommodation(1, name="Hotell Alven", **near_town(50, 0))
    save_layer(tmp_path, "accommodation", make_frame([lodging]), Provenance("list.csv"))
    assert list_ids(tmp_path, "workplaces") == []
    assert list_ids(tmp_path, "workplaces", "accommodation") == [("w001", "a001", "")]
    decide_duplicate(tmp_path, "workplaces", "w001", "a001", "same", other="accommodation")
    assert list_ids(tmp_path, "accommodation", "workplaces") == []
    (decision,) = list_decisions(tmp_path)
    assert (decision.layer, decision.id, decision.other_layer) == ("accommodation", "a001", "workplaces")


def test_a_decision_outlives_imports_and_rollbacks(tmp_path: Path) -> None:
    save(tmp_path, *NAMES)
    decide_duplicate(tmp_path, "workplaces", "w001", "w002", "different")
    save(tmp_path, "Hotell Älven i staden", *NAMES[1:])
    rollback(tmp_path, "workplaces", 1)
    assert ("w001", "w002", "") not in list_ids(tmp_path, "workplaces")


def test_only_records_that_are_there_can_be_decided(tmp_path: Path) -> None:
    save(tmp_path, *NAMES)
    save(tmp_path, *NAMES[:2])
    with pytest.raises(NotFoundError, match="workplaces has no record 'w003' now"):
        decide_duplicate(tmp_path, "workplaces", "w001", "w003", "same")
    with pytest.raises(NotFoundError, match="accommodation has no record 'w002' now"):
        decide_duplicate(tmp_path, "workplaces", "w001", "w002", "same", other="accommodation")
    with pytest.raises(ParameterError, match="say same or different"):
        decide_duplicate(tmp_path, "workplaces", "w001", "w002", "maybe")
    with pytest.raises(ParameterError, match="w001 is one record of workplaces; name two"):
        decide_duplicate(tmp_path, "workplaces", "w001", "w001", "same")
    with pytest.raises(ParameterError, match="Layer visits holds no sites; take workplaces or accommodation"):
        list_duplicates(tmp_path, "visits")
    assert list_decisions(tmp_path) == ()
    remove_layer(tmp_path, "workplaces")
    assert list_ids(tmp_path, "workplaces") == []


def test_decisions_are_in_backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    save(tmp_path / "one", *NAMES)
    decide_duplicate(tmp_path / "one", "workplaces", "w001", "w002", "same")
    before = list_decisions(tmp_path / "one")
    backup(tmp_path / "one", tmp_path / "all.zip")
    if database == "sqlite":
        restore(tmp_path / "all.zip", tmp_path / "two")
        assert list_decisions(tmp_path / "two") == before
        decide_duplicate(tmp_path / "two", "workplaces", "w001", "w003", "same")
        return
    with fresh_schema() as address:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", address)
        restore(tmp_path / "all.zip", tmp_path / "two")
        assert list_decisions(tmp_path / "two") == before
        decide_duplicate(tmp_path / "two", "workplaces", "w001", "w003", "same")
        close_databases()


def test_decisions_about_erased_records_go_with_them(tmp_path: Path) -> None:
    rows = [make_workplace(n, name=name) for n, name in enumerate(NAMES[:3], 1)]
    frames = [validate(LAYERS["workplaces"], make_frame(some)) for some in (rows[:2], rows[2:])]
    import_frames(tmp_path, "workplaces", frames[:1], Provenance("kept.csv"))
    import_frames(tmp_path, "workplaces", frames[1:], Provenance("short.csv", retain_until="2026-07-14"), mode="add")
    decide_duplicate(tmp_path, "workplaces", "w001", "w002", "same")
    decide_duplicate(tmp_path, "workplaces", "w001", "w003", "same")
    assert erase_expired(tmp_path, date(2026, 7, 15))
    assert [(one.id, one.other_id) for one in list_decisions(tmp_path)] == [("w001", "w002")]
