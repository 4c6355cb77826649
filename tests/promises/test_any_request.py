"""Promise: no request, however strange, gets a stack trace or an answer that the API's description does not know.

Requests are made from that description itself: right ones and wrong ones, for every route that changes nothing, and for
plans.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from api import create_app
from api.settings import Settings
from tests.accounts import enter
from tests.api.made import BASE_URL, WRITING, fill_home
from tests.api.plans import ask as ask_plan

# These wait for what happens, or write.
LEFT_OUT = ("/api/imports/jobs/{job_id}/events", "/api/imports")
FOR_PROGRAMS = ("/api/", "/tiles/", "/charts/", "/i18n/")
BUSY = 503


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = tmp_path_factory.mktemp("home")
    fill_home(home)
    return create_app(Settings(home=home, check_seconds=3600))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with enter(app, base_url=BASE_URL, raise_server_exceptions=False) as started:
        yield started


def list_operations(home: Path) -> list[Any]:
    """Operations of the description that read, or ask with a body."""
    document = create_app(Settings(home=home)).openapi()
    schema = schemathesis.openapi.from_dict(document)
    found = (result.ok() for result in schema.get_all_operations())
    return [
        operation
        for operation in found
        if operation.path.startswith(FOR_PROGRAMS)
        and operation.path not in LEFT_OUT
        and (
            operation.method.upper() == "GET"
            or operation.path in {"/api/area", "/api/what-if"}
            # these write, into a folder that nothing else is asked about
            or operation.path.startswith("/api/plans")
        )
    ]


@pytest.fixture(scope="module")
def plan_id(client: TestClient) -> str:
    """A plan to ask about; an id that nobody has would be all that is ever found wrong."""
    found: str = ask_plan(client, explores=False)["plan_id"]
    return found


def content_type_of(kwargs: dict[str, Any]) -> dict[str, str]:
    """The content type that was chosen for the body, if any was."""
    chosen = {name.lower(): value for name, value in (kwargs.get("headers") or {}).items()}
    return {"content-type": chosen["content-type"]} if "content-type" in chosen else {}


OPERATIONS = list_operations(Path("nowhere"))


def test_there_are_operations_to_ask() -> None:
    assert len(OPERATIONS) > 25
    assert {operation.method.upper() for operation in OPERATIONS} == {"GET", "POST", "PUT"}


@pytest.mark.long
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method.upper()} {one.path}")
def test_any_request_gets_an_answer_that_is_described(
    client: TestClient, plan_id: str, operation: Any, mode: GenerationMode
) -> None:
    asked = 0

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal asked
        if "plan_id" in case.path_parameters and mode is GenerationMode.POSITIVE:
            case.path_parameters["plan_id"] = plan_id
        kwargs = case.as_transport_kwargs(base_url=BASE_URL)
        body = (
            {"content": kwargs["data"]} if kwargs.get("data") else {"json": kwargs["json"]} if "json" in kwargs else {}
        )
        answer = client.request(
            kwargs["method"],
            kwargs["url"],
            params=kwargs.get("params"),
            headers=WRITING | content_type_of(kwargs),
            **body,
        )
        asked += 1
        assert answer.status_code != 500, f"{answer.request.method} {answer.request.url}: {answer.text[:500]}"
        assert "Traceback" not in answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
        if answer.status_code < BUSY:
            case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])

    try:
        ask()
    except Unsatisfiable:
        # a route without parameters cannot be asked wrongly
        assert mode is GenerationMode.NEGATIVE
        assert not asked
