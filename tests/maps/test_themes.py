"""Every theme's colours have WCAG's contrasts, and no style sheet has a colour of its own.

Source: WCAG 2.1, 1.4.3 (text, 4.5 to 1) and 1.4.11 (what controls and pictures are known by, 3 to 1).
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

import numpy as np
import pytest

from geo.reference import difference_classes, score_classes
from maps.pages.base import STATIC_FOLDER, TEMPLATES_FOLDER
from tests.maps.test_palette import LEAST_DISTANCE, SIGHT, Array, ciede2000, lab, linear_rgb

THEMES = ("light", "dark", "outdoor")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft") for ground in ("paper", "ground", "accent-soft", "hover")),
    *(("accent", ground) for ground in ("paper", "ground", "accent-soft", "hover")),
    *(("on-accent", ground) for ground in ("accent", "accent-strong")),
    ("accent-strong", "paper"),
    ("warn-ink", "warn-ground"),
    ("warn-ink", "paper"),
    ("problem", "paper"),
    ("ink", "problem-ground"),
    ("tip-ink", "tip-ground"),
    *((label, ground) for label in ("label", "label-soft") for ground in ("land", "sea")),
    ("ink", "land"),
]
LAYERS_DRAWN = ("workplaces", "accommodation", "establishments", "visits", "findings", "other")
PARTS = [
    *(("line-strong", ground) for ground in ("paper", "hover")),
    *(("accent", ground) for ground in ("bar-most", "land", "sea")),
    ("problem-line", "paper"),
    *((f"site-{layer}", ground) for layer in LAYERS_DRAWN for ground in ("land", "paper")),
    *((line, "land") for line in ("county-line", "municipality-line", "outline", "sketch")),
    *((f"crew-{crew}", ground) for crew in "abcdef" for ground in ("land", "paper", "ground")),
    ("outline", "outline-halo"),
    ("sketch", "sketch-halo"),
    *((f"difference-{way}", "difference-none") for way in ("down", "up")),
]
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(")


@lru_cache
def colours_of(theme: str) -> dict[str, str]:
    """Custom properties of a theme: those of the light one, and what it sets anew."""
    style = (STATIC_FOLDER / "css" / "norrsyn.css").read_text("utf-8")
    found: dict[str, str] = {}
    for selector in (":root", f':root[data-theme="{theme}"]'):
        for body in re.findall(re.escape(selector) + r" \{([^}]*)\}", style):
            found |= dict(re.findall(r"--([a-z-]+): ([^;]+);", body))
    return found


def luminance(colour: str) -> float:
    return float(linear_rgb(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(theme: str, first: str, second: str) -> float:
    dark, light = sorted(luminance(colours_of(theme)[name]) for name in (first, second))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert (luminance("#ffffff") + 0.05) / (luminance("#000000") + 0.05) == pytest.approx(21)
    assert (luminance("#ffffff") + 0.05) / (luminance("#767676") + 0.05) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme: str) -> None:
    poor = {pair: round(contrast(theme, *pair), 2) for pair in TEXT if contrast(theme, *pair) < 4.5}
    assert poor == {}


@pytest.mark.parametrize("theme", THEMES)
def test_controls_and_signs_can_be_seen(theme: str) -> None:
    poor = {pair: round(contrast(theme, *pair), 2) for pair in PARTS if contrast(theme, *pair) < 3}
    assert poor == {}


def test_outdoors_text_has_the_higher_contrast() -> None:
    """WCAG 2.1, 1.4.6, level AAA."""
    assert min(contrast("outdoor", *pair) for pair in TEXT) >= 7


@pytest.mark.parametrize("name", sorted(path.name for path in (STATIC_FOLDER / "css").glob("*.css")))
def test_colours_stand_in_the_themes_only(name: str) -> None:
    style = (STATIC_FOLDER / "css" / name).read_text("utf-8")
    if name == "norrsyn.css":
        style = re.sub(r":root[^{]*\{[^}]*\}", "", style)
    style = re.sub(r'url\("#[a-z-]+"\)', "", style)
    assert COLOUR.findall(style) == []


def test_scripts_take_the_theme_s_colours() -> None:
    """What data bring (classes) and the stripes' example colour aside."""
    for path in (STATIC_FOLDER / "js").glob("*.js"):
        found = set(re.findall(r'"(#[0-9a-fA-F]{6})"', path.read_text("utf-8")))
        assert found <= {"#f4ad22", "#000000"}, path.name


def test_names_that_scripts_and_styles_use_exist() -> None:
    known = set(colours_of("light"))
    for path in (STATIC_FOLDER / "css").glob("*.css"):
        used = set(re.findall(r"var\(--([a-z-]+)\)", path.read_text("utf-8")))
        set_by_scripts = {"swatch", "cover", "most", "share", "at", "low", "high", "score"}
        assert used <= known | set_by_scripts, path.name
    for path in (STATIC_FOLDER / "js").glob("*.js"):
        assert set(re.findall(r'colour\("([a-z-]+)"\)', path.read_text("utf-8"))) <= known, path.name


def shown_on_dark() -> list[Array]:
    """Shares of red, green and blue of the classes after the filter of scores_on_dark.html, as SVG defines it."""
    page = (TEMPLATES_FOLDER / "scores_on_dark.html").read_text("utf-8")
    matrix = re.search(r'feColorMatrix values="([^"]+)"', page)
    assert matrix is not None
    mix = np.array(matrix[1].split(), float).reshape(4, 5)[0]
    tables = [np.array(values.split(), float) for values in re.findall(r'tableValues="([^"]+)"', page)]
    shown = []
    for one in score_classes():
        rgb = np.array([int(one.colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        value = float(mix[:3] @ rgb)
        shown.append(np.array([np.interp(value, np.linspace(0, 1, len(table)), table) for table in tables]))
    return shown


# hue-rotate(180deg): Filter Effects Module Level 1, 9.6, with the sine 0 and the cosine -1
HALF_TURN = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def differences_on_dark() -> list[Array]:
    """The same of the classes of a difference, which have a filter of their own."""
    style = (STATIC_FOLDER / "css" / "norrsyn.css").read_text("utf-8")
    assert re.search(r"\.difference-tile,\n[^{]+\{ filter: invert\(1\) hue-rotate\(180deg\); \}", style)
    colours = [[int(one.colour[i : i + 2], 16) for i in (1, 3, 5)] for one in difference_classes()]
    return [np.clip(HALF_TURN @ (1 - np.array(rgb) / 255), 0, 1) for rgb in colours]


def see(sight: str, shown: list[Array]) -> list[Array]:
    linear = [np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) for rgb in shown]
    return [lab(SIGHT[sight] @ one) for one in linear]


def seen_on_dark(sight: str) -> list[Array]:
    return see(sight, shown_on_dark())


@pytest.mark.parametrize("sight", SIGHT)
def test_on_a_dark_ground_changes_keep_their_direction_and_larger_ones_are_lighter(sight: str) -> None:
    classes = see(sight, differences_on_dark())
    assert min(ciede2000(first, second) for first, second in itertools.combinations(classes, 2)) >= LEAST_DISTANCE
    lightness = np.array([one[0] for one in classes])
    middle = len(classes) // 2
    assert np.diff(lightness[: middle + 1]).max() <= -10
    assert np.diff(lightness[middle:]).min() >= 10


def test_on_a_dark_ground_falls_are_blue_and_rises_brown() -> None:
    shown = differences_on_dark()
    middle = len(shown) // 2
    assert all(blue > red for red, _, blue in shown[:middle])
    assert all(red > blue for red, _, blue in shown[middle + 1 :])


@pytest.mark.parametrize("sight", SIGHT)
def test_on_a_dark_ground_any_two_classes_can_be_told_apart_and_higher_ones_are_lighter(sight: str) -> None:
    classes = seen_on_dark(sight)
    assert min(ciede2000(first, second) for first, second in itertools.combinations(classes, 2)) >= LEAST_DISTANCE
    lightness = np.array([one[0] for one in classes])
    assert np.diff(lightness).min() >= 10
    land = lab(SIGHT[sight] @ linear_rgb(colours_of("dark")["land"]))
    assert lightness[0] - land[0] >= 10
    assert min(ciede2000(one, land) for one in classes) >= LEAST_DISTANCE


def test_on_a_dark_ground_the_lowest_class_stands_out_as_signs_must() -> None:
    """As drawn outright, and as the map shows it at first: a part of the ground shines through."""
    ground = np.array([int(colours_of("dark")["land"][i : i + 2], 16) for i in (1, 3, 5)]) / 255
    faintest = {}
    for cover, least in ((1.0, 3.0), (0.8, 2.5)):
        mixed = cover * shown_on_dark()[0] + (1 - cover) * ground
        red, green, blue = (round(float(share) * 255) for share in mixed)
        seen = luminance(f"#{red:02x}{green:02x}{blue:02x}") + 0.05
        faintest[cover] = seen / (luminance(colours_of("dark")["land"]) + 0.05), least
    assert {cover: ratio for cover, (ratio, least) in faintest.items() if ratio < least} == {}
