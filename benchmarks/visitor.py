"""Who asks the server in benchmarks."""

from __future__ import annotations

from pathlib import Path

__all__ = ["sign_in"]


def sign_in(home: Path, url: str) -> dict[str, str]:  # noqa: ARG001  nobody signs in yet
    """Cookies of somebody who may see everything."""
    return {}
