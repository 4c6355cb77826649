"""Pages of whoever looks after Norrsyn: overview, surfaces and jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from geo.layers.registry import LAYERS
from geo.reference import read_table
from maps.i18n import format_day_of, format_number, translate
from maps.pages.accounts import Fault, say_faults, say_moment
from maps.pages.base import Query, render_page

__all__ = [
    "ImportLine",
    "JobLine",
    "Overview",
    "PublishedSurface",
    "SurfaceLine",
    "render_admin_page",
    "render_jobs_page",
    "render_publish_page",
    "render_surfaces_page",
    "say_import",
]

_KIB = 1024


@dataclass(frozen=True)
class PublishedSurface:
    """The surface that everybody sees at first.

    Attributes
    ----------
    id, at, created, model_version : str; ``created`` is None where it is not known
    sectors : codes, None for all
    cell_m : float, m
    oldest, newest : str, ISO 8601, when the first and the last of its layers came in; empty where it is not known
    stale_layers : names of layers that have changed since
    synthetic : bool
    """

    id: str
    at: str
    created: str | None
    model_version: str
    sectors: Sequence[str] | None
    cell_m: float
    oldest: str
    newest: str
    stale_layers: Sequence[str]
    synthetic: bool


@dataclass(frozen=True)
class ImportLine:
    """An import that is over; ``accepted`` is None where its report is gone."""

    import_id: int
    layer: str
    source: str
    at: str
    importer: str
    accepted: int | None
    quarantined: int


@dataclass(frozen=True)
class JobLine:
    """An import that was sent over the web; ``status`` is that of `api.importing.jobs.ImportJob`."""

    id: str
    layer: str
    files: str
    at: str
    status: str
    rows_done: int


@dataclass(frozen=True)
class Overview:
    """What there is to know at a glance.

    Attributes
    ----------
    published : PublishedSurface, None where nothing is scored
    imports : sequence of ImportLine, None for those who may not know
    n_users, n_able, n_sessions, n_jobs, n_scoring : int
        Users, those of them who may sign in, sessions, imports under way, surfaces that are being scored.
    version : str
    problem : str, why the data folder cannot be read, None where it can
    """

    published: PublishedSurface | None
    imports: Sequence[ImportLine] | None
    n_users: int
    n_able: int
    n_sessions: int
    n_jobs: int
    n_scoring: int
    version: str
    problem: str | None = None


@dataclass(frozen=True)
class SurfaceLine:
    """A surface in the data folder; its manifest is empty where it cannot be read."""

    id: str
    saved_at: str
    size: int
    is_published: bool
    problem: str
    manifest: Mapping[str, Any] = field(default_factory=dict)


def render_admin_page(lang: str, overview: Overview, *, query: Query = ()) -> str:
    """Render the overview, served at ``/admin``."""
    published = overview.published
    told = None
    if published is not None:
        told = {
            "id": published.id,
            "at": format_day_of(lang, published.at),
            "created": _moment(lang, published.created),
            "sectors": _name_sectors(lang, published.sectors),
            "cell": _say_cell(lang, published.cell_m),
            "model": published.model_version,
            "oldest": format_day_of(lang, published.oldest),
            "newest": format_day_of(lang, published.newest),
            "stale": [translate(lang, LAYERS[name].title) for name in published.stale_layers if name in LAYERS],
            "is_stale": bool(published.stale_layers),
        }
    return render_page(
        "admin.html",
        lang,
        "",
        query,
        here="overview",
        published=told,
        overview=overview,
        imports=None if overview.imports is None else [say_import(lang, each) for each in overview.imports],
        synthetic=published is not None and published.synthetic,
    )


def render_surfaces_page(
    lang: str, surfaces: Iterable[SurfaceLine], *, done: str = "", faults: Sequence[Fault] = (), query: Query = ()
) -> str:
    """Render the surfaces of the data folder, served at ``/admin/surfaces``.

    Parameters
    ----------
    lang : str
    surfaces : iterable of SurfaceLine, newest first
    done : str
        ``published``: what has just been done.
    faults : sequence of Fault
    query : pairs of str

    Returns
    -------
    str
    """
    lines = list(surfaces)
    published = next((each.saved_at for each in lines if each.is_published), "")
    return render_page(
        "admin_surfaces.html",
        lang,
        "../",
        [pair for pair in query if pair[0] != "done"],
        here="surfaces",
        surfaces=[_say_surface(lang, each, published) for each in lines],
        done=done,
        synthetic=False,
        **say_faults(lang, faults),
    )


def render_publish_page(
    lang: str,
    surface: SurfaceLine,
    published: SurfaceLine | None,
    *,
    form_token: str,
    faults: Sequence[Fault] = (),
    query: Query = (),
) -> str:
    """Render the question whether a surface is to be published, served at ``/admin/surfaces/{surface_id}/publish``.

    Parameters
    ----------
    lang : str
    surface : SurfaceLine, to be published
    published : SurfaceLine, published until now; None for the first
    form_token : str
        Without it the form is not taken.
    faults : sequence of Fault
    query : pairs of str

    Returns
    -------
    str
    """
    since = "" if published is None else published.saved_at
    return render_page(
        "admin_publish.html",
        lang,
        "../../../",
        query,
        here="surfaces",
        surface=_say_surface(lang, surface, since),
        published=None if published is None else _say_surface(lang, published, since),
        form_token=form_token,
        synthetic=False,
        **say_faults(lang, faults),
    )


def render_jobs_page(
    lang: str,
    *,
    jobs: Iterable[JobLine],
    imports: Iterable[ImportLine],
    n_scoring: int,
    n_scoring_places: int,
    n_import_places: int,
    query: Query = (),
) -> str:
    """Render imports under way and past, and how many surfaces wait, served at ``/admin/jobs``.

    Parameters
    ----------
    lang : str
    jobs : iterable of JobLine, newest first
    imports : iterable of ImportLine, newest first
    n_scoring, n_scoring_places : int
        Surfaces that are being scored or wait, and how many may.
    n_import_places : int
        How many imports may run and wait together.
    query : pairs of str

    Returns
    -------
    str
    """
    return render_page(
        "admin_jobs.html",
        lang,
        "../",
        query,
        here="jobs",
        jobs=[
            {
                "id": each.id,
                "title": translate(lang, LAYERS[each.layer].title),
                "files": each.files,
                "at": _moment(lang, each.at),
                "status": _say_status(lang, each.status),
                "is_over": each.status in {"done", "failed"},
                "rows_done": each.rows_done,
            }
            for each in jobs
        ],
        imports=[say_import(lang, each) for each in imports],
        n_scoring=n_scoring,
        n_scoring_places=n_scoring_places,
        n_import_places=n_import_places,
        synthetic=False,
    )


def _say_status(lang: str, status: str) -> str:
    said = {
        "waiting": translate(lang, "Waits"),
        "running": translate(lang, "Is being imported"),
        "done": translate(lang, "Done"),
        "failed": translate(lang, "Failed"),
    }
    return said.get(status, status)


def say_import(lang: str, line: ImportLine) -> dict[str, Any]:
    """An import in words."""
    return {
        "id": line.import_id,
        "title": translate(lang, LAYERS[line.layer].title),
        "source": line.source,
        "at": _moment(lang, line.at),
        "importer": line.importer,
        "accepted": line.accepted,
        "quarantined": line.quarantined,
    }


def _say_surface(lang: str, line: SurfaceLine, published_at: str) -> dict[str, Any]:
    """A surface in words; earlier than the published one means that publishing it goes back."""
    manifest = line.manifest
    cell_m = manifest.get("grid", {}).get("cell_m")
    return {
        "id": line.id,
        "at": format_day_of(lang, manifest.get("at")),
        "sectors": _name_sectors(lang, manifest.get("sectors")),
        "cell": "" if cell_m is None else _say_cell(lang, float(cell_m)),
        "model": str(manifest.get("model_version", "")),
        "saved": _moment(lang, line.saved_at),
        "size": _say_size(lang, line.size),
        "is_published": line.is_published,
        "is_earlier": line.saved_at < published_at,
        "synthetic": bool(manifest.get("synthetic")),
        "problem": line.problem,
        "manifest": json.dumps(dict(manifest), indent=2, ensure_ascii=False, sort_keys=True, default=str),
    }


def _name_sectors(lang: str, codes: Iterable[str] | None) -> list[str]:
    table = read_table("sectors")
    names = dict(zip(table["sector"], table["title_sv" if lang == "sv" else "title"], strict=True))
    return [names.get(code, code) for code in codes or ()]


def _say_cell(lang: str, cell_m: float) -> str:
    return f"{format_number(lang, cell_m)}\u00a0m"


def _say_size(lang: str, size: int) -> str:
    return f"{format_number(lang, size / _KIB**2, 1)}\u00a0MiB"


def _moment(lang: str, text: str | None) -> str:
    try:
        return say_moment(lang, datetime.fromisoformat(text or "").timestamp())
    except ValueError:
        return text or ""
