"""The page that explains the model, made from what runs: the served surface's numbers, else the reference tables'."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from geo.reference import certainty_classes, model_components, read_table, score_classes
from geo.reference.tables import read_columns
from geo.risk.model import Model, load_model
from maps.charts.base import month_names
from maps.i18n import format_date, format_number, translate
from maps.pages.base import Query, render_page

__all__ = ["render_model_page"]

_SHARE = "sector_share_"
_AGENCY = "agency_effect_"
_SIGNIFICANT = 4


@dataclass(frozen=True)
class Weights:
    """A table of what kinds of records weigh: heading, anchor, heading of the number, and rows of title and number."""

    title: str
    anchor: str
    number: str
    rows: tuple[tuple[str, str], ...]


def render_model_page(
    lang: str,
    model: Model,
    *,
    at: date | None = None,
    surface_id: str | None = None,
    manifest: Mapping[str, Any] | None = None,
    query: Query = (),
    root: str = "../",
) -> str:
    """Render the explanation of the model, served at ``/help/model``.

    Parameters
    ----------
    lang : str
    model : Model
        That of the served surface, else the program's own.
    at : scoring date of the served surface, None where nothing is scored
    surface_id : its id
    manifest : its manifest, JSON-able
    query : pairs of str
    root : str

    Returns
    -------
    str
    """
    own = load_model()
    return render_page(
        "help_model.html",
        lang,
        root,
        query,
        model=model,
        at=None if at is None else format_date(lang, at),
        surface_id=surface_id,
        components=_list_components(lang, model),
        parameters=_list_parameters(lang, model),
        differences=[
            (name, _write(lang, ours), _write(lang, theirs)) for name, (ours, theirs) in model.differences(own).items()
        ],
        own_version=own.version,
        sectors=_list_sectors(lang, model),
        months=month_names(lang),
        month=None if at is None else at.month,
        weights=_list_weights(lang),
        classes=[(translate(lang, one.name), one.low, one.high, one.colour) for one in score_classes()],
        certainty=[(one.name_sv if lang == "sv" else one.name, one.p_top_min) for one in certainty_classes()],
        withheld=list(dict.fromkeys(read_table("refused_columns")["reason_sv" if lang == "sv" else "reason"])),
        layers=_list_layers(manifest),
        libraries=dict((manifest or {}).get("libraries", {})),
        decisions=_list_decisions(),
        synthetic=bool((manifest or {}).get("synthetic", False)),
    )


def _list_components(lang: str, model: Model) -> list[dict[str, str]]:
    titles = {one.component: one.title_sv if lang == "sv" else one.title for one in model_components()}
    sources = dict(read_columns("model_components", "component", "source"))
    return [
        {
            "name": one.name,
            "title": titles[one.name],
            "meaning": _say_component(lang, one.name),
            "unit": one.unit,
            "points": format_number(lang, model.max_points[one.name], 1),
            "level": _write(lang, one.reference_level),
            "source": sources[one.name],
        }
        for one in model.components
    ]


def _say_component(lang: str, name: str) -> str:
    """What a component is, in words; empty for one that has none yet."""
    words = {
        "workplaces": translate(
            lang, "Employees of the workplaces that are active on the scoring date × risk of the sector × its season."
        ),
        "accommodation": translate(lang, "Beds × how unfit the housing is to live in × its season."),
        "colocation": translate(
            lang,
            "Housing that is not meant for living close to a workplace in a risk sector. Pairs weigh more the closer "
            "they are.",
        ),
        "sector_density": translate(
            lang, "How much more common risk sectors are in the area's statistics than in the region as a whole."
        ),
        "findings": translate(
            lang,
            "Findings per visit, by severity and verification, drawn towards what is usual in the region where few "
            "have looked. Visits that found nothing count.",
        ),
        "reported": translate(lang, "Tips and reports from outside inspections, by severity and route."),
        "establishments": translate(
            lang, "Workers at large establishments × phase, spread wide. Lines are spread along their length."
        ),
    }
    return words.get(name, "")


def _list_parameters(lang: str, model: Model) -> list[dict[str, str]]:
    known = {name: (unit, source) for name, unit, source in read_columns("model_parameters", "name", "unit", "source")}
    return [
        {
            "name": name,
            "meaning": _say_parameter(lang, name),
            "value": _write_with_unit(lang, value, known.get(name, ("", ""))[0]),
            "source": known.get(name, ("", ""))[1],
        }
        for name, value in model.parameters.items()
        if not name.startswith(_SHARE)
    ]


def _say_parameter(lang: str, name: str) -> str:
    """What a parameter does, in words; its name for one that has none yet."""
    if name.startswith(_AGENCY):
        code = name.removeprefix(_AGENCY)
        title = dict(read_columns("agencies", "agency", "title_sv" if lang == "sv" else "title")).get(code, code)
        return translate(lang, "What the presence of {agency} multiplies the findings of a visit with", agency=title)
    words = {
        "fitted_cell_m": translate(lang, "Cell size at which the reference levels were fitted"),
        "colocation_m": translate(lang, "Farthest distance between housing and workplace that still makes a pair"),
        "accommodation_bandwidth_m": translate(lang, "How far beds reach"),
        "colocation_bandwidth_m": translate(lang, "How far pairs reach"),
        "findings_bandwidth_m": translate(lang, "How far findings, visits and reports reach"),
        "establishments_bandwidth_m": translate(lang, "How far a large establishment reaches"),
        "half_life_days": translate(lang, "Age at which a finding, a visit or a report counts half"),
        "effort_threshold": translate(lang, "Effective visits below which a cell counts as never inspected"),
        "prior_findings": translate(lang, "Assumed of every place before anybody went there: so many findings …"),
        "prior_visits": translate(lang, "… at so many visits"),
        "crew_effect": translate(
            lang, "Multiplies every visit that names one of the agencies below, so that the usual visit counts 1"
        ),
    }
    return words.get(name, name)


def _list_sectors(lang: str, model: Model) -> list[dict[str, Any]]:
    seasons: dict[str, list[float]] = {}
    for sector, _, factor in sorted(read_columns("sector_seasons", "sector", "month", "factor")):
        seasons.setdefault(sector, []).append(factor)
    columns = ("sector", "title_sv" if lang == "sv" else "title", "risk_weight", "bandwidth_m")
    return [
        {
            "title": title,
            "risk": format_number(lang, risk, 1),
            "bandwidth": format_number(lang, bandwidth / 1_000, 1),
            "share": format_number(lang, 100 * model.parameters.get(f"{_SHARE}{sector}", float("nan")), 1),
            "season": [format_number(lang, factor, 1) for factor in seasons.get(sector, [])],
        }
        for sector, title, risk, bandwidth in read_columns("sectors", *columns)
    ]


def _list_weights(lang: str) -> list[Weights]:
    found = (
        (translate(lang, "Housing"), "housing_types", "unsuitability", translate(lang, "Unsuitability")),
        (translate(lang, "Phases of establishments"), "establishment_phases", "weight", translate(lang, "Weight")),
        (translate(lang, "Indicators"), "indicators", "severity", translate(lang, "Severity")),
        (translate(lang, "Grades of findings"), "finding_grades", "weight", translate(lang, "Weight")),
        (translate(lang, "Verification"), "finding_verifications", "weight", translate(lang, "Weight")),
        (translate(lang, "How a finding was made"), "finding_sources", "weight", translate(lang, "Weight")),
        (translate(lang, "How a report came in"), "report_sources", "weight", translate(lang, "Weight")),
    )
    title = "title_sv" if lang == "sv" else "title"
    return [
        Weights(
            heading,
            table,
            number,
            tuple((words, format_number(lang, value, 2)) for words, value in read_columns(table, title, column)),
        )
        for heading, table, column, number in found
    ]


def _list_layers(manifest: Mapping[str, Any] | None) -> list[tuple[str, int, str]]:
    layers = (manifest or {}).get("layers", {})
    return [(name, entry["rows"], entry["sha256"]) for name, entry in layers.items()]


def _list_decisions() -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "heading": heading,
            "decided": decided,
            "superseded_by": None if superseded != superseded else int(superseded),  # noqa: PLR0124  NaN: it stands
            "source": source,
        }
        for number, heading, decided, superseded, source in read_columns(
            "decisions", "decision", "heading", "decided", "superseded_by", "source"
        )
    ]


def _write_with_unit(lang: str, value: float, unit: str) -> str:
    """A number with its unit, where the words beside it do not say it already."""
    if unit == "days":
        return translate(lang, "{number} days", number=_write(lang, value))
    return f"{_write(lang, value)} m" if unit == "m" else _write(lang, value)


def _write(lang: str, value: float | None) -> str:
    """A number with four significant digits; a dash where there is none."""
    if value is None:
        return "–"
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    text = f"{value:.{max(0, _SIGNIFICANT - 1 - magnitude)}f}"
    decimals = len(text.rstrip("0").partition(".")[2])
    return format_number(lang, value, decimals)
