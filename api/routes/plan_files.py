"""A plan's files: a brief to print, and forms for calendars, navigators, spreadsheets and maps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from api.auth import TheUser
from api.errors import ForbiddenError
from api.params import CurrentSnapshot, LanguageParameter, TheService, known_parameters_only
from api.viewers import TheCircle
from api.witness import TheWitness
from geo.errors import NotFoundError
from geo.layers.circles import INNER_CIRCLE
from geo.planning.plan import look_at_sites
from geo.store.plans import find_plan
from maps.plan_files import FORMS, Stamp, name_file
from maps.plan_names import withhold_names

__all__ = ["router"]

router = APIRouter(tags=["plans"])


def require_inner_circle(circle: TheCircle) -> None:
    """Refuse what names sites of a plan to those outside the circle that plans are made in.

    Raises
    ------
    ForbiddenError
    """
    if circle != INNER_CIRCLE:
        message = "Files of plans name sites that your circle may not see."
        raise ForbiddenError(message)


@router.get(
    "/plans/{plan_id}/files/{form}",
    summary="A plan as a file",
    response_class=Response,
    dependencies=[Depends(known_parameters_only), Depends(require_inner_circle)],
    responses={
        200: {"content": {form.media_type.partition(";")[0]: {} for form in FORMS.values()}, "description": "The file"},
        403: {},
        501: {},
    },
)
def get_plan_file(
    service: TheService,
    snapshot: CurrentSnapshot,
    user: TheUser,
    circle: TheCircle,
    plan_id: Annotated[str, Path(description="Id of a plan")],
    form: Annotated[str, Path(description=f"Form of the file: {', '.join(FORMS)}")],
    witness: TheWitness,
    lang: LanguageParameter = "sv",
) -> Response:
    """A plan as PDF, calendar, GPX, XLSX, CSV or GeoPackage, with its classification, who made it and when.

    Nothing keeps the file on the way, and that it was made is noted in the log of what was done. A brief (PDF) takes
    seconds; where several wait already, the answer is 503 with `Retry-After`.
    """
    if form not in FORMS:
        message = f"There is no form {form!r}; there are {', '.join(FORMS)}."
        raise NotFoundError(message)
    chosen, home = FORMS[form], service.settings.home
    stored, files = find_plan(home, plan_id, circle), service.plan_files
    now, layers = witness.now, snapshot.layers
    changed = datetime.fromisoformat(stored.changed_at)
    plan, sites = withhold_names(lang, stored.plan, layers), look_at_sites(stored.plan, layers)
    stamp = Stamp(stored.version, user.name, datetime.fromtimestamp(now, UTC), changed, sites)
    with (files.briefs if chosen.is_drawn else files.others).take():
        content = chosen.write(plan, stamp, lang, files.find_ground(snapshot) if chosen.is_drawn else None)
    witness.note("plan-exported", f"{plan.plan_id} {form} v{stored.version}")
    disposition = f'attachment; filename="{name_file(plan, chosen)}"'
    headers = {"Cache-Control": "no-store", "Content-Disposition": disposition}
    return Response(content, media_type=chosen.media_type, headers=headers)
