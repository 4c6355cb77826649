"""Files into the store: what the reading process leaves, in one transaction; mended rows join the others."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from geo.errors import InputError, ParameterError, SchemaError, StoreError
from geo.reading.columns import Choice
from geo.reading.sandbox import Progress
from geo.store.database import read_store
from geo.store.files import list_snapshots, load_layers, load_quarantine
from geo.store.ingest import Order, export_quarantine, find_repaired_import, import_files
from geo.store.tables import RECORDS

pytestmark = pytest.mark.usefixtures("database")

HEAD = "workplace_id,name,sni,employees,easting,northing"
GOOD = "1,Firma A,41200,5,758000,7088000"
OTHER = "2,Firma B,41200,6,758100,7088000"
BAD = "3,Firma C,41200,many,758000,7088000"
SOLE = "8112289874"


def write(path: Path, *rows: str, head: str = HEAD) -> str:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


def order(*paths: str, **options: Any) -> Order:
    return Order(paths, "workplaces", **options)


def test_a_file_is_imported_with_where_it_comes_from(tmp_path: Path) -> None:
    home = tmp_path / "home"
    steps: list[Progress] = []
    done = import_files(
        home,
        order(write(tmp_path / "a.csv", GOOD, BAD), licence="CC0", legal_basis="2024:307", retain_until="2031-01-01"),
        on_progress=steps.append,
    )
    assert done.imported is not None
    assert (done.imported.added, done.imported.quarantined) == (1, 1)
    (row,) = load_quarantine(home, done.imported.import_id)
    assert (row["source"], row["row"], row["cells"]["name"]) == ("a.csv", 2, "Firma C")
    told = load_layers(home).provenance["workplaces"]
    assert (told.source_name, told.licence, told.legal_basis, told.retain_until) == (
        "a.csv", "CC0", "2024:307", "2031-01-01"
    )  # fmt: skip
    assert any(step.stage == "reading a.csv" for step in steps)
    assert steps[-1].stage == "writing it down"


def test_the_file_itself_is_nowhere(tmp_path: Path) -> None:
    """It may hold what is refused: only what was read of it is kept."""
    home = tmp_path / "home"
    head = f"{HEAD},personnummer,org_nr"
    path = write(tmp_path / "a.csv", f"{GOOD},{SOLE},{SOLE}", f"{BAD},{SOLE},{SOLE}", head=head)
    import_files(home, order(path))
    for each in home.rglob("*"):
        content = each.read_bytes() if each.is_file() else b""
        assert SOLE.encode() not in content
        assert b"personnummer" not in content or b"refused" in content


def test_a_sole_trader_has_one_pseudonym_in_every_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    head = f"{HEAD},orgnr"
    first = write(tmp_path / "a.csv", f"{GOOD},811228-9874", head=head)
    second = write(tmp_path / "b.csv", f"{OTHER},19811228-9874", head=head)
    import_files(home, order(first, second))
    assert len(set(load_layers(home)["workplaces"]["employer_id"])) == 1
    assert load_layers(home)["workplaces"]["employer_id"].str.startswith("p-").all()


def test_mended_rows_join_the_others_and_are_read_as_before(tmp_path: Path) -> None:
    home = tmp_path / "home"
    head = "id,namn,sni,n,x,y,ok"
    path = write(tmp_path / "a.csv", f"{GOOD},1", f"{BAD},1", "4,Firma D,41200,1,758000,7088000,0", head=head)
    choice = Choice.of({"id": "workplace_id", "n": "employees"}, {"kind": "temporary"}, {"ok": "1"})
    done = import_files(home, order(path, choice=choice, legal_basis="2024:307"))
    assert done.imported is not None
    kept = tmp_path / "kept.csv"
    assert export_quarantine(home, done.imported.import_id, kept) == 1
    assert find_repaired_import([kept]) == done.imported.import_id
    again = import_files(home, order(str(kept)))
    assert again.imported is not None
    assert (again.reports[0].rows_quarantined, again.imported.added) == (1, 0)
    # as a spreadsheet with a decimal comma saves it
    kept.write_text(kept.read_text("utf-8-sig").replace("many", "7").replace(",", ";"), encoding="utf-8-sig")
    mended = import_files(home, order(str(kept)))
    assert mended.imported is not None
    assert (mended.repairs, mended.imported.added, mended.imported.gone) == (done.imported.import_id, 1, 0)
    frame = load_layers(home)["workplaces"]
    assert frame["workplace_id"].tolist() == ["1", "3"]
    assert set(frame["kind"]) == {"temporary"}
    assert load_layers(home).provenance["workplaces"].legal_basis == "2024:307"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda text: text.replace("\n1,", "\n77,"), Exception, "There is no import 77"),
        (lambda text: text.replace("\n1,", "\n,"), InputError, "must hold one and the same number of an import"),
        (lambda text: text, ParameterError, "come from the layer workplaces"),
    ],
)
def test_a_mended_file_that_is_not_what_it_was(tmp_path: Path, change: Any, error: type[Exception], words: str) -> None:
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD, BAD)))
    kept = tmp_path / "kept.csv"
    export_quarantine(home, 1, kept)
    kept.write_text(change(kept.read_text("utf-8-sig")), encoding="utf-8")
    layer = "accommodation" if error is ParameterError else "workplaces"
    with pytest.raises(error, match=words):
        import_files(home, Order((str(kept),), layer))
    assert len(list_snapshots(home, "workplaces")) == 1


def test_a_file_without_a_sound_row_changes_no_layer_and_keeps_its_rows(tmp_path: Path) -> None:
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD, OTHER)))
    # a record that is not there, and one that is: the others must not go because this one waits
    for bad in (BAD, OTHER.replace(",6,", ",six,")):
        done = import_files(home, order(write(tmp_path / "b.csv", bad)))
        assert done.imported is not None
        assert not done.imported.is_new
        assert len(load_quarantine(home, done.imported.import_id)) == 1
        assert load_layers(home)["workplaces"]["workplace_id"].tolist() == ["1", "2"]


def test_all_or_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = write(tmp_path / "a.csv", GOOD, BAD)
    with pytest.raises(SchemaError, match="1 of 2 rows break 1 rule"):
        import_files(home, order(path, strict=True))
    dry = import_files(home, order(path, dry_run=True))
    assert dry.imported is None
    assert [row.row for row in dry.quarantine] == [2]
    assert list_snapshots(home, "workplaces") == ()


def test_who_stops_an_import_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"

    def stop(step: Progress) -> None:
        raise KeyboardInterrupt(step.stage)

    with pytest.raises(KeyboardInterrupt):
        import_files(home, order(write(tmp_path / "a.csv", GOOD)), on_progress=stop)
    assert list_snapshots(home, "workplaces") == ()


def test_most_of_a_layer_does_not_go_by_accident(tmp_path: Path) -> None:
    home = tmp_path / "home"
    many = [f"{row},Firma,41200,1,758000,7088000" for row in range(50)]
    import_files(home, order(write(tmp_path / "a.csv", *many)))
    part = write(tmp_path / "b.csv", GOOD)
    with pytest.raises(InputError, match=r"49 of the layer's 50 records .* --add; .* --allow-removal"):
        import_files(home, order(part))
    assert len(load_layers(home)["workplaces"]) == 50
    added = import_files(home, order(part, mode="add")).imported
    assert added is not None
    assert (added.changed, added.gone) == (1, 0)
    gone = import_files(home, order(part, allow_removal=True)).imported
    assert gone is not None
    assert gone.gone == 49


def test_a_record_whose_row_waits_is_not_gone(tmp_path: Path) -> None:
    """A slip of the pen in the newer register takes no workplace out of the layer, nor undoes what was mended."""
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD, OTHER, "4,Firma D,41200,1,758000,7088000")))
    done = import_files(home, order(write(tmp_path / "b.csv", GOOD, OTHER.replace(",6,", ",six,"))))
    assert done.imported is not None
    assert (done.imported.gone, done.imported.unchanged, done.kept) == (1, 2, 1)
    assert load_layers(home)["workplaces"]["workplace_id"].tolist() == ["1", "2"]


def test_nor_is_one_that_came_while_the_file_was_read(tmp_path: Path) -> None:
    """What waits is held against the layer as it is when the import is written, whoever wrote to it meanwhile."""
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD)))
    other = write(tmp_path / "other.csv", BAD.replace("many", "7"))

    def import_another(done: Progress) -> None:
        if done.stage == "writing it down":
            import_files(home, order(other, mode="add"))

    done = import_files(home, order(write(tmp_path / "b.csv", GOOD, OTHER, BAD, BAD)), on_progress=import_another)
    assert done.imported is not None
    assert (done.imported.added, done.imported.gone, done.imported.unchanged, done.kept) == (1, 0, 2, 1)
    assert load_layers(home)["workplaces"]["workplace_id"].tolist() == ["1", "2", "3"]
    assert load_layers(home)["workplaces"]["employees"].tolist() == [5, 6, 7]


def test_what_waits_keeps_its_own_day_of_erasure(tmp_path: Path) -> None:
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD, OTHER), retain_until="2031-01-01"))
    waits = OTHER.replace(",6,", ",six,")
    import_files(home, order(write(tmp_path / "b.csv", GOOD, waits), retain_until="2040-01-01"))
    with read_store(home) as connection:
        records = RECORDS["workplaces"]
        found = connection.execute(
            sa.select(records.c.record_key, records.c.keep_until).where(records.c.last_seq.is_(None))
        )
        days = {key: day.isoformat() for key, day in found}
    assert days == {"1": "2040-01-01", "2": "2031-01-01"}


def test_a_trial_says_what_would_change(tmp_path: Path) -> None:
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD)))
    trial = import_files(home, order(write(tmp_path / "b.csv", OTHER, BAD), dry_run=True))
    assert trial.changes == {"added": 1, "changed": 0, "gone": 1, "unchanged": 0}
    assert len(list_snapshots(home, "workplaces")) == 1


def test_a_quarantine_file_saved_otherwise_is_no_layer(tmp_path: Path) -> None:
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD, BAD)))
    kept = tmp_path / "kept.csv"
    export_quarantine(home, 1, kept)
    table = pd.read_csv(kept, dtype=str).assign(employees="3")
    table.to_excel(tmp_path / "kept.xlsx", index=False)
    table.drop(columns="norrsyn_remedy").to_csv(tmp_path / "part.csv", index=False)
    for name in ("kept.xlsx", "part.csv"):
        with pytest.raises(InputError, match=rf"{name}: holds rows of a quarantine.*save it as CSV"):
            import_files(home, order(str(tmp_path / name)))
    assert load_layers(home)["workplaces"]["workplace_id"].tolist() == ["1"]
    # as plain CSV from a spreadsheet in Swedish
    table.assign(name="Åsele såg").to_csv(kept, index=False, sep=";", encoding="cp1252")
    mended = import_files(home, order(str(kept))).imported
    assert mended is not None
    assert load_layers(home)["workplaces"]["name"].tolist() == ["Firma A", "Åsele såg"]


def test_a_quarantine_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    import_files(home, order(write(tmp_path / "a.csv", GOOD, BAD)))
    with pytest.raises(StoreError, match=r"kept\.csv cannot be written"):
        export_quarantine(home, 1, tmp_path / "nowhere" / "kept.csv")
