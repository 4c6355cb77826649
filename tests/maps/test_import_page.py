"""Pages of imports: names stay names, what is not translated says its language, and the numbers add up."""

from __future__ import annotations

import re
from typing import Any

import pytest

from geo.layers.registry import LAYERS
from maps.pages.imports import PastImport, render_import_page, render_job_page, render_report_page
from tests.maps.corpus import PAYLOADS


def make_report(name: str = "a", **more: Any) -> dict[str, Any]:
    """The report of an import with a name in every place where a file can bring one."""
    rule = {
        "column": name,
        "rule": name,
        "remedy": name,
        "n_rows": 7,
        "rows": [2, 3],
        "got": [name],
        "kind": "SchemaError",
    }
    file = {
        "layer": "workplaces", "source_name": name, "source_sha256": "0" * 64, "source_size": 1234567, "crs": name,
        "is_swapped": False, "columns": [name, "sni", "geometry"], "rows_in": 1200, "rows_read": 1205,
        "rows_skipped": 2, "rows_filtered_out": 3, "rows_accepted": 1190, "rows_quarantined": 7, "rows_duplicate": 3,
        "rows_outside_region": 1, "rows_repaired": 1, "rows_pseudonymised": 2, "precisions": {"exact": 1180, name: 10},
        "broken_rules": [rule], "refused_columns": {name: name}, "unused_columns": [name], "renamed": {name: "name"},
        "set_values": {"kind": name}, "where": {name: name}, "skipped_rows": [1, 2], "made_ids": True, "notes": [name],
    }  # fmt: skip
    rows = {"rows_in": 1200, "accepted": 1190, "quarantined": 7, "duplicate": 3, "left_out": 5}
    changes = {"added": 5, "changed": 6, "gone": 7, "unchanged": 8, "is_new": True}
    stored = {
        "import_id": 12, "layer": "workplaces", "mode": "replace", "snapshot": 3, "importer": name, "licence": name,
        "started_at": "2026-11-26T00:36:31.464283+00:00", "source_name": name, "legal_basis": name,
        "retain_until": "2027-01-02", "quarantined": 7,
    }  # fmt: skip
    return {**stored, "rows": rows, "changes": changes, "files": [file], **more}


def make_job(name: str = "a", **more: Any) -> dict[str, Any]:
    return {
        "id": "abc", "layer": "workplaces", "files": [name], "dry_run": False, "status": "running", "stage": "reading",
        "rows_done": 0, "rows_in_all": None, "outcome": None, "problem": None, **more,
    }  # fmt: skip


def read_words(page: str) -> str:
    """What stands on a page, without its tags; every kind of blank as one."""
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") :]).split())


@pytest.mark.parametrize("lang", ["sv", "en"])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_are_text_wherever_they_stand(lang: str, payload: str) -> None:
    plain = "Q0"
    problem = {"title": payload, "detail": payload}
    for make in (
        lambda name: render_report_page(lang, make_report(name)),
        lambda name: render_report_page(lang, make_report(name, files=make_report(name)["files"] * 2)),
        lambda name: render_job_page(lang, make_job(name)),
        lambda name: render_job_page(lang, make_job(name, status="failed", problem={**problem, "detail": name})),
        lambda name: render_import_page(
            lang, is_allowed=True, max_mb=1, past=[PastImport(1, "workplaces", name, "2026-01-01T00:00:00+00:00", 1, 2)]
        ),
    ):
        tags = [re.findall(r"<[a-z/][^>]*>", make(name)) for name in (plain, payload)]
        assert len(tags[0]) == len(tags[1])


def test_the_equation_stands_there_with_its_numbers() -> None:
    words = read_words(render_report_page("en", make_report()))
    assert "1,200 rows in = 1,190 accepted + 7 in quarantine + 3 repeats" in words
    assert "5 more rows of the file were left out" in words
    assert "2, 3 and 5 more" in words
    assert "5 new records 6 changed 7 gone 8 unchanged" in words
    swedish = read_words(render_report_page("sv", make_report()))
    assert "1 200 rader in = 1 190 godtagna + 7 i karantän + 3 dubbletter" in swedish
    assert "26 november 2026 kl. 01:36" in swedish
    assert "2 januari 2027" in swedish


def test_what_has_no_swedish_says_that_it_is_english() -> None:
    page = render_report_page("sv", make_report("Somebody's own words"))
    assert '<span lang="en">Somebody&#39;s own words</span>' in page
    assert 'lang="en">Somebody' not in render_report_page("en", make_report("Somebody's own words"))
    known = make_report()
    known["files"][0]["broken_rules"][0] |= {"rule": "must not be empty", "remedy": "fill it in"}
    words = read_words(render_report_page("sv", known))
    assert "får inte vara tomt" in words
    assert "fyll i det" in words


def test_a_trial_has_no_quarantine_to_fetch() -> None:
    report = make_report()
    trial = {name: report[name] for name in ("layer", "source_name", "rows", "files")}
    page = render_report_page("en", {**trial, "dry_run": True}, root="../../")
    assert "quarantine.csv" not in page
    assert "nothing was changed" in read_words(page)
    assert "norrsyn score" not in page
    assert 'href="../api/imports/12/quarantine.csv"' in render_report_page("en", report)


def test_a_trial_says_what_stays_because_plans_recorded_it() -> None:
    report = {**make_report(), "dry_run": True, "changes": {"added": 1, "changed": 0, "gone": 0, "unchanged": 7}}
    assert "Av de oförändrade står 3 kvar för att planer har registrerat dem" in read_words(
        render_report_page("sv", {**report, "of_plans": 3})
    )
    assert "har registrerat dem" not in read_words(render_report_page("sv", report))


def test_an_import_without_report_has_a_page() -> None:
    page = render_report_page("en", make_report(files=[], rows=None, changes=None))
    assert "There is no report of the rows" in read_words(page)


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_layer_can_be_chosen(lang: str) -> None:
    page = render_import_page(lang, is_allowed=True, max_mb=256, layer="visits")
    assert re.findall(r'<option value="(\w+)"', page)[: len(LAYERS)] == list(LAYERS)
    assert '<option value="visits" selected>' in page
    assert "256 MiB" in page
    assert "<form" not in render_import_page(lang, is_allowed=False, max_mb=256)


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_field_has_a_label_and_every_hint_its_field(lang: str) -> None:
    page = render_import_page(lang, is_allowed=True, max_mb=256)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    fields = re.findall(r'<(?:input|select|textarea) id="([^"]+)"', page)
    assert len(fields) >= 10
    assert set(fields) <= set(re.findall(r'<label for="([^"]+)"', page))
    for described in re.findall(r'aria-describedby="([^"]+)"', page):
        assert set(described.split()) <= ids
