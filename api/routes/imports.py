"""Files into the store over HTTP: an upload, its progress, and the report of every row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from api.auth import TheUser
from api.importing.jobs import ImportJob
from api.importing.run import check_uploads, describe_import, describe_job, find_imports, make_order, open_quarantine
from api.importing.schemas import ImportAnswer, ImportFields, ImportJobAnswer, ImportsAnswer, QuarantineAnswer
from api.importing.uploads import FILES_FIELD, MAPPING_FIELD, receive_upload
from api.params import TheService, known_parameters_only
from api.viewers import require_inner_circle
from api.witness import TheWitness
from geo.store.history import find_import, find_quarantine
from geo.store.people.events import note_event

__all__ = ["router"]

router = APIRouter(
    prefix="/api/imports",
    tags=["imports"],
    dependencies=[Depends(known_parameters_only), Depends(require_inner_circle)],
)

MAX_LISTED = 500
MAX_QUARANTINED = 1000
_LOOK_EVERY_S = 0.2
_MIB = 2**20
_FORM = ImportFields.model_json_schema()
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                **_FORM,
                "properties": {
                    FILES_FIELD: {"type": "array", "items": _FILE, "description": "The files, together the new rows"},
                    MAPPING_FIELD: {**_FILE, "description": "A mapping file (TOML), for columns of other names"},
                    **_FORM["properties"],
                },
                "required": [FILES_FIELD, *_FORM["required"]],
            }
        }
    },
}

ImportId = Annotated[int, Path(description="Number of the import", ge=1, le=2**31 - 1)]


def allow_uploads(service: TheService) -> None:
    """Refuse what the operator has not allowed."""
    check_uploads(service.settings)


def find_job(service: TheService, job_id: Annotated[str, Path(description="Id of the import under way")]) -> ImportJob:
    """The import that a path names, or 404 before anything is streamed."""
    return service.imports.find(job_id)


TheJob = Annotated[ImportJob, Depends(find_job)]


@router.post(
    "",
    summary="Import files",
    status_code=202,
    response_model=ImportJobAnswer,
    dependencies=[Depends(allow_uploads)],
    openapi_extra={"requestBody": _BODY},
    responses={403: {}, 408: {}, 413: {}},
)
async def start_import(request: Request, response: Response, service: TheService, user: TheUser) -> Any:
    """Upload one file or several of one layer; they are read when it is their turn, and are not kept.

    The answer's `id` leads to the progress. Rows that break a rule wait in quarantine, all others are taken over.
    """
    with service.imports.open_slot() as slot:
        try:
            upload = await receive_upload(
                request.stream(),
                request.headers.get("content-type", ""),
                request.headers.get("content-length"),
                slot.folder,
                service.settings.upload_mb * _MIB,
            )
        except ClientDisconnect:
            # nobody is there to be told
            return Response(status_code=400)
        order = await run_sync(make_order, upload, service.settings, user.name)
        job = service.imports.submit(slot, order)
        if not order.dry_run:
            home, now = service.settings.home, request.app.state.accounts.clock()
            await run_sync(partial(note_event, home, user.user_id, "import-sent", order.layer, now=now))
    response.headers["Location"] = f"{request.url.path}/jobs/{job.id}"
    return describe_job(job)


@router.get("", summary="Imports", response_model=ImportsAnswer)
def list_all_imports(
    service: TheService,
    layer: Annotated[str | None, Query(description="Name of a layer; all when left out")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many at most")] = 50,
) -> dict[str, Any]:
    """Every import into a layer, or into all, newest first, also those that changed nothing."""
    total, found = find_imports(service.settings.home, layer, limit)
    described = (describe_import(each) for each in found)
    return {
        "total": total,
        "imports": [{name: value for name, value in each.items() if name != "files"} for each in described],
    }


@router.get("/jobs/{job_id}", summary="An import under way", response_model=ImportJobAnswer)
def get_import_job(job: TheJob) -> dict[str, Any]:
    """How far it has come, and what became of it. The last 50 are kept, until the server ends."""
    return describe_job(job)


@router.get("/jobs/{job_id}/events", summary="Progress of an import", response_class=EventSourceResponse)
async def stream_import_job(job: TheJob, service: TheService) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress`, and in the end `done` or `failed`; each holds the whole state.

    Whoever asks again is told the newest state first, so that nothing is missed by a lost connection.
    """
    told = -1
    while not service.imports.is_stopping:
        now = service.imports.find(job.id)
        if now.change != told:
            told = now.change
            state = ImportJobAnswer.model_validate(describe_job(now)).model_dump(mode="json")
            yield ServerSentEvent(event=now.status if now.is_over else "progress", id=str(now.change), data=state)
        if now.is_over:
            return
        await asyncio.sleep(_LOOK_EVERY_S)


@router.get("/{import_id}", summary="An import", response_model=ImportAnswer)
def get_import(service: TheService, import_id: ImportId, witness: TheWitness) -> dict[str, Any]:
    """Where the rows come from, what changed, and the report of each file: every row and column accounted for."""
    found = find_import(service.settings.home, import_id)
    witness.see("import-viewed", f"{found.layer}: {import_id}")
    return describe_import(found)


@router.get("/{import_id}/quarantine", summary="Rows in quarantine", response_model=QuarantineAnswer)
def list_quarantine(
    service: TheService,
    import_id: ImportId,
    witness: TheWitness,
    offset: Annotated[int, Query(ge=0, le=10**9, description="How many to pass over")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_QUARANTINED, description="How many at most")] = 100,
) -> dict[str, Any]:
    """Rows that the import kept aside, with everything that is wrong with each; personal numbers are blotted out."""
    total, rows = find_quarantine(service.settings.home, import_id, offset, limit)
    witness.see("quarantine-viewed", f"{find_import(service.settings.home, import_id).layer}: {import_id}")
    return {"import_id": import_id, "total": total, "offset": offset, "rows": rows}


@router.get(
    "/{import_id}/quarantine.csv",
    summary="Rows in quarantine, to be mended",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}},
)
def download_quarantine(service: TheService, import_id: ImportId, witness: TheWitness) -> StreamingResponse:
    """The same as a CSV file: what is wrong first, then the row as it was; mend it there and import it again.

    Cells that a spreadsheet would run as a formula are shown as text, and become what they were when the file comes
    back.
    """
    stored = find_import(service.settings.home, import_id)
    witness.note("quarantine-exported", f"{stored.layer}: {import_id}")
    name = f"norrsyn-quarantine-{stored.layer}-{import_id}.csv"
    return StreamingResponse(
        open_quarantine(service.settings.home, import_id, service.imports),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
