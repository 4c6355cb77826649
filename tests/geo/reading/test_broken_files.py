"""Broken and odd files, each with what must come of it: refused, or every row accepted, quarantined or a duplicate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from geo.errors import InputError, NorrsynError
from geo.layers.registry import get_layer
from geo.reading.columns import Choice
from geo.reading.files import Request, stage_file
from geo.reading.sandbox import run_worker
from geo.reading.source import name_file
from geo.reading.staging import Staged
from maps.pages.import_refusals import say_refusal
from maps.pages.import_words import say_found
from tests.data.broken import CASES, Case

_CHOICE = {"rename", "set_values", "where", "skip_rows", "values", "shape"}
# those that once ended a process, filled its memory or ran on: they are read by a process of its own as well
_WORST = (
    "bomb.csv.gz",
    "bomb.xlsx",
    "deep.geojson",
    "device-link.csv",
    "virtual.gpkg",
    "blotted.parquet",
    "cut-at-60-percent.fgb",
    "far-cell.xlsx",
    "vrt.fgb",
    "deep-wkt.csv",
    "number-in-a-name.csv",
    "surrogates.geojson",
)


def ask(case: Case, path: Path) -> dict[str, Any]:
    choice = Choice.of(**{name: value for name, value in case.options.items() if name in _CHOICE})
    others = {name: value for name, value in case.options.items() if name not in _CHOICE}
    return Request((str(path),), get_layer(case.layer).name, choice, **others).to_dict()


# the digits of a secret come about by chance in a hash of a file
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def check_words(case: Case, words: str, folder: Path) -> None:
    """What may never stand in what is told: secrets, and where on the machine something lies."""
    words = _DIGEST.sub("", words)
    for secret in case.secrets:
        assert secret not in words, f"{secret!r} is repeated"
    assert str(folder) not in words


def check_refused(case: Case, error: NorrsynError, folder: Path) -> None:
    assert case.refused, f"refused, but should be read: {error}"
    assert isinstance(error, case.error), type(error)
    message = str(error)
    assert re.search(case.refused, message, re.DOTALL), message
    # what is wrong with an option is wrong with it whatever the file
    assert name_file(case.name) in message or message.startswith("--")
    check_words(case, message, folder)
    # whoever imports at the page in Swedish reads no English
    assert say_refusal("sv", message).lang == "sv", message


def check_read(case: Case, staged: Staged, folder: Path) -> None:
    (report,) = staged.reports
    assert not case.refused, f"read, but should be refused: {report}"
    quarantine = list(staged.quarantine())
    frame = staged.frame()
    told = json.dumps([report.to_dict(), [row.to_dict() for row in quarantine]], ensure_ascii=False)
    counts = (report.rows_accepted, report.rows_quarantined, report.rows_duplicate)
    assert counts == (case.accepted, case.quarantined, case.duplicate), told
    assert report.rows_in == sum(counts)
    assert (len(frame), len(quarantine)) == counts[:2]
    assert all(row.failures for row in quarantine)
    assert all(failure.rule and failure.remedy for row in quarantine for failure in row.failures), told
    assert {row.row for row in quarantine} == set(case.rules)
    for row in quarantine:
        failures = [f"{each.column}: {each.rule}; {each.remedy} <{each.value}>" for each in row.failures]
        wanted = case.rules[row.row]
        for pattern in [wanted] if isinstance(wanted, str) else wanted:
            assert any(re.search(pattern, each) for each in failures), failures
    for pattern in case.notes:
        assert re.search(pattern, told), told
    check_words(case, told + frame.to_csv(), folder)
    texts = {text for row in quarantine for each in row.failures for text in (each.rule, each.remedy)}
    texts |= {text for rule in report.broken_rules for text in (rule.rule, rule.remedy)}
    texts |= {*report.notes, *report.refused_columns.values()}
    assert {text for text in texts if say_found("sv", text).lang != "sv"} == set()
    if report.rows_quarantined:
        error = report.as_error()
        assert name_file(case.name) in str(error)
        check_words(case, str(error), folder)


@contextmanager
def made(case: Case, folder: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    files, runs = folder / "files", folder / "runs"
    files.mkdir()
    runs.mkdir()
    case.make(files / case.name)
    yield ask(case, files / case.name), runs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_comes_of_a_file(case: Case, tmp_path: Path) -> None:
    with made(case, tmp_path) as (request, runs):
        try:
            stage_file(request, runs, lambda *_: None)
        except NorrsynError as error:
            check_refused(case, error, tmp_path)
        else:
            check_read(case, Staged(runs), tmp_path)


@pytest.mark.parametrize("name", _WORST)
def test_the_worst_in_a_process_of_its_own(name: str, tmp_path: Path) -> None:
    (case,) = [case for case in CASES if case.name == name]
    with made(case, tmp_path) as (request, runs):
        try:
            run_worker(request, runs)
        except NorrsynError as error:
            check_refused(case, error, tmp_path)
        else:
            check_read(case, Staged(runs), tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "/vsicurl/http://user:secret@127.0.0.1:1/a.gpkg",
        "/vsizip/a.zip/b.shp",
        "http://user:secret@127.0.0.1:1/a.geojson?token=secret",
        "s3://secret@bucket/a.parquet",
        "file:///secret/a.csv",
    ],
)
def test_addresses_are_neither_followed_nor_repeated(address: str, tmp_path: Path) -> None:
    request = ask(Case("a.csv", lambda _path: None), tmp_path) | {"paths": [address]}
    with pytest.raises(InputError, match=r"addresses are never followed\. Download it and name the file") as caught:
        stage_file(request, tmp_path, lambda *_: None)
    assert "secret" not in str(caught.value)


def test_names_tell_the_files_apart() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 80
