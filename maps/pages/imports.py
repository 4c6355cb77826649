"""Pages of imports: choosing files, watching one being read, and the report of every row and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from geo.layers.registry import LAYERS
from geo.reading.shapes import import_shapes
from geo.reading.source import ENDINGS
from geo.reference import read_table
from maps.i18n import SWEDEN, format_day_of, translate
from maps.pages.base import Query, render_page
from maps.pages.import_refusals import say_refusal
from maps.pages.import_words import Words, say_found

__all__ = ["PastImport", "render_import_page", "render_job_page", "render_report_page"]

# what nobody knows of a dry run
_ONLY_STORED: Mapping[str, Any] = MappingProxyType(
    {
        **dict.fromkeys(("importer", "licence", "legal_basis"), ""),
        **dict.fromkeys(("import_id", "snapshot", "changes")),
        **dict.fromkeys(("quarantined", "of_plans"), 0),
        "dry_run": False,
    }
)


@dataclass(frozen=True)
class PastImport:
    """A line in the list of earlier imports: number, layer, name of the file, when (ISO 8601), and its rows."""

    import_id: int
    layer: str
    source: str
    at: str
    accepted: int | None
    quarantined: int


def render_import_page(
    lang: str,
    *,
    is_allowed: bool,
    max_mb: int,
    layer: str = "",
    past: Iterable[PastImport] = (),
    query: Query = (),
) -> str:
    """Render the page on which files are chosen, served at ``/import``.

    Parameters
    ----------
    lang : str
    is_allowed : bool
        Whether files are taken; else the page says how they come in instead.
    max_mb : int
        MiB that one upload may have.
    layer : str
        Layer that is chosen beforehand.
    past : iterable of PastImport, newest first
    query : pairs of str

    Returns
    -------
    str
    """
    layers = [(name, _name_layer(lang, name)) for name in LAYERS]
    shapes = [(name, translate(lang, each.title)) for name, each in import_shapes().items()]
    lines = [{"import": each, "title": _name_layer(lang, each.layer), "at": _moment(lang, each.at)} for each in past]
    return render_page(
        "import.html",
        lang,
        "",
        query,
        is_allowed=is_allowed,
        max_mb=max_mb,
        chosen=layer if layer in LAYERS else "",
        layers=layers,
        shapes=shapes,
        endings=",".join(ENDINGS),
        past=lines,
        synthetic=False,
    )


def render_job_page(lang: str, job: Mapping[str, Any], *, query: Query = (), root: str = "../../") -> str:
    """Render the page of an import under way, or of one that failed, served at ``/import/jobs/{job}``.

    Parameters
    ----------
    lang : str
    job : mapping
        ``ImportJobAnswer`` as the API gives it.
    query : pairs of str
    root : str
        Way from the page to the site's root.

    Returns
    -------
    str
    """
    problem = job["problem"]
    return render_page(
        "import_job.html",
        lang,
        root,
        query,
        job=job,
        title=_name_layer(lang, job["layer"]),
        reason=say_found(lang, problem["title"]) if problem else None,
        detail=say_refusal(lang, problem["detail"]) if problem else None,
        synthetic=False,
    )


def render_report_page(
    lang: str,
    report: Mapping[str, Any],
    *,
    is_known: bool = False,
    query: Query = (),
    root: str = "../",
) -> str:
    """Render the report of an import, served at ``/import/{import_id}``, or of a dry run.

    Parameters
    ----------
    lang : str
    report : mapping
        ``ImportAnswer`` as the API gives it; for a dry run without what only the store knows.
    is_known : bool
        Whether all of it was in the store already.
    query : pairs of str
    root : str
        Way from the page to the site's root.

    Returns
    -------
    str
    """
    return render_page(
        "import_report.html",
        lang,
        root,
        query,
        report={**_ONLY_STORED, **report},
        title=_name_layer(lang, report["layer"]),
        at=_moment(lang, report.get("started_at", "")),
        retain_until=format_day_of(lang, report.get("retain_until", "")),
        files=[_describe_file(lang, file) for file in report["files"]],
        is_known=is_known,
        synthetic=False,
    )


def _name_layer(lang: str, name: str) -> str:
    title = LAYERS[name].title
    return translate(lang, title)


def _describe_file(lang: str, file: Mapping[str, Any]) -> dict[str, Any]:
    """A file's report with its texts in the language, and its columns by what became of them."""
    renamed = file["renamed"]
    left = {*renamed, *file["unused_columns"], *file["refused_columns"], "geometry"}
    return {
        **file,
        "rules": [
            {
                **rule,
                "rule": say_found(lang, rule["rule"]),
                "remedy": say_found(lang, rule["remedy"]),
                "more": max(0, rule["n_rows"] - len(rule["rows"])),
            }
            for rule in file["broken_rules"]
        ],
        "refused": [(name, say_found(lang, reason)) for name, reason in file["refused_columns"].items()],
        "by_own_name": [name for name in file["columns"] if name not in left],
        "precisions": _say_precisions(lang, file.get("precisions", {})),
        "notes": _say_notes(lang, file["notes"]),
    }


def _say_notes(lang: str, notes: Sequence[str]) -> list[Words]:
    said = [say_found(lang, note) for note in notes]
    return [
        Words(words.text[:1].upper() + words.text[1:] if _is_prose(words.text) else words.text, words.lang)
        for words in said
    ]


def _say_precisions(lang: str, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    table = read_table("precisions")
    titles = dict(zip(table["precision"], table["title_sv" if lang == "sv" else "title"], strict=True))
    return [(titles.get(precision, precision), n_rows) for precision, n_rows in counts.items()]


def _is_prose(text: str) -> bool:
    """Whether a note begins as a sentence does; one that begins with a column's name keeps it as it is."""
    return ":" not in text.split(" ", 1)[0] and "'" not in text[:1]


def _moment(lang: str, text: str) -> str:
    """A point in time as it is told in Sweden; empty where there is none."""
    try:
        at = datetime.fromisoformat(text).astimezone(SWEDEN)
    except ValueError:
        return text
    return translate(lang, "{date} at {time}", date=at.date(), time=f"{at:%H:%M}")
