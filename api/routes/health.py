"""Whether the service can answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.params import CurrentSnapshot, TheService
from api.release import find_version
from api.schemas import Health

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Health", response_model=Health)
def check_health(service: TheService, snapshot: CurrentSnapshot) -> dict[str, Any]:
    """200 whenever requests are answered, with what they are answered from; also before anything is scored."""
    published = snapshot.published
    return {
        "status": "ok",
        "surface": published.id if published else None,
        "stale": bool(published and published.surface.stale_layers),
        "layers": {name: len(frame) for name, frame in snapshot.layers.items() if len(frame)},
        "synthetic": snapshot.layers.is_synthetic,
        "version": find_version(),
        "problem": "The data folder has changed and cannot be read." if service.problem else None,
    }
