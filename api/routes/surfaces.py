"""Surfaces: which there are, what each is in figures, and scores on demand."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends

from api.params import (
    AtParameter,
    CurrentSnapshot,
    LanguageParameter,
    SectorsParameter,
    SurfaceByPath,
    TheService,
    known_parameters_only,
)
from api.schemas import SurfaceInfo, SurfacesAnswer
from maps.answers import translate_surface

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["surfaces"], dependencies=[Depends(known_parameters_only)])


@router.get("/surfaces", summary="Surfaces", response_model=SurfacesAnswer)
def list_surfaces(service: TheService, snapshot: CurrentSnapshot, lang: LanguageParameter = "en") -> dict[str, Any]:
    """The published surface first, then those scored on demand that are still in memory."""
    published = snapshot.published
    others = [served for served in service.shelf.list() if published is None or served.id != published.id]
    served = [*([published] if published else []), *reversed(others)]
    return {
        "current": published.id if published else None,
        "surfaces": [translate_surface(lang, one.describe()) for one in served],
    }


@router.get("/surfaces/{surface}", summary="A surface", response_model=SurfaceInfo)
def get_surface(served: SurfaceByPath, lang: LanguageParameter = "en") -> dict[str, Any]:
    """Date, classes, states, layers, weights, and how it compares with plain employee density."""
    return translate_surface(lang, served.describe())


@router.get("/score", summary="Score on demand", response_model=SurfaceInfo)
async def score_on_demand(
    service: TheService,
    snapshot: CurrentSnapshot,
    at: AtParameter = None,
    sector: SectorsParameter = None,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """The surface for a date and a choice of sectors, scored now unless it is in memory.

    Grid and weights are those of the published surface. The answer's id is what other routes take as `surface`; a
    bounded number of such surfaces is kept, so an id can be gone later (404).
    """
    future = service.score(snapshot, at, sector)
    # shielded: others may wait for the same surface when this client goes away
    served = await asyncio.shield(asyncio.wrap_future(future))
    return translate_surface(lang, await asyncio.to_thread(served.describe))
