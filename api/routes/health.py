"""Whether the service can answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.params import TheService
from api.release import find_version
from api.schemas import Health

__all__ = ["router"]

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Health", response_model=Health)
def check_health(service: TheService) -> dict[str, Any]:
    """200 whenever requests are answered, also before anything is scored. Everybody may ask, so no data is told."""
    return {
        "status": "ok",
        "is_scored": service.snapshot().published is not None,
        "version": find_version(),
        "problem": "The data folder has changed and cannot be read." if service.problem else None,
    }
