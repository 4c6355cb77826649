"""Which release is running."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["find_version"]


def find_version() -> str:
    """Version of the installed program; ``0`` in a checkout that is not installed."""
    try:
        return version("norrsyn")
    except PackageNotFoundError:
        return "0"
