"""Colours and sizes that all charts share.

A colour that follows the page's theme has a role. In the SVG it becomes a custom property with the theme's own colour
behind it, so that a drawing inside a page takes the page's colours and one by itself keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["LABEL_PX", "ROLES", "SIZES", "SMALL_PX", "Role", "Size", "Theme", "ink_on", "role_colour"]

Theme = Literal["light", "dark"]
Size = Literal["wide", "narrow"]

# Width of a drawing, px; narrow ones are for phones and for the panel beside the map.
SIZES: Mapping[Size, int] = MappingProxyType({"wide": 680, "narrow": 360})
LABEL_PX, SMALL_PX = 12.5, 11.5
# Relative luminance above which dark ink reads better than white (WCAG 2.1: contrast is equal at 0.179).
_LIGHT_FROM = 0.179


@dataclass(frozen=True)
class Role:
    """A colour by what it is for, in both themes."""

    light: str
    dark: str


# Text and paper are those of the pages (static/css/norrsyn.css). `main` and `muted` differ in lightness, so that they
# differ in grey and for every kind of colour vision; what `mark` marks is also dashed and labelled.
ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "ink": Role("#15242b", "#e8eef0"),
        "soft": Role("#47565e", "#b9c5ca"),
        "line": Role("#d5dcdf", "#3c4c54"),
        "paper": Role("#ffffff", "#131d22"),
        "main": Role("#0d4a5c", "#7cc4d8"),
        "muted": Role("#b4cdd5", "#2f5562"),
        "mark": Role("#8a2a12", "#ffb59d"),
    }
)


def role_colour(role: str) -> str:
    """Colour to draw a role with; it becomes the theme's when the drawing is written."""
    return ROLES[role].light


def ink_on(fill: str) -> str:
    """Black or white, whichever reads better on a colour ``#rrggbb``.

    Source: WCAG 2.1, relative luminance.
    """
    channels = [int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  sRGB's transfer curve
        for value in channels
    )
    return "#101010" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > _LIGHT_FROM else "#fefefe"
