"""Promise: whoever asks learns nothing of records that their sharing circle may not see, whatever they ask."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import httpx
import pandas as pd
import pytest
from fastapi.testclient import TestClient

import geo
from api import create_app
from api.settings import Settings
from geo.layers.circles import INNER_CIRCLE, VISIBLE
from geo.layers.registry import LAYERS
from geo.store.files import Provenance, load_layers, publish, save_layer, save_model, save_surface
from tests.accounts import ROLES, enter
from tests.api.made import BASE_URL, WRITING, fill_home
from tests.frames import GRID, SCORING_DAY, make_frame, make_workplace, near_town, small_frames
from tests.promises.test_headers import EXAMPLES, list_addresses

CELL = GRID.cell_id(4, 9)
# What a route answers depends on these, so all of them are asked.
QUERIES = (
    "/api/cells/at?easting=758600&northing=7088600",
    "/api/sites?bbox=0,0,40,80",
    "/api/sites?bbox=0,0,40,80&layer=visits&layer=findings",
    "/api/sites?bbox=0,0,40,80&layer=visits&layer=findings&layer=workplaces&group_m=5000",
    "/api/sites/nearest?lon=20.26&lat=63.82&n=200",
    "/api/search?q=s",
    "/api/search?q=hemligx7",
    "/api/top?n=200",
    "/api/top?n=50&county=24",
    "/api/places?n=200",
    "/api/score?at=2026-01-15",
    "/api/season?at=2025-01-15&sector=green",
    f"/api/distribution?county=24&cell_id={CELL}",
    "/api/score?sector=construction",
    "/api/score?weight=findings:80&weight=reported:40",
    *(f"/tiles/current/{z}/{142 * 2**z // 256}/{68 * 2**z // 256}.png" for z in range(3, 17)),
    *(f"/tiles/current/8/{x}/{y}.png?county=24" for x in (141, 142, 143) for y in (67, 68, 69)),
)


Ask = Callable[..., TestClient]


def open_home(home: Path) -> Iterator[Ask]:
    app = create_app(Settings(home=home, check_seconds=0))
    with TestClient(app, base_url=BASE_URL):
        yield lambda name, circle=None: enter(
            app, name, ROLES, circle=name if circle is None else circle, base_url=BASE_URL
        )


def shared_frames() -> dict[str, gpd.GeoDataFrame]:
    """The small frames, half of their records the municipality's, half anyone's."""
    frames = small_frames()
    for frame in frames.values():
        frame["circle"] = ["municipality" if number % 2 else "public" for number in range(len(frame))]
    return frames


def add_secret(name: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One record more, of the inner circle: a copy of the first under another id, a little beside it."""
    secret = frame.iloc[[0]].copy()
    for column in LAYERS[name].id_columns[:1]:
        secret[column] = "hemligx7"
    for column in ("name", "population", "employees", "beds", "workforce"):
        if column in secret:
            secret[column] = "Hemligx7" if column == "name" else 4_000.0
    if (secret.geometry.geom_type == "Point").all():
        secret.geometry = secret.geometry.translate(1_700, 900)
    return gpd.GeoDataFrame(pd.concat([frame, secret.assign(circle=INNER_CIRCLE)], ignore_index=True), crs=frame.crs)


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    home = tmp_path_factory.mktemp("without")
    fill_home(home, shared_frames())
    yield from open_home(home)


@pytest.fixture(scope="module", params=["findings", "all"])
def secret_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("with")
    frames = shared_frames()
    chosen = frames if request.param == "all" else {request.param: frames[request.param]}
    fill_home(home, {**frames, **{name: add_secret(name, frame) for name, frame in chosen.items()}})
    return home


@pytest.fixture(scope="module")
def having(secret_home: Path) -> Iterator[Ask]:
    yield from open_home(secret_home)


@lru_cache(maxsize=8)
def find_number(client: TestClient) -> bytes:
    """The number of whoever asks."""
    return str(client.get("/api/me").json()["user_id"]).encode()


def see(answer: httpx.Response, *, of: TestClient | None = None) -> tuple[int, bytes, dict[str, str]]:
    """What an answer tells; the number of whoever asks, which each folder draws by itself, is left out."""
    content, headers = answer.content, dict(answer.headers)
    if of is not None:
        content = content.replace(find_number(of), b"own number")
        if content != answer.content:
            # made from the bytes, the number among them, or from how well they compress
            headers = {name: value for name, value in headers.items() if name not in {"etag", "content-length"}}
    return answer.status_code, content, headers


@pytest.mark.parametrize("circle", ["municipality", "public"])
class TestAnAttacker:
    def test_every_route_answers_as_if_the_record_were_not_there(
        self, without: Ask, having: Ask, secret_home: Path, circle: str
    ) -> None:
        blank, full = without(circle), having(circle)
        inner = [load_layers(secret_home).fingerprint, having(INNER_CIRCLE).get("/api/surfaces").json()["current"]]
        own = blank.get("/api/surfaces").json()["current"]
        examples = {**EXAMPLES, "cell_id": CELL, "job_id": "nothing"}
        addresses = {*QUERIES}
        for surface in ("current", own, *inner):
            addresses |= set(list_addresses(blank.app, {**examples, "surface": surface}))
        # these tell of users and of the server alone: when they came, which folder it serves, who did what
        addresses -= {"/account", "/api/me", "/admin", "/admin/users", "/admin/settings", "/admin/audit", "/audit"}
        assert len(addresses) > 70
        for address in sorted(addresses):
            seen, expected = (see(client.get(address), of=client) for client in (full, blank))
            assert seen == expected, address
            assert b"hemligx7" not in seen[1].lower().replace(b"q=hemligx7", b""), address
        # the map and what stands on it were among what was compared
        assert blank.get("/tiles/current/8/142/68.png").status_code == 200
        assert blank.get("/api/sites?bbox=0,0,40,80").json()["total"] > 0

    def test_nor_does_a_what_if_tell(self, without: Ask, having: Ask, circle: str) -> None:
        change = {"kind": "add_accommodation", "easting": 758_600, "northing": 7_088_600, "beds": 40}
        body = {"changes": [change], "n": 50}
        answers = [ask(circle).post("/api/what-if", json=body, headers=WRITING) for ask in (without, having)]
        assert answers[0].status_code == 200
        assert see(answers[0]) == see(answers[1])

    def test_those_who_may_see_it_do(self, without: Ask, having: Ask, circle: str) -> None:
        assert circle in VISIBLE
        answers = {ask(INNER_CIRCLE).get("/api/surfaces").json()["current"] for ask in (without, having)}
        assert len(answers) == 2


# what only all records could tell
AS_A_FACT = re.compile(
    r"never inspected|nobody has (?:looked|lately)|no visit (?:is|here is) known|no visits are recorded"
    r"|aldrig kontrollerad|ingen har kontrollerat|ingen kontroll har nått"
)
# what the words mean, for everybody
OF_THE_PROGRAM = ("/help/", "/openapi.json", "/static/", "/i18n/", "/api/reference/")


def gather_words(client: TestClient) -> dict[str, str]:
    """Everything that a user can read in words, in both languages, small letters."""
    cells = [cell["cell_id"] for cell in client.get("/api/top?n=3").json()["cells"]]
    never = client.get("/api/top?n=3&state=never_inspected").json()["cells"]
    cells += [cell["cell_id"] for cell in never]
    assert never
    addresses = {*list_addresses(client.app, {**EXAMPLES, "cell_id": CELL, "job_id": "nothing"}), *QUERIES}
    addresses |= {f"/api/cells/{cell}" for cell in cells} | {"/charts", "/api/sites/workplaces/w003"}
    addresses = {one for one in addresses if not one.startswith((*OF_THE_PROGRAM, "/tiles", "/admin", "/audit"))}
    words = {}
    for address in sorted(addresses):
        for lang in ("sv", "en"):
            answer = client.get(f"{address}{'&' if '?' in address else '?'}lang={lang}", headers={"accept": "*/*"})
            words[f"{address} {lang}"] = html.unescape(answer.text).lower()
    for lang in ("sv", "en"):
        words[f"texts {lang}"] = json.dumps(
            [*client.get(f"/i18n/{lang}.json?records=some").json().values()], ensure_ascii=False
        ).lower()
    return words


class TestWords:
    """Nobody is told as a fact what only all records could tell."""

    @pytest.mark.parametrize("circle", ["municipality", "public"])
    def test_a_narrower_circle_reads_that_it_may_see_no_visit(self, without: Ask, circle: str) -> None:
        words = gather_words(without(circle))
        said = {where: AS_A_FACT.findall(text) for where, text in words.items() if not where.startswith("texts")}
        assert {where: found for where, found in said.items() if found} == {}
        assert any("no visit that your circle may see" in text for text in words.values())
        assert any("ingen kontroll som din krets får se" in text for text in words.values())
        assert 'data-records="some"' in without(circle).get("/", headers={"accept": "text/html"}).text

    def test_whoever_sees_every_record_reads_the_fact(self, without: Ask) -> None:
        words = gather_words(without(INNER_CIRCLE))
        assert any("never inspected" in text for text in words.values())
        assert any("aldrig kontrollerad" in text for text in words.values())
        told = {where for where, text in words.items() if "your circle may see" in text or "din krets får se" in text}
        assert {where for where in told if not where.startswith("texts")} == set()
        assert "data-records" not in without(INNER_CIRCLE).get("/", headers={"accept": "text/html"}).text


class TestOneFolder:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        fill_home(tmp_path, {name: add_secret(name, frame) for name, frame in shared_frames().items()})
        return tmp_path

    @pytest.fixture
    def ask(self, home: Path) -> Iterator[Ask]:
        yield from open_home(home)

    def test_surfaces_of_another_circle_are_not_there(self, ask: Ask) -> None:
        inner, outer = ask(INNER_CIRCLE), ask("municipality")
        theirs = [inner.get("/api/surfaces").json()["current"], inner.get("/api/score?at=2026-01-15").json()["id"]]
        ours = [outer.get("/api/surfaces").json()["current"], outer.get("/api/score?at=2026-01-15").json()["id"]]
        assert not set(theirs) & set(ours)
        for client, ids in ((outer, theirs), (inner, ours)):
            listed = {one["id"] for one in client.get("/api/surfaces").json()["surfaces"]}
            assert not listed & set(ids)
            for surface in ids:
                for address in (
                    f"/tiles/{surface}/8/142/68.png",
                    f"/api/cells/{CELL}?surface={surface}",
                    f"/api/cells/{CELL}/certainty?surface={surface}",
                    f"/api/cells/{CELL}/smallest-change?surface={surface}",
                    f"/api/sites?bbox=0,0,40,80&surface={surface}",
                    f"/api/top?surface={surface}",
                    f"/api/places?surface={surface}",
                    f"/api/surfaces/{surface}",
                    f"/surfaces/{surface}",
                ):
                    assert client.get(address).status_code == 404, address
                posted = client.post(f"/api/what-if?surface={surface}", json={"changes": []}, headers=WRITING)
                assert posted.status_code in {404, 422}

    def test_it_says_that_it_rests_on_some_records_only(self, ask: Ask) -> None:
        assert ask(INNER_CIRCLE).get("/api/surfaces/current").json()["rests_on"] is None
        assert "your circle" in ask("municipality").get("/api/surfaces/current").json()["rests_on"]
        assert "din krets" in ask("municipality").get("/api/surfaces/current?lang=sv").json()["rests_on"]
        assert "din krets" in ask("municipality").get("/surfaces/current").text
        assert "din krets" not in ask(INNER_CIRCLE).get("/surfaces/current").text

    def test_it_is_what_the_library_scores_from_those_records(self, ask: Ask) -> None:
        for circle, seen in VISIBLE.items():
            frames = {
                name: frame[frame["circle"].isin(seen)]
                for name, frame in ((name, add_secret(name, each)) for name, each in shared_frames().items())
            }
            kept = {name: frame for name, frame in frames.items() if len(frame)}
            expected = geo.score(kept, GRID, at=SCORING_DAY)
            info = ask(circle).get("/api/surfaces/current").json()
            assert info["id"] == expected.id
            assert {one["name"]: one["rows"] for one in info["layers"]} == {n: len(f) for n, f in kept.items()}

    def test_a_record_that_comes_changes_nothing_for_those_who_may_not_see_it(self, ask: Ask, home: Path) -> None:
        addresses = [*QUERIES, "/api/surfaces", "/api/layers", "/healthz", "/surfaces/current", "/"]
        outer = ask("municipality")
        before = [see(outer.get(address)) for address in addresses]
        inner = ask(INNER_CIRCLE).get("/api/surfaces").json()["current"]
        workplaces = load_layers(home)["workplaces"]
        more = pd.concat([workplaces, make_frame([make_workplace(77, **near_town(900, 0), employees=900.0)])])
        save_layer(home, "workplaces", gpd.GeoDataFrame(more.fillna({"circle": INNER_CIRCLE})), Provenance("more.csv"))
        surface = geo.score(load_layers(home), GRID, at=SCORING_DAY)
        save_surface(home, surface)
        publish(home, surface.id)
        assert ask(INNER_CIRCLE).get("/api/surfaces").json()["current"] != inner
        assert [see(outer.get(address)) for address in addresses] == before

    def test_a_record_that_they_may_see_does(self, ask: Ask, home: Path) -> None:
        outer = ask("municipality")
        before = outer.get("/api/surfaces").json()["current"]
        workplaces = load_layers(home)["workplaces"]
        more = pd.concat([workplaces, make_frame([make_workplace(77, **near_town(900, 0), circle="public")])])
        save_layer(home, "workplaces", gpd.GeoDataFrame(more), Provenance("more.csv"))
        after = outer.get("/api/surfaces").json()["current"]
        assert after != before
        assert any(site["id"] == "w077" for site in outer.get("/api/sites?bbox=0,0,40,80").json()["sites"])
        # open pages still ask for it
        assert outer.get(f"/tiles/{before}/8/142/68.png").status_code == 200

    def test_a_model_that_was_fitted_to_all_records_is_not_theirs(self, ask: Ask, home: Path) -> None:
        fitted = geo.fit_model(load_layers(home), SCORING_DAY)
        save_model(home, fitted)
        surface = geo.score(load_layers(home), GRID, at=SCORING_DAY, model=fitted)
        save_surface(home, surface)
        publish(home, surface.id)
        assert ask(INNER_CIRCLE).get("/api/surfaces/current").json()["model_version"] == fitted.version
        for address in ("/api/surfaces/current", "/api/score?at=2026-01-15"):
            assert ask("municipality").get(address).json()["model_version"] == geo.load_model().version

    def test_imports_and_their_reports_are_the_inner_circles(self, ask: Ask) -> None:
        for address in (
            "/import",
            "/import/1",
            "/import/jobs/x",
            "/api/imports",
            "/api/imports/1",
            "/api/imports/1/quarantine",
            "/api/imports/1/quarantine.csv",
            "/api/imports/jobs/x",
            "/api/imports/jobs/x/events",
            # what is not there either answers no differently
            "/api/imports/999",
        ):
            assert ask("municipality").get(address).status_code == 403, address
        assert ask("municipality").post("/api/imports", headers=WRITING).status_code == 403
        assert ask(INNER_CIRCLE).get("/api/imports/1").status_code == 200
        assert 'href="import' not in ask("municipality").get("/").text

    def test_a_circle_that_nobody_knows_sees_nothing(self, ask: Ask) -> None:
        for address in ("/", "/api/surfaces", "/tiles/current/8/142/68.png", "/api/sites?bbox=0,0,40,80"):
            for circle in ("everybody", ""):
                assert ask(circle or "nobody's", circle=circle).get(address).status_code == 403, address

    def test_a_circle_without_records_sees_an_empty_folder(self, tmp_path: Path) -> None:
        home = tmp_path / "inner-only"
        fill_home(home, {name: frame.assign(circle=INNER_CIRCLE) for name, frame in shared_frames().items()})
        for ask in open_home(home):
            client = ask("public")
            assert client.get("/api/surfaces").json() == {"current": None, "surfaces": []}
            assert client.get("/api/sites?bbox=0,0,40,80").json()["total"] == 0
            assert client.get("/api/score").status_code == 404
