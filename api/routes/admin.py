"""Pages of whoever looks after Norrsyn: overview, jobs and settings."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from api.describing import list_settings
from api.importing.run import describe_import, find_imports
from api.params import TheService
from api.release import find_version
from api.routes.accounts import TheAccounts
from api.routes.pages import PageLanguage
from api.service import Service
from api.viewers import TheCircle, require_inner_circle
from geo.layers.circles import INNER_CIRCLE
from geo.store.people.users import list_users
from maps.i18n import pick_language
from maps.pages.admin import (
    ImportLine,
    JobLine,
    Overview,
    PublishedSurface,
    render_admin_page,
    render_jobs_page,
)
from maps.pages.admin_settings import render_settings_page

__all__ = ["NO_STORE", "list_import_lines", "router"]

router = APIRouter(tags=["admin"])

NO_STORE = {"Cache-Control": "no-store"}
_FEW, _MANY = 5, 25


@router.get("/admin", summary="Overview for admins", response_class=HTMLResponse)
def show_admin(
    request: Request, service: TheService, accounts: TheAccounts, circle: TheCircle, lang: PageLanguage = None
) -> Response:
    """What is published, the last imports, how many users and sessions there are, and what is wrong."""
    users = list_users(service.settings.home)
    overview = Overview(
        published=_find_published(service, circle),
        imports=list_import_lines(service, _FEW) if circle == INNER_CIRCLE else None,
        n_users=len(users),
        n_able=sum(user.disabled_at is None for user in users),
        n_sessions=len(accounts.list_sessions()),
        n_jobs=sum(not job.is_over for job in service.imports.list_jobs()),
        n_scoring=service.shelf.n_under_way,
        version=find_version(),
        problem=service.problem,
    )
    return _page(render_admin_page(pick_language(lang), overview, query=request.query_params.multi_items()))


@router.get("/admin/jobs", summary="Jobs", response_class=HTMLResponse, dependencies=[Depends(require_inner_circle)])
def show_jobs(request: Request, service: TheService, lang: PageLanguage = None) -> Response:
    """Imports under way and past, and how many surfaces are being scored or wait."""
    jobs = [
        JobLine(job.id, job.layer, ", ".join(job.files), job.created_at, job.status, job.rows_done)
        for job in service.imports.list_jobs()
    ]
    settings = service.settings
    page = render_jobs_page(
        pick_language(lang),
        jobs=jobs,
        imports=list_import_lines(service, _MANY),
        n_scoring=service.shelf.n_under_way,
        n_scoring_places=settings.score_workers + settings.score_queue,
        n_import_places=1 + settings.import_queue,
        query=request.query_params.multi_items(),
    )
    return _page(page)


@router.get("/admin/settings", summary="Settings", response_class=HTMLResponse)
def show_settings(request: Request, service: TheService, lang: PageLanguage = None) -> Response:
    """Every setting with its value and default; of what is secret only whether it is set."""
    lines = list_settings(service.settings)
    return _page(render_settings_page(pick_language(lang), lines, query=request.query_params.multi_items()))


def _find_published(service: Service, circle: str) -> PublishedSurface | None:
    served = service.snapshot(circle).published
    if served is None:
        return None
    info = served.describe()
    added = sorted(str(layer["added_at"]) for layer in info["layers"] if layer.get("added_at"))
    return PublishedSurface(
        id=served.id,
        at=info["at"],
        created=info["created"],
        model_version=info["model_version"],
        sectors=info["sectors"],
        cell_m=info["cell_m"],
        oldest=added[0] if added else "",
        newest=added[-1] if added else "",
        stale_layers=sorted(served.surface.stale_layers),
        synthetic=info["synthetic"],
    )


def list_import_lines(service: Service, limit: int) -> list[ImportLine]:
    """The last imports, newest first."""
    _, found = find_imports(service.settings.home, None, limit)
    lines = []
    for each in found:
        told = describe_import(each)
        lines.append(
            ImportLine(
                each.import_id,
                each.layer,
                told["source_name"],
                each.started_at,
                told["importer"],
                None if told["rows"] is None else told["rows"]["accepted"],
                each.quarantined,
            )
        )
    return lines


def _page(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers=NO_STORE)
