"""The model's own settings and names for people: classes, components, parameters, places, refused columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import pandas as pd

from geo.errors import ConfigError
from geo.reference.tables import list_tables, read_columns, read_table

__all__ = [
    "CertaintyClass",
    "ModelComponent",
    "ScoreClass",
    "certainty_classes",
    "county_names",
    "difference_classes",
    "establishments",
    "model_components",
    "model_parameters",
    "model_version",
    "municipality_names",
    "planning_parameters",
    "refused_reason",
    "score_classes",
    "swedish_texts",
]

# English column and its Swedish twin, in tables whose words are shown to people
_TWINS = (("title", "title_sv"), ("name", "name_sv"), ("reason", "reason_sv"))


@dataclass(frozen=True)
class CertaintyClass:
    """A word for probabilities from `p_top_min` on, up to the class before."""

    code: str
    name: str
    name_sv: str
    p_top_min: float


@dataclass(frozen=True)
class ScoreClass:
    """One of the classes that a score is shown in; `low` belongs to it, `high` only in the last one."""

    code: str
    name: str
    name_sv: str
    low: float
    high: float
    colour: str


@dataclass(frozen=True)
class ModelComponent:
    """One component of the score: its share `weight`, and the level at which it reaches half of it."""

    component: str
    title: str
    title_sv: str
    unit: str
    weight: float
    reference_level: float


@lru_cache(maxsize=1)
def score_classes() -> tuple[ScoreClass, ...]:
    """Classes of the score, lowest first; fixed breaks, so that the maps of two dates compare."""
    return tuple(
        ScoreClass(*row) for row in read_columns("score_classes", "code", "name", "name_sv", "low", "high", "colour")
    )


@lru_cache(maxsize=1)
def difference_classes() -> tuple[ScoreClass, ...]:
    """Classes of the difference of two scores, the deepest fall first; the middle one holds what is about the same."""
    columns = ("code", "name", "name_sv", "low", "high", "colour")
    return tuple(ScoreClass(*row) for row in read_columns("difference_classes", *columns))


@lru_cache(maxsize=1)
def certainty_classes() -> tuple[CertaintyClass, ...]:
    """Words for how sure it is that a cell is among the highest, the surest first; the last one holds the rest."""
    return tuple(
        CertaintyClass(*row) for row in read_columns("certainty_classes", "certainty", "name", "name_sv", "p_top_min")
    )


@lru_cache(maxsize=1)
def model_components() -> tuple[ModelComponent, ...]:
    """Components of the score in their fixed order; the weights add up to 1."""
    return tuple(
        ModelComponent(*row)
        for row in read_columns(
            "model_components", "component", "title", "title_sv", "unit", "weight", "reference_level"
        )
    )


@lru_cache(maxsize=1)
def model_version() -> str:
    """Version of the model that the weights, levels and parameters belong to."""
    return _parameter_values()["version"]


@lru_cache(maxsize=1)
def planning_parameters() -> Mapping[str, float]:
    """Numbers that planning needs, by name, read-only; units stand in the table ``planning_parameters``."""
    return MappingProxyType(dict(read_columns("planning_parameters", "name", "value")))


@lru_cache(maxsize=1)
def model_parameters() -> Mapping[str, float]:
    """Numbers of the model by name, read-only; units stand in the table ``model_parameters``.

    Raises
    ------
    ConfigError
        If a value is no number.
    """
    numbers: dict[str, float] = {}
    failures = []
    for name, value in _parameter_values().items():
        if name == "version":
            continue
        try:
            numbers[name] = float(value)
        except ValueError:
            failures.append(f"row {name}, column value: {value!r} is not a number")
    if failures:
        message = f"Reference table model_parameters is broken: {'; '.join(failures)}. Mend these cells."
        raise ConfigError(message)
    return MappingProxyType(numbers)


def _parameter_values() -> dict[str, str]:
    values: dict[str, str] = dict(read_columns("model_parameters", "name", "value"))
    if "version" not in values:
        message = "Reference table model_parameters is broken: no row version. Add the model's version."
        raise ConfigError(message)
    return values


@lru_cache(maxsize=1)
def municipality_names() -> Mapping[str, str]:
    """Names of the 44 municipalities by their four-digit code, read-only."""
    return MappingProxyType(dict(read_columns("municipalities", "municipality", "name")))


@lru_cache(maxsize=1)
def county_names() -> Mapping[str, str]:
    """Names of the four counties by their two-digit code, read-only."""
    return MappingProxyType(dict(read_columns("counties", "county", "name")))


def establishments() -> pd.DataFrame:
    """The large establishments, one row per establishment and period.

    Returns
    -------
    DataFrame
        Columns ``establishment_id``, ``name``, ``sector``, ``kind``, ``geometry`` (WKT, EPSG:3006, m), ``phase``,
        ``active_from``, ``active_to`` (datetime64, both days included), ``workforce``, ``beds``, ``source``; by id and
        start.
    """
    places = read_table("establishments").drop(columns=["note", "source"])
    joined = places.merge(read_table("establishment_periods"), on="establishment_id", validate="one_to_many")
    return joined.sort_values(["establishment_id", "active_from"], ignore_index=True)


def refused_reason(column: str, layer: str | None = None) -> str | None:
    """Why a column may not be imported, or None if it may.

    Parameters
    ----------
    column : str, as it stands in the file; case, accents and word separators do not matter
    layer : str, name of the layer; some columns (free text) are refused in some layers only

    Returns
    -------
    str or None
        English, ready to follow the column's name: "identifies a person; …".
    """
    name = _plain_name(column)
    for pattern, layers, reason in _refusals():
        if (not layers or layer in layers) and pattern.search(name):
            return reason
    return None


def _plain_name(column: str) -> str:
    """Lower-case ASCII words joined by underscores: ``FörNamn2`` gives ``for_namn_2``."""
    words = re.sub(r"(?<=[a-zåäöé])(?=[A-ZÅÄÖ0-9])", "_", unicodedata.normalize("NFC", column))
    ascii_only = unicodedata.normalize("NFKD", words.casefold()).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")


@lru_cache(maxsize=1)
def _refusals() -> tuple[tuple[re.Pattern[str], frozenset[str], str], ...]:
    """Patterns that match whole words of a plain column name, the layers they hold in (none: all), and the reason."""
    return tuple(
        (re.compile(rf"(?:^|_)(?:{pattern})(?:_|$)"), frozenset(filter(None, layers.split(";"))), reason)
        for pattern, layers, reason in read_columns("refused_columns", "pattern", "layers", "reason")
    )


@lru_cache(maxsize=1)
def swedish_texts() -> Mapping[str, str]:
    """Swedish for every English title, class name and reason in the tables, read-only.

    Raises
    ------
    ConfigError
        If one English text has two Swedish ones.
    """
    texts: dict[str, str] = {}
    failures = []
    for table in list_tables():
        columns = read_table(table).columns
        for english, swedish in _TWINS:
            if swedish not in columns:
                continue
            for source, target in read_columns(table, english, swedish):
                if texts.setdefault(source, target) != target:
                    failures.append(f"table {table}: {source!r} is {target!r} here and {texts[source]!r} elsewhere")
    if failures:
        message = f"Reference tables disagree on Swedish: {'; '.join(failures)}. Use one translation."
        raise ConfigError(message)
    return MappingProxyType(texts)
