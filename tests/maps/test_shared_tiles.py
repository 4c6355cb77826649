"""Tiles of a release's rows against the plainest way to draw them, and the drawing for paper."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyproj import Transformer

from geo.disclosure.release.rows import ReleaseCell, ReleaseRow
from geo.errors import NotFoundError
from maps.pages.base import STATIC_FOLDER
from maps.pages.share import SCRIPT_TEXTS
from maps.palette import class_colours
from maps.shared_sheet import draw_sheet
from maps.shared_tiles import SharedSquares
from maps.tiles import EMPTY_TILE, TILE_PX, WORLD_M

# inland, so that no border of the region comes near
WEST, SOUTH = 640_000, 7_200_000
TO_METRES = Transformer.from_crs("EPSG:3857", "EPSG:3006", always_xy=True)
TO_WORLD = Transformer.from_crs("EPSG:3006", "EPSG:3857", always_xy=True)


@st.composite
def some_rows(draw: st.DrawFn) -> list[ReleaseRow]:
    cells = draw(
        st.sets(
            st.builds(
                lambda size, x, y: (
                    ReleaseCell(size, SOUTH, WEST).cover(size)
                    if size == 8_000
                    else ReleaseCell(size, SOUTH + y * size, WEST + x * size)
                ),
                st.sampled_from([1_000, 2_000, 4_000, 8_000]),
                st.integers(0, 1),
                st.integers(0, 1),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return [ReleaseRow(cell, "all", "workplaces", 10, draw(st.integers(1, 5))) for cell in sorted(cells)]


def find_tile(zoom: int) -> tuple[int, int]:
    x, y = TO_WORLD.transform(WEST + 2_000, SOUTH + 2_000)
    return int((x + WORLD_M) / (2 * WORLD_M) * 2**zoom), int((WORLD_M - y) / (2 * WORLD_M) * 2**zoom)


@settings(max_examples=40, deadline=None)
@given(some_rows(), st.sampled_from([10, 11, 12]))
def test_each_pixel_has_the_class_of_the_finest_square_around_it(rows: list[ReleaseRow], zoom: int) -> None:
    x, y = find_tile(zoom)
    tile = SharedSquares(rows).render(zoom, x, y)
    with Image.open(io.BytesIO(tile)) as opened:
        seen = np.asarray(opened.convert("RGBA"))
    metres = 2 * WORLD_M / TILE_PX / 2**zoom
    across, along = np.meshgrid(np.arange(TILE_PX) + x * TILE_PX + 0.5, np.arange(TILE_PX) + y * TILE_PX + 0.5)
    easting, northing = TO_METRES.transform(across * metres - WORLD_M, WORLD_M - along * metres)
    wanted = np.zeros((TILE_PX, TILE_PX), dtype=int)
    for row in sorted(rows, key=lambda row: -row.cell.size_m):
        west, south, east, north = row.cell.bounds
        wanted[(easting >= west) & (easting < east) & (northing >= south) & (northing < north)] = row.score_class
    colours = np.array([(0, 0, 0, 0), *class_colours()[1:]], dtype=int)
    is_right = (seen == colours[wanted]).all(axis=2)
    # what differs are edges, at most two pixels wide, along the sides of squares
    wrong = np.flatnonzero(~is_right)
    for at in wrong[:: max(len(wrong) // 50, 1)]:
        bounds = np.array([row.cell.bounds for row in rows])
        near = np.abs(bounds - np.array([easting.flat[at], northing.flat[at]] * 2))
        assert near.min() < 2.1 * metres


def test_nothing_is_drawn_where_there_are_no_rows() -> None:
    assert SharedSquares([]).render(8, 140, 65, "mark") == EMPTY_TILE
    row = ReleaseRow(ReleaseCell(1_000, SOUTH, WEST), "all", "workplaces", 10, 3)
    assert SharedSquares([row]).render(8, 0, 0, "mark") == EMPTY_TILE


@pytest.mark.parametrize("tile", [(2, 0, 0), (17, 0, 0), (8, 256, 0), (8, 0, -1)])
def test_tiles_that_do_not_exist(tile: tuple[int, int, int]) -> None:
    with pytest.raises(NotFoundError):
        SharedSquares([]).render(*tile)


@pytest.mark.parametrize("zoom", [4, 5, 6, 7])
def test_a_small_square_is_seen_from_afar(zoom: int) -> None:
    row = ReleaseRow(ReleaseCell(1_000, SOUTH, WEST), "all", "workplaces", 10, 5)
    around = ReleaseRow(ReleaseCell(32_000, SOUTH, WEST), "all", "workplaces", 10, 1)
    tile = SharedSquares([row, around]).render(zoom, *find_tile(zoom))
    with Image.open(io.BytesIO(tile)) as opened:
        pixels = {tuple(pixel) for pixel in np.asarray(opened.convert("RGBA")).reshape(-1, 4)[:, :3]}
    assert tuple(class_colours()[5][:3]) in pixels


def test_a_large_square_ends_where_the_region_does() -> None:
    row = ReleaseRow(ReleaseCell(256_000, 7_168_000, 256_000), "all", "workplaces", 10, 3)
    x, y = TO_WORLD.transform(300_000, 7_400_000)
    zoom = 8
    tile = (int((x + WORLD_M) / (2 * WORLD_M) * 2**zoom), int((WORLD_M - y) / (2 * WORLD_M) * 2**zoom))
    assert SharedSquares([row]).render(zoom, *tile) == EMPTY_TILE


def test_paper_is_one_drawing_whose_texts_are_text() -> None:
    rows = [
        ReleaseRow(ReleaseCell(1_000, SOUTH, WEST), "all", "workplaces", 10, 5),
        ReleaseRow(ReleaseCell(4_000, SOUTH + 8_000, WEST), "all", "workplaces", 10),
    ]
    hostile = "<script>alert(1)</script> {{ 7*7 }} \"' &"
    root = ET.fromstring(draw_sheet(rows, hostile, hostile))  # noqa: S314  our own
    assert root.attrib["aria-label"] == hostile
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert hostile in texts
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert not [name for node in root.iter() for name in node.attrib if name.startswith("on") or name == "style"]
    fills = [node.get("fill") for node in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert {"#511315", "url(#no-class)"} <= set(fills)
    assert draw_sheet([], "x", "y").startswith("<svg")


@pytest.mark.parametrize("name", ["Berit Lund, " * 17, "R" * 190, "A · B " * 33, "Eva"])
def test_a_mark_on_paper_is_in_large_letters_and_has_time_and_link(name: str) -> None:
    root = ET.fromstring(draw_sheet([], "x", f"För {name} · 27 november 2026 21:57 · länk c165473d2c"))  # noqa: S314
    marks = [node for node in root.iter("{http://www.w3.org/2000/svg}g") if "rotate" in node.get("transform", "")]
    assert [node.get("font-size") for node in marks] == ["30"]
    lines = [node.text or "" for node in marks[0]]
    assert lines[0].startswith(f"För {name[:3]}")
    assert lines[-1] == "27 november 2026 21:57 · länk c165473d2c"
    assert len(lines) <= 4
    assert max(map(len, lines)) <= 50
    assert any(line.endswith("…") for line in lines) == (len(name) > 90)


def test_the_page_brings_every_text_that_its_scripts_say() -> None:
    said = set()
    for name in ("share_map", "share_ended", "share_table", "map"):
        said |= set(re.findall(r'\bt\("((?:[^"\\]|\\.)+)"', (STATIC_FOLDER / "js" / f"{name}.js").read_text("utf-8")))
    shared = {"N {northing}  E {easting}", "Try again", "Close"}
    assert said | shared == set(SCRIPT_TEXTS)


def test_its_scripts_ask_below_share_only() -> None:
    """Whatever they import draws, or asks nothing."""
    seen: set[str] = set()
    waiting = ["share_map.js", "share_print.js"]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        text = (STATIC_FOLDER / "js" / name).read_text("utf-8")
        waiting += re.findall(r'from "\./([\w.]+)"', text)
        assert "XMLHttpRequest" not in text
        assert "localStorage" not in text
        if name != "share_ended.js":
            assert "fetch(" not in text, name
        assert set(re.findall(r'(?:ask|fetchJson)\(["`]([^"`$?]+)', text)) <= {
            "share/cells.json",
            "share/skeleton.css",
            "share/ground.json",
            "share/cells/",
        }
    assert "api.js" not in seen
