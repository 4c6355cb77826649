"""What every chart gives beside its picture: the same numbers as a table, and what it shows in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from babel.dates import get_month_names

from geo.grid import Grid
from geo.layers.bundle import Layers
from geo.reference import county_names, municipality_names
from geo.risk.filters import Shown
from geo.risk.surface import RiskSurface
from maps.i18n import format_date, format_number

__all__ = [
    "BABEL",
    "ChartTable",
    "ChartWords",
    "Column",
    "Question",
    "Value",
    "format_cell",
    "month_names",
    "name_place",
]

BABEL = {"sv": "sv_SE", "en": "en_GB"}
Value = str | int | float | date | None


@dataclass(frozen=True)
class Question:
    """What charts are asked for.

    Attributes
    ----------
    surface : RiskSurface
    layers : Layers, those that the asker may see
    county : code, None for all four
    cell : row and column on the surface's grid, None for no cell
    municipality : code, None for all
    shown : the cells that a filter shows, county and municipality among its conditions; None for all
    is_filtered : whether the filter has other conditions besides
    """

    surface: RiskSurface
    layers: Layers
    county: str | None = None
    cell: tuple[int, int] | None = None
    municipality: str | None = None
    shown: Shown | None = None
    is_filtered: bool = False

    @property
    def place(self) -> str | None:
        """Code of the municipality, else of the county; None for all four counties."""
        return self.municipality or self.county

    def is_within(self, code: str) -> bool:
        """Whether a municipality is one of those asked for."""
        return code[:2] == (self.county or code[:2]) and code == (self.municipality or code)

    @property
    def at(self) -> date:
        """The scoring date."""
        return self.surface.at

    @property
    def grid(self) -> Grid:
        """The surface's grid."""
        return self.surface.grid


@dataclass(frozen=True)
class Column:
    """A column of a chart's table: its name for programs and for people, and decimals where it holds numbers."""

    name: str
    title: str
    decimals: int | None = None


@dataclass(frozen=True)
class ChartTable:
    """A chart's numbers; the first column names the row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]

    def to_records(self) -> list[dict[str, Any]]:
        """Rows by column name, dates as ISO 8601."""
        names = [column.name for column in self.columns]
        return [
            {
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in self.rows
        ]


@dataclass(frozen=True)
class ChartWords:
    """What a chart says in a language.

    Attributes
    ----------
    title : str
    summary : what it shows, one or two sentences; read aloud in place of the picture
    notes : what to know when reading it
    table : ChartTable
    """

    title: str
    summary: str
    notes: tuple[str, ...]
    table: ChartTable


def name_place(code: str | None) -> str:
    """Name of a municipality or a county; Region Nord where there is none."""
    return county_names().get(code or "") or municipality_names().get(code or "", "Region Nord")


def format_cell(lang: str, value: Value, column: Column) -> str:
    """A value of a chart's table as a language writes it; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, date):
        return format_date(lang, value)
    return value if isinstance(value, str) else format_number(lang, value, column.decimals)


def month_names(lang: str, width: Literal["abbreviated", "wide"] = "abbreviated") -> list[str]:
    """The twelve months, without the full stop of an abbreviation."""
    names: Mapping[int, str] = get_month_names(width, locale=BABEL[lang])
    return [names[month].rstrip(".") for month in range(1, 13)]
