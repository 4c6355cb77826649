"""A page goes on only for the user it was made for, whoever has signed in since in the same browser."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.api.made import WRITING


@pytest.mark.parametrize("path", ["/api/top", "/api/views", "/api/shortlist"])
def test_what_another_user_s_page_asks_is_nobody_s(client: TestClient, path: str) -> None:
    own = client.get("/api/me").json()["user_id"]
    assert client.get(path, headers={"x-norrsyn-user": own}).status_code == 200
    assert client.get(path, headers={"x-norrsyn-user": "somebody else"}).status_code == 401


def test_nor_does_it_write_into_the_other_account(client: TestClient) -> None:
    view = {"name": "Mine", "query": "county=24"}
    before = client.get("/api/views").json()
    refused = client.post("/api/views", json=view, headers={**WRITING, "x-norrsyn-user": "somebody else"})
    assert refused.status_code == 401
    assert client.get("/api/views").json() == before


def test_a_page_knows_the_name_that_its_print_is_signed_with(client: TestClient) -> None:
    name = client.get("/api/me").json()["name"]
    assert f'data-user-name="{name}"' in client.get("/").text
