"""Imports: what is added, changed and gone, with its history, against an oracle of plain dictionaries."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import NotFoundError, ParameterError, SchemaError
from geo.layers.hashes import content_hash
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.store.database import read_store
from geo.store.files import (
    Provenance,
    diff,
    import_frames,
    list_imports,
    list_snapshots,
    load_layers,
    load_quarantine,
    load_snapshot,
    read_stamp,
    remove_layer,
    rollback,
    save_layer,
)
from geo.store.tables import IMPORTS, QUARANTINED_ROWS, RECORDS, SNAPSHOTS
from tests.frames import make_area, make_establishment, make_frame, make_workplace, near_town

pytestmark = pytest.mark.usefixtures("database")

SOURCE = Provenance("register.csv", "ab" * 32, 120)


def workplaces(employees: dict[int, float]) -> gpd.GeoDataFrame:
    """The layer with these numbers of employees by workplace."""
    rows = [make_workplace(number, employees=value) for number, value in employees.items()]
    return validate(LAYERS["workplaces"], make_frame(rows))


def read_back(home: Path) -> dict[str, float]:
    frame = load_layers(home)["workplaces"]
    return dict(zip(frame["workplace_id"], frame["employees"], strict=True))


def count_rows(home: Path) -> dict[str, int]:
    with read_store(home) as connection:
        tables = (IMPORTS, SNAPSHOTS, QUARANTINED_ROWS, RECORDS["workplaces"])
        return {t.name: connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in tables}


def test_what_an_import_did_is_counted(tmp_path: Path) -> None:
    first = import_frames(tmp_path, "workplaces", [workplaces({1: 5, 2: 5, 3: 5})], SOURCE)
    assert (first.snapshot, first.is_new, first.added, first.gone) == (1, True, 3, 0)
    second = import_frames(tmp_path, "workplaces", [workplaces({2: 5, 3: 9, 4: 5})], Provenance("newer.csv"))
    assert (second.added, second.changed, second.gone, second.unchanged) == (1, 1, 1, 1)
    assert read_back(tmp_path) == {"w002": 5, "w003": 9, "w004": 5}
    assert second.provenance == load_layers(tmp_path).provenance["workplaces"]
    assert second.provenance.rows == 3


def test_records_that_do_not_come_stay_where_rows_are_added(tmp_path: Path) -> None:
    import_frames(tmp_path, "workplaces", [workplaces({1: 5, 2: 5})], SOURCE)
    done = import_frames(tmp_path, "workplaces", [workplaces({2: 6, 3: 7})], Provenance("repaired.csv"), mode="add")
    assert (done.added, done.changed, done.gone, done.unchanged) == (1, 1, 0, 0)
    assert read_back(tmp_path) == {"w001": 5, "w002": 6, "w003": 7}
    with pytest.raises(ParameterError, match="mode must be replace or add"):
        import_frames(tmp_path, "workplaces", [], SOURCE, mode="append")


class TestTwice:
    """Importing again changes nothing."""

    QUARANTINE = ({"row": 7, "failures": [{"column": "employees", "rule": "must be 0 or more"}], "cells": {"a": "1"}},)

    def test_the_same_file(self, tmp_path: Path) -> None:
        frame = workplaces({1: 5, 2: 5})
        first = import_frames(tmp_path, "workplaces", [frame], SOURCE, quarantine=self.QUARANTINE)
        before, stamp = count_rows(tmp_path), read_stamp(tmp_path)
        # in other pieces and another order
        again = import_frames(tmp_path, "workplaces", [frame[1:], frame[:1]], SOURCE, quarantine=self.QUARANTINE)
        assert again.is_known
        assert not again.is_new
        assert (again.import_id, again.snapshot, again.unchanged) == (first.import_id, 1, 2)
        assert again.provenance == first.provenance
        assert (count_rows(tmp_path), read_stamp(tmp_path)) == (before, stamp)

    def test_the_same_rows_from_another_file(self, tmp_path: Path) -> None:
        import_frames(tmp_path, "workplaces", [workplaces({1: 5})], SOURCE)
        stamp = read_stamp(tmp_path)
        other = import_frames(tmp_path, "workplaces", [workplaces({1: 5})], Provenance("copy.csv"))
        assert (other.is_new, other.is_known, other.snapshot) == (False, False, 1)
        assert load_layers(tmp_path).provenance["workplaces"].source_name == "copy.csv"
        assert len(list_snapshots(tmp_path, "workplaces")) == 1
        assert [each.snapshot for each in list_imports(tmp_path, "workplaces")] == [1, 1]
        assert read_stamp(tmp_path) != stamp

    def test_the_same_file_with_other_quarantined_rows(self, tmp_path: Path) -> None:
        import_frames(tmp_path, "workplaces", [workplaces({1: 5})], SOURCE, quarantine=self.QUARANTINE)
        again = import_frames(tmp_path, "workplaces", [workplaces({1: 5})], SOURCE)
        assert not again.is_known
        assert load_quarantine(tmp_path, again.import_id) == []


class TestQuarantine:
    def test_rows_come_back_in_the_order_of_the_files(self, tmp_path: Path) -> None:
        rows = [
            {"row": number, "failures": [{"column": "namn", "rule": "å\0"}], "cells": {"namn": "x" * number, "b": None}}
            for number in range(3, 0, -1)
        ]
        done = import_frames(tmp_path, "workplaces", [workplaces({1: 5})], SOURCE, quarantine=rows, report={"n": 1})
        assert done.quarantined == 3
        assert load_quarantine(tmp_path, done.import_id) == [{"source": "", **row} for row in rows]
        (stored,) = list_imports(tmp_path, "workplaces")
        assert (stored.quarantined, stored.rows_in, stored.report["n"]) == (3, 1, 1)
        assert stored.report["changes"] == {"added": 1, "changed": 0, "gone": 0, "unchanged": 0, "is_new": True}

    def test_where_no_row_is_accepted_the_layer_stays(self, tmp_path: Path) -> None:
        import_frames(tmp_path, "workplaces", [workplaces({1: 5})], SOURCE)
        done = import_frames(tmp_path, "workplaces", [], Provenance("bad.csv"), quarantine=TestTwice.QUARANTINE)
        assert (done.is_new, done.is_known, done.gone, done.quarantined) == (False, False, 0, 1)
        assert read_back(tmp_path) == {"w001": 5}
        assert len(load_quarantine(tmp_path, done.import_id)) == 1

    def test_the_first_import_of_a_layer_may_be_all_quarantine(self, tmp_path: Path) -> None:
        done = import_frames(tmp_path, "workplaces", [], SOURCE, quarantine=TestTwice.QUARANTINE)
        assert (done.snapshot, done.is_new) == (0, False)
        assert load_layers(tmp_path).provenance == {}
        assert import_frames(tmp_path, "workplaces", [], SOURCE, quarantine=TestTwice.QUARANTINE).is_known

    def test_an_import_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError, match=r"There is no import 7; `norrsyn layers history"):
            load_quarantine(tmp_path, 7)


class TestRefused:
    def test_nothing_is_left_of_an_import_that_ends_badly(self, tmp_path: Path) -> None:
        import_frames(tmp_path, "workplaces", [workplaces({1: 5})], SOURCE)
        before = count_rows(tmp_path), read_stamp(tmp_path)

        def breaks_off() -> Iterator[gpd.GeoDataFrame]:
            yield workplaces({2: 5})
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            import_frames(tmp_path, "workplaces", breaks_off(), SOURCE)
        assert (count_rows(tmp_path), read_stamp(tmp_path)) == before
        assert import_frames(tmp_path, "workplaces", [workplaces({2: 5})], SOURCE).snapshot == 2

    def test_two_rows_of_one_id_that_differ(self, tmp_path: Path) -> None:
        with pytest.raises(SchemaError, match=r"workplace_id: rows that differ have the same id \(w001\)"):
            import_frames(tmp_path, "workplaces", [workplaces({1: 5}), workplaces({1: 6})], SOURCE)

    def test_two_rows_that_are_equal_count_once(self, tmp_path: Path) -> None:
        done = import_frames(tmp_path, "workplaces", [workplaces({1: 5, 2: 6}), workplaces({1: 5})], SOURCE)
        assert (done.added, done.repeated) == (2, 1)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda frame: frame.drop(columns="sni"), "sni: the column is missing"),
            (lambda frame: frame.assign(employees=1), "employees: is int64, not float64"),
            (lambda frame: frame.set_crs(3007, allow_override=True), "geometry: is not in EPSG:3006"),
        ],
    )
    def test_a_frame_that_was_not_checked(self, tmp_path: Path, change: object, message: str) -> None:
        with pytest.raises(SchemaError, match=message):
            import_frames(tmp_path, "workplaces", [change(workplaces({1: 5}))], SOURCE)


class TestKeys:
    def test_an_id_of_several_columns(self, tmp_path: Path) -> None:
        periods = (("2025-01-01", "2025-12-31"), ("2026-01-01", None), (None, "2024-12-31"))
        rows = [make_establishment(1, active_from=begin, active_to=end) for begin, end in periods]
        save_layer(tmp_path, "establishments", make_frame(rows), SOURCE)
        save_layer(tmp_path, "establishments", make_frame(rows[1:]), SOURCE)
        assert diff(tmp_path, "establishments", 1, 2).gone == ('["e001","2025-01-01"]',)

    def test_shapes_that_change(self, tmp_path: Path) -> None:
        box = make_frame([make_workplace()]).geometry.buffer(100).iloc[0]
        for shape in (box, box.buffer(1)):
            save_layer(tmp_path, "sectors", make_frame([make_area("a", "green", 5, shape)]), SOURCE)
        (changed,) = diff(tmp_path, "sectors", 1, 2).changed
        assert list(changed.columns) == ["geometry"]
        assert all(text.startswith("POLYGON") for text in changed.columns["geometry"])


class TestHistory:
    def test_every_state_can_be_read_again(self, tmp_path: Path) -> None:
        frames = [workplaces({1: 5, 2: 5}), workplaces({2: 6}), workplaces({1: 5, 2: 6, 3: 1})]
        for number, frame in enumerate(frames):
            import_frames(tmp_path, "workplaces", [frame], Provenance(f"{number}.csv"))
        for number, frame in enumerate(frames, start=1):
            pd.testing.assert_frame_equal(load_snapshot(tmp_path, "workplaces", number), frame)
        listed = list_snapshots(tmp_path, "workplaces")
        assert [each.number for each in listed] == [3, 2, 1]
        assert [each.is_current for each in listed] == [True, False, False]
        assert [each.content_sha256 for each in listed] == [content_hash(frame) for frame in frames[::-1]]
        assert [each.provenance.source_name for each in listed] == ["2.csv", "1.csv", "0.csv"]

    def test_only_what_changed_is_kept_twice(self, tmp_path: Path) -> None:
        for value in (1.0, 2.0, 3.0):
            many = dict.fromkeys(range(1, 101), 5.0)
            import_frames(tmp_path, "workplaces", [workplaces({**many, 7: value})], SOURCE)
        assert count_rows(tmp_path)["records_workplaces"] == 102

    def test_back_and_forth(self, tmp_path: Path) -> None:
        for value in (1.0, 2.0, 3.0):
            import_frames(tmp_path, "workplaces", [workplaces({1: value})], SOURCE)
        stamp = read_stamp(tmp_path)
        assert rollback(tmp_path, "workplaces", 1).is_current
        assert read_back(tmp_path) == {"w001": 1.0}
        assert read_stamp(tmp_path) != stamp
        rollback(tmp_path, "workplaces", 3)
        assert read_back(tmp_path) == {"w001": 3.0}
        # there and back again is a move, too
        assert read_stamp(tmp_path) != stamp

    def test_an_import_after_a_rollback(self, tmp_path: Path) -> None:
        import_frames(tmp_path, "workplaces", [workplaces({1: 1, 2: 1})], SOURCE)
        import_frames(tmp_path, "workplaces", [workplaces({2: 2, 3: 2})], SOURCE)
        rollback(tmp_path, "workplaces", 1)
        done = import_frames(tmp_path, "workplaces", [workplaces({1: 1, 2: 3})], SOURCE)
        assert (done.snapshot, done.added, done.changed, done.gone, done.unchanged) == (3, 0, 1, 0, 1)
        assert read_back(tmp_path) == {"w001": 1, "w002": 3}
        pd.testing.assert_frame_equal(load_snapshot(tmp_path, "workplaces", 2), workplaces({2: 2, 3: 2}))

    def test_rows_added_after_a_rollback(self, tmp_path: Path) -> None:
        import_frames(tmp_path, "workplaces", [workplaces({1: 1, 2: 1})], SOURCE)
        import_frames(tmp_path, "workplaces", [workplaces({3: 2})], SOURCE)
        rollback(tmp_path, "workplaces", 1)
        import_frames(tmp_path, "workplaces", [workplaces({2: 5, 4: 5})], SOURCE, mode="add")
        assert read_back(tmp_path) == {"w001": 1, "w002": 5, "w004": 5}

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        import_frames(tmp_path, "workplaces", [workplaces({1: 1})], SOURCE)
        for use in (lambda: rollback(tmp_path, "workplaces", 4), lambda: load_snapshot(tmp_path, "workplaces", 0)):
            with pytest.raises(NotFoundError, match=r"Layer workplaces has no snapshot \d; there are: 1 to 1"):
                use()
        with pytest.raises(NotFoundError, match="no snapshot 8 and no 9"):
            diff(tmp_path, "workplaces", 8, 9)


steps = st.lists(
    st.tuples(
        st.sampled_from(["replace", "add", "rollback", "remove"]),
        st.dictionaries(st.integers(1, 5), st.sampled_from([1.0, 2.0, 3.0]), min_size=1),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=7,
)


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_any_history_is_what_plain_dictionaries_say(
    tmp_path: Path, steps: list[tuple[str, dict[int, float], int]]
) -> None:
    """The store beside the simplest thing that could be right: a list of dictionaries and an index into it."""
    # one store for all examples: each begins where the last one ended
    past = [dict(zip(f["workplace_id"], f["employees"], strict=True)) for f in _all_states(tmp_path)]
    current = next((s.number - 1 for s in list_snapshots(tmp_path, "workplaces") if s.is_current), None)
    for what, employees, choice in steps:
        named = {f"w{number:03d}": value for number, value in employees.items()}
        if what == "rollback":
            if past:
                current = choice % len(past)
                rollback(tmp_path, "workplaces", current + 1)
        elif what == "remove":
            remove_layer(tmp_path, "workplaces")
            current = None
        else:
            before = {} if current is None else past[current]
            after = {**before, **named} if what == "add" else named
            done = import_frames(tmp_path, "workplaces", [workplaces(employees)], SOURCE, mode=what)
            both = before.keys() & after.keys()
            assert done.added == len(after.keys() - before.keys())
            assert done.gone == len(before.keys() - after.keys())
            assert done.changed == sum(before[key] != after[key] for key in both)
            assert done.is_new == (after != before or current is None)
            if done.is_new:
                past.append(after)
                current = len(past) - 1
        assert read_back(tmp_path) == ({} if current is None else past[current])
    stored = [dict(zip(f["workplace_id"], f["employees"], strict=True)) for f in _all_states(tmp_path)]
    assert stored == past
    for old, new in [(0, len(past) - 1), (len(past) - 1, 0)] if past else []:
        found = diff(tmp_path, "workplaces", old + 1, new + 1)
        assert set(found.added) == past[new].keys() - past[old].keys()
        assert set(found.gone) == past[old].keys() - past[new].keys()
        assert {each.key: dict(each.columns) for each in found.changed} == {
            key: {"employees": (past[old][key], past[new][key])}
            for key in past[old].keys() & past[new].keys()
            if past[old][key] != past[new][key]
        }


def _all_states(home: Path) -> list[gpd.GeoDataFrame]:
    numbers = [each.number for each in list_snapshots(home, "workplaces")]
    return [load_snapshot(home, "workplaces", number) for number in sorted(numbers)]


def test_every_kind_of_change_is_told(tmp_path: Path) -> None:
    one = make_workplace(1, name=None, active_from="2025-01-01", synthetic=True, **near_town(0, 0))
    other = make_workplace(1, name="Firma A", active_from=None, synthetic=False, **near_town(0, 5))
    for row in (one, other):
        save_layer(tmp_path, "workplaces", make_frame([row]), SOURCE)
    (changed,) = diff(tmp_path, "workplaces", 1, 2).changed
    assert dict(changed.columns) == {
        "name": (None, "Firma A"),
        "active_from": ("2025-01-01", None),
        "synthetic": (True, False),
        "geometry": ("POINT (758600 7088600)", "POINT (758600 7088605)"),
    }
