"""Help over HTTP: before anything is scored, and of the surface that is served."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from geo.risk.surface import RiskSurface


@pytest.mark.parametrize("page", ["glossary", "model", "accessibility"])
def test_pages_are_there_before_anything_is_scored(serve: Callable[..., TestClient], tmp_path: Path, page: str) -> None:
    client = serve(tmp_path / "none", accessibility_contact="  tillganglighet@example.se ")
    response = client.get(f"/help/{page}?lang=sv")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert ("tillganglighet@example.se<" in response.text) == (page == "accessibility")


def test_the_model_is_that_of_the_served_surface(client: TestClient, published: RiskSurface) -> None:
    page = client.get("/help/model?lang=en").text
    assert published.id in page
    assert published.manifest["layers"]["workplaces"]["sha256"] in page


@pytest.mark.parametrize(
    "address", ["/", "/charts", "/help/glossary", "/import", "/surfaces/current", "/import?lang=en"]
)
def test_every_page_leads_to_help(client: TestClient, address: str) -> None:
    page = client.get(address, headers={"accept": "text/html"}).text
    for target in ("help/glossary", "help/model", "charts?", "help/accessibility"):
        assert f"{target}" in page
