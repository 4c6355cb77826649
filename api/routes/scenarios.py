"""How sure a score is, what would change it least, and what would follow if something changed."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from api.bodies import SmallBodyRoute
from api.params import LanguageParameter, OneSurface, TheService, known_parameters_only
from api.scenario_schemas import CertaintyAnswer, SmallestChangeAnswer, WhatIfAnswer, WhatIfRequest
from geo.risk.uncertainty import Uncertainty
from geo.risk.what_if import what_if
from maps.scenario_answers import describe_certainty, describe_smallest_change, describe_what_if

__all__ = ["router"]

MAX_K = 500
# as many as a person waits for: half a minute at 1 km
_DELTA_DRAWS = 200

router = APIRouter(
    prefix="/api", tags=["scenarios"], dependencies=[Depends(known_parameters_only)], route_class=SmallBodyRoute
)

CellId = Annotated[str, Path(description="INSPIRE id, SCB id, or `r<row>c<col>` on a grid that is not aligned")]
TopParameter = Annotated[int, Query(alias="k", ge=1, le=MAX_K, description="How many cells are the highest")]


def start_drawing(service: TheService, served: OneSurface, k: TopParameter = 20) -> Future[Uncertainty]:
    """How sure the surface's scores are, there or being drawn from now on."""
    return served.ask_uncertainty(k, service.drawing, service.turns)


Drawn = Annotated[Future[Uncertainty], Depends(start_drawing)]


@router.get("/cells/{cell_id}/certainty", summary="How sure a cell is", response_model=CertaintyAnswer)
async def get_certainty(
    service: TheService, served: OneSurface, drawn: Drawn, cell_id: CellId, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """A 90 % interval of the score, and the probability of being among the k highest, by simulation.

    The first question about a surface takes some seconds; the answers to the others are there at once. Where it takes
    longer than 20 s, the answer is 503 with `Retry-After`, and it is drawn meanwhile.
    """
    uncertainty = await service.drawing.wait(drawn)
    return await asyncio.to_thread(describe_certainty, lang, served.surface, uncertainty, cell_id)


@router.get("/cells/{cell_id}/smallest-change", summary="What would lower it", response_model=SmallestChangeAnswer)
def get_smallest_change(
    service: TheService, served: OneSurface, cell_id: CellId, k: TopParameter = 20, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """The smallest change that would take a cell out of the k highest: of one component, or of a few records."""
    with service.turns.take():
        change = served.surface.smallest_change(cell_id, k)
    return describe_smallest_change(lang, served.surface, served.names, change)


@router.post("/what-if", summary="What if", response_model=WhatIfAnswer)
def ask_what_if(
    service: TheService, served: OneSurface, asked: WhatIfRequest, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """The surface after some changes, on the same scale: the cells that move most, and one of them explained.

    Nothing is written. The request is a POST because changes do not fit into an address.
    """
    draws = _DELTA_DRAWS if asked.interval else 0
    with service.turns.take():
        found = what_if(served.surface, [change.make() for change in asked.changes])
        return describe_what_if(lang, found, served.names, asked.n, asked.cell_id, draws)
