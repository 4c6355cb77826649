"""Share links for those who make them: the API and the pages, by role and circle, and all that is told at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api import create_app
from api.settings import Settings
from api.share import managing
from api.share.asking import choose_expiry, find_day_fault, read_area_text
from geo.store.people.database import write_people
from geo.store.people.events import list_events
from geo.store.people.shares.emptying import empty_links
from geo.store.people.shares.ending import end_restored
from geo.store.people.shares.links import list_share_links
from geo.store.releases import delete_release
from maps.degrees import to_degrees
from maps.i18n import SWEDEN
from maps.pages import links as pages
from tests.accounts import cheap_passwords, enter
from tests.api.made import BASE_URL, HOSTILE, WRITING
from tests.shares import CELLS, DAY_S, break_row, put_release

FORM = {"origin": BASE_URL}
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
ADDRESS = re.compile(r'id="new-link" type="text" value="([^"]+)"')
ASKED: dict[str, Any] = {
    "release_id": "0123456789abcdef",
    "recipient": "Berit Lund, Skatteverket",
    "purpose": "Planering av vecka 30",
    "basis": "law-2024-307",
    "contact": "Anna, 090-123 45",
}
TYPED = {
    "release": "0123456789abcdef", "recipient": "Berit Lund, Skatteverket", "purpose": "Vecka 30",
    "basis": "law-2024-307", "contact": "Anna, 1234", "lang": "sv", "area_kind": "all", "sector-all": "1",
    "layer-workplaces": "1", "finest_m": "4000", "password": "", "max_openings": "",
}  # fmt: skip


def day(days: int) -> str:
    return (datetime.now(SWEDEN).date() + timedelta(days=days)).isoformat()


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    app = create_app(Settings(home=tmp_path / "home", check_seconds=0), passwords=cheap_passwords())
    put_release(app.state.service.settings.home)
    return app


@pytest.fixture
def home(app: FastAPI) -> Path:
    home: Path = app.state.service.settings.home
    return home


def come(app: FastAPI, name: str, *roles: str, circle: str | None = None) -> TestClient:
    client = enter(app, name, roles or ("coordinator",), circle=circle, base_url=BASE_URL)
    client.follow_redirects = False
    return client


@pytest.fixture
def anna(app: FastAPI) -> Iterator[TestClient]:
    with come(app, "Anna") as client:
        yield client


@pytest.fixture
def bo(app: FastAPI) -> TestClient:
    return come(app, "Bo")


def post(client: TestClient, path: str, **body: Any) -> Any:
    return client.post(path, json=body, headers=WRITING)


def make(client: TestClient, **changes: Any) -> dict[str, Any]:
    response = post(client, "/api/links", **ASKED | changes)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


def send(client: TestClient, path: str, **fields: str) -> Any:
    """A form, with the token that its page gives."""
    pages = (client.get(each).text for each in (path.partition("?")[0], "/links/new"))
    token = next(found[0] for page in pages if (found := FORM_TOKEN.findall(page)))
    return client.post(path, data={"form_token": token, **fields}, headers=FORM)


def list_problems(page: str) -> list[str]:
    summary = page[page.index("fault-summary") :]
    return re.findall(r'<li><a href="#(\w+)">', summary[: summary.index("</div>")])


class TestApi:
    def test_a_link_from_end_to_end(self, app: FastAPI, anna: TestClient, bo: TestClient) -> None:
        made = make(anna, password="fyra lax under isen", max_openings=3)  # noqa: S106
        link = made["link"]
        assert (link["state"], link["needs_approval"], link["has_password"], made["code"]) == (
            "issued",
            False,
            True,
            None,
        )
        assert re.fullmatch(rf"{BASE_URL}/s/nsl_[\w-]{{49}}", made["address"])
        path = made["address"].removeprefix(BASE_URL)
        recipient = TestClient(app, base_url=BASE_URL, follow_redirects=False)
        assert recipient.post(path, data={"password": "fel"}, headers=FORM).status_code == 404
        assert recipient.post(path, data={"password": "fyra lax under isen"}, headers=FORM).status_code == 303
        assert recipient.get("/share").status_code == 200
        (listed,) = bo.get("/api/links").json()["links"]
        assert (listed["state"], listed["openings"], listed["views"], listed["created"]["by"]) == (
            "opened",
            1,
            1,
            "Anna",
        )
        longer = post(bo, f"/api/links/{link['link_id']}/extend", expires_on=day(30)).json()
        assert longer["expires_at"] > link["expires_at"]
        revoked = post(bo, f"/api/links/{link['link_id']}/revoke").json()
        assert (revoked["state"], revoked["revoked"]["by"]) == ("revoked", "Bo")
        assert recipient.get("/share").status_code == 404
        again = post(anna, f"/api/links/{link['link_id']}/revoke").json()
        assert again["revoked"] == revoked["revoked"]
        late = post(anna, f"/api/links/{link['link_id']}/extend", expires_on=day(40))
        assert (late.status_code, late.json()["current"]["state"]) == (409, "revoked")
        assert anna.get("/api/links?state=revoked").json()["links"] == [again]
        assert anna.get("/api/links?state=issued").json()["links"] == []

    def test_small_squares_take_two(self, app: FastAPI, anna: TestClient, bo: TestClient) -> None:
        made = make(anna, finest_m=2_000)
        path = f"/api/links/{made['link']['link_id']}"
        assert (made["link"]["state"], made["address"], made["code"]) == ("awaiting", None, None)
        own = post(anna, f"{path}/approve", has_looked=True)
        assert (own.status_code, own.json()["errors"][0]["detail"][:7]) == (422, "Whoever")
        assert post(anna, f"{path}/issue").status_code == 409
        admin = come(app, "Cecilia", "admin")
        for said in ({}, {"has_looked": False}):
            unseen = post(admin, f"{path}/approve", **said)
            assert (unseen.status_code, unseen.json()["errors"][0]["parameter"]) == (422, "has_looked")
        assert post(admin, f"{path}/approve", has_looked=True).json()["approved"]["by"] == "Cecilia"
        assert post(bo, f"{path}/approve", has_looked=True).status_code == 409
        # who approves as an administrator shares nothing
        assert post(admin, f"{path}/issue").status_code == 403
        assert post(anna, f"{path}/issue").json()["address"].startswith(f"{BASE_URL}/s/nsl_")
        assert post(anna, f"{path}/issue").status_code == 409
        assert post(anna, f"{path}/extend", expires_on=day(20)).status_code == 422
        assert post(bo, f"{path}/extend", expires_on=day(20)).status_code == 200

    def test_everything_wrong_is_told_at_once_and_nothing_stored(self, anna: TestClient, home: Path) -> None:
        wrong = {
            "recipient": "  ", "purpose": "x" * 501, "contact": "a\u202eb", "basis": "harm-tested", "lang": "fi",
            "area": "counties", "counties": ["99"], "sectors": [], "layers": ["homes"], "finest_m": 500,
            "expires_on": day(-1), "password": "kort", "max_openings": 0,
        }  # fmt: skip
        answer = post(anna, "/api/links", **ASKED | wrong)
        assert answer.status_code == 422
        fields = {each["parameter"] for each in answer.json()["errors"]}
        assert fields == {
            "recipient", "purpose", "contact", "basis", "lang", "counties", "sectors", "layers", "finest_m",
            "expires_on", "password", "max_openings",
        }  # fmt: skip
        swedish = anna.post("/api/links?lang=sv", json=ASKED | {"purpose": ""}, headers=WRITING).json()
        assert swedish["errors"][0]["detail"] == "Skriv vad mottagaren behöver den till."
        assert list_share_links(home, now=time.time()) == []
        assert [event.what for event in list_events(home)[1]] == []

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"release_id": "nothing"}, "release"),
            ({"expires_on": "2026-13-01"}, "expires_on"),
            ({"expires_on": day(91)}, "expires_on"),
            ({"expires_on": day(61)}, "expires_on"),
            ({"area": "municipality", "municipality": "0180"}, "municipality"),
            ({"area": "municipality", "municipality": "2505"}, "area"),
            ({"area": "drawn"}, "area"),
            ({"area": "drawn", "polygon": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}}, "area"),
            ({"area": "drawn", "polygon": {"type": "Point", "coordinates": [20, 63]}}, "area"),
            ({"sectors": ["construction"], "layers": ["accommodation"]}, "sectors"),
            ({"sectors": ["beauty"], "layers": ["workplaces"]}, "sectors"),
            ({"sectors": ["all", "beauty"]}, "sectors"),
            ({"finest_m": 3_000}, "finest_m"),
            ({"finest_m": 512_000}, "finest_m"),
            ({"area": "all", "municipality": "2480"}, "area"),
            ({"area": "all", "counties": ["24"]}, "area"),
            ({"area": "counties", "counties": ["24"], "municipality": "2480"}, "area"),
            ({"area": "municipality", "municipality": "2480", "counties": ["24"]}, "area"),
            ({"area": "all", "polygon": {"type": "Polygon", "coordinates": []}}, "area"),
            ({"is_single_use": True, "max_openings": 5}, "max_openings"),
            ({"contact": "Anna Berg"}, "contact"),
            ({"contact": ""}, "contact"),
            ({"password": "Berit Lund, Skatteverket"}, "password"),
            ({"recipient": "\u200b"}, "recipient"),
        ],
    )
    def test_one_thing_wrong(self, anna: TestClient, home: Path, changes: dict[str, Any], field: str) -> None:
        answer = post(anna, "/api/links", **ASKED | changes)
        assert answer.status_code == 422, answer.text
        assert [each["parameter"] for each in answer.json()["errors"]] == [field]
        assert list_share_links(home, now=time.time()) == []

    def test_all_is_told_where_the_release_is_none_too(self, anna: TestClient) -> None:
        wrong = {"release_id": "0" * 16, "area": "municipality", "sectors": [], "layers": [], "finest_m": 3_000}
        answer = post(anna, "/api/links", **ASKED | wrong | {"basis": "x", "recipient": "", "expires_on": day(-1)})
        assert answer.status_code == 422
        assert {each["parameter"] for each in answer.json()["errors"]} == {
            "release", "municipality", "sectors", "layers", "finest_m", "basis", "recipient", "expires_on",
        }  # fmt: skip

    def test_what_is_chosen_twice_is_shown_once(self, anna: TestClient) -> None:
        made = make(anna, sectors=["all", "all", "construction", "all"], layers=["workplaces", "workplaces"])
        assert made["link"]["sectors"] == ["all", "construction"]
        assert made["link"]["layers"] == ["workplaces"]

    def test_bodies_that_are_none(self, anna: TestClient) -> None:
        for body in ({}, {**ASKED, "link_id": "x"}, {**ASKED, "finest_m": "4000"}, {**ASKED, "replaces": 1}, [], "x"):
            assert anna.post("/api/links", json=body, headers=WRITING).status_code == 422
        assert anna.post("/api/links", content=b"{" * 9, headers=WRITING).status_code in {400, 422}
        assert anna.post("/api/links", json=ASKED).status_code == 403

    def test_a_drawn_area_snaps_to_squares(self, anna: TestClient, home: Path) -> None:
        # within the first of the squares
        x_min, y_min, x_max, y_max = CELLS[0].bounds
        inner = [(x_min + 500, y_min + 500), (x_max - 500, y_min + 500), (x_max - 500, y_max - 500)]
        ring = [list(to_degrees(*corner)) for corner in (*inner, inner[0])]
        made = make(anna, area="drawn", polygon={"type": "Polygon", "coordinates": [ring]})
        (link,) = list_share_links(home, now=time.time())
        assert link.scope.area is not None
        assert made["link"]["n_cells"] == len(link.scope.area) == 1
        assert link.scope.area == (CELLS[0].cell_id,)
        umea = make(anna, area="municipality", municipality="2480", recipient="C")
        assert umea["link"]["n_cells"] == 2
        county = make(anna, area="counties", counties=["24", "25"], recipient="D")
        assert county["link"]["n_cells"] >= 2

    def test_one_recipient_has_one_link(self, anna: TestClient, bo: TestClient) -> None:
        first = make(anna)
        taken = post(bo, "/api/links", **ASKED)
        assert (taken.status_code, taken.json()["errors"][0]["parameter"]) == (422, "recipient")
        second = make(bo, replaces=True)
        states = {each["link_id"]: each["state"] for each in anna.get("/api/links").json()["links"]}
        assert states == {first["link"]["link_id"]: "revoked", second["link"]["link_id"]: "issued"}
        ended = post(anna, "/api/links/revoke", recipient="berit lund, skatteverket").json()["links"]
        assert [each["link_id"] for each in ended] == [second["link"]["link_id"]]
        assert post(anna, "/api/links/revoke", recipient="nobody").json()["links"] == []

    def test_a_release_that_is_gone(self, anna: TestClient, home: Path) -> None:
        delete_release(home, "0123456789abcdef")
        answer = post(anna, "/api/links", **ASKED)
        assert [each["parameter"] for each in answer.json()["errors"]] == ["release"]
        assert "norrsyn release build" in anna.get("/links/new").text


class TestCircles:
    """Which releases a coordinator may share, and whose links anybody sees."""

    RELEASES: ClassVar = {"joint-inspection": "1" * 16, "municipality": "2" * 16, "public": "3" * 16}
    BASES: ClassVar = {"joint-inspection": "law-2024-307", "municipality": "osl-10-27", "public": "harm-tested"}
    MAY: ClassVar = {
        "joint-inspection": {"joint-inspection", "municipality", "public"},
        "municipality": {"municipality", "public"},
        "public": {"public"},
    }

    def test_the_matrix(self, app: FastAPI, home: Path) -> None:
        for circle, release_id in self.RELEASES.items():
            put_release(home, release_id, circle)
        for own, may in self.MAY.items():
            client = come(app, own, circle=own)
            for circle, release_id in self.RELEASES.items():
                asked = {"release_id": release_id, "basis": self.BASES[circle], "finest_m": 8_000}
                answer = post(client, "/api/links", **ASKED | asked | {"recipient": f"{own} {circle}"})
                assert answer.status_code == (201 if circle in may else 422), (own, circle)
            seen = {link["circle"] for link in client.get("/api/links").json()["links"]}
            assert seen == may
            form = client.get("/links/new").text
            assert {circle for circle, release_id in self.RELEASES.items() if f'value="{release_id}"' in form} == may
        everything = come(app, "joint-inspection", circle="joint-inspection").get("/api/links").json()["links"]
        inner = next(link for link in everything if link["circle"] == "joint-inspection")
        outside = come(app, "public", circle="public")
        path = f"/api/links/{inner['link_id']}"
        assert outside.get(path).status_code == 404
        assert post(outside, f"{path}/revoke").status_code == 404
        assert post(outside, f"{path}/extend", expires_on=day(20)).status_code == 404
        assert outside.get(f"/links/{inner['link_id']}").status_code == 404
        # who looks after links of every circle shares nothing of a circle that is not their own
        both = come(app, "both", "admin", "coordinator", circle="public")
        made = make(come(app, "joint-inspection"), finest_m=1_000, recipient="Erik")["link"]
        own = f"/api/links/{made['link_id']}"
        assert both.get(own).status_code == 200
        assert post(both, f"{own}/approve", has_looked=True).status_code == 404
        assert post(both, f"{own}/issue").status_code == 404
        assert post(both, f"{path}/extend", expires_on=day(20)).status_code == 403
        assert post(both, f"{own}/revoke").json()["state"] == "revoked"
        admin = come(app, "Frida", "admin")
        assert post(admin, f"{path}/extend", expires_on=day(20)).status_code == 403
        # what is for administrators and auditors is everything but what is shown
        for role in ("admin", "auditor"):
            assert len(come(app, role, role, circle="public").get("/api/links").json()["links"]) == 7

    def test_never_finer_than_the_circle(self, anna: TestClient, home: Path) -> None:
        for circle, release_id, finest in (("municipality", "2" * 16, 2_000), ("public", "3" * 16, 8_000)):
            put_release(home, release_id, circle)
            asked = {"release_id": release_id, "basis": self.BASES[circle]}
            answer = post(anna, "/api/links", **ASKED | asked | {"finest_m": finest // 2})
            assert [each["parameter"] for each in answer.json()["errors"]] == ["finest_m"]
            assert make(anna, **asked, finest_m=finest, recipient=circle)["link"]["finest_m"] == finest


class TestPages:
    def test_nothing_typed_is_lost_and_all_is_told(self, anna: TestClient) -> None:
        typed = TYPED | {
            "recipient": HOSTILE, "purpose": "", "password": "kort å", "max_openings": "många",
            "area_kind": "municipality", "municipality": "", "sector-green": "1",
            "expires_on": "2020-01-01", "lang": "en", "is_single_use": "1",
            "area": "20.1,63.8;20.2,63.8;20.2,63.9",
        }  # fmt: skip
        page = send(anna, "/links/new?lang=sv", **typed)
        assert page.status_code == 422
        assert list_problems(page.text) == [
            "municipality", "sectors", "purpose", "password", "max_openings", "expires_on"
        ]  # fmt: skip
        assert "Utgåvan säger ingenting om: Gröna näringar" in unescape(page.text)
        for kept in ('value="kort å"', 'value="många"', 'value="2020-01-01"', 'name="sector-green" value="1" checked'):
            assert kept in page.text
        assert 'name="is_single_use" value="1" aria-describedby="single-hint" checked' in page.text
        assert unescape(re.findall(r'id="recipient"[^>]*value="([^"]*)"', page.text)[0]) == HOSTILE
        assert "<img" not in page.text
        assert 'value="20.1,63.8;20.2,63.8;20.2,63.9"' in page.text
        assert re.search(r'value="municipality" checked', page.text)
        assert re.search(r'<option value="en" selected', page.text)

    def test_sectors_that_no_release_tells_of_are_not_offered(self, anna: TestClient, home: Path) -> None:
        put_release(home, "2" * 16, "municipality")
        page = anna.get("/links/new?lang=sv").text
        assert re.findall(r'name="sector-(\w+)"', page) == ["all", "construction"]
        # which of them, the page's script knows
        assert page.count('data-sectors="all construction"') == 2

    def test_a_text_that_is_far_too_long_is_not_lost(self, anna: TestClient) -> None:
        longest = "😀" * 10_000
        texts = dict.fromkeys(("recipient", "purpose", "contact", "password"), longest)
        page = send(anna, "/links/new?lang=sv", **TYPED | texts, expires_on=day(14))
        assert page.status_code == 422
        assert page.text.count(longest) == 4
        assert list_problems(page.text) == ["recipient", "purpose", "contact", "password"]

    def test_without_scripts_the_whole_release_does_not_win_over_a_part(self, anna: TestClient, home: Path) -> None:
        for part in ({"county-24": "1"}, {"municipality": "2480"}):
            page = send(anna, "/links/new?lang=sv", **TYPED | part, expires_on=day(14))
            assert (page.status_code, list_problems(page.text)) == (422, ["area"])
            assert "vid sidan av ett annat slags område" in page.text
        assert list_share_links(home, now=time.time()) == []

    def test_the_contact_begins_with_name_and_agency_and_needs_a_way_to_reach_them(self, anna: TestClient) -> None:
        page = unescape(anna.get("/links/new?lang=sv").text)
        assert 'name="contact" type="text" value="Anna, Polismyndigheten"' in page
        assert 'value="Anna, Swedish Police Authority"' in unescape(anna.get("/links/new?lang=en").text)
        page = send(anna, "/links/new?lang=sv", **TYPED | {"contact": "Anna, Polismyndigheten"}, expires_on=day(14))
        assert list_problems(page.text) == ["contact"]
        for contact in ("Anna, anna@polisen.example", "Anna, anknytning 1234"):
            typed = TYPED | {"contact": contact, "recipient": contact}
            assert send(anna, "/links/new?lang=sv", **typed, expires_on=day(14)).status_code == 200

    def test_the_letter_says_the_hour_where_the_release_ends_within_a_day(self, anna: TestClient, home: Path) -> None:
        put_release(home, "2" * 16, days=3)
        make(anna, recipient="Whole", expires_on=day(2))
        make(anna, recipient="Short", release_id="2" * 16, expires_on=day(3))
        links = {link.recipient: link for link in list_share_links(home, now=time.time())}
        whole = datetime.fromtimestamp(links["Whole"].expires_at - 1, SWEDEN)
        assert whole.hour == 23
        assert f"Länken gäller till och med {whole.day} " in pages.write_letter(links["Whole"], "address")
        short = datetime.fromtimestamp(links["Short"].expires_at, SWEDEN)
        assert f"Länken gäller till {short.day} " in pages.write_letter(links["Short"], "address")
        assert f"{short.year} {short:%H:%M} och" in pages.write_letter(links["Short"], "address")

    def test_two_extend_a_link_at_once(
        self, anna: TestClient, bo: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(anna)
        (link,) = list_share_links(home, now=time.time())
        path, write = f"/links/{link.link_id}", managing.extend_share
        days = [30]

        def hurry(*args: Any, **kwargs: Any) -> Any:
            # another one comes between looking and writing
            for at in [days.pop()] if days else []:
                answer = post(bo, f"/api{path}/extend", expires_on=day(at))
                assert answer.status_code == 200, answer.text
            return write(*args, **kwargs)

        monkeypatch.setattr(managing, "extend_share", hurry)
        page = send(anna, path, do="extend", expires_on=day(20))
        assert page.status_code == 422
        assert "Länken har ändrats under tiden" in page.text
        (link,) = list_share_links(home, now=time.time())
        assert link.extended is not None
        assert link.extended.name == "Bo"
        days.append(50)
        answer = post(anna, f"/api{path}/extend", expires_on=day(40))
        assert answer.status_code == 409
        assert answer.json()["current"]["extended"]["by"] == "Bo"

    @pytest.mark.parametrize("lang", ["sv", "en"])
    def test_the_address_is_shown_once(self, anna: TestClient, home: Path, lang: str) -> None:
        page = send(anna, f"/links/new?lang={lang}", **TYPED, expires_on=day(14), is_single_use="1")
        assert page.status_code == 200, page.text
        (address,) = ADDRESS.findall(page.text)
        (code,) = re.findall(r'value="([2-9A-Z]{4}-[2-9A-Z]{4})"', page.text)
        letter = unescape(page.text[page.text.index("<textarea") :].partition(">")[2].partition("</textarea>")[0])
        assert address in letter
        assert code not in letter
        assert "Planering" not in letter
        assert "Vecka 30" in letter
        (link,) = list_share_links(home, now=time.time())
        again = anna.get(f"/links/{link.link_id}")
        assert "nsl_" not in again.text
        assert code not in again.text

    def test_a_link_that_is_there_already_is_offered_to_be_replaced(self, anna: TestClient, home: Path) -> None:
        send(anna, "/links/new", **TYPED, expires_on=day(14))
        page = send(anna, "/links/new", **TYPED, expires_on=day(14))
        assert list_problems(page.text) == ["recipient"]
        assert 'name="replaces"' in page.text
        assert send(anna, "/links/new", **TYPED, expires_on=day(14), replaces="1").status_code == 200
        assert [link.state for link in list_share_links(home, now=time.time())].count("issued") == 1

    def test_the_form_tells_limits_as_they_are(self, anna: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {
            "find_approval_limit": lambda: 8_000,
            "MAX_LASTS_S": 30 * DAY_S,
            "SHARE_LASTS_S": 3600.0,
        }.items():
            monkeypatch.setattr(pages, name, value)
        page = anna.get("/links/new?lang=sv").text
        for words in ("Under 8 km måste", "Högst 30 dagar", "upp till 1 timmar"):
            assert words in page

    def test_whoever_approves_sees_the_rows_that_the_recipient_will(
        self, app: FastAPI, anna: TestClient, bo: TestClient, home: Path
    ) -> None:
        typed = TYPED | {"finest_m": "1000", "layer-accommodation": "1", "sector-construction": "1"}
        send(anna, "/links/new", **typed, expires_on=day(14))
        (link,) = list_share_links(home, now=time.time())
        path = f"/links/{link.link_id}"
        page = bo.get(f"{path}?lang=sv").text
        shown = page[page.index('class="link-shown"') :]
        shown = shown[: shown.index("</section>")]
        told = [tuple(re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row)) for row in shown.split("<tr>")[2:]]
        send(bo, path, do="approve", has_looked="1")
        address = unescape(ADDRESS.findall(send(anna, path, do="issue").text)[0])
        recipient = TestClient(app, base_url=BASE_URL, follow_redirects=False)
        recipient.post(address.removeprefix(BASE_URL), data={"code": ""}, headers=FORM)
        cells = recipient.get("/share/cells.json").json()["cells"]
        rows = [(cell["cell_id"], row) for cell in cells for row in cell["rows"]]
        assert sorted((row[0], int(row[5])) for row in told) == sorted((cell, row["n_employers"]) for cell, row in rows)
        assert len(told) == 5
        # the page of the shared map says the same of each row
        theirs = recipient.get("/share?lang=sv").text
        for row in told:
            for words in row:
                assert words in theirs
        assert f"<dd>{len(cells)}, på {len(rows)} rader</dd>" in shown
        for words in ("Umeå", "Bygg", "15 juli 2026"):
            assert words in shown, words
        assert 'id="synthetic" aria-label="Syntetiska data" hidden' not in page

    def test_nothing_of_what_it_shows_is_told_where_it_may_not_be_seen(
        self, app: FastAPI, anna: TestClient, bo: TestClient, home: Path
    ) -> None:
        send(anna, "/links/new", **TYPED | {"finest_m": "1000"}, expires_on=day(14))
        (link,) = list_share_links(home, now=time.time())
        path = f"/links/{link.link_id}"
        outside = come(app, "Utanför", "admin", circle="municipality")
        assert CELLS[0].cell_id not in outside.get(path).text
        assert CELLS[0].cell_id in bo.get(path).text
        delete_release(home, "0123456789abcdef")
        assert 'value="approve"' not in bo.get(path).text

    def test_looking_at_links_is_noted(self, app: FastAPI, anna: TestClient, home: Path) -> None:
        link_id = make(anna)["link"]["link_id"]
        ways = {"/links": "", f"/links/{link_id}": link_id, "/api/links": "", f"/api/links/{link_id}": link_id}
        for at, (path, about) in enumerate(ways.items()):
            reader = come(app, f"Läsare {at}", "coordinator")
            for _ in range(2):
                assert reader.get(path).status_code == 200
            assert reader.get("/links/there-is-none").status_code == 404
            seen = [each for each in list_events(home)[1] if each.user_name == f"Läsare {at}"]
            assert [(each.what, each.about) for each in seen if each.what == "links-viewed"] == [
                ("links-viewed", about)
            ]

    def test_a_drawn_area_that_the_form_keeps_is_not_meant_where_another_kind_is(
        self, anna: TestClient, home: Path
    ) -> None:
        drawn = {"area": "20.1_63.8_20.3_63.8_20.3_63.9"}
        assert send(anna, "/links/new", **TYPED | drawn, expires_on=day(14)).status_code < 400
        (link,) = list_share_links(home, now=time.time())
        assert link.scope.area is None

    def test_a_row_changed_by_hand_hides_no_other(self, app: FastAPI, anna: TestClient, home: Path) -> None:
        broken, good = (make(anna, recipient=name)["link"]["link_id"] for name in ("Berit", "Cecilia"))
        assert 'role="alert"' not in anna.get("/links?lang=sv").text
        assert anna.get("/api/links").json()["unreadable"] == []
        break_row(home, broken, "sectors = 'x'")
        page = anna.get("/links?lang=sv").text
        assert f"har ändrats för hand i databasen: {broken}. De öppnar ingenting." in page
        assert "Cecilia" in page
        listed = anna.get("/api/links").json()
        assert [link["link_id"] for link in listed["links"]] == [good]
        assert listed["unreadable"] == [broken]
        outsider = come(app, "Ola", "coordinator", circle="public")
        assert outsider.get("/api/links").json() == {"links": [], "unreadable": []}
        assert outsider.get(f"/api/links/{broken}").status_code == 404
        told = anna.get(f"/api/links/{broken}?lang=sv")
        assert told.status_code == 500
        assert f"Delningslänken {broken} går inte att läsa" in told.json()["detail"]
        # its page is the list, which says so; the form that somebody has open still ends it
        assert anna.get(f"/links/{broken}?lang=sv").headers["location"] == "/links?lang=sv"
        for wanted in ("extend", "revoke"):
            assert send(anna, f"/links/{broken}", do=wanted).headers["location"] == "/links?lang=sv"
            noted = [event.about for event in list_events(home)[1] if event.what == "link-revoked"]
            assert [about.split(";")[0] for about in noted] == [f"{broken}: cannot be read"] * (wanted == "revoke")
        assert anna.get(f"/links/new?lang=sv&like={broken}").status_code == 200
        # the recipient of another, and all others of a release, can still be stopped
        assert post(anna, "/api/links/revoke", recipient="Berit").json()["links"] == []
        ended = post(anna, "/api/links/revoke", recipient="Cecilia").json()["links"]
        assert [link["link_id"] for link in ended] == [good]

    def test_approving_extending_and_revoking(self, app: FastAPI, anna: TestClient, bo: TestClient, home: Path) -> None:
        send(anna, "/links/new", **TYPED | {"finest_m": "1000"}, expires_on=day(14))
        (link,) = list_share_links(home, now=time.time())
        path = f"/links/{link.link_id}"
        assert 'value="approve"' not in anna.get(path).text
        assert send(anna, path, do="approve").status_code == 422
        unseen = send(bo, path, do="approve")
        assert (unseen.status_code, list_problems(unseen.text)) == (422, ["has_looked"])
        assert "kryssa i att du har gjort det" in unseen.text
        assert list_share_links(home, now=time.time())[0].state == "awaiting"
        assert send(bo, path, do="approve", has_looked="1").headers["location"] == f"{path}?lang=sv&done=approved"
        issued = send(anna, path, do="issue")
        assert ADDRESS.findall(issued.text)
        assert send(anna, path, do="issue").status_code == 422
        assert send(anna, path, do="extend", expires_on=day(30)).status_code == 422
        assert list_problems(send(bo, path, do="extend", expires_on=day(91)).text) == ["expires_on"]
        assert list_problems(send(bo, path, do="extend", expires_on=day(3)).text) == ["expires_on"]
        assert send(bo, path, do="extend", expires_on=day(30)).headers["location"].endswith("done=extended")
        assert send(come(app, "Cecilia", "admin"), path, do="revoke").headers["location"].endswith("done=revoked")
        assert send(bo, path, do="revoke").headers["location"].endswith("done=was-revoked")
        assert send(bo, path, do="nothing").status_code == 422
        stale = bo.post(path, data={"do": "revoke"}, headers=FORM)
        assert stale.status_code == 422

    def test_links_that_a_backup_brought_back_or_that_were_emptied(self, anna: TestClient, home: Path) -> None:
        for name in ("Berit", "Cecilia"):
            make(anna, recipient=name)
        made = [link.link_id for link in list_share_links(home, now=time.time())]
        with write_people(home) as connection:
            assert end_restored(connection, now=time.time()) == 2
        page = anna.get(f"/links/{made[0]}?lang=sv").text
        assert "Avslutad, eftersom den kom från en säkerhetskopia" in page
        assert 'value="revoke"' not in page
        now = time.time() + 400 * DAY_S
        empty_links(home, before=now, days=365, now=now, name="cli:root")
        page = anna.get(f"/links/{made[0]}?lang=sv").text
        assert "Berit" not in page
        assert "Namnet är raderat" in page
        assert anna.get("/links?state=&lang=sv").text.count("<bdi>Namnet är raderat</bdi>") == 2
        told = anna.get(f"/api/links/{made[0]}").json()
        assert (told["recipient"], told["state"]) == ("", "restored")

    def test_the_list_and_its_filters(self, anna: TestClient, app: FastAPI) -> None:
        assert "Det finns ingen delningslänk" in anna.get("/links").text
        for name in ("Berit", "Cecilia", HOSTILE):
            make(anna, recipient=name)
        post(anna, "/api/links/revoke", recipient="Cecilia")

        def names(query: str) -> list[str]:
            text = anna.get(f"/links{query}").text
            return [unescape(one) for one in re.findall(r'<th scope="row"[^>]*><a[^>]*><bdi>([^<]*)</bdi>', text)]

        assert set(names("")) == {"Berit", HOSTILE}
        assert set(names("?state=")) == {"Berit", "Cecilia", HOSTILE}
        assert names("?state=revoked") == ["Cecilia"]
        assert names("?state=&q=BERIT") == ["Berit"]
        assert names("?state=strange") == names("")
        assert "Ingen länk" in anna.get("/links?q=nobody").text
        assert send(anna, "/links?lang=en", recipient="Berit").headers["location"].endswith("revoked=1")
        assert names("?state=&q=berit") == ["Berit"]
        auditor = come(app, "Dag", "auditor")
        page = auditor.get("/links?state=").text
        assert "Cecilia" in page
        assert "/links/new" not in page

    def test_a_link_like_one_of_a_drawn_area_asks_for_an_area(self, anna: TestClient) -> None:
        """The drawing is not kept, and nothing wider may be shared unnoticed."""
        x_min, y_min, x_max, y_max = CELLS[0].bounds
        inner = [(x_min + 500, y_min + 500), (x_max - 500, y_min + 500), (x_max - 500, y_max - 500)]
        ring = [list(to_degrees(*corner)) for corner in (*inner, inner[0])]
        made = make(anna, area="drawn", polygon={"type": "Polygon", "coordinates": [ring]}, layers=["workplaces"])
        form = anna.get(f"/links/new?like={made['link']['link_id']}").text
        assert re.search(r'name="area_kind" value="all"(?! checked)', form)
        assert not re.search(r'name="area_kind"[^>]* checked', form)
        assert re.search(r'name="layer-workplaces" value="1" checked', form)
        assert not re.search(r'name="layer-accommodation" value="1" checked', form)

    def test_the_form_takes_over_the_area_of_the_address(self, anna: TestClient) -> None:
        form = anna.get("/links/new?lang=en&area=20.1_63.8_20.2_63.8_20.2_63.9").text
        assert "The area drawn on the map (3 corners)" in form
        assert 'name="area" value="20.1_63.8_20.2_63.8_20.2_63.9"' in form

    def test_one_link_can_be_made_like_another(self, anna: TestClient) -> None:
        made = make(anna, area="counties", counties=["24"], sectors=["all", "construction"])
        form = anna.get(f"/links/new?like={made['link']['link_id']}").text
        assert 'value="Berit Lund, Skatteverket"' in form
        assert 'name="county-24" value="1" checked' in form
        assert 'name="sector-construction" value="1" checked' in form
        assert anna.get("/links/new?like=nothing").status_code == 200


@given(st.text(max_size=200))
def test_any_text_is_an_area_or_none(text: str) -> None:
    found = read_area_text(text)
    assert found is None or found["type"] == "Polygon"


def test_an_area_is_closed() -> None:
    found = read_area_text("20.1_63.8_20.2_63.8_20.2_63.9")
    assert found is not None
    assert found["coordinates"] == [[[20.1, 63.8], [20.2, 63.8], [20.2, 63.9], [20.1, 63.8]]]


@given(st.integers(0, 90), st.floats(0, DAY_S), st.integers(1, 200))
def test_the_last_day_is_whole_and_within_bounds(days: int, within_s: float, release_days: int) -> None:
    now = 1_800_000_000.0 + within_s
    last = now + release_days * DAY_S
    text = (datetime.fromtimestamp(now, SWEDEN).date() + timedelta(days=days)).isoformat()
    if find_day_fault(text, now, last):
        assert days >= release_days
        return
    expires_at = choose_expiry(text, now, last)
    assert now < expires_at <= min(now + 90 * DAY_S, last)
    end = datetime.fromtimestamp(expires_at, SWEDEN)
    assert (end.hour, end.minute) == (0, 0) or expires_at in {last, now + 90 * DAY_S}
