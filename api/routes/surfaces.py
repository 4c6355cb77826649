"""Surfaces: which there are, what each is in figures, and scores on demand."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.auth import TheUser
from api.params import (
    AtParameter,
    CurrentSnapshot,
    LanguageParameter,
    SectorsParameter,
    SurfaceByPath,
    TheService,
    WeightsParameter,
    known_parameters_only,
    parse_weights,
)
from api.schemas import SurfaceInfo, SurfacesAnswer
from api.service import Snapshot
from api.shelf import Asker
from api.surfaces import ServedSurface
from api.viewers import TheUserName, require_weights_role
from api.witness import TheWitness
from maps.answers import translate_surface

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["surfaces"], dependencies=[Depends(known_parameters_only)])

LatestParameter = Annotated[
    bool,
    Query(description="Give up what you asked for with it before, if that still waits: for sliders that are dragged"),
]


def choose_weights(user: TheUser, weight: WeightsParameter = None) -> dict[str, float]:
    """Points by component that take the place of the published ones, for roles that may change them."""
    if weight:
        require_weights_role(user)
    return parse_weights(weight)


ChosenWeights = Annotated[dict[str, float], Depends(choose_weights)]


@router.get("/surfaces", summary="Surfaces", response_model=SurfacesAnswer)
def list_surfaces(
    service: TheService, snapshot: CurrentSnapshot, user: TheUserName, lang: LanguageParameter = "en"
) -> dict[str, Any]:
    """The published surface first, then those scored on demand that are still in memory."""
    published = snapshot.published
    there = service.shelf.list(Asker(snapshot.circle, user))
    others = [served for served in there if published is None or served.id != published.id]
    served = [*([published] if published else []), *reversed(others)]
    return {
        "current": published.id if published else None,
        "surfaces": [_describe(lang, snapshot, one) for one in served],
    }


@router.get("/surfaces/{surface}", summary="A surface", response_model=SurfaceInfo)
def get_surface(snapshot: CurrentSnapshot, served: SurfaceByPath, lang: LanguageParameter = "en") -> dict[str, Any]:
    """Date, classes, states, layers, weights, and how it compares with plain employee density."""
    return _describe(lang, snapshot, served)


@router.get("/score", summary="Score on demand", response_model=SurfaceInfo)
async def score_on_demand(
    service: TheService,
    snapshot: CurrentSnapshot,
    points: ChosenWeights,
    witness: TheWitness,
    at: AtParameter = None,
    sector: SectorsParameter = None,
    latest: LatestParameter = False,
    lang: LanguageParameter = "en",
) -> dict[str, Any]:
    """The surface for a date, a choice of sectors and, if wanted, other weights, scored now unless it is in memory.

    Grid and all else are those of the published surface. The answer's id is what other routes take as `surface`; a
    bounded number of such surfaces is kept, so an id can be gone later (404). One with other weights is yours alone:
    `changed_weights` says what differs, and who does not ask for the same weights gets 404. It takes the place of what
    you asked for before, if that still waits; the answer to that is then 409.
    """
    future = service.score(snapshot, at, sector, points, user=witness.user_id, is_dragging=latest)
    # shielded: others may wait for the same surface when this client goes away
    served = await asyncio.shield(asyncio.wrap_future(future))
    await asyncio.to_thread(witness.see, "surface-scored", served.id)
    return await asyncio.to_thread(_describe, lang, snapshot, served)


def _describe(lang: str, snapshot: Snapshot, served: ServedSurface) -> dict[str, Any]:
    is_published = snapshot.published is not None and served.id == snapshot.published.id
    hashes = _hashes(served)
    is_newer = (
        snapshot.published is not None
        and hashes != _hashes(snapshot.published)
        # one that was saved before the published one is older
        and all(snapshot.layers.hashes.get(name) == digest for name, digest in hashes.items())
    )
    return {**translate_surface(lang, served.describe()), "is_published": is_published, "is_newer": is_newer}


def _hashes(served: ServedSurface) -> dict[str, str]:
    return {name: entry["sha256"] for name, entry in served.surface.manifest["layers"].items()}
