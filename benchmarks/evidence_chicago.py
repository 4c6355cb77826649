"""Ranking Chicago's food inspections: fitted on the flagged training rows, tried on the flagged test rows."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
from evidence_section import Section, draw_table, require_file

import geo
from geo.risk.find_model.model import FindModel
from geo.risk.find_model.ranking import RankingEvaluation

__all__ = ["build_section"]

FILE = Path("backtest") / "chicago_food_inspections.parquet"
METRES = 26971  # Illinois East, NAD83
SEED = 0
DRAWS = 1000
# What is known of an establishment before the visit; neither inspector nor weather.
FEATURES = [
    *("pastFail", "pastCritical", "pastSerious", "pastMinor", "timeSinceLast", "firstRecord", "ageAtInspection"),
    *("heat_burglary", "heat_garbage", "heat_sanitation", "Facility_Type", "Risk"),
    *("consumption_on_premises_incidental_activity", "tobacco_retail_over_counter", "package_goods"),
    *("limited_business_license", "outdoor_patio", "public_place_of_amusement", "childrens_services_facility_license"),
    *("tavern", "regulated_business_license", "filling_station", "caterers_liquor_license", "mobile_food_license"),
]
# measure, decimals, what is asked for, published plain logistic model, published city score, published inspector alone
MEASURES = [
    ("auc", "AUC", 3, 0.62, "0.573", "0.679", "0.662"),
    ("auc_within", "AUC within inspectors", 3, 0.60, "0.539", "–", "–"),
    ("days_earlier", "days earlier", 2, 4.7, "2.41", "7.79", "7.61"),
    ("found_first_half", "criticals in the first half", 3, 0.64, "0.58", "–", "–"),
]


def build_section(data: Path) -> Section:
    """Fit on the training rows, rank the test rows.

    Parameters
    ----------
    data : folder of the public data

    Raises
    ------
    DataMissingError
    """
    train, test = read_inspections(require_file(data / FILE))
    model = fit(train, agency="Inspector_Assigned")
    p = model.predict(test)
    ours = evaluate(p, test)
    unaware = evaluate(fit(train, agency=None).predict(test), test)
    share = test["Inspector_Assigned"].map(train.groupby("Inspector_Assigned")["found"].mean())
    others = {"city": evaluate(test["score"], test), "inspector": evaluate(share, test), "unaware": unaware}
    text = "\n\n".join(
        [
            describe_trial(train, test),
            draw_measures(ours, others),
            describe_reading(ours, others),
            "Calibration, in fifths of the test inspections:",
            draw_calibration(ours),
            describe_model(model),
        ]
    )
    return Section("Ranking inspections: Chicago's food inspections", text)


def read_inspections(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Training and test rows as the file flags them, in metres."""
    table = pd.read_parquet(path)
    table = table[table["in_model"]]
    table = table.assign(found=table["criticalFound"].astype(int), License=table["License"].astype("int64"))
    points = gpd.points_from_xy(table["Longitude"], table["Latitude"], crs=4326)
    inspections = gpd.GeoDataFrame(table, geometry=points).to_crs(METRES)
    is_train, is_test = (inspections[flag].astype(bool) for flag in ("Train", "Test"))
    return inspections[is_train], inspections[is_test]


def fit(train: gpd.GeoDataFrame, *, agency: str | None) -> FindModel:
    """Our model with its defaults, and without inspector and weather among the features."""
    return geo.fit_find_model(
        train, outcome="found", time="Inspection_Date", features=FEATURES, place="License", agency=agency, seed=SEED
    )


def evaluate(p: pd.Series, test: gpd.GeoDataFrame) -> RankingEvaluation:
    """All measures on the test rows, with 90 % intervals."""
    return geo.evaluate_ranking(
        p, test["found"], test["Inspection_Date"], test["Inspector_Assigned"], n_bins=5, n_draws=DRAWS, seed=SEED
    )


def describe_trial(train: gpd.GeoDataFrame, test: gpd.GeoDataFrame) -> str:
    """What is fitted and tried."""
    days = [table["Inspection_Date"].agg(["min", "max"]).dt.date.tolist() for table in (train, test)]
    return (
        f"{len(train)} inspections from {days[0][0]} to {days[0][1]} to learn from, {len(test)} from {days[1][0]} to "
        f"{days[1][1]} to rank, {test['found'].sum()} of them with a critical violation; history is frozen at the end "
        "of the training rows. **Neither inspector nor weather is a feature of the prediction**: inspectors are known "
        "while fitting only, and p is the same whoever goes. Intervals of 90 % are from a bootstrap over inspections "
        f"({DRAWS} draws, seed {SEED})."
    )


def draw_measures(ours: RankingEvaluation, others: dict[str, RankingEvaluation]) -> str:
    """Ours, the bars, and the peers' published figures; in brackets, theirs measured by us."""
    rows = []
    for name, words, digits, bar, plain, city, inspector in MEASURES:
        low, high = ours.intervals[name]
        value = getattr(ours, name)
        rows.append(
            (
                words,
                f"**{value:.{digits}f}** ({low:.{digits}f} to {high:.{digits}f})",
                f"≥ {bar} {'✓' if value >= bar else '✗'}",
                plain,
                f"{city} ({getattr(others['city'], name):.{digits}f})",
                f"{inspector} ({getattr(others['inspector'], name):.{digits}f})",
                f"{getattr(others['unaware'], name):.{digits}f}",
            )
        )
    headings = (
        *("measure", "ours", "bar", "plain logistic model, published", "the city's score, published (measured here)"),
        *("inspector alone, published (measured here)", "ours, fitted without knowing who went"),
    )
    return draw_table(headings, rows)


def describe_reading(ours: RankingEvaluation, others: dict[str, RankingEvaluation]) -> str:
    """How to read the table."""
    low, high = ours.intervals["days_earlier"]
    return (
        "The city's score takes who will go as a feature, and most of what it gains is that: inspectors differ more "
        "than restaurants do. Inside an inspector's own list it orders with an AUC of "
        f"{others['city'].auc_within:.3f}, ours with {ours.auc_within:.3f}. Inspections with equal p are taken in "
        "every order at once; the published 7.61 days of the inspector alone took them in the file's order, and "
        f"without that they are {others['inspector'].days_earlier:.2f}. With {ours.n_found} criticals, differences of "
        f"less than about {(high - low) / 2:.1f} days are noise."
    )


def draw_calibration(ours: RankingEvaluation) -> str:
    """Expected beside actual finds."""
    rows = [
        (
            f"{row.p_low:.3f} to {row.p_high:.3f}",
            f"{row.n}",
            f"{row.expected:.0f}",
            f"{row.actual}",
            f"{row.expected_share:.3f}",
            f"{row.actual_share:.3f} ({row.low:.3f} to {row.high:.3f})",
        )
        for row in ours.calibration.itertuples()
    ]
    return draw_table(("p", "inspections", "expected", "actual", "expected share", "actual share"), rows)


def describe_model(model: FindModel) -> str:
    """What the folds inside the training rows chose."""
    settings, history = model.settings, model.history
    bandwidths = ", ".join(f"{each:.0f}" for each in history.bandwidths_m)
    return (
        f"Chosen on {settings.n_folds} time-ordered folds inside the training rows: coefficients with a prior standard "
        f"deviation of {settings.coefficient_sd}, and {settings.forest_share:.0%} of the forest's correction. "
        f"Surroundings: {bandwidths} m, half-life {history.half_life_days:.0f} days. Inspectors' log-odds differ with "
        f"a standard deviation of {model.agency_sd:.2f}. What else was tried: decision 14."
    )
