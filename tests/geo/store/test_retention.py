"""What may not be kept any longer is gone: from every snapshot, from quarantine, and from the bytes on the disk."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import sqlalchemy as sa

from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.store.database import close_databases, read_store
from geo.store.files import (
    Provenance,
    check,
    erase_expired,
    import_frames,
    list_erasures,
    list_imports,
    list_snapshots,
    load_layers,
    load_quarantine,
    load_snapshot,
    read_stamp,
    save_layer,
)
from geo.store.tables import METADATA
from tests.frames import make_finding, make_frame, make_workplace

pytestmark = pytest.mark.usefixtures("database")

# A word that stands nowhere else.
HIDDEN = "Zaphod-7301"
TODAY = date(2026, 7, 15)


def workplaces(*names: str) -> gpd.GeoDataFrame:
    rows = [make_workplace(number, workplace_id=f"w-{name}", name=name) for number, name in enumerate(names)]
    return validate(LAYERS["workplaces"], make_frame(rows))


def from_source(name: str, retain_until: str = "") -> Provenance:
    return Provenance(name, retain_until=retain_until, note=f"note of {name}")


def find_in_tables(text: str) -> list[str]:
    """Tables that hold a text anywhere."""
    found = []
    with read_store() as connection:
        for table in METADATA.sorted_tables:
            rows = connection.execute(sa.select(*(sa.cast(each, sa.Text) for each in _readable(table))))
            if any(text in str(row) for row in rows):
                found.append(table.name)
    return found


def _readable(table: sa.Table) -> list[sa.Column]:
    return [each for each in table.columns if not isinstance(each.type, sa.LargeBinary) and each.name != "geometry"]


def find_in_files(folder: Path, text: str) -> list[str]:
    wanted = {text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode().hex().encode()}
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(each in path.read_bytes() for each in wanted)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NORRSYN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class TestByImport:
    def test_an_import_that_may_not_be_kept(self, home: Path, database: str) -> None:
        quarantine = [{"row": 1, "failures": [], "cells": {"namn": HIDDEN}}]
        done = import_frames(
            home,
            "workplaces",
            [workplaces("Firma A", HIDDEN)],
            from_source("old.csv", "2026-07-14"),
            quarantine=quarantine,
            report={"example": HIDDEN},
            options={"set": HIDDEN},
        )
        import_frames(home, "workplaces", [workplaces("Firma B")], from_source("new.csv"))
        assert set(find_in_tables(HIDDEN)) == {"records_workplaces", "quarantined_rows", "imports"}
        if database == "sqlite":
            assert find_in_files(home, HIDDEN)
        stamp, (_, before) = read_stamp(home), list_snapshots(home, "workplaces")

        (erasure,) = erase_expired(home, TODAY)

        assert find_in_tables(HIDDEN) == []
        # connections keep pages, too
        close_databases()
        assert find_in_files(home, HIDDEN) == []
        assert (erasure.versions, erasure.quarantined, erasure.imports) == (2, 1, 1)
        (touched,) = erasure.snapshots
        assert (touched["number"], touched["rows_before"], touched["rows_after"]) == (1, 2, 0)
        assert touched["content_sha256_before"] == before.content_sha256 != touched["content_sha256_after"]
        assert list_erasures(home) == (erasure,)
        assert load_quarantine(home, done.import_id) == []
        assert len(load_snapshot(home, "workplaces", 1)) == 0
        assert list(load_layers(home)["workplaces"]["name"]) == ["Firma B"]
        assert check(home).problems == ()
        assert read_stamp(home) != stamp
        # that it took place is still known
        assert [each.provenance.source_name for each in list_imports(home, "workplaces")] == ["new.csv", "old.csv"]

    def test_nothing_to_erase(self, home: Path) -> None:
        import_frames(home, "workplaces", [workplaces("Firma A")], from_source("a.csv", "2026-07-15"))
        stamp = read_stamp(home)
        assert erase_expired(home, TODAY) == ()
        assert read_stamp(home) == stamp
        assert len(load_layers(home)["workplaces"]) == 1
        assert len(erase_expired(home, date(2026, 7, 16))) == 1
        stored = load_layers(home)
        assert len(stored["workplaces"]) == 0
        assert dict(stored.hashes) == {}

    def test_a_newer_import_may_extend_what_it_brings_again(self, home: Path) -> None:
        import_frames(home, "workplaces", [workplaces("Firma A", HIDDEN)], from_source("a.csv", "2026-01-01"))
        import_frames(home, "workplaces", [workplaces("Firma A")], from_source("b.csv", "2027-01-01"))
        (erasure,) = erase_expired(home, TODAY)
        assert erasure.versions == 1
        assert list(load_layers(home)["workplaces"]["name"]) == ["Firma A"]
        assert list(load_snapshot(home, "workplaces", 1)["name"]) == ["Firma A"]
        assert check(home).problems == ()

    def test_or_shorten_it(self, home: Path) -> None:
        import_frames(home, "workplaces", [workplaces("Firma A")], from_source("a.csv"))
        import_frames(home, "workplaces", [workplaces("Firma A")], from_source("a.csv", "2026-01-01"))
        assert erase_expired(home, TODAY)[0].versions == 1

    def test_rows_that_are_added_have_their_own_limit(self, home: Path) -> None:
        import_frames(home, "workplaces", [workplaces("Firma A")], from_source("a.csv", "2026-01-01"))
        import_frames(home, "workplaces", [workplaces("Firma B")], from_source("b.csv"), mode="add")
        erase_expired(home, TODAY)
        assert list(load_layers(home)["workplaces"]["name"]) == ["Firma B"]


class TestByRecord:
    def test_a_finding_goes_with_all_its_past(self, home: Path) -> None:
        kept = make_finding(1, retain_until="2026-07-15")
        save_layer(home, "findings", make_frame([kept, make_finding(2, visit_id=HIDDEN)]), from_source("a.csv"))
        expired = make_finding(2, visit_id="v", retain_until="2026-07-14")
        save_layer(home, "findings", make_frame([kept, expired]), from_source("b.csv"))
        (erasure,) = erase_expired(home, TODAY)
        assert erasure.versions == 2
        assert [each["number"] for each in erasure.snapshots] == [1, 2]
        assert list(load_snapshot(home, "findings", 1)["finding_id"]) == ["f001"]
        assert list(load_layers(home)["findings"]["finding_id"]) == ["f001"]
        assert find_in_tables(HIDDEN) == []
        close_databases()
        assert find_in_files(home, HIDDEN) == []
        assert check(home).problems == ()

    def test_one_that_was_extended_stays(self, home: Path) -> None:
        for until in ("2026-01-01", "2027-01-01"):
            save_layer(home, "findings", make_frame([make_finding(1, retain_until=until)]), from_source("a.csv"))
        assert erase_expired(home, TODAY) == ()

    def test_a_quarantined_finding_says_it_in_its_cells(self, home: Path) -> None:
        cells = [{"retain_until": "2026-07-14"}, {"retain_until": "2026-07-15"}, {"retain_until": "never"}, {}]
        rows = [{"row": number, "failures": [], "cells": each} for number, each in enumerate(cells)]
        frame = validate(LAYERS["findings"], make_frame([make_finding(1)]))
        done = import_frames(home, "findings", [frame], from_source("a.csv"), quarantine=rows)
        assert erase_expired(home, TODAY)[0].quarantined == 1
        assert [each["row"] for each in load_quarantine(home, done.import_id)] == [1, 2, 3]
