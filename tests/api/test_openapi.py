"""The description is complete, sound and true."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fastapi.openapi.models import OpenAPI
from fastapi.testclient import TestClient

from api.importing.schemas import ImportFields
from geo.risk.surface import RiskSurface


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict:
    return client.get("/openapi.json").json()


def list_operations(document: dict) -> Iterator[tuple[str, dict]]:
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            yield f"{verb} {path}", operation


def test_it_is_openapi(document: dict) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPI.model_validate(document)


def test_every_reference_leads_somewhere(document: dict) -> None:
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names
    assert names == set(document["components"]["schemas"])


def test_failures_are_problem_details(document: dict) -> None:
    for name, operation in list_operations(document):
        failing = {status for status in operation["responses"] if status[0] in "45"}
        assert {"421", "500", "503"} <= failing, name
        for status in failing:
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], f"{name} {status}"


def test_nothing_but_an_import_a_link_and_what_a_user_keeps_changes_anything(document: dict) -> None:
    others = sorted(name for name, _ in list_operations(document) if not name.startswith("get "))
    # a what-if writes nothing (test_scenarios.py), nor does an area; they do not fit into an address
    kept = [
        f"{verb} {path}" for path in ("/api/shortlist/{entry_id}", "/api/views/{view_id}") for verb in ("delete", "put")
    ]
    kept += ["post /api/shortlist", "post /api/views"]
    changes = (
        "put /request",
        "post /optimise",
        "put /routes",
        "put /checklist/{item}",
        "put /justifications",
        "post /moves",
        "post /comments",
        "post /outcomes",
    )
    kept += ["post /api/plans", *(one.replace(" ", " /api/plans/{plan_id}") for one in changes)]
    ways = ("approve", "issue", "extend", "revoke")
    kept += ["post /api/links", "post /api/links/revoke", *(f"post /api/links/{{link_id}}/{way}" for way in ways)]
    assert others == sorted(["post /api/area", "post /api/imports", "post /api/what-if", *kept])


def test_the_form_of_an_import_is_described(document: dict) -> None:
    body = document["paths"]["/api/imports"]["post"]["requestBody"]
    form = body["content"]["multipart/form-data"]["schema"]
    assert body["required"]
    assert form["required"] == ["files", "layer"]
    assert set(ImportFields.model_fields) | {"files", "mapping"} == set(form["properties"])
    assert all(each["description"] for each in form["properties"].values())


def test_operations_have_their_own_ids_tags_and_words(document: dict) -> None:
    operations = dict(list_operations(document))
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(set(ids)) == len(ids)
    known = {tag["name"] for tag in document["tags"]}
    for name, operation in operations.items():
        assert set(operation["tags"]) <= known, name
        assert operation["summary"], name
        assert operation["description"], name
        assert all(one.get("description") for one in operation.get("parameters", [])), name


def test_json_answers_have_a_schema(document: dict) -> None:
    for name, operation in list_operations(document):
        found = operation["responses"].keys() & {"200", "201", "202", "204"}
        assert found, name
        for status in found - {"204"}:
            content = operation["responses"][status].get("content", {})
            assert content, name
            if "application/json" in content:
                assert content["application/json"]["schema"], name


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/api/surfaces", "SurfacesAnswer"),
        ("/api/top", "TopAnswer"),
        ("/api/places", "PlacesAnswer"),
        ("/api/cells/at?easting=758600&northing=7088600", "CellPanel"),
        ("/api/sites?bbox=0,0,40,80", "SitesAnswer"),
        ("/api/sites/nearest?easting=758600&northing=7088600", "NearestAnswer"),
        ("/api/search?q=s", "SearchAnswer"),
        ("/api/basemap", "BaseMapData"),
        ("/api/reference/sectors", "TableAnswer"),
        ("/api/layers", "LayersAnswer"),
        ("/api/charts/activity", "ChartAnswer"),
        ("/api/imports", "ImportsAnswer"),
        ("/api/imports/1", "ImportAnswer"),
        ("/api/imports/1/quarantine", "QuarantineAnswer"),
        ("/api/season", "SeasonAnswer"),
        ("/api/distribution?cell_id=7580007088000", "DistributionAnswer"),
        ("/healthz", "Health"),
        ("/api/views", "ViewsAnswer"),
        ("/api/shortlist", "ShortlistAnswer"),
        ("/api/plans", "PlansAnswer"),
    ],
)
def test_answers_are_what_is_described(client: TestClient, document: dict, path: str, schema: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    root = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.Draft202012Validator(root).validate(client.get(path).json())


def test_a_problem_is_what_is_described(client: TestClient, document: dict, published: RiskSurface) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    root = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    for path in ("/api/top?n=0&county=99", f"/api/cells/abc?surface={published.id}", "/nowhere"):
        jsonschema.Draft202012Validator(root).validate(client.get(path).json())
