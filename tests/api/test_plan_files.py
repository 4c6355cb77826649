"""Files of plans over HTTP and on the command line: who may have them, what is noted, and what is refused."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from api.routes import plan_files
from geo.errors import MissingLibraryError
from geo.store.people.events import list_events
from geo.store.plans import change_plan, save_plan
from maps.plan_files import FORMS, brief
from tests.accounts import enter
from tests.api.made import BASE_URL
from tests.api.test_cli import fail_json, run, run_json
from tests.maps.plan_files.made import make_plan

SIGNS = {
    "pdf": b"%PDF-",
    "ics": b"BEGIN:VCALENDAR",
    "gpx": b"<?xml",
    "xlsx": b"PK",
    "csv": b"\xef\xbb\xbf",
    "gpkg": b"SQLite",
}


@pytest.fixture
def plan_id(home: Path) -> str:
    plan = make_plan(titles=("Åres Bygg", "{{7*7}}<b>"))
    # names are shown of sites that are on record
    stops = tuple(replace(stop, record_id=f"w{k:03}") for k, stop in enumerate(plan.stops, start=1))
    return save_plan(home, replace(plan, stops=stops), by="planner").plan.plan_id


@pytest.fixture
def served(home: Path, serve: Callable[..., TestClient]) -> TestClient:
    return serve(home)


@pytest.mark.parametrize("form", FORMS)
def test_every_form(served: TestClient, plan_id: str, form: str, home: Path) -> None:
    answer = served.get(f"/plans/{plan_id}/files/{form}")
    assert answer.status_code == 200
    assert answer.content.startswith(SIGNS[form])
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert answer.headers["content-type"] == FORMS[form].media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="week-30-2026-07-20.{form}"'
    _, (event, *_) = list_events(home)
    assert (event.what, event.about, event.user_name) == ("plan-exported", f"{plan_id} {form} v1", "test")


def test_words_are_in_the_language_asked_for(served: TestClient, plan_id: str) -> None:
    said = {lang: served.get(f"/plans/{plan_id}/files/csv?lang={lang}").text for lang in ("sv", "en")}
    assert "Inte offentlig" in said["sv"]
    assert "Not public" in said["en"]
    assert served.get(f"/plans/{plan_id}/files/csv").text.replace("\r", "").count("\n") == 3
    assert served.get(f"/plans/{plan_id}/files/csv?lang=de").status_code == 422
    assert served.get(f"/plans/{plan_id}/files/csv?form=pdf").status_code == 422


def test_a_file_is_of_the_plan_as_it_stands(served: TestClient, plan_id: str, home: Path) -> None:
    change_plan(home, plan_id, 1, lambda plan: replace(plan, name="Ny vecka"))
    answer = served.get(f"/plans/{plan_id}/files/ics?lang=en")
    assert "version 2" in answer.text.replace("\r\n ", "")
    assert "SEQUENCE:2" in answer.text
    assert "ny-vecka" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("role", "status"), [("planner", 200), ("analyst", 200), ("coordinator", 200), ("admin", 403), ("auditor", 403)]
)
def test_who_may(served: TestClient, plan_id: str, role: str, status: int) -> None:
    client = enter(served.app, role, [role], base_url=BASE_URL)
    assert client.get(f"/plans/{plan_id}/files/csv").status_code == status


def test_others_may_not(served: TestClient, plan_id: str, home: Path) -> None:
    before = list_events(home)[0]
    for circle in ("municipality", "public"):
        client = enter(served.app, circle, circle=circle, base_url=BASE_URL)
        for which in (plan_id, "none"):
            answer = client.get(f"/plans/{which}/files/csv?lang=sv")
            assert answer.status_code == 403
            assert "Åre" not in answer.text
            told = "Filer av planer namnger arbetsställen och boenden som din krets inte får se."
            assert answer.json()["detail"] == told
    assert TestClient(served.app, base_url=BASE_URL).get(f"/plans/{plan_id}/files/csv").status_code == 401
    assert list_events(home)[0] == before


def test_another_circle_s_plan_is_not_there(served: TestClient, home: Path) -> None:
    theirs = save_plan(home, replace(make_plan(), circle="municipality"), by="planner").plan.plan_id
    assert served.get(f"/plans/{theirs}/files/csv").status_code == 404


def test_what_is_not_there(served: TestClient, plan_id: str, home: Path) -> None:
    before = list_events(home)[0]
    assert served.get("/plans/none/files/csv").status_code == 404
    assert [served.get(f"/plans/%00{rest}").status_code for rest in ("", "/files/csv")] == [404, 404]
    answer = served.get(f"/plans/{plan_id}/files/docx?lang=sv")
    assert answer.status_code == 404
    assert "pdf, ics, gpx, xlsx, csv, gpkg" in answer.json()["detail"]
    assert answer.json()["detail"].startswith("Det finns inget format")
    assert list_events(home)[0] == before


def test_a_missing_library_is_told_and_all_else_works(
    served: TestClient, plan_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        message = (
            "Briefs as PDF cannot be made on this server: a library is missing (libpango). On Debian 12: apt-get "
            f"install {brief.LIBRARIES}, then start the server again. All other forms work."
        )
        raise MissingLibraryError(message)

    monkeypatch.setattr(brief, "load_weasyprint", fail)
    answer = served.get(f"/plans/{plan_id}/files/pdf?lang=sv")
    assert answer.status_code == 501
    assert answer.json()["detail"].startswith(
        "Underlag som PDF kan inte göras på den här servern: ett bibliotek saknas (libpango)"
    )
    assert served.get(f"/plans/{plan_id}/files/ics").status_code == 200


def test_too_many_stops(served: TestClient, home: Path) -> None:
    plan = make_plan(titles=[str(k) for k in range(brief.MOST_STOPS + 1)])
    plan_id = save_plan(home, plan, by="planner").plan.plan_id
    answer = served.get(f"/plans/{plan_id}/files/pdf?lang=sv")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"Planen har {brief.MOST_STOPS + 1} stopp")
    assert served.get(f"/plans/{plan_id}/files/xlsx").status_code == 200


def test_briefs_are_made_one_at_a_time_while_others_are_answered(
    served: TestClient, plan_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    under_way: list[int] = []

    def write(*_: object) -> bytes:
        under_way.append(1)
        begun.set()
        may_end.wait(30)
        return b"%PDF-"

    slow = replace(FORMS["pdf"], write=write)
    monkeypatch.setattr(plan_files, "FORMS", {**FORMS, "pdf": slow})
    answers: list[int] = []
    address = f"/plans/{plan_id}/files/pdf"
    threads = [threading.Thread(target=lambda: answers.append(served.get(address).status_code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    # the event loop is free
    assert served.get("/healthz").status_code == 200
    with ExitStack() as held:
        inside = served.app.state.service.plan_files.briefs._inside
        while inside.acquire(blocking=False):
            held.callback(inside.release)
        refused = served.get(address)
        # other forms do not wait for briefs
        assert served.get(f"/plans/{plan_id}/files/csv").status_code == 200
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    assert under_way == [1]
    may_end.set()
    for thread in threads:
        thread.join(30)
    assert answers == [200, 200]
    assert under_way == [1, 1]


class TestCommand:
    @pytest.mark.parametrize("form", FORMS)
    def test_it_writes_every_form(self, home: Path, plan_id: str, form: str, tmp_path: Path) -> None:
        out = tmp_path / f"plan.{form}"
        told = run_json("plan", "export", plan_id, "--out", out, "--home", home)
        assert out.read_bytes().startswith(SIGNS[form])
        assert told == {
            "plan_id": plan_id, "version": 1, "form": form, "path": str(out), "bytes": out.stat().st_size
        }  # fmt: skip
        _, (event, *_) = list_events(home)
        assert (event.what, event.about) == ("plan-exported", f"{plan_id} {form} v1")
        assert event.user_name.startswith("cli:")

    def test_the_form_may_be_named_and_the_language(self, home: Path, plan_id: str, tmp_path: Path) -> None:
        out = tmp_path / "brief.bin"
        run("plan", "export", plan_id, "--form", "pdf", "--out", out, "--lang", "en", "--home", home)
        with pypdfium2.PdfDocument(io.BytesIO(out.read_bytes())) as document:
            assert "Not public" in document[0].get_textpage().get_text_range()

    def test_what_cannot_be(self, home: Path, plan_id: str, tmp_path: Path) -> None:
        out = tmp_path / "plan.docx"
        assert "docx" in fail_json("plan", "export", plan_id, "--out", out, "--home", home, code=2)["detail"]
        assert (
            "none" in fail_json("plan", "export", "none", "--out", tmp_path / "a.csv", "--home", home, code=3)["detail"]
        )
        there = tmp_path / "there.csv"
        there.write_text("mine")
        assert "--replace" in fail_json("plan", "export", plan_id, "--out", there, "--home", home, code=2)["detail"]
        assert there.read_text() == "mine"
        run("plan", "export", plan_id, "--out", there, "--replace", "--home", home)
        assert there.read_bytes().startswith(SIGNS["csv"])
        assert not out.exists()
