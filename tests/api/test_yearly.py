"""The yearly picture over HTTP and on the command line: what is shown within the circle, and what leaves it."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.routes.yearly import list_years
from api.settings import Settings
from geo.planning.followup import Tally
from geo.planning.yearly import Period, draw_picture
from geo.store.files import load_layers
from geo.store.people.events import list_events
from maps.charts.yearly import YEARLY_CHARTS, collect_bars, describe_bars, draw_bars
from maps.i18n import format_day
from maps.pages import yearly
from tests.accounts import cheap_passwords, enter
from tests.api.made import BASE_URL
from tests.api.test_cli import fail_json, run, run_json

YEAR = 2026
# one that is over
ENDED = 2024


@pytest.fixture(scope="module")
def yearly_home(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled data folder of this module's own: that a file was made is noted in it."""
    return Path(shutil.copytree(made_home, tmp_path_factory.mktemp("yearly") / "home"))


@pytest.fixture(scope="module")
def client(yearly_home: Path) -> Iterator[TestClient]:
    """A client of the application over `yearly_home`, signed in with every role."""
    app = create_app(Settings(home=yearly_home, check_seconds=0), passwords=cheap_passwords())
    with enter(app, base_url=BASE_URL, raise_server_exceptions=False) as started:
        yield started


def test_the_page_tells_what_the_library_counts(client: TestClient, yearly_home: Path) -> None:
    picture = draw_picture(load_layers(yearly_home), Period.of_year(YEAR))
    page = client.get(f"/picture?year={YEAR}&lang=en", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert f'<span class="counted-now">{picture.total.now.visits}</span>' in page.text
    assert "Visits that found something" in page.text
    for one in picture.unknown:
        assert str(one) in page.text
    # each chart has its table
    assert page.text.count('<div class="chart-picture">') == len(YEARLY_CHARTS)
    assert page.text.count("<table") >= len(YEARLY_CHARTS)


def test_a_year_so_far_is_told_as_one(yearly_home: Path) -> None:
    layers = load_layers(yearly_home)
    picture = draw_picture(layers, Period.of_year(int(layers["visits"]["visited_on"].max().year)))
    last = picture.counted.last
    assert last < picture.period.last
    for lang, words in (("sv", "till och med"), ("en", "up to")):
        told = describe_bars(lang, collect_bars("month", picture))
        titles = [column.title for column in told.table.columns]
        now, before = (f"{one.year} {words} {format_day(lang, one)}" for one in (last, picture.before.last))
        assert [title for title in titles if now in title]
        assert [title for title in titles if before in title]
        assert now in told.summary
        assert now in draw_bars(lang, collect_bars("month", picture))
        told = describe_bars(lang, collect_bars("outcome", picture))
        assert str(picture.total.now.remarked) in told.notes[0]


def test_a_month_within_a_swedish_sentence_has_no_capital(yearly_home: Path) -> None:
    picture = draw_picture(load_layers(yearly_home), Period.of_year(YEAR))
    told = describe_bars("sv", collect_bars("month", picture))
    assert re.search(r"Flest: [a-z]+, \d", told.summary)
    assert all(str(row[0])[0].isupper() for row in told.table.rows)
    assert re.search(r"Most: [A-Z]", describe_bars("en", collect_bars("month", picture)).summary)


def test_a_span_of_one_number_is_that_number() -> None:
    one = Tally(n=2, expected=0.4, found=0, low=0, high=0, share_low=0.191, share_high=0.194)
    assert yearly._range("sv", 0.191, 0.194) == "19 %"
    assert yearly._range("sv", 0.19, 0.21) == "19–21 %"
    assert yearly._tell("sv", one)[2] == "0"


def test_a_year_that_has_not_come_is_none_to_choose(yearly_home: Path) -> None:
    visits = load_layers(yearly_home)["visits"].iloc[:2].copy()
    visits["visited_on"] = pd.to_datetime(["2099-01-01", "2025-03-01"])
    snapshot: Any = SimpleNamespace(layers={"visits": visits})
    assert list_years(snapshot, this_year=2026) == [2025]
    snapshot.layers["visits"] = visits.iloc[:1]
    assert list_years(snapshot, this_year=2026) == [2026]


def test_the_page_is_there_in_swedish_and_of_any_days(client: TestClient) -> None:
    page = client.get("/picture?from=2026-05-01&to=2026-06-30", headers={"accept": "text/html"})
    assert "1 maj 2026 till 30 juni 2026" in page.text
    # of days that are no calendar year nothing can be shared
    assert "picture/files" not in page.text
    assert "picture/files/xlsx" in client.get(f"/picture?year={ENDED}", headers={"accept": "text/html"}).text


@pytest.mark.parametrize("chart", YEARLY_CHARTS)
def test_a_picture_is_kept_until_it_changes(client: TestClient, chart: str) -> None:
    first = client.get(f"/picture/charts/{chart}.svg?year={YEAR}")
    assert first.status_code == 200
    drawing = ElementTree.fromstring(first.text)  # noqa: S314  our own drawing
    assert drawing.find("{http://www.w3.org/2000/svg}desc") is not None
    again = client.get(f"/picture/charts/{chart}.svg?year={YEAR}", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    narrow = client.get(f"/picture/charts/{chart}.svg?year={YEAR}&size=narrow")
    assert narrow.status_code == 200
    assert narrow.text != first.text


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_files_hold_no_number_of_few_firms(client: TestClient, yearly_home: Path, lang: str) -> None:
    """The region of the tests has a handful of visits: nothing of it may leave."""
    assert 0 < draw_picture(load_layers(yearly_home), Period.of_year(ENDED)).total.now.visits < 10
    answer = client.get(f"/picture/files/csv?year={ENDED}&lang={lang}")
    assert answer.headers["cache-control"] == "no-store"
    assert f'filename="norrsyn-lagesbild-{ENDED}.csv"' in answer.headers["content-disposition"]
    about, *tables = answer.content.decode("utf-8-sig").split("\r\n\r\n")
    assert str(ENDED) in about
    for table in tables:
        _, _, *rows = csv.reader(io.StringIO(table, newline=""))
        assert all(cell == "" for row in rows for cell in row[1:])
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/picture/files/xlsx?year={ENDED}&lang={lang}").content))
    assert len(book.sheetnames) == 1 + len(tables)


def test_that_a_file_was_made_is_noted(client: TestClient, yearly_home: Path) -> None:
    client.get(f"/picture/files/csv?year={ENDED}")
    assert any(
        event.what == "picture-shared" and event.about == f"{ENDED} csv" for event in list_events(yearly_home)[1]
    )


def test_a_year_that_runs_is_not_shared(client: TestClient) -> None:
    """Of files of two days, the difference would tell of what came between them."""
    running = datetime.now(UTC).year
    answer = client.get(f"/picture/files/csv?year={running}&lang=en")
    assert answer.status_code == 422
    assert f"Share {running} from {running + 1}-01-01 on" in answer.json()["detail"]
    said = client.get(f"/picture/files/csv?year={running}&lang=sv").json()["detail"]
    assert said.startswith("Bara år som är slut delas")
    page = client.get(f"/picture?year={running}", headers={"accept": "text/html"}).text
    assert "picture/files" not in page
    assert f"Tabeller för {running} kan delas när året är slut" in page
    # which is not what is given to whoever names no year
    assert client.get("/picture/files/csv").status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/picture?year=26", 422),
        ("/picture?year=soon", 422),
        ("/picture?from=2026-01-01", 422),
        ("/picture?year=2026&from=2026-01-01&to=2026-02-01", 422),
        ("/picture?from=2026-02-01&to=2026-01-01", 422),
        ("/picture?from=0001-01-01&to=0001-12-31", 422),
        ("/picture?from=9999-01-01&to=9999-12-31", 422),
        ("/picture/charts/nothing.svg", 404),
        ("/picture/charts/month.svg?colour=red", 422),
        ("/picture/files/pdf", 404),
        ("/picture/files/csv?from=2026-01-01&to=2026-01-02", 422),
    ],
)
def test_what_makes_no_sense_is_told(client: TestClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_first_year_stands_beside_the_one_before_it(client: TestClient) -> None:
    page = client.get("/picture?year=1990&lang=en", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "1989" in page.text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/picture?year=1", "Ange ett år från 1990 till 2200, inte 1."),
        ("/picture?from=2026-01-01", "Ange ett år, eller första och sista dagen i en period."),
        ("/picture?from=0001-01-01&to=0001-12-31", "Ange dagar inom åren 1990 till 2200, inte 0001-01-01 till"),
        ("/picture?from=2026-02-01&to=2026-01-01", "En period kan inte sluta innan den börjar"),
        ("/picture/charts/nothing.svg?year=2026", "Det finns inget diagram"),
        ("/picture/files/pdf?year=2026", "Det finns ingen sådan fil att dela"),
    ],
)
def test_who_reads_swedish_is_told_in_swedish(client: TestClient, address: str, said: str) -> None:
    assert client.get(f"{address}&lang=sv").json()["detail"].startswith(said)


def test_the_command_counts_the_same(yearly_home: Path, tmp_path: Path) -> None:
    picture = draw_picture(load_layers(yearly_home), Period.of_year(ENDED))
    out = tmp_path / "year.csv"
    answer = run_json("picture", "--year", str(ENDED), "--share", str(out), "--home", yearly_home)
    assert answer["total"]["now"] == vars(picture.total.now)
    assert answer["unknown"] == [str(one) for one in picture.unknown]
    assert answer["shared"] == {"path": str(out), "bytes": out.stat().st_size}
    assert (
        "is there already"
        in fail_json("picture", "--year", str(ENDED), "--share", str(out), "--home", yearly_home, code=2)["detail"]
    )
    said = run("picture", "--from", "2026-05-01", "--to", "2026-06-30", "--lang", "sv", "--home", yearly_home).stdout
    assert "1 maj 2026 till 30 juni 2026" in said


def test_the_command_refuses_what_it_cannot_use(yearly_home: Path, tmp_path: Path) -> None:
    assert "--year" in fail_json("picture", "--home", yearly_home, code=2)["detail"]
    days = ("--from", "2026-01-01", "--to", "2026-02-01")
    out = ("--share", str(tmp_path / "a.csv"))
    assert "calendar year" in fail_json("picture", *days, *out, "--home", yearly_home, code=2)["detail"]
    running = str(datetime.now(UTC).year)
    assert "have ended" in fail_json("picture", "--year", running, *out, "--home", yearly_home, code=2)["detail"]
    assert (
        ".csv or .xlsx"
        in fail_json("picture", "--year", "2026", "--share", "a.pdf", "--home", yearly_home, code=2)["detail"]
    )
    assert (
        date(2026, 1, 1).isoformat()
        in fail_json("picture", "--from", "2026-02-01", "--to", "2026-01-01", "--home", yearly_home, code=2)["detail"]
    )
