"""What the API says about imports, as types: jobs, reports of every row, and what waits in quarantine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.errors import Problem
from api.schemas import Answer

__all__ = [
    "ImportAnswer",
    "ImportFields",
    "ImportInfo",
    "ImportJobAnswer",
    "ImportsAnswer",
    "QuarantineAnswer",
]

Count = Annotated[int, Field(ge=0)]
Pairs = Annotated[list[str], Field(description="`name=value`, one a line; may be given several times")]


class ImportFields(BaseModel):
    """The fields of the form beside its files."""

    model_config = ConfigDict(extra="forbid")

    layer: str = Field(description="Name of the layer")
    rename: Pairs = Field(default=[], description="`OLD=NEW`: read column OLD of the file as NEW; repeat for more")
    set: Pairs = Field(default=[], description="`COLUMN=VALUE`: give every row this value; repeat for more")
    where: Pairs = Field(default=[], description="`COLUMN=VALUE`: read only rows that have this value; repeat for more")
    skip_row: list[int] = Field(default=[], description="Leave out row N, as the report names it; repeat for more")
    crs: str | None = Field(default=None, description="Reference system, where the file does not say it")
    shape: str = Field(default="", description="Documented shape of the file, as felling_notice")
    mode: Literal["replace", "add"] = Field(
        default="replace",
        description="replace: records that do not come are gone, with their history kept; add: they stay",
    )
    allow_removal: bool = Field(default=False, description="Even if more than half of the layer's records go")
    strict: bool = Field(default=False, description="All rows or none")
    dry_run: bool = Field(default=False, description="Say what would happen, and change nothing")
    licence: str = Field(default="", description="Licence of the source", max_length=500)
    legal_basis: str = Field(default="", description="Legal basis for keeping the rows", max_length=500)
    retain_until: str = Field(default="", description="Erase the rows after this day, YYYY-MM-DD")


class BrokenRuleInfo(Answer):
    """A rule that rows broke."""

    column: str = Field(description="Empty: the row as a whole")
    rule: str
    remedy: str
    n_rows: Count
    rows: list[int] = Field(description="Numbers of the first of these rows, the file's first row being 1")
    got: list[str] = Field(description="The first values that stood there")
    kind: str


class FileReport(Answer):
    """Every row and every column of a file accounted for."""

    # the store has reports of every version of Norrsyn
    model_config = ConfigDict(extra="ignore")

    layer: str
    source_name: str
    source_sha256: str
    source_size: Count = Field(description="Bytes")
    crs: str = Field(description="What the coordinates were in")
    is_swapped: bool = Field(description="Whether northing stood before easting, or latitude before longitude")
    columns: list[str] = Field(description="The file's columns that may be read")
    rows_in: Count = Field(description="Rows asked for: accepted, quarantined and duplicate together")
    rows_read: Count = Field(description="Rows of the file: those asked for, those skipped and those filtered out")
    rows_skipped: Count
    rows_filtered_out: Count
    rows_accepted: Count
    rows_quarantined: Count
    rows_duplicate: Count
    rows_outside_region: Count = Field(description="Of those in quarantine, for no other reason than lying elsewhere")
    rows_repaired: Count = Field(description="Accepted rows whose shape was repaired")
    is_quarantine: bool = Field(description="Whether the file has columns of a quarantine file")
    rows_pseudonymised: Count = Field(description="Rows whose employer's number was a person's")
    precisions: dict[str, Count] = Field(
        default={}, description="How well the accepted rows' positions are known, to how many of them"
    )
    broken_rules: list[BrokenRuleInfo]
    refused_columns: dict[str, str] = Field(description="Column to reason; their values went nowhere")
    unused_columns: list[str]
    renamed: dict[str, str] = Field(description="Column in the file to column of the layer")
    set_values: dict[str, str]
    where: dict[str, str]
    skipped_rows: list[int]
    made_ids: bool
    notes: list[str]


class RowsAccount(Answer):
    """Rows of all files together: ``rows_in`` is accepted, quarantined and duplicate."""

    rows_in: Count
    accepted: Count
    quarantined: Count
    duplicate: Count
    left_out: Count = Field(description="Rows that were not asked for")


class Changes(Answer):
    """What an import changed in its layer, counted in records."""

    added: Count
    changed: Count
    gone: Count
    unchanged: Count
    is_new: bool = Field(description="Whether the layer got a new snapshot")


class ImportedInfo(Answer):
    """What an import did to the store."""

    layer: str
    import_id: int
    snapshot: int = Field(description="Number of the layer's snapshot that holds the rows; 0: none")
    is_new: bool = Field(description="Whether the import made that snapshot")
    is_known: bool = Field(description="Whether all of it was there already, and nothing was written")
    added: Count
    changed: Count
    gone: Count
    unchanged: Count
    repeated: Count = Field(description="Rows that stood in the import more than once, equal in every column")
    quarantined: Count


class WouldChange(Answer):
    """What a trial would change in the layer."""

    added: Count
    changed: Count
    gone: Count
    unchanged: Count


class ImportOutcome(Answer):
    """What became of the files."""

    rows: RowsAccount
    files: list[FileReport]
    imported: ImportedInfo | None = Field(description="Null where nothing was written")
    repairs: int | None = Field(
        description="Import that the rows come from, where the file is a mended quarantine file"
    )
    changes: WouldChange | None = Field(description="What a trial would change; null where it was none")
    refusal: str | None = Field(description="Of a trial, why the import itself would be refused")
    kept: Count = Field(description="Records that stay as they were, because their rows wait in quarantine")
    of_plans: Count = Field(description="Records that stay because plans recorded them, and no register holds those")


class ImportJobAnswer(Answer):
    """An import under way, or one that is over; kept until the server ends."""

    id: str
    layer: str
    files: list[str]
    dry_run: bool
    created_at: str
    status: Literal["waiting", "running", "done", "failed"]
    stage: str = Field(description="What is being done")
    rows_done: Count
    rows_in_all: int | None = Field(description="Null while nobody knows")
    outcome: ImportOutcome | None = Field(default=None, description="Where it is done")
    problem: Problem | None = Field(default=None, description="Where it failed")


class ImportInfo(Answer):
    """One import into a layer, whether it changed anything or not."""

    import_id: int
    layer: str
    mode: Literal["replace", "add"]
    snapshot: int | None = Field(description="The snapshot that it made or confirmed; null where no row was accepted")
    started_at: str
    source_name: str
    source_sha256: str
    source_size: Count
    importer: str
    licence: str
    legal_basis: str
    retain_until: str = Field(description="YYYY-MM-DD, or empty")
    quarantined: Count = Field(description="Rows that wait in quarantine")
    rows: RowsAccount | None = Field(description="Null where the report is not there, or had to be erased")
    changes: Changes | None = Field(description="Null where it is not known")


class ImportsAnswer(Answer):
    """Imports, newest first."""

    total: Count
    imports: list[ImportInfo]


class ImportAnswer(ImportInfo):
    """An import with the report of each of its files."""

    files: list[FileReport]


class RowFailureInfo(Answer):
    """What is wrong with a row."""

    column: str
    value: str
    rule: str
    remedy: str


class QuarantinedRowInfo(Answer):
    """A row that breaks a rule, masked."""

    source: str
    row: int
    failures: list[RowFailureInfo]
    cells: dict[str, str]


class QuarantineAnswer(Answer):
    """A part of what an import kept aside."""

    import_id: int
    total: Count
    offset: Count
    rows: list[QuarantinedRowInfo]


def describe_rows(files: list[dict[str, Any]]) -> dict[str, int]:
    """`RowsAccount` of the reports of one import."""
    return {
        "rows_in": sum(file["rows_in"] for file in files),
        "accepted": sum(file["rows_accepted"] for file in files),
        "quarantined": sum(file["rows_quarantined"] for file in files),
        "duplicate": sum(file["rows_duplicate"] for file in files),
        "left_out": sum(file["rows_skipped"] + file["rows_filtered_out"] for file in files),
    }
