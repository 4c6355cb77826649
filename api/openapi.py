"""The OpenAPI description, with every failure as the problem details that it really is."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from api.errors import PROBLEM_TYPE, Problem

__all__ = ["TAGS", "describe_api"]

TAGS = [
    {"name": "pages", "description": "Pages for people, and what they are made of"},
    {"name": "tiles", "description": "Score classes as map tiles"},
    {"name": "surfaces", "description": "Scored surfaces, published or made on demand"},
    {"name": "cells", "description": "Why a cell has its score"},
    {"name": "scenarios", "description": "How sure a score is, what would change it least, and what-ifs"},
    {"name": "ranking", "description": "The highest cells and places"},
    {"name": "areas", "description": "What stands and has happened in a drawn area"},
    {"name": "sites", "description": "Workplaces, accommodation and establishments"},
    {"name": "charts", "description": "Figures as pictures (SVG) and as numbers"},
    {"name": "search", "description": "Places by name, id or coordinates"},
    {"name": "imports", "description": "Files into the store: progress, the report of every row, quarantine"},
    {"name": "reference", "description": "Reference tables, layers and the base map"},
    {"name": "saved", "description": "What a user keeps: views of the map, and the shortlist"},
    {"name": "plans", "description": "Joint inspections: drafted, approved, carried out and closed, and their files"},
    {"name": "links", "description": "Share links: made, approved, issued, extended and revoked"},
    {"name": "share", "description": "What a share link shows to its recipient, who has no account"},
    {"name": "accounts", "description": "Signing in, and one's own account"},
    {"name": "admin", "description": "Users, surfaces, jobs and settings, and the log of what was done"},
    {"name": "health", "description": "Whether the service can answer"},
]
_DESCRIPTION = """\
Where the next joint inspection against labour exploitation in northern Sweden should go.

`lon` and `lat` are degrees in WGS84, `easting` and `northing` metres in EPSG:3006 (SWEREF 99 TM). Every failure is a
problem document (RFC 9457, `application/problem+json`). Scores are of places, never of persons.
"""
_EVERYWHERE = {
    "401": "Nobody is signed in, or the session has ended",
    "421": "The request names another host than this machine",
    "500": "Something went wrong; the server's log says what",
    "503": "Too much is asked for at once, or the data folder cannot be read; try again",
}
# what a route says itself, with the words for it
_SOMEWHERE = {
    "403": "Another site asks, or whoever is signed in has no role for it",
    "409": "It was changed meanwhile; `current` is what is stored now",
    "408": "The file stopped coming",
    "413": "The files are too large",
    "501": "The server lacks a library of the system that this needs; the detail says which",
}
_PLACEHOLDER = "#/components/schemas/{model}"


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes, tags=TAGS
        )
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        definitions = models_json_schema([(Problem, "serialization")], ref_template=_PLACEHOLDER)[1]
        schemas.update(definitions["$defs"])
        names = _name_operations(app)
        for path, operations in document["paths"].items():
            for verb, operation in operations.items():
                operation["operationId"] = names[path, verb]
                _describe_failures(verb, operation)
        app.openapi_schema = document
    return app.openapi_schema


def _name_operations(app: FastAPI) -> dict[tuple[str, str], str]:
    """The functions' names as operation ids: short, and ours to keep stable."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    return {(route.path_format, verb.lower()): route.name for route in routes for verb in route.methods or ()}


def _describe_failures(verb: str, operation: dict[str, Any]) -> None:
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    failures = _EVERYWHERE | {
        status: _SOMEWHERE[status] for status in _SOMEWHERE.keys() & operation["responses"].keys()
    }
    if verb != "get":
        failures |= {"403": _SOMEWHERE["403"], "422": "The form cannot be used; all that is wrong is listed"}
    if names:
        failures["422"] = "A parameter cannot be used; all of them are listed"
        failures["404"] = "What a parameter names does not exist"
    problem = {"schema": {"$ref": _PLACEHOLDER.format(model="Problem")}}
    for status, words in sorted(failures.items()):
        operation["responses"][status] = {"description": words, "content": {PROBLEM_TYPE: problem}}
