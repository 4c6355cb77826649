"""Where a layer's rows come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from geo.errors import ParameterError
from geo.reading.report import Report

__all__ = ["Provenance"]


@dataclass(frozen=True)
class Provenance:
    """Where a layer's rows come from. What is known of the rows themselves is filled in when they are stored.

    Attributes
    ----------
    source_name : str, name of the file, or what else made the rows
    source_sha256 : str, of the file; empty where there was none
    source_size : int, bytes of the file
    note : str, what was done to the rows and what was assumed
    rows : int
    content_sha256 : str, `geo.layers.hashes.content_hash` of the stored frame
    added_at : str, ISO 8601 in UTC, to the second
    synthetic : bool, whether any row is made up
    importer : str, who imported them
    licence : str, under which the source may be used
    legal_basis : str, on which the rows may be kept
    retain_until : str, YYYY-MM-DD, day after which the rows must be erased; empty for no limit

    Raises
    ------
    ParameterError
        `retain_until` is no day.
    """

    source_name: str
    source_sha256: str = ""
    source_size: int = 0
    note: str = ""
    rows: int = 0
    content_sha256: str = ""
    added_at: str = ""
    synthetic: bool = False
    importer: str = ""
    licence: str = ""
    legal_basis: str = ""
    retain_until: str = ""

    def __post_init__(self) -> None:
        try:
            if self.retain_until:
                date.fromisoformat(self.retain_until)
        except ValueError:
            message = f"retain_until must be a day as YYYY-MM-DD, got {self.retain_until!r}."
            raise ParameterError(message) from None

    @property
    def last_day(self) -> date | None:
        """The day after which the rows must be erased."""
        return date.fromisoformat(self.retain_until) if self.retain_until else None

    @classmethod
    def from_report(cls, report: Report) -> Provenance:
        """Provenance of rows that were read from a file."""
        return cls(
            source_name=report.source_name,
            source_sha256=report.source_sha256,
            source_size=report.source_size,
            note=_describe(report),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Provenance:
        """Provenance from `to_dict`, other keys passed over; what an older version did not know stays empty.

        Raises
        ------
        KeyError, TypeError
            A key is missing or of the wrong type.
        """
        younger = {"importer", "licence", "legal_basis", "retain_until"}
        known: dict[str, Any] = {
            each.name: values.get(each.name, "") if each.name in younger else values[each.name] for each in fields(cls)
        }
        for each in fields(cls):
            if type(known[each.name]).__name__ != each.type:
                message = f"{each.name} is {known[each.name]!r}"
                raise TypeError(message)
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """The provenance as text and numbers, ready for JSON."""
        return asdict(self)


def _describe(report: Report) -> str:
    parts = []
    if report.where:
        parts.append("rows with " + ", ".join(f"{column} = {value}" for column, value in report.where.items()))
    if report.set_values:
        parts.append("assumed " + ", ".join(f"{column} = {value}" for column, value in report.set_values.items()))
    if report.skipped_rows:
        parts.append("left out by hand: row " + ", ".join(map(str, report.skipped_rows)))
    if report.rows_quarantined:
        parts.append(f"{report.rows_quarantined} in quarantine")
    if report.rows_repaired:
        parts.append(f"{report.rows_repaired} shape(s) repaired")
    if report.made_ids:
        parts.append("ids made from the content")
    return "; ".join([*parts, *report.notes])
