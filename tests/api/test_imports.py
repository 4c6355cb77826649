"""Files over HTTP: what is taken, what is refused, and what is told of every row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api import create_app
from api.importing.jobs import ImportJobs
from api.importing.schemas import FileReport
from api.importing.uploads import UploadFolder, make_plain
from api.settings import Settings
from geo.errors import NotFoundError
from geo.reading.limits import DEFAULT_LIMITS
from geo.reading.report import Report
from geo.store.history import list_imports, list_snapshots
from geo.store.ingest import Order
from geo.store.layers import load_layers
from tests.accounts import enter
from tests.api.made import BROKEN_ROWS, WRITING, import_workplaces, send_file, wait_for_import

Serve = Callable[..., TestClient]


@pytest.fixture
def empty(serve: Serve, tmp_path: Path) -> Iterator[TestClient]:
    """A server over a data folder that is not there yet."""
    return serve(tmp_path / "new")


def read_events(text: str) -> list[tuple[str, dict]]:
    """Names and data of server-sent events."""
    events = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        events.append((fields["event"], json.loads(fields["data"])))
    return events


def test_every_row_is_told_and_waits_where_it_should(empty: TestClient, tmp_path: Path) -> None:
    """One long walk, as a person goes: upload, progress, report, quarantine, mended rows, once more."""
    job = send_file(empty)
    assert job["files"] == ["arbetsställen.csv"]
    events = read_events(empty.get(f"/api/imports/jobs/{job['id']}/events").text)
    assert [name for name, _ in events[:-1]] == ["progress"] * (len(events) - 1)
    name, state = events[-1]
    assert (name, state["status"]) == ("done", "done")
    outcome = state["outcome"]
    assert outcome["rows"] == {"rows_in": 5, "accepted": 2, "quarantined": 2, "duplicate": 1, "left_out": 0}
    assert outcome["imported"]["added"] == 2
    # whoever comes back is told the same
    assert read_events(empty.get(f"/api/imports/jobs/{job['id']}/events").text) == [events[-1]]
    assert empty.get(f"/api/imports/jobs/{job['id']}").json() == state

    (listed,) = empty.get("/api/imports?layer=workplaces").json()["imports"]
    report = empty.get(f"/api/imports/{listed['import_id']}").json()
    assert report["rows"] == listed["rows"] == outcome["rows"]
    assert report["changes"] == {"added": 2, "changed": 0, "gone": 0, "unchanged": 0, "is_new": True}
    (file,) = report["files"]
    assert file == outcome["files"][0]
    assert {rule["column"]: rule["rows"] for rule in file["broken_rules"]} == {"employees": [2], "geometry": [5]}
    assert list(file["refused_columns"]) == ["nationalitet"]
    assert empty.get("/api/imports?layer=visits").json() == {"total": 0, "imports": []}

    address = f"/api/imports/{report['import_id']}/quarantine"
    page = empty.get(address, params={"offset": 1, "limit": 1}).json()
    assert (page["total"], [row["row"] for row in page["rows"]]) == (2, [5])
    assert "nationalitet" not in page["rows"][0]["cells"]
    download = empty.get(f"{address}.csv")
    assert download.headers["content-type"] == "text/csv; charset=utf-8"
    assert download.headers["content-disposition"] == 'attachment; filename="norrsyn-quarantine-workplaces-1.csv"'
    assert download.headers["x-content-type-options"] == "nosniff"
    rows = list(csv.DictReader(io.StringIO(download.content.decode("utf-8-sig"))))
    assert [row["norrsyn_row"] for row in rows] == ["2", "5"]
    assert list((tmp_path / "new" / "uploads").glob("server-*/import-*")) == []

    rows[0]["antal anställda"] = "40"
    mended = io.StringIO()
    writer = csv.DictWriter(mended, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows[:1])
    again = import_workplaces(empty, mended.getvalue())["outcome"]
    assert (again["repairs"], again["imported"]["added"]) == (1, 1)
    frame = load_layers(tmp_path / "new")["workplaces"]
    assert dict(zip(frame["workplace_id"], frame["employees"], strict=True)) == {"1": 12, "2": 40, "3": 7}


def test_cells_that_a_spreadsheet_would_run_are_text(empty: TestClient) -> None:
    import_workplaces(empty, BROKEN_ROWS.replace("2;Firma B", "2;=1+1"))
    (cell,) = [
        row["firma"]
        for row in csv.DictReader(io.StringIO(empty.get("/api/imports/1/quarantine.csv").content.decode("utf-8-sig")))
        if row["norrsyn_row"] == "2"
    ]
    assert cell == "'=1+1"


def test_options_reach_the_reader(empty: TestClient, tmp_path: Path) -> None:
    rows = "".join(f"{n};{n};{'ja' if n % 2 else 'nej'};{759100 + n};7088100\n" for n in range(1, 9))
    content = f"nr;antal;status;x;y\n{rows}".encode()
    mapping = b'[columns]\nantal = "employees"\n'
    response = empty.post(
        "/api/imports",
        files=[("files", ("a.csv", content)), ("mapping", ("m.toml", mapping))],
        data={
            "layer": "workplaces", "rename": "nr=workplace_id\n", "set": ["kind=registered", "sni=41200"],
            "where": "status=ja", "skip_row": "1, 3", "crs": "EPSG:3006", "licence": " CC0 ",
            "legal_basis": "lag", "retain_until": "2999-12-31",
        },
        headers=WRITING,
    )  # fmt: skip
    job = wait_for_import(empty, response.json()["id"])
    assert job["outcome"]["rows"] == {"rows_in": 2, "accepted": 2, "quarantined": 0, "duplicate": 0, "left_out": 6}
    (stored,) = list_imports(tmp_path / "new", "workplaces")
    told = stored.provenance
    # whoever is signed in, not whoever runs the server
    assert told.importer == "test"
    assert (told.licence, told.legal_basis, told.retain_until) == ("CC0", "lag", "2999-12-31")
    frame = load_layers(tmp_path / "new")["workplaces"]
    assert dict(zip(frame["workplace_id"], frame["employees"], strict=True)) == {"5": 5, "7": 7}


def test_a_dry_run_and_a_strict_import_change_nothing(empty: TestClient, tmp_path: Path) -> None:
    trial = import_workplaces(empty, dry_run="true")
    assert trial["dry_run"]
    assert trial["outcome"]["imported"] is None
    assert trial["outcome"]["rows"]["accepted"] == 2
    strict = import_workplaces(empty, strict="true")
    assert strict["status"] == "failed"
    assert strict["problem"]["type"] == "urn:norrsyn:problem:schema"
    assert "2 of 5 rows" in strict["problem"]["detail"]
    assert list_snapshots(tmp_path / "new", "workplaces") == ()
    ((name, told),) = read_events(empty.get(f"/api/imports/jobs/{strict['id']}/events").text)
    assert (name, told["problem"]) == ("failed", strict["problem"])


def test_records_that_do_not_come_stay_or_go(empty: TestClient) -> None:
    import_workplaces(empty)
    other = BROKEN_ROWS.replace("1;Firma A", "9;Firma A")
    assert import_workplaces(empty, other, mode="add")["outcome"]["imported"]["gone"] == 0
    gone = import_workplaces(empty, other, mode="replace")["outcome"]["imported"]
    assert (gone["gone"], gone["unchanged"]) == (1, 2)
    assert import_workplaces(empty, other, mode="replace")["outcome"]["imported"]["is_known"]


def test_most_of_a_layer_goes_only_where_it_is_meant(empty: TestClient) -> None:
    many = BROKEN_ROWS + "".join(f"{n};Firma {n};1;41200;{759000 + n};7088000;SE\n" for n in range(10, 40))
    import_workplaces(empty, many)
    refused = import_workplaces(empty, mode="replace")
    assert refused["status"] == "failed"
    assert "30 of the layer's 32 records" in refused["problem"]["detail"]
    page = empty.get(f"/import/jobs/{refused['id']}").text
    assert "30 av lagrets 32 poster" in page
    assert 'lang="en"' not in page[page.index("<main") :]
    done = import_workplaces(empty, mode="replace", allow_removal="true")
    assert done["outcome"]["imported"]["gone"] == 30


FILE = ("files", ("a.csv", BROKEN_ROWS.encode()))


@pytest.mark.parametrize(
    ("files", "fields", "status", "words"),
    [
        ([FILE], {}, 422, "layer"),
        ([FILE], {"layer": "nothing"}, 404, "the layers are"),
        ([FILE], {"layer": "workplaces", "mode": "sideways"}, 422, "mode"),
        ([FILE], {"layer": "workplaces", "modus": "add"}, 422, "modus"),
        ([FILE], {"layer": ["workplaces", "visits"]}, 422, "several times"),
        ([FILE], {"layer": "workplaces", "skip_row": "one"}, 422, "skip_row"),
        ([FILE], {"layer": "workplaces", "rename": "a"}, 422, "name=value"),
        ([FILE], {"layer": "workplaces", "set": "kind=a\nkind=b"}, 422, "given twice"),
        ([FILE], {"layer": "workplaces", "licence": "x" * 501}, 422, "licence"),
        ([FILE], {"layer": "workplaces", "licence": "x" * 1_100_000}, 413, "too long"),
        ([], {"layer": "workplaces"}, 422, "multipart"),
        ([("mapping", ("m.toml", b""))], {"layer": "workplaces"}, 422, "no file"),
        ([("files", ("", b""))], {"layer": "workplaces"}, 422, "no file"),
        ([FILE, ("mapping", ("m.toml", b"x = ["))], {"layer": "workplaces"}, 422, "m.toml"),
        ([FILE, ("mapping", ("m.toml", b" " * 1_100_000))], {"layer": "workplaces"}, 413, "mapping file"),
        ([FILE, ("photo", ("a.png", b"x"))], {"layer": "workplaces"}, 422, "photo"),
        ([FILE] * 21, {"layer": "workplaces"}, 413, "At most 20 files"),
    ],
)  # fmt: skip
def test_forms_that_cannot_be_used(
    client: TestClient, files: list, fields: dict[str, str], status: int, words: str
) -> None:
    response = client.post("/api/imports", files=files, data=fields, headers=WRITING)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert words in response.text


@pytest.mark.parametrize("keep", [0, 1, 60, 400])
def test_a_form_that_ends_too_early(client: TestClient, keep: int) -> None:
    request = client.build_request("POST", "/api/imports", files=[FILE], data={"layer": "workplaces"}, headers=WRITING)
    body = request.read()
    headers = {**WRITING, "content-type": request.headers["content-type"]}
    response = client.post("/api/imports", content=body[: min(keep, len(body) - 80)], headers=headers)
    assert response.status_code == 422
    assert "form" in response.json()["detail"]


class TestBounds:
    def test_too_much_is_refused_before_it_is_read_and_while_it_comes(self, serve: Serve, tmp_path: Path) -> None:
        small = serve(tmp_path / "new", upload_mb=1)
        kind = {**WRITING, "content-type": "multipart/form-data; boundary=x"}
        told = small.post("/api/imports", content=b"", headers={**kind, "content-length": str(3 * 2**20)})
        assert (told.status_code, told.json()["type"]) == (413, "urn:norrsyn:problem:too-large")
        n_taken = 0

        def pour() -> Iterator[bytes]:
            nonlocal n_taken
            yield b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
            for n_taken in range(64):  # noqa: B007
                yield b"1" * 2**16

        assert small.post("/api/imports", content=pour(), headers=kind).status_code == 413
        assert list((tmp_path / "new" / "uploads").glob("server-*/import-*")) == []

    def test_a_full_queue_says_when_to_come_back(self, serve: Serve, tmp_path: Path) -> None:
        busy = serve(tmp_path / "new", import_queue=1)
        jobs = busy.app.state.service.imports  # type: ignore[attr-defined]
        with jobs.open_slot(), jobs.open_slot():
            response = busy.post("/api/imports", files=[FILE], data={"layer": "workplaces"}, headers=WRITING)
            assert response.status_code == 503
            assert response.headers["retry-after"]
        assert import_workplaces(busy)["status"] == "done"

    def test_a_reader_that_is_ended_takes_nothing_with_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text(BROKEN_ROWS)
        jobs = ImportJobs(tmp_path / "new", replace(DEFAULT_LIMITS, time_s=0.01), 1)
        for _ in range(2):
            with jobs.open_slot() as slot:
                job = jobs.submit(slot, Order((str(path),), "workplaces"))
            while not (now := jobs.find(job.id)).is_over:
                pass
            assert now.problem is not None
            assert "more than 0.01 s" in now.problem["detail"]
        jobs.close()
        assert jobs.is_stopping

    def test_old_states_are_forgotten(self, client: TestClient) -> None:
        assert client.get("/api/imports/jobs/unknown").status_code == 404
        assert client.get("/api/imports/jobs/unknown/events").status_code == 404
        assert client.get("/api/imports/999999").status_code == 404
        assert client.get("/api/imports/999999/quarantine.csv").status_code == 404
        assert client.get("/api/imports?layer=nothing").status_code == 404
        with pytest.raises(NotFoundError):
            client.app.state.service.imports.find("")  # type: ignore[attr-defined]


class TestAllowed:
    def test_the_operator_turns_uploads_off(self, serve: Serve, tmp_path: Path) -> None:
        off = serve(tmp_path / "new", allow_uploads=False)
        response = off.post("/api/imports", files=[FILE], data={"layer": "workplaces"}, headers=WRITING)
        assert response.status_code == 403
        assert "NORRSYN_ALLOW_UPLOADS=0" in response.json()["detail"]
        assert "import-form" not in off.get("/import").text
        assert "norrsyn import" in off.get("/import").text
        assert '?lang=sv">Importera data' not in off.get("/").text

    @pytest.mark.parametrize("roles", [["planner", "coordinator"], ["auditor"], []])
    def test_whoever_has_no_role_for_it_sends_none(self, tmp_path: Path, roles: list[str]) -> None:
        with enter(create_app(Settings(home=tmp_path)), "other", roles) as client:
            response = client.post("/api/imports", files=[FILE], data={"layer": "workplaces"}, headers=WRITING)
            assert response.status_code == 403
            assert response.json()["type"] == "urn:norrsyn:problem:role"
            assert client.get("/import").status_code == 403


class TestFolder:
    def test_what_a_killed_server_left_goes_and_what_a_living_one_has_stays(self, tmp_path: Path) -> None:
        alive, dead = UploadFolder(tmp_path), tmp_path / "uploads" / "server-dead"
        kept = alive.make()
        (dead / "import-1").mkdir(parents=True)
        (dead / "import-1" / "a.csv").write_text("x")
        UploadFolder(tmp_path).sweep()
        assert kept.is_dir()
        assert not dead.exists()
        alive.close()
        assert list((tmp_path / "uploads").glob("server-*")) == []

    @given(st.text())
    def test_names_become_plain(self, name: str) -> None:
        plain = make_plain(name)
        assert 0 < len(plain) <= 60
        assert len(plain.encode()) <= 255
        assert not set(plain) & set("/\\\0\n\r\t:<>\"'")
        assert not plain.startswith(".")
        assert make_plain(plain) == plain

    @pytest.mark.parametrize(
        ("name", "plain"),
        [
            ("arbetsställen 2026.csv", "arbetsställen 2026.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\b.xlsx", "b.xlsx"),
            ("/vsicurl/http://x/a.csv", "a.csv"),
            ("..", "file"),
            (".csv", "csv"),
            ("a\u202egpj.csv", "a_gpj.csv"),
            ("a" * 200 + ".csv.gz", "a" * 53 + ".csv.gz"),
        ],
    )
    def test_names(self, name: str, plain: str) -> None:
        assert make_plain(name) == plain


def test_the_answer_has_every_part_of_a_report() -> None:
    empty = Report("workplaces", "a.csv", "", 0, "", False, (), 0, 0, 0, 0, 0, 0)
    assert set(empty.to_dict()) == set(FileReport.model_fields)
