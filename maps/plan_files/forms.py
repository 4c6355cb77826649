"""The forms that a plan can be had in, by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from geo.planning.plan import Plan
from maps.i18n import translate
from maps.plan_files.brief import write_pdf
from maps.plan_files.geopackage import write_geopackage
from maps.plan_files.gpx import write_gpx
from maps.plan_files.ground import Ground
from maps.plan_files.ics import write_ics
from maps.plan_files.spreadsheet import write_csv, write_xlsx
from maps.plan_files.stamp import Stamp

__all__ = ["FORMS", "Form", "name_file"]

_MOST_IN_FILE_NAME = 60
_NOT_IN_FILE_NAME = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Form:
    """A form.

    Attributes
    ----------
    name : str, part of its address
    suffix : str, ending of its files, with the dot
    media_type : str
    say : language to its title
    write : plan, stamp, language and what maps are drawn on to the file
    is_drawn : whether maps are drawn in it; others do without the ground
    """

    name: str
    suffix: str
    media_type: str
    say: Callable[[str], str]
    write: Callable[[Plan, Stamp, str, Ground | None], bytes]
    is_drawn: bool = False


def _plain(write: Callable[[Plan, Stamp, str], bytes]) -> Callable[[Plan, Stamp, str, Ground | None], bytes]:
    return lambda plan, stamp, lang, _: write(plan, stamp, lang)


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        form.name: form
        for form in (
            Form(
                "pdf",
                ".pdf",
                "application/pdf",
                lambda lang: translate(lang, "Brief to print (PDF)"),
                write_pdf,
                is_drawn=True,
            ),
            Form(
                "ics",
                ".ics",
                "text/calendar; charset=utf-8",
                lambda lang: translate(lang, "Calendar (ICS)"),
                _plain(write_ics),
            ),
            Form(
                "gpx",
                ".gpx",
                "application/gpx+xml",
                lambda lang: translate(lang, "Navigator (GPX)"),
                _plain(write_gpx),
            ),
            Form(
                "xlsx",
                ".xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                lambda lang: translate(lang, "Workbook (XLSX)"),
                _plain(write_xlsx),
            ),
            Form(
                "csv",
                ".csv",
                "text/csv; charset=utf-8",
                lambda lang: translate(lang, "Table of stops (CSV)"),
                _plain(write_csv),
            ),
            Form(
                "gpkg",
                ".gpkg",
                "application/geopackage+sqlite3",
                lambda lang: translate(lang, "Map layers (GeoPackage)"),
                _plain(write_geopackage),
            ),
        )
    }
)


def name_file(plan: Plan, form: Form) -> str:
    """A file name of ASCII letters, digits and hyphens, whatever the plan is called."""
    # å is taken apart into a letter and its ring
    letters = unicodedata.normalize("NFKD", plan.name[:200]).encode("ascii", "ignore").decode()
    name = _NOT_IN_FILE_NAME.sub("-", letters)[:_MOST_IN_FILE_NAME].strip("-").lower()
    return f"{name or 'plan'}-{min(plan.days).isoformat()}{form.suffix}"
