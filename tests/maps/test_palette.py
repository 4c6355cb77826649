"""The five colours of the score can be told apart, in order, by everyone.

Sources: CIE 15:2004 (CIELAB); Sharma, Wu & Dalal (2005) for CIEDE2000 and its test pairs; Machado, Oliveira &
Fernandes (2009), severity 1.0, for colour blindness.
"""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from geo.reference import difference_classes, score_classes
from maps.palette import order_differences

Array = NDArray[np.float64]

# Linear sRGB in, linear sRGB out.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
LEAST_DISTANCE = 15.0


def linear_rgb(colour: str) -> Array:
    share = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    xyz = XYZ_OF_RGB @ np.clip(rgb, 0, 1) / XYZ_OF_RGB.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first: Array, second: Array) -> float:
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_c7 / (mean_c7 + 25**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1 * stretch)) % 360, np.degrees(np.arctan2(b2, a2 * stretch)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    mean_h = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    of_l = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    of_c = (c2 - c1) / (1 + 0.045 * mean_c)
    of_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * mean_c * t)
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    return float(np.sqrt(of_l**2 + of_c**2 + of_h**2 + rotation * of_c * of_h))


def seen(sight: str) -> list[Array]:
    return [lab(SIGHT[sight] @ linear_rgb(row.colour)) for row in score_classes()]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_distance_is_ciede2000(first: tuple[float, ...], second: tuple[float, ...], expected: float) -> None:
    assert ciede2000(np.array(first), np.array(second)) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("sight", SIGHT)
def test_colour_blindness_leaves_white_white(sight: str) -> None:
    np.testing.assert_allclose(SIGHT[sight].sum(axis=1), 1, atol=2e-6)
    np.testing.assert_allclose(lab(SIGHT[sight] @ linear_rgb("#FFFFFF")), [100, 0, 0], atol=1e-3)


@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_classes_can_be_told_apart(sight: str) -> None:
    pairs = itertools.combinations(seen(sight), 2)
    assert min(ciede2000(first, second) for first, second in pairs) >= LEAST_DISTANCE


@pytest.mark.parametrize("sight", SIGHT)
def test_higher_classes_are_darker(sight: str) -> None:
    steps = -np.diff([colour[0] for colour in seen(sight)])
    assert steps.min() >= 15
    assert steps.max() / steps.min() < 1.35


def test_lightness_falls_in_even_steps() -> None:
    lightness = np.array([colour[0] for colour in seen("normal")])
    np.testing.assert_allclose(-np.diff(lightness), -np.diff(lightness).mean(), atol=1.0)
    assert lightness[0] > 90
    assert lightness[-1] < 20


def see_differences(sight: str) -> list[Array]:
    return [lab(SIGHT[sight] @ linear_rgb(row.colour)) for row in difference_classes()]


@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_classes_of_a_difference_can_be_told_apart(sight: str) -> None:
    pairs = itertools.combinations(see_differences(sight), 2)
    assert min(ciede2000(first, second) for first, second in pairs) >= LEAST_DISTANCE


@pytest.mark.parametrize("sight", SIGHT)
def test_larger_changes_are_darker_on_both_sides(sight: str) -> None:
    lightness = np.array([colour[0] for colour in see_differences(sight)])
    middle = len(lightness) // 2
    assert np.diff(lightness[: middle + 1]).min() >= 10
    assert np.diff(lightness[middle:]).max() <= -10


def test_in_greyscale_stripes_tell_falls_from_rises() -> None:
    codes, colours, falls = order_differences()
    n = len(difference_classes())
    assert falls.tolist() == [False] + [True] * (n // 2) + [False] * (n - n // 2)
    assert sorted(codes.tolist()) == list(range(n + 1))
    for at, row in enumerate(difference_classes(), start=1):
        assert "#{:02X}{:02X}{:02X}".format(*colours[codes[at]][:3]) == row.colour
    # the larger the change, the higher the code: an overview keeps the highest
    sizes = [max(abs(row.low), abs(row.high)) for row in difference_classes()]
    by_code = [sizes[position - 1] for position in np.argsort(codes)[1:]]
    assert by_code == sorted(by_code)
