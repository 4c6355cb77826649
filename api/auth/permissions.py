"""Who may do what: the one table. What is not in it is there for nobody.

A row is a method and the path of a route as it is written at the route (a mounted folder has its own path), and who may
use it: roles, everybody who is signed in, or everybody. `api.auth.doors` enforces it on every request; a test holds it
against the routes that there are, in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from geo.store.people.users import ROLES

__all__ = ["PERMISSIONS", "PUBLIC", "SIGNED_IN", "Rule", "find_rule", "is_allowed", "list_pages"]

Rule = frozenset[str]

PUBLIC: Final[Rule] = frozenset({"everybody"})
SIGNED_IN: Final[Rule] = frozenset(ROLES) | {"signed in"}

_MAP: Final[Rule] = frozenset({"planner", "analyst", "coordinator"})
_PLAN: Final[Rule] = frozenset({"planner", "coordinator"})
_IMPORTS: Final[Rule] = frozenset({"analyst", "admin"})
_ADMIN: Final[Rule] = frozenset({"admin"})
_AUDIT: Final[Rule] = frozenset({"admin", "auditor"})
# share links are made by coordinators, approved and revoked by administrators too, and read by auditors
_LINKS_MADE: Final[Rule] = frozenset({"coordinator"})
_LINKS_KEPT: Final[Rule] = _LINKS_MADE | {"admin"}
_LINKS_SEEN: Final[Rule] = _LINKS_KEPT | {"auditor"}


def _rows(rule: Rule, *routes: str) -> Iterable[tuple[tuple[str, str], Rule]]:
    for route in routes:
        method, path = route.split(" ")
        yield (method, path), rule


PERMISSIONS: Mapping[tuple[str, str], Rule] = MappingProxyType(
    dict(
        [
            *_rows(
                PUBLIC,
                "GET /healthz",
                "GET /sw.js",
                "GET /i18n/{lang}.json",
                "GET /static",
                "GET /static/leaflet",
                "GET /sign-in",
                "POST /sign-in",
                "GET /sign-in/oidc",
                "GET /sign-in/oidc/return",
                "GET /welcome/{token}",
                "POST /welcome/{token}",
                "POST /sign-out",
                "GET /help/accessibility",
                # a share link and what it shows: each looks for a good link itself, whoever is signed in
                "GET /s/{token:path}",
                "POST /s/{token:path}",
                "GET /share",
                "GET /share/print",
                "GET /share/skeleton.js",
                "GET /share/skeleton.css",
                "GET /share/ground.json",
                "GET /share/tiles/{z}/{x}/{y}.png",
                "GET /share/cells.json",
                "GET /share/cells.csv",
                "GET /share/cells/{square_id}",
                "POST /share/leave",
            ),
            *_rows(
                SIGNED_IN,
                "GET /account",
                "POST /account/password",
                "POST /account/sessions",
                "GET /api/me",
                "GET /signed-in",
                "GET /openapi.json",
                "GET /help/glossary",
                "GET /help/model",
            ),
            *_rows(
                _MAP,
                "GET /",
                "GET /surfaces/{surface}",
                "GET /map/skeleton.js",
                "GET /map/skeleton.css",
                "GET /tiles/{surface}/{z}/{x}/{y}.png",
                "GET /api/surfaces",
                "GET /api/surfaces/{surface}",
                "GET /api/score",
                "GET /api/season",
                "GET /api/distribution",
                "GET /api/filters",
                "POST /api/area",
                "GET /api/compare",
                "GET /tiles/compare/{surface}/{other}/{z}/{x}/{y}.png",
                "GET /charts",
                "GET /charts/{name}.svg",
                "GET /api/charts/{name}",
                "GET /picture",
                "GET /picture/charts/{chart}.svg",
                "GET /picture/files/{form}",
                "GET /api/cells/at",
                "GET /api/cells/{cell_id}",
                "GET /api/cells/{cell_id}/certainty",
                "GET /api/cells/{cell_id}/smallest-change",
                "POST /api/what-if",
                "GET /api/top",
                "GET /api/places",
                "GET /api/sites",
                "GET /api/sites/nearest",
                "GET /api/sites/{layer}/{record_id:path}",
                "GET /api/search",
                "GET /api/reference",
                "GET /api/reference/{table}",
                "GET /api/layers",
                "GET /api/basemap",
                "GET /api/views",
                "POST /api/views",
                "PUT /api/views/{view_id}",
                "DELETE /api/views/{view_id}",
                "GET /api/shortlist",
                "POST /api/shortlist",
                "PUT /api/shortlist/{entry_id}",
                "DELETE /api/shortlist/{entry_id}",
                "GET /api/plans",
                "GET /api/plans/{plan_id}",
                "GET /api/plans/{plan_id}/request",
                "GET /plans/{plan_id}/files/{form}",
            ),
            *_rows(
                _PLAN,
                "POST /api/plans",
                "PUT /api/plans/{plan_id}/request",
                "POST /api/plans/{plan_id}/optimise",
                "PUT /api/plans/{plan_id}/routes",
                "POST /api/plans/{plan_id}/moves",
                "PUT /api/plans/{plan_id}/checklist/{item}",
                "PUT /api/plans/{plan_id}/justifications",
                "POST /api/plans/{plan_id}/comments",
                "POST /api/plans/{plan_id}/outcomes",
            ),
            *_rows(_MAP, "GET /plans", "GET /plans/{plan_id}"),
            *_rows(_PLAN, "GET /plans/new"),
            *_rows(_LINKS_SEEN, "GET /links", "GET /links/{link_id}", "GET /api/links", "GET /api/links/{link_id}"),
            *_rows(
                _LINKS_MADE, "GET /links/new", "POST /links/new", "POST /api/links", "POST /api/links/{link_id}/issue"
            ),
            *_rows(
                _LINKS_KEPT,
                "POST /links",
                "POST /links/{link_id}",
                "POST /api/links/revoke",
                "POST /api/links/{link_id}/approve",
                "POST /api/links/{link_id}/extend",
                "POST /api/links/{link_id}/revoke",
            ),
            *_rows(
                _IMPORTS,
                "GET /import",
                "GET /import/jobs/{job_id}",
                "GET /import/{import_id}",
                "POST /api/imports",
                "GET /api/imports",
                "GET /api/imports/jobs/{job_id}",
                "GET /api/imports/jobs/{job_id}/events",
                "GET /api/imports/{import_id}",
                "GET /api/imports/{import_id}/quarantine",
                "GET /api/imports/{import_id}/quarantine.csv",
            ),
            *_rows(
                _ADMIN,
                "GET /admin",
                "GET /admin/users",
                "POST /admin/users",
                "GET /admin/users/{user_id}",
                "POST /admin/users/{user_id}",
                "GET /admin/surfaces",
                "GET /admin/surfaces/{surface_id}/publish",
                "POST /admin/surfaces/{surface_id}/publish",
                "GET /admin/jobs",
                "GET /admin/settings",
                "GET /admin/audit",
            ),
            *_rows(_AUDIT, "GET /audit", "GET /audit/events.csv"),
        ]
    )
)


def find_rule(method: str, path: str) -> Rule | None:
    """Who may use a route; None: nobody, it is not in the table."""
    return PERMISSIONS.get((method, path))


def is_allowed(roles: Iterable[str] | None, rule: Rule) -> bool:
    """Whether somebody with these roles (None: nobody is signed in) may do what a rule guards."""
    if rule is PUBLIC:
        return True
    if roles is None:
        return False
    return rule is SIGNED_IN or not rule.isdisjoint(roles)


def list_pages(roles: Iterable[str]) -> frozenset[str]:
    """Paths of everything that somebody with these roles may look at."""
    held = frozenset(roles)
    return frozenset(path for (method, path), rule in PERMISSIONS.items() if method == "GET" and is_allowed(held, rule))
