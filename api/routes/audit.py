"""The log of what was done: a page to look through it and to verify it, and a file of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, StreamingResponse

from api.auth import TheUser
from api.days import begin_day, end_day
from api.params import TheService, known_parameters_only
from api.routes.admin import NO_STORE, list_import_lines
from api.routes.pages import PageLanguage
from api.service import Service
from api.viewers import require_inner_circle
from api.witness import TheWitness, Witness
from geo.errors import ParameterError
from geo.layers.circles import INNER_CIRCLE
from geo.store.people.attempts import count_failures
from geo.store.people.chain import LogRow
from geo.store.people.events import KINDS, EventFilter, list_events
from geo.store.people.heads import keep_head
from geo.store.people.log_files import read_log, write_csv
from geo.store.people.verifying import Verdict, verify_log
from maps.i18n import pick_language
from maps.pages.audit import AuditForm, AuditPage, LoggedEvent, render_audit_page

__all__ = ["router"]

router = APIRouter(tags=["admin"])

_EVENTS, _IMPORTS, _MAX_TEXT = 100, 25, 200
_FIELDS = ("what", "who", "thing", "from", "to", "before", "check")


@dataclass(frozen=True)
class _Days:
    """Two days as they were typed, and the moments that they mean; what is no day counts as none, and is told."""

    first: str
    last: str
    since: float | None
    until: float | None
    wrong: tuple[str, ...]


def _read_days(
    first: Annotated[str, Query(alias="from", max_length=_MAX_TEXT, description="First day, YYYY-MM-DD")] = "",
    last: Annotated[str, Query(alias="to", max_length=_MAX_TEXT, description="Last day, YYYY-MM-DD")] = "",
) -> _Days:
    moments: dict[str, float | None] = {"from": None, "to": None}
    wrong = []
    for name, text, find in (("from", first, begin_day), ("to", last, end_day)):
        try:
            moments[name] = find(text.strip()) if text.strip() else None
        except ParameterError:
            wrong.append(name)
    return _Days(first, last, moments["from"], moments["to"], tuple(wrong))


_TheDays = Annotated[_Days, Depends(_read_days)]


@dataclass(frozen=True)
class _Asked:
    """What of the log is wanted."""

    form: AuditForm
    wanted: EventFilter
    before: int | None
    is_check: bool
    wrong: tuple[str, ...]


def _read_asked(
    days: _TheDays,
    what: Annotated[str, Query(max_length=_MAX_TEXT, description="Only events of this kind")] = "",
    who: Annotated[str, Query(max_length=_MAX_TEXT, description="Part of a name, or an id of a user")] = "",
    thing: Annotated[str, Query(max_length=_MAX_TEXT, description="Part of what events are about")] = "",
    before: Annotated[
        int | None, Query(description="Only events older than the one of this number", ge=1, le=2**53)
    ] = None,
    check: Annotated[bool, Query(description="Whether to verify the whole log now")] = False,
) -> _Asked:
    kind = what if what in KINDS else ""
    form = AuditForm(kind, who.strip(), thing.strip(), days.first, days.last)
    # a database cannot compare with it, and no event holds it
    user, about = (text.replace("\0", "\N{REPLACEMENT CHARACTER}") for text in (form.who, form.thing))
    return _Asked(form, EventFilter(kind, user, about, days.since, days.until), before, check, days.wrong)


_TheAsked = Annotated[_Asked, Depends(_read_asked)]


@router.get("/admin/audit", summary="Log of what was done, for admins", response_class=HTMLResponse)
def show_audit_to_admins(
    request: Request,
    service: TheService,
    user: TheUser,
    asked: _TheAsked,
    witness: TheWitness,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """Who did and saw what, when and on which basis, newest first; sign-ins that failed; whether the chain holds."""
    return _show(request, service, user.circle, asked, witness, lang, "../")


@router.get("/audit", summary="Log of what was done", response_class=HTMLResponse)
def show_audit(
    request: Request,
    service: TheService,
    user: TheUser,
    asked: _TheAsked,
    witness: TheWitness,
    lang: PageLanguage = None,
) -> HTMLResponse:
    """The same for auditors, who see nothing else."""
    return _show(request, service, user.circle, asked, witness, lang, "")


@router.get(
    "/audit/events.csv",
    summary="The log as a file",
    response_class=StreamingResponse,
    dependencies=[Depends(known_parameters_only), Depends(require_inner_circle)],
    responses={200: {"content": {"text/csv": {}}}},
)
def download_audit(service: TheService, days: _TheDays, witness: TheWitness) -> StreamingResponse:
    """Every event of some days, with its hashes, for `norrsyn audit verify --file`; that it was made is noted.

    For the circle that sees every record only: events name records.
    """
    if days.wrong:
        message = f"{' and '.join(days.wrong)}: write days such as 2026-07-15."
        raise ParameterError(message)
    witness.note("audit-exported", f"csv {days.first}–{days.last}" if days.first or days.last else "csv")
    headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="norrsyn-audit.csv"'}
    content = _encode(read_log(service.settings.home, days.since, days.until))
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


def _encode(rows: Iterator[tuple[str, LogRow]]) -> Iterator[bytes]:
    batch: list[str] = []
    for line in write_csv(rows):
        batch.append(line)
        if len(batch) == _EVENTS:
            yield "".join(batch).encode()
            batch = []
    yield "".join(batch).encode()


def _show(
    request: Request,
    service: Service,
    circle: str,
    asked: _Asked,
    witness: Witness,
    lang: str | None,
    root: str,
) -> HTMLResponse:
    home = service.settings.home
    # also that somebody looks at the log
    witness.see("audit-viewed")
    verdict = _verify(service, witness) if asked.is_check else None
    wanted = replace(asked.wanted, hides_records=circle != INNER_CIRCLE)
    total, events = list_events(home, wanted, before=asked.before, limit=_EVENTS + 1)
    failed = count_failures(home, now=witness.now)
    shown = AuditPage(
        events=[
            LoggedEvent(each.event_id, each.at, each.user_name, each.what, each.about, each.basis, each.is_emptied)
            for each in events[:_EVENTS]
        ],
        n_events=total,
        has_older=len(events) > _EVENTS,
        verdict=verdict,
        keep_days=service.settings.audit_days,
        failures={
            "n_failures": failed.n_failures,
            "n_addresses": failed.n_addresses,
            "n_names": failed.n_names,
            "n_waiting": failed.n_waiting,
        },
        imports=list_import_lines(service, _IMPORTS) if circle == INNER_CIRCLE else None,
    )
    page = render_audit_page(
        pick_language(lang),
        shown,
        form=asked.form,
        wrong=asked.wrong,
        root=root,
        query=[pair for pair in request.query_params.multi_items() if pair[0] not in _FIELDS],
    )
    return HTMLResponse(page, headers=NO_STORE)


def _verify(service: Service, witness: Witness) -> Verdict:
    home = service.settings.home
    verdict = verify_log(home)
    if verdict.fault is None:
        keep_head(home, verdict.head)
    found = [] if verdict.fault is None else [f"{verdict.fault.number}: {verdict.fault.way}"]
    found += [f"share link {each.link_id}: {each.way}" for each in verdict.links]
    witness.note("audit-verified", "; ".join(found))
    return verdict
