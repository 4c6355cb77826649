"""Imports as the API tells them, and an order from what a form holds."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.errors import ForbiddenError
from api.importing.jobs import ImportJob, ImportJobs
from api.importing.schemas import ImportFields, describe_rows
from api.importing.uploads import Upload
from api.settings import Settings
from geo.errors import NotFoundError, ParameterError
from geo.layers.registry import LAYERS, get_layer
from geo.reading.isolated import make_choice
from geo.reading.mapping import read_mapping
from geo.reading.shapes import import_shapes
from geo.store.history import StoredImport, list_imports
from geo.store.ingest import FileImport, Order, export_quarantine

__all__ = [
    "check_uploads",
    "describe_import",
    "describe_job",
    "describe_outcome",
    "find_imports",
    "make_order",
    "open_quarantine",
]

_LISTS = ("rename", "set", "where", "skip_row")
_NUMBERS = re.compile(r"[\s,;]+")
_PIECE_BYTES = 2**16


def check_uploads(settings: Settings) -> None:
    """Refuse uploads where the operator does not allow them.

    Raises
    ------
    ForbiddenError
        With the reason.
    """
    if not settings.allow_uploads:
        message = "Uploads are turned off (NORRSYN_ALLOW_UPLOADS=0); use norrsyn import on the server."
        raise ForbiddenError(message)


def make_order(upload: Upload, settings: Settings, importer: str) -> Order:
    """What to import, from the files and fields of a form, and who imports it.

    Raises
    ------
    RequestValidationError
        Fields that cannot be used, all of them.
    ParameterError, NotFoundError, SchemaError
        A pair, the layer, the shape or the mapping file cannot be used.
    """
    fields = _check_fields(upload.fields)
    layer = get_layer(fields.layer)
    mapping = None if upload.mapping is None else read_mapping(upload.mapping, layer, tuple(import_shapes()))
    choice, crs = make_choice(
        mapping,
        rename=_read_pairs("rename", fields.rename),
        set_values=_read_pairs("set", fields.set),
        where=_read_pairs("where", fields.where),
        skip_rows=fields.skip_row,
        crs=fields.crs or None,
        shape=fields.shape,
    )
    return Order(
        tuple(map(os.fspath, upload.files)),
        layer.name,
        choice,
        crs,
        fields.mode,
        fields.strict,
        fields.dry_run,
        fields.allow_removal,
        importer=importer,
        licence=fields.licence.strip(),
        legal_basis=fields.legal_basis.strip(),
        retain_until=fields.retain_until.strip(),
        pseudonym_key=settings.pseudonym_key.get_secret_value() if settings.pseudonym_key else None,
    )


def describe_job(job: ImportJob) -> dict[str, Any]:
    """An import under way, as `api.importing.schemas.ImportJobAnswer`."""
    return {
        "id": job.id,
        "layer": job.layer,
        "files": list(job.files),
        "dry_run": job.is_dry_run,
        "created_at": job.created_at,
        "status": job.status,
        "stage": job.stage,
        "rows_done": job.rows_done,
        "rows_in_all": job.rows_in_all,
        "outcome": None if job.outcome is None else describe_outcome(job.outcome),
        "problem": None if job.problem is None else dict(job.problem),
    }


def describe_outcome(done: FileImport) -> dict[str, Any]:
    """What became of files, as `api.importing.schemas.ImportOutcome`."""
    told = done.to_dict()
    return {"rows": describe_rows(told["files"]), **told}


def find_imports(home: Path, layer: str | None, limit: int) -> tuple[int, list[StoredImport]]:
    """How many imports there are into a layer or into all, and the newest of them.

    Raises
    ------
    NotFoundError
        There is no such layer.
    StoreError
        The store cannot be read.
    """
    names = [get_layer(layer).name] if layer else list(LAYERS)
    try:
        found = [each for name in names for each in list_imports(home, name)]
    except NotFoundError:
        # no data folder yet
        found = []
    return len(found), sorted(found, key=lambda each: -each.import_id)[:limit]


def describe_import(stored: StoredImport) -> dict[str, Any]:
    """An import of the store, as `api.importing.schemas.ImportAnswer`; without ``files`` an ``ImportInfo``."""
    told = stored.provenance
    report: Mapping[str, Any] = stored.report or {}
    files = list(report.get("files", ()))
    return {
        "import_id": stored.import_id,
        "layer": stored.layer,
        "mode": stored.mode,
        "snapshot": stored.snapshot,
        "started_at": stored.started_at,
        "source_name": told.source_name,
        "source_sha256": told.source_sha256,
        "source_size": told.source_size,
        "importer": told.importer,
        "licence": told.licence,
        "legal_basis": told.legal_basis,
        "retain_until": told.retain_until,
        "quarantined": stored.quarantined,
        "rows": describe_rows(files) if files else None,
        "changes": report.get("changes"),
        "files": files,
    }


def open_quarantine(home: Path, import_id: int, jobs: ImportJobs) -> Iterator[bytes]:
    """The pieces of the CSV file in which an import's quarantined rows are mended.

    Raises
    ------
    NotFoundError
        There is no such import; or StoreError: the store cannot be read. Both before the first piece.
    """
    folder = jobs.make_folder()
    try:
        path = folder / "quarantine.csv"
        export_quarantine(home, import_id, path)
        file = path.open("rb")
    finally:
        # what is open stays readable, and goes when whoever reads it is done or gone
        shutil.rmtree(folder, ignore_errors=True)

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(_PIECE_BYTES):
                yield piece

    return pieces()


def _check_fields(given: Mapping[str, Sequence[str]]) -> ImportFields:
    values: dict[str, Any] = {}
    failures: list[dict[str, Any]] = []
    for name, texts in given.items():
        if name in _LISTS:
            lines = (
                line for text in texts for line in (_NUMBERS.split(text) if name == "skip_row" else text.splitlines())
            )
            values[name] = [line.strip() for line in lines if line.strip()]
        elif len(texts) > 1:
            failures.append(
                {"type": "repeated", "loc": ("body", name), "msg": "is given several times", "input": texts}
            )
        elif texts[0].strip():
            values[name] = texts[0].strip()
    try:
        fields = ImportFields.model_validate(values)
    except ValidationError as error:
        failures += [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
    if failures:
        raise RequestValidationError(failures)
    return fields


def _read_pairs(field: str, pairs: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    failures = []
    for pair in pairs:
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not (name and sign):
            failures.append(f"{pair!r} has not the form name=value")
        elif name in found:
            failures.append(f"{name} is given twice")
        else:
            found[name] = value
    if failures:
        message = f"{field} cannot be used: {'; '.join(failures)}."
        raise ParameterError(message)
    return found
