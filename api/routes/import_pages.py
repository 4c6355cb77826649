"""Pages of imports for people: choosing files, watching one being read, and its report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from api.importing.run import describe_import, describe_job, find_imports
from api.params import TheService
from api.routes.imports import ImportId, TheJob
from api.routes.pages import PageLanguage
from api.viewers import require_inner_circle
from api.witness import TheWitness
from geo.store.history import find_import
from maps.i18n import pick_language
from maps.pages.imports import PastImport, render_import_page, render_job_page, render_report_page

__all__ = ["router"]

router = APIRouter(prefix="/import", tags=["pages"], dependencies=[Depends(require_inner_circle)])

_PAST = 10


@router.get("", summary="Import data", response_class=HTMLResponse)
def show_import(
    request: Request,
    service: TheService,
    layer: Annotated[str, Query(description="Layer that is chosen beforehand")] = "",
    lang: PageLanguage = None,
) -> HTMLResponse:
    """Choose a layer, files and how they are read; where uploads are not allowed, what to do instead."""
    _, found = find_imports(service.settings.home, None, _PAST)
    page = render_import_page(
        pick_language(lang),
        is_allowed=service.settings.allow_uploads,
        max_mb=service.settings.upload_mb,
        layer=layer,
        past=[_describe_past(describe_import(each)) for each in found],
        query=request.query_params.multi_items(),
    )
    return HTMLResponse(page)


@router.get("/jobs/{job_id}", summary="An import under way", response_class=HTMLResponse)
def show_import_job(request: Request, job: TheJob, witness: TheWitness, lang: PageLanguage = None) -> HTMLResponse:
    """How far an import has come; the report, once it is done; why it failed, if it did."""
    told, language, query = describe_job(job), pick_language(lang), request.query_params.multi_items()
    outcome = told["outcome"]
    if outcome is None:
        return HTMLResponse(render_job_page(language, told, query=query))
    report = {
        "layer": told["layer"],
        "source_name": ", ".join(told["files"]),
        "started_at": told["created_at"],
        "dry_run": told["dry_run"],
        "rows": outcome["rows"],
        "files": outcome["files"],
        "changes": outcome["changes"],
        "of_plans": outcome["of_plans"],
    }
    is_known = False
    if outcome["imported"] is not None:
        report |= describe_import(
            find_import(request.app.state.service.settings.home, outcome["imported"]["import_id"])
        )
        is_known = outcome["imported"]["is_known"]
        witness.see("import-viewed", f"{report['layer']}: {report['import_id']}")
    return HTMLResponse(render_report_page(language, report, is_known=is_known, query=query, root="../../"))


@router.get("/{import_id}", summary="Report of an import", response_class=HTMLResponse)
def show_import_report(
    request: Request,
    service: TheService,
    import_id: ImportId,
    witness: TheWitness,
    known: Annotated[bool, Query(description="Whether to say that all of it was there already")] = False,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """Every row and column of an import accounted for, and what to do about the rows that wait."""
    found = find_import(service.settings.home, import_id)
    witness.see("import-viewed", f"{found.layer}: {import_id}")
    report = describe_import(found)
    query = request.query_params.multi_items()
    return HTMLResponse(render_report_page(pick_language(lang), report, is_known=known, query=query))


def _describe_past(told: dict[str, object]) -> PastImport:
    rows = told["rows"]
    return PastImport(
        int(str(told["import_id"])),
        str(told["layer"]),
        str(told["source_name"]),
        str(told["started_at"]),
        rows["accepted"] if isinstance(rows, dict) else None,
        int(str(told["quarantined"])),
    )
