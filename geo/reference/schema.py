"""What every reference table must look like: columns, kinds, ranges, keys, and which of the rules across rows it keeps.

The meaning of each column, with its unit, stands in ``docs/reference.md``; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.reference.names import fold_name, fold_value
from geo.reference.rules import (
    classes_cover_scale,
    differences_mirror,
    falls_to_zero,
    in_an_edition,
    low_not_above_high,
    one_meaning,
    periods_follow,
    spread_within_limits,
    sums_to_one,
    twelve_months,
)

__all__ = ["TABLES", "Column", "Table"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    kind : ``text``, ``number``, ``integer``, ``flag`` (true/false), ``date`` (YYYY-MM-DD) or ``regex``
    optional : whether a cell may be empty
    low, high : smallest and largest number allowed, both included
    pattern : regular expression that the whole text must match; empty allows any text
    refers_to : ``table.column`` that must hold the value, empty for none; ``any`` is allowed as a value beside it
        where `wildcard` is true
    wildcard : whether ``any`` stands for all codes of `refers_to`
    """

    name: str
    kind: str = "text"
    optional: bool = False
    low: float = -np.inf
    high: float = np.inf
    pattern: str = ""
    refers_to: str = ""
    wildcard: bool = False


def _no_rules(frame: pd.DataFrame) -> list[str]:  # noqa: ARG001  same call for every table
    return []


@dataclass(frozen=True)
class Table:
    """One table: the columns in their order, the key, and a check across rows (one line per failure)."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: Callable[[pd.DataFrame], list[str]] = _no_rules


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


_TITLES = _text("title", "title_sv")
_NOTE = Column("note", optional=True)
_SOURCE = Column("source")
_CODE = r"[a-z][a-z0-9_]*"
_WEIGHT = Column("weight", "number", low=0, high=1)
_FACTOR = Column("factor", "number", low=0, high=1)
_MONTH = Column("month", "integer", low=1, high=12)
_SNI_VERSION = Column("sni_version", pattern="2007|2025")
_PREFIX = Column("prefix", pattern=r"\d{2,5}")
_SECTOR = Column("sector", refers_to="sectors.sector")
_HOUSING_TYPE = Column("housing_type", refers_to="housing_types.housing_type")
_LAYER = Column("layer", optional=True, pattern=_CODE)
_LANGUAGE = Column("language", pattern="sv|en")
_PHASE = Column("phase", refers_to="establishment_phases.phase")
_GRADE = Column("grade", refers_to="finding_grades.grade")

_ALL = (
    # where
    Table("counties", ("county",), (Column("county", pattern=r"\d{2}"), Column("name"), _SOURCE)),
    Table(
        "municipalities",
        ("municipality",),
        (
            Column("municipality", pattern=r"\d{4}"),
            Column("name"),
            Column("county", refers_to="counties.county"),
            _SOURCE,
        ),
    ),
    Table(
        "precisions",
        ("precision",),
        (
            Column("precision", pattern=_CODE),
            *_TITLES,
            Column("rank", "integer", low=0),
            *(Column(name, "number", low=0) for name in ("spread_low_m", "spread_m", "spread_high_m")),
            *(Column(name, "number", optional=True, low=0) for name in ("area_factor_km2", "area_exponent")),
            _NOTE,
            _SOURCE,
        ),
        spread_within_limits,
    ),
    Table(
        "road_classes",
        ("road_class",),
        (Column("road_class", pattern=_CODE), *_TITLES, Column("speed_kmh", "number", low=1, high=120), _NOTE, _SOURCE),
    ),
    # industries
    Table(
        "sectors",
        ("sector",),
        (
            Column("sector", pattern=_CODE),
            *_TITLES,
            Column("role", pattern="risk|multiplier|denominator"),
            Column("risk_weight", "number", low=0, high=1),
            Column("bandwidth_m", "number", low=1),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table("sector_sni", ("sni_version", "prefix"), (_SECTOR, _SNI_VERSION, _PREFIX, _NOTE, _SOURCE)),
    Table("sector_seasons", ("sector", "month"), (_SECTOR, _MONTH, _FACTOR, _SOURCE), twelve_months("sector")),
    Table(
        "sni_seasons",
        ("sni_version", "prefix", "month"),
        (_SNI_VERSION, _PREFIX, _MONTH, _FACTOR, _NOTE, _SOURCE),
        twelve_months("sni_version", "prefix"),
    ),
    Table(
        "sni_divisions",
        ("division",),
        (
            Column("division", pattern=r"\d{2}"),
            Column("sni_2007", "flag"),
            Column("sni_2025", "flag"),
            *_TITLES,
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "sni_classes",
        ("sni_class",),
        (Column("sni_class", pattern=r"\d{4}"), Column("sni_2007", "flag"), Column("sni_2025", "flag"), _SOURCE),
        in_an_edition,
    ),
    # accommodation
    Table(
        "housing_types",
        ("housing_type",),
        (
            Column("housing_type", pattern=_CODE),
            *_TITLES,
            Column("unsuitability", "number", low=0, high=1),
            Column("meant_for_living", "flag"),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table("housing_sni", ("sni_version", "prefix"), (_HOUSING_TYPE, _SNI_VERSION, _PREFIX, _NOTE, _SOURCE)),
    Table(
        "housing_seasons",
        ("housing_type", "month"),
        (_HOUSING_TYPE, _MONTH, _FACTOR, _SOURCE),
        twelve_months("housing_type"),
    ),
    # findings and visits
    Table("finding_frameworks", ("framework",), (Column("framework", pattern="[A-Z0-9_]+"), *_TITLES, _SOURCE)),
    Table("finding_grades", ("grade",), (Column("grade", pattern="[A-Z]"), *_TITLES, _WEIGHT, _NOTE, _SOURCE)),
    Table(
        "finding_sources",
        ("finding_source",),
        (
            Column("finding_source", pattern=_CODE),
            *_TITLES,
            _WEIGHT,
            Column("discovered", "flag"),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "finding_verifications",
        ("verification",),
        (Column("verification", pattern=_CODE), *_TITLES, _WEIGHT, _NOTE, _SOURCE),
    ),
    Table(
        "indicators",
        ("indicator",),
        (
            Column("indicator", pattern=_CODE),
            Column("framework", refers_to="finding_frameworks.framework"),
            *_TITLES,
            Column("ilo", pattern="0[1-9]|1[01]"),
            _GRADE,
            Column("grade_max", refers_to="finding_grades.grade"),
            Column("severity", "number", low=0, high=1),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "delphi_combinations",
        ("combination",),
        (Column("combination"), *(Column(grade, "integer", low=0) for grade in ("strong", "medium", "weak")), _SOURCE),
    ),
    Table(
        "persons_bands",
        ("band",),
        (
            Column("band"),
            Column("low", "integer", low=0),
            Column("high", "integer", optional=True, low=0),
            _NOTE,
            _SOURCE,
        ),
        low_not_above_high,
    ),
    Table(
        "visit_outcomes",
        ("outcome",),
        (Column("outcome", pattern=_CODE), *_TITLES, Column("rank", "integer", low=0), _NOTE, _SOURCE),
    ),
    Table(
        "report_sources",
        ("report_source",),
        (Column("report_source", pattern=_CODE), *_TITLES, _WEIGHT, _NOTE, _SOURCE),
    ),
    # who
    Table(
        "circles",
        ("circle",),
        (
            Column("circle", pattern="[a-z][a-z-]*"),
            *_TITLES,
            Column("finest_cell_m", "integer", low=1000),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "sharing_bases",
        ("basis",),
        (
            Column("basis", pattern="[a-z][a-z0-9-]*"),
            Column("circle", refers_to="circles.circle"),
            *_TITLES,
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "support_lines",
        ("line",),
        (
            Column("line", pattern=_CODE),
            *_TITLES,
            Column("phone", pattern="[0-9 -]+"),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "agencies",
        ("agency",),
        (
            Column("agency", pattern=_CODE),
            *_TITLES,
            Column("in_information_law", "flag"),
            Column("circle", refers_to="circles.circle"),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "attendances",
        ("attendance",),
        (
            Column("attendance", pattern=_CODE),
            *_TITLES,
            *(Column(f"may_be_{how}", "flag") for how in ("on_site", "on_call", "remote")),
            _SOURCE,
        ),
    ),
    Table(
        "capabilities",
        ("agency", "check", "sector", "site_kind"),
        (
            Column("agency", refers_to="agencies.agency"),
            Column("attendance", refers_to="attendances.attendance"),
            Column("check", pattern=_CODE),
            *_TITLES,
            Column("sector", refers_to="sectors.sector", wildcard=True),
            Column("site_kind", pattern="any|workplace|home|temporary_lodging"),
            Column("applies", "flag"),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "stop_requirements",
        ("requirement", "layer", "sector", "check"),
        (
            Column("requirement", pattern=_CODE),
            *_TITLES,
            Column("layer", pattern="workplaces|accommodation"),
            Column("sector", refers_to="sectors.sector", wildcard=True),
            Column("check", refers_to="capabilities.check"),
            Column("presence", pattern="on_site|any"),
            _NOTE,
            _SOURCE,
        ),
    ),
    # establishments
    Table(
        "establishments",
        ("establishment_id",),
        (
            Column("establishment_id", pattern=_CODE),
            Column("name"),
            _SECTOR,
            Column("kind", pattern="point|line"),
            Column("geometry", pattern=r"POINT \(\d+ \d+\)|LINESTRING \(\d+ \d+(, \d+ \d+)+\)"),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "establishment_phases",
        ("phase",),
        (Column("phase", pattern=_CODE), *_TITLES, _WEIGHT, _NOTE, _SOURCE),
    ),
    Table(
        "establishment_periods",
        ("establishment_id", "active_from"),
        (
            Column("establishment_id", refers_to="establishments.establishment_id"),
            _PHASE,
            Column("active_from", "date"),
            Column("active_to", "date"),
            Column("workforce", "number", low=0),
            Column("beds", "number", low=0),
            _SOURCE,
        ),
        periods_follow,
    ),
    # the model
    Table(
        "score_classes",
        ("code",),
        (
            Column("code", pattern=r"[1-9]"),
            *_text("name", "name_sv"),
            Column("low", "number", low=0, high=100),
            Column("high", "number", low=0, high=100),
            Column("colour", pattern="#[0-9A-F]{6}"),
            _SOURCE,
        ),
        classes_cover_scale,
    ),
    Table(
        "difference_classes",
        ("code",),
        (
            Column("code", pattern=_CODE),
            *_text("name", "name_sv"),
            Column("low", "number", low=-100, high=100),
            Column("high", "number", low=-100, high=100),
            Column("colour", pattern="#[0-9A-F]{6}"),
            _SOURCE,
        ),
        differences_mirror,
    ),
    Table(
        "certainty_classes",
        ("certainty",),
        (
            Column("certainty", pattern=_CODE),
            *_text("name", "name_sv"),
            Column("p_top_min", "number", low=0, high=1),
            _NOTE,
            _SOURCE,
        ),
        falls_to_zero("p_top_min"),
    ),
    Table(
        "model_components",
        ("component",),
        (
            Column("component", pattern=_CODE),
            *_TITLES,
            Column("unit"),
            _WEIGHT,
            Column("reference_level", "number", low=1e-12),
            _NOTE,
            _SOURCE,
        ),
        sums_to_one("weight"),
    ),
    Table(
        "model_parameters",
        ("name",),
        (Column("name", pattern=_CODE), Column("value"), Column("unit", optional=True), _NOTE, _SOURCE),
    ),
    Table(
        "policy_parameters",
        ("name",),
        (
            Column("name", pattern=_CODE),
            Column("value", "number", low=0),
            Column("unit", optional=True),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "model_sector_shares",
        ("sector",),
        (_SECTOR, Column("share", "number", low=0, high=1), _NOTE, _SOURCE),
        sums_to_one("share"),
    ),
    Table(
        "calibration",
        ("subject", "item"),
        (
            Column("subject", pattern=_CODE),
            Column("item"),
            Column("low", "number", low=0),
            Column("high", "number", optional=True, low=0),
            Column("unit"),
            _NOTE,
            _SOURCE,
        ),
        low_not_above_high,
    ),
    Table(
        "refused_columns",
        ("pattern",),
        (Column("pattern", "regex"), Column("layers", optional=True), *_text("reason", "reason_sv"), _SOURCE),
    ),
    # plans
    Table(
        "planning_parameters",
        ("name",),
        (
            Column("name", pattern=_CODE),
            Column("value", "number", low=0),
            Column("unit", optional=True),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "disclosure_parameters",
        ("name",),
        (
            Column("name", pattern=_CODE),
            Column("value", "number", low=0),
            Column("unit", optional=True),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table("plan_states", ("state",), (Column("state", pattern=_CODE), *_TITLES, _NOTE, _SOURCE)),
    Table(
        "plan_moves",
        ("from_state", "to_state"),
        (
            Column("from_state", refers_to="plan_states.state"),
            Column("to_state", refers_to="plan_states.state"),
            *_TITLES,
            Column("needs_reason", "flag"),
            _SOURCE,
        ),
    ),
    Table(
        "plan_reasons",
        ("reason",),
        (Column("reason", pattern=_CODE), *_TITLES, Column("use", pattern="move|revisit"), _SOURCE),
    ),
    Table(
        "support_checklist",
        ("item",),
        (Column("item", pattern=_CODE), *_TITLES, Column("detail", pattern="none|languages"), _NOTE, _SOURCE),
    ),
    Table("interpreter_languages", ("language",), (Column("language", pattern="[a-z]{2}"), *_TITLES, _SOURCE)),
    Table(
        "target_components",
        ("layer", "component"),
        (
            Column("layer", pattern="workplaces|accommodation"),
            Column("component", pattern=_CODE),
            *_TITLES,
            Column("unit"),
            _WEIGHT,
            Column("reference_level", "number", low=1e-12),
            _NOTE,
            _SOURCE,
        ),
        sums_to_one("weight", "layer"),
    ),
    Table(
        "exclusion_reasons",
        ("reason",),
        (Column("reason", pattern=_CODE), *_TITLES, _NOTE, _SOURCE),
    ),
    Table(
        "service_times",
        ("from_size",),
        (
            Column("from_size", "number", low=0),
            Column("minutes", "integer", low=1, high=600),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "drive_speeds",
        ("from_km",),
        (
            Column("from_km", "number", low=0),
            Column("speed_kmh", "number", low=1, high=120),
            _NOTE,
            _SOURCE,
        ),
    ),
    # imports
    Table(
        "column_synonyms",
        ("layer", "column", "synonym"),
        (_LAYER, Column("column", pattern=_CODE), Column("synonym"), _LANGUAGE, _SOURCE),
        one_meaning(fold_name, "layer"),
    ),
    Table(
        "value_synonyms",
        ("layer", "column", "synonym"),
        (_LAYER, Column("column", pattern=_CODE), Column("value"), Column("synonym"), _LANGUAGE, _SOURCE),
        one_meaning(fold_value, "layer", "column"),
    ),
    Table(
        "import_shapes",
        ("shape",),
        (
            Column("shape", pattern=_CODE),
            *_TITLES,
            *(Column(f"sni_{version}", pattern=r"\d{5}") for version in ("2007", "2025")),
            Column("employees", "number", low=0),
            Column("lead_days", "integer", low=0),
            Column("valid_days", "integer", low=1),
            _NOTE,
            _SOURCE,
        ),
    ),
    Table(
        "import_shape_columns",
        ("shape", "column", "synonym"),
        (
            Column("shape", refers_to="import_shapes.shape"),
            Column("column", pattern=_CODE),
            Column("synonym"),
            _SOURCE,
        ),
        one_meaning(fold_name, "shape"),
    ),
    Table(
        "size_classes",
        ("size_class",),
        (
            Column("size_class", pattern=r"\d{1,2}"),
            *_TITLES,
            Column("low", "integer", optional=True, low=0),
            Column("high", "integer", optional=True, low=0),
            Column("employees", "number", optional=True, low=0),
            _SOURCE,
        ),
        low_not_above_high,
    ),
    # for readers
    Table(
        "glossary",
        ("entry",),
        (
            Column("entry", pattern=_CODE),
            *_text("term", "term_sv", "meaning", "meaning_sv"),
            Column("listed", pattern=_CODE, optional=True),
            _SOURCE,
        ),
    ),
    Table(
        "decisions",
        ("decision",),
        (
            Column("decision", "integer", low=1),
            *_text("heading", "decided"),
            Column("superseded_by", "integer", optional=True, low=1),
            _SOURCE,
        ),
    ),
)

TABLES = {table.name: table for table in _ALL}
