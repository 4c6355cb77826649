"""The routes, one module per subject."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes import (
    accounts,
    admin,
    admin_surfaces,
    admin_users,
    areas,
    cells,
    charts,
    compare,
    field,
    health,
    help,
    import_pages,
    imports,
    live,
    oidc,
    pages,
    places,
    plan_files,
    plan_pages,
    plans,
    reference,
    saved_views,
    scenarios,
    search,
    shortlist,
    sites,
    surfaces,
    tiles,
)

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    pages.router,
    field.router,
    tiles.router,
    surfaces.router,
    live.router,
    compare.router,
    cells.router,
    scenarios.router,
    charts.router,
    help.router,
    places.router,
    areas.router,
    sites.router,
    search.router,
    reference.router,
    saved_views.router,
    shortlist.router,
    plan_pages.router,
    plans.router,
    plan_files.router,
    imports.router,
    import_pages.router,
    health.router,
    accounts.router,
    admin.router,
    admin_users.router,
    admin_surfaces.router,
    oidc.router,
)
