"""Reference data: everything Norrsyn takes as given, from tables in ``data/reference`` with a source in every row.

Sectors and industry codes, housing types, indicators, agencies, establishments, municipalities, score classes and the
model's own weights are data, not code: a reader can check them, an operator can replace them, and
``docs/reference.md`` says what each column means.
"""

from __future__ import annotations

from geo.reference.capabilities import Check, Requirement, find_checks, find_requirements
from geo.reference.industry import known_sni, normalise_sni, season_factors, sector_of, sectors_of
from geo.reference.model import (
    CertaintyClass,
    ModelComponent,
    ScoreClass,
    certainty_classes,
    county_names,
    difference_classes,
    establishments,
    model_components,
    model_parameters,
    model_version,
    municipality_names,
    planning_parameters,
    refused_reason,
    score_classes,
    swedish_texts,
)
from geo.reference.tables import find_reference_folder, list_tables, load_table, read_table
from geo.reference.weights import (
    are_discovered,
    are_meant_for_living,
    bandwidths_m,
    finding_weights,
    housing_season_factors,
    phase_weights,
    report_weights,
    risk_weights,
    sector_shares,
    unsuitabilities,
)

__all__ = [
    "CertaintyClass",
    "Check",
    "ModelComponent",
    "Requirement",
    "ScoreClass",
    "are_discovered",
    "are_meant_for_living",
    "bandwidths_m",
    "certainty_classes",
    "county_names",
    "difference_classes",
    "establishments",
    "find_checks",
    "find_reference_folder",
    "find_requirements",
    "finding_weights",
    "housing_season_factors",
    "known_sni",
    "list_tables",
    "load_table",
    "model_components",
    "model_parameters",
    "model_version",
    "municipality_names",
    "normalise_sni",
    "phase_weights",
    "planning_parameters",
    "read_table",
    "refused_reason",
    "report_weights",
    "risk_weights",
    "score_classes",
    "season_factors",
    "sector_of",
    "sector_shares",
    "sectors_of",
    "swedish_texts",
    "unsuitabilities",
]
