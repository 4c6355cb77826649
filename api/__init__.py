"""Norrsyn over HTTP and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.auth.passwords import Passwords
    from api.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings | None = None, *, passwords: Passwords | None = None) -> FastAPI:
    """The application; see `api.app.create_app`."""
    # The command line lives in this package too, and `norrsyn --help` should not wait for FastAPI and the layers.
    from api.app import create_app as create  # noqa: PLC0415

    return create(settings, passwords=passwords)
