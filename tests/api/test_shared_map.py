"""What a link shows: every route gives rows of its scope and no others, and one refusal for everything else."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.share.showing import make_ground
from geo.disclosure.release.rows import ReleaseCell, ReleaseRow
from geo.store.people.events import list_events
from geo.store.people.management import By
from geo.store.people.shares.life import create_share, revoke_share
from geo.store.people.shares.links import ShareScope
from geo.store.releases import delete_release, save_release
from maps.degrees import to_degrees
from maps.shared_rows import CSV_COLUMNS
from maps.tiles import EMPTY_TILE
from tests.accounts import enter
from tests.api.made import BASE_URL, HOSTILE
from tests.promises.test_share_links import ALL, World, make_app, send
from tests.shares import CELLS, make_new, make_release

RELEASE = "0123456789abcdef"
UMEA, NEXT, INLAND = (cell.cell_id for cell in CELLS)
ZOOM = 9


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(make_app(tmp_path / "home"))
    # a square around the others, and one of them that has no class
    wide = ReleaseCell(32_000, 7_072_000, 736_000)
    plain = ReleaseRow(ReleaseCell(1_000, 7_085_000, 758_000), "all", "workplaces", 11)
    release = make_release()
    rows = (*release.rows, ReleaseRow(wide, "all", "workplaces", 90, 1), plain)
    save_release(world.home, replace(release, rows=rows), b"{}")
    return world


def scope(
    area: tuple[str, ...] | None = None,
    sectors: tuple[str, ...] = ("all",),
    layers: tuple[str, ...] = ("workplaces",),
    finest_m: int = 1_000,
) -> ShareScope:
    return ShareScope(RELEASE, area, sectors, layers, finest_m)


def come(world: World, **changes: Any) -> tuple[TestClient, str]:
    """A recipient with an open link, and the link's id."""
    made = world.make(**changes)
    client = world.client()
    assert send(client, made.token).status_code == 303
    return client, made.link.link_id


def find_tile(cell_id: str, zoom: int = ZOOM) -> str:
    """The tile that holds the middle of a square, by the definition of Web Mercator tiles."""
    x, y = find_share(cell_id)
    return f"/share/tiles/{zoom}/{int(x * 2**zoom)}/{int(y * 2**zoom)}.png"


def find_share(cell_id: str) -> tuple[float, float]:
    size, northing, easting = map(int, re.findall(r"\d+", cell_id))
    lon, lat = to_degrees(easting + size / 2, northing + size / 2)
    return (lon + 180) / 360, (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2


def read_pixel(client: TestClient, cell_id: str, zoom: int, query: str = "") -> tuple[int, ...]:
    """The pixel at the middle of a square."""
    x, y = find_share(cell_id)
    answer = client.get(find_tile(cell_id, zoom) + query)
    assert answer.status_code == 200
    with Image.open(io.BytesIO(answer.content)) as image:
        at = (int(x * 2**zoom % 1 * 256), int(y * 2**zoom % 1 * 256))
        return image.convert("RGBA").getpixel(at)  # type: ignore[return-value]


def list_routes(cell_id: str = UMEA) -> list[str]:
    return [
        "/share",
        "/share/print",
        "/share/skeleton.js",
        "/share/skeleton.css",
        "/share/ground.json",
        "/share/cells.json",
        "/share/cells.csv",
        f"/share/cells/{cell_id}",
        find_tile(cell_id),
    ]


def collect_keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from collect_keys(one)
    elif isinstance(value, list):
        for one in value:
            yield from collect_keys(one)


class TestScope:
    def test_every_route_shows_the_scope_and_nothing_beside_it(self, world: World) -> None:
        client, _ = come(world, scope=scope((UMEA,)))
        for path in list_routes():
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert set(re.findall(r"RES\d+mN\d+E\d+", answer.text)) <= {UMEA}, path
            assert RELEASE not in answer.text
        cells = client.get("/share/cells.json").json()["cells"]
        assert [(cell["cell_id"], cell["rows"]) for cell in cells] == [
            (UMEA, [{"layer": "workplaces", "sector": "all", "n_employers": 40, "score_class": 2}])
        ]
        assert client.get(find_tile(INLAND)).content == EMPTY_TILE

    def test_what_another_link_shows_is_what_does_not_exist(self, world: World) -> None:
        client, _ = come(world, scope=scope((UMEA,)))
        other, _ = come(world, scope=scope((INLAND,), sectors=("all", "construction")))
        gone = world.client().get("/share/cells.json")
        paths = [
            f"/share/cells/{INLAND}", "/share/cells/RES4000mN8E8", "/share/cells/%F0%9F%98%80", "/share/nothing",
            f"{find_tile(UMEA)}?layer=accommodation", f"{find_tile(UMEA)}?sector=construction",
            f"{find_tile(UMEA)}?sector=nothing", "/share/tiles/99/0/0.png", "/share/tiles/8/256/0.png",
            "/share/tiles/8/-1/0.png", f"/share/cells/{'x' * 5_000}",
        ]  # fmt: skip
        for path in paths:
            answer = client.get(path)
            assert (answer.status_code, answer.text) == (404, gone.text) or path == "/share/nothing", path
            assert answer.status_code == 404
        assert other.get(f"/share/cells/{INLAND}").status_code == 200
        assert other.get(f"/share/cells/{UMEA}").status_code == 404

    def test_a_page_is_shown_nothing_of_another_link(self, world: World) -> None:
        """As where a recipient opens a second link in the browser that shows the first."""
        client, first = come(world, scope=scope((UMEA,)))
        second = world.make(scope=scope((UMEA,)))
        assert send(client, second.token).status_code == 303
        gone = world.client().get("/share/cells.json")
        for path in list_routes():
            assert client.get(path, params={"link": second.link.link_id}).status_code == 200, path
            for other in (first, "0" * 10, "å"):
                answer = client.get(path, params={"link": other})
                assert (answer.status_code, answer.text) == (404, gone.text) or path in {"/share", "/share/print"}, path
                assert answer.status_code == 404

    def test_nothing_in_an_address_widens_a_scope(self, world: World) -> None:
        client, _ = come(world, scope=scope((UMEA,)))
        asked = (
            f"?release={RELEASE}&area={INLAND}&sectors=construction&layers=accommodation&finest_m=1000&circle=public"
        )
        for path in ("/share/cells.json", "/share/cells.csv", find_tile(INLAND)):
            plain, wide = client.get(path), client.get(path + asked)
            assert plain.content == wide.content
        page = client.get("/share?layer=accommodation&sector=construction&sort=-nothing").text
        assert INLAND not in page
        assert 'data-layer="workplaces" data-sector="all"' in page

    def test_squares_are_added_up_where_the_link_has_larger_ones(self, world: World) -> None:
        client, _ = come(world, scope=scope(finest_m=8_000))
        cells = client.get("/share/cells.json").json()["cells"]
        assert {cell["size_m"] for cell in cells} == {8_000, 32_000}
        assert client.get(f"/share/cells/{UMEA}").status_code == 404
        both = client.get("/share/cells/RES8000mN7080000E752000").json()
        assert [row["n_employers"] for row in both["rows"]] == [40 + 11]

    def test_a_dead_link_shows_nothing_anywhere(self, world: World) -> None:
        client, link_id = come(world, scope=scope())
        assert [client.get(path).status_code for path in list_routes()] == [200] * 9
        revoke_share(world.home, link_id, world.by)
        answers = [client.get(path) for path in list_routes()]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
        assert all(answer.headers["cache-control"] == "no-store" for answer in answers)

    @pytest.mark.parametrize("end", ["expired", "release deleted"])
    def test_drawings_that_are_kept_are_not_shown_without_a_link(self, world: World, end: str) -> None:
        client, _ = come(world, scope=scope(), expires_at=world.clock.now + 600)
        assert client.get(find_tile(UMEA)).content != EMPTY_TILE
        if end == "expired":
            world.clock.now += 601
        else:
            delete_release(world.home, RELEASE)
        assert client.get(find_tile(UMEA)).status_code == 404
        assert world.client().get(find_tile(UMEA)).status_code == 404

    def test_who_is_signed_in_sees_nothing_of_it(self, world: World) -> None:
        come(world, scope=scope())
        signed_in = enter(world.app, "Cecilia", ("coordinator", "admin"), base_url=BASE_URL)
        signed_in.follow_redirects = False
        assert {signed_in.get(path).status_code for path in list_routes()} == {404}


class TestTiles:
    def test_the_finest_square_is_seen_in_the_colour_of_its_class(self, world: World) -> None:
        client, _ = come(world, scope=scope())
        assert read_pixel(client, "RES1000mN7086000E756000", 12)[:3] == (0xF4, 0xAD, 0x22)
        assert read_pixel(client, "RES1000mN7090000E756000", 12)[:3] == (0xD7, 0x64, 0x3E)
        # the large one around them
        assert read_pixel(client, "RES1000mN7092000E748000", 12)[:3] == (0xFF, 0xF2, 0xAE)
        # nothing: withheld or no data
        assert read_pixel(client, "RES1000mN7150000E700000", 12) == (0, 0, 0, 0)

    def test_a_square_without_a_class_has_no_colour_of_one(self, world: World) -> None:
        client, _ = come(world, scope=scope(("RES1000mN7085000E758000",)))
        with Image.open(io.BytesIO(client.get(find_tile("RES1000mN7085000E758000", 14)).content)) as image:
            pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
        assert pixels[:, :3].max() == 0
        inside = pixels[:, 3] > 0
        assert 0.02 < inside.mean() < 0.5

    def test_a_sector_has_a_map_of_its_own(self, world: World) -> None:
        client, _ = come(world, scope=scope(sectors=("all", "construction"), layers=("workplaces", "accommodation")))
        for query in ("?layer=workplaces&sector=construction", "?layer=accommodation&sector=all"):
            answer = client.get(find_tile(UMEA) + query)
            assert answer.content != EMPTY_TILE
            assert client.get(find_tile(INLAND) + query).content == EMPTY_TILE

    def test_each_link_has_its_mark_on_its_tiles(self, world: World) -> None:
        tiles = [come(world, scope=scope())[0].get(find_tile(UMEA)).content for _ in range(2)]
        first, second = (np.asarray(Image.open(io.BytesIO(tile)).convert("RGBA"), dtype=int) for tile in tiles)
        assert 0 < (first != second).any(axis=2).mean() < 0.1

    @pytest.mark.long
    def test_tiles_fit_together_at_every_zoom(self, world: World) -> None:
        """A square of 32 km is as wide as it must be, from afar too."""
        client, _ = come(world, scope=scope(("RES32000mN7072000E736000",)))
        for zoom in (6, 8, 10):
            x, y = find_share("RES32000mN7072000E736000")
            covered = 0
            for dx in range(-6, 7):
                for dy in range(-6, 7):
                    path = f"/share/tiles/{zoom}/{int(x * 2**zoom) + dx}/{int(y * 2**zoom) + dy}.png"
                    with Image.open(io.BytesIO(client.get(path).content)) as image:
                        covered += int((np.asarray(image.convert("RGBA"))[..., 3] == 255).sum())
            # m² of a pixel at 63.9° north; the square ends at the coast
            metres = 2 * np.pi * 6_378_137 * np.cos(np.radians(63.9)) / 2**zoom / 256
            assert 0.6 < covered * metres**2 / 32_000**2 < 1.05


class TestSchemas:
    def test_keys_are_these_and_no_others(self, world: World) -> None:
        client, _ = come(world, scope=scope(sectors=("all", "construction"), layers=("workplaces", "accommodation")))
        answer = client.get("/share/cells.json").json()
        assert set(answer) == {"watermark", "scored_for", "data_from", "finest_m", "synthetic", "cells"}
        assert {frozenset(cell) for cell in answer["cells"]} == {
            frozenset({"cell_id", "size_m", "northing", "easting", "rows"})
        }
        rows = [row for cell in answer["cells"] for row in cell["rows"]]
        assert {frozenset(row) for row in rows} == {frozenset({"layer", "sector", "n_employers", "score_class"})}
        assert len(rows) == 7
        square = client.get(f"/share/cells/{UMEA}?lang=en").json()
        assert set(square) == {
            "cell_id", "size_m", "northing", "easting", "size", "middle", "municipalities", "has_finer", "rows",
        }  # fmt: skip
        assert {frozenset(row) for row in square["rows"]} == {
            frozenset({"layer", "sector", "n_employers", "score_class", "layer_name", "sector_name", "class_name"})
        }
        assert square["municipalities"] == "Umeå"
        assert square["has_finer"] is True
        ground = client.get("/share/ground.json").json()
        assert set(ground) == {"counties", "municipalities", "localities"}

    def test_the_ground_is_ready_before_the_first_recipient_comes(self, world: World) -> None:
        make_ground.cache_clear()
        with TestClient(world.app, base_url=BASE_URL):
            give_up_at = time.monotonic() + 60
            while not make_ground.cache_info().currsize:
                assert time.monotonic() < give_up_at
                time.sleep(0.02)

    def test_nothing_is_told_of_what_was_withheld_or_how_it_was_made(self, world: World) -> None:
        client, _ = come(world, scope=scope())
        for path in list_routes():
            text = client.get(path).text.lower()
            for word in ("withheld", "manifest", "surface_id", "s" * 16, RELEASE, "release_id"):
                assert word not in text, (path, word)

    def test_csv_is_the_same_rows_with_the_watermark_first(self, world: World) -> None:
        client, link_id = come(world, scope=scope(sectors=("all", "construction")))
        answer = client.get("/share/cells.csv?lang=en")
        assert answer.headers["content-disposition"] == f'attachment; filename="norrsyn-{link_id}.csv"'
        mark, what, head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert mark[0].startswith("For Mottagare 1 · ")
        assert link_id in mark[0]
        assert "no finding about any firm or person" in what[0]
        assert tuple(head) == CSV_COLUMNS
        told = {
            (cell["cell_id"], row["layer"], row["sector"], str(row["n_employers"]), str(row["score_class"] or ""))
            for cell in client.get("/share/cells.json").json()["cells"]
            for row in cell["rows"]
        }
        assert {(row[0], *row[4:]) for row in rows} == told
        assert len(rows) == len(told)

    @pytest.mark.parametrize("recipient", ["=HYPERLINK(1)", "+1", "@x", HOSTILE])
    def test_a_hostile_recipient_is_text_everywhere(self, world: World, recipient: str) -> None:
        client, _ = come(world, scope=scope())
        del client
        made = world.make(scope=scope(), purpose=recipient, contact=recipient)
        reader = world.client()
        send(reader, made.token)
        lines = reader.get("/share/cells.csv").content.decode("utf-8-sig").splitlines()
        assert not any(line.lstrip('"').startswith(("=", "+", "@", "-")) for line in lines)
        for path in ("/share", "/share/print"):
            page = reader.get(path).text
            assert "<img" not in page
            assert "<b>" not in page


class TestPages:
    def test_the_table_is_sorted_without_scripts(self, world: World) -> None:
        client, _ = come(world, scope=scope(sectors=("all", "construction")))

        def read(sort: str) -> list[str]:
            page = client.get(f"/share?lang=en&sort={sort}").text
            return re.findall(r'<td class="number" data-label="Employers">(\d+)</td>', page)

        assert read("employers") == ["90", "42", "41", "40", "14", "11"]
        assert read("-employers") == ["11", "14", "40", "41", "42", "90"]
        assert read("class")[:3] == ["42", "41", "40"]
        assert read("") == read("class") == read("nonsense")
        head = client.get("/share?lang=en&sort=employers").text
        assert 'data-sort="employers" class="number" aria-sort="descending"' in head

    @pytest.mark.parametrize("controller", ["", "Polismyndigheten <dpo@polisen.example>"])
    def test_who_is_shown_a_map_is_told_what_is_kept_of_them(self, world: World, controller: str) -> None:
        service = world.app.state.service
        service.settings = service.settings.model_copy(update={"controller": controller, "audit_days": 400})
        client, _ = come(world, scope=scope())
        for lang, words in (
            ("sv", ("personuppgiftsansvarig", "400 dagar efter", "Fråga Anna Berg", "(IMY)")),
            ("en", ("is responsible for what is kept about you", "400 days after", "Ask Anna Berg", "(IMY)")),
        ):
            page = client.get(f"/share?lang={lang}").text
            told = unescape(page[page.index('id="about-you"') :].partition("</div>")[0])
            assert all(word in told for word in words), told
            # where the operator has not said it, the agency of whoever made the link
            assert (controller or {"sv": "Polismyndigheten är", "en": "Swedish Police Authority is"}[lang]) in told
            assert "<dpo@" not in page

    def test_an_agency_that_nobody_knows_any_more_is_not_named(self, world: World) -> None:
        new = make_new(world.clock.now, recipient="R")
        made = create_share(world.home, new, By(None, world.clock.now, "cli:root"), among=ALL)
        client = world.client()
        assert send(client, made.token).status_code == 303
        assert "Myndigheten som skickade länken till dig är" in client.get("/share?lang=sv").text

    def test_paper_says_what_it_must(self, world: World) -> None:
        client, link_id = come(world, scope=scope())
        page = client.get("/share/print?lang=sv").text
        for word in (
            "För Mottagare 1", link_id, "15 juli 2026", "1 juli 2026", "Inte offentlig.", " km</text>", "Anna Berg",
            "020-390 000", "Vad kartan inte är", "Högst",
        ):  # fmt: skip
            assert word in page, word
        # in the heading, across the drawing, and on the sheets after, and for the page's own requests
        assert page.count(link_id) == 4
        assert page.count("<rect") >= 6

    @pytest.mark.parametrize("first", [0, 1, 2])
    def test_views_and_exports_are_lines_of_the_log_once_an_hour(self, world: World, first: int) -> None:
        """Whatever is asked for first: the map's data is a view of it as its page is."""
        world.clock.now = world.clock.now // 3600 * 3600
        client, link_id = come(world, scope=scope())
        for path in list_routes():
            client.head(path)
        assert {event.what for event in list_events(world.home)[1]} == {"link-created", "link-issued", "link-opened"}
        asked = ("/share", "/share/cells.json", "/share/tiles/5/17/8.png")
        for path in (*asked[first:], *asked, *asked):
            assert client.get(path).status_code == 200
        for path in list_routes()[2:6] + list_routes()[7:]:
            client.get(path)
        for path in ("/share/cells.csv", "/share/print", "/share/cells.csv?lang=en", "/share/print?sector=all"):
            assert client.get(path).status_code == 200
        _, found = list_events(world.home)
        events = [event for event in found if event.what in {"link-viewed", "link-exported"}]
        # the map, and the one square that was looked at
        assert sorted(event.what for event in events) == [*["link-exported"] * 2, *["link-viewed"] * 2]
        assert {(event.user_name, event.basis) for event in events} == {(f"link:{link_id}", "law-2024-307")}
        assert all(event.about.startswith(f"{link_id}; {RELEASE}") for event in events)
        assert not any("Mottagare" in event.about for event in events)
        assert sorted(event.about[-3:] for event in events if event.what == "link-exported") == ["csv", "int"]
        world.clock.now += 3600
        client.get("/share/cells.csv")
        assert list_events(world.home)[1][0].what == "link-exported"
        assert list_events(world.home)[0] == len(found) + 1
