"""Promise: what is served comes out of the data folder, whatever a request says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.settings import Settings
from geo.errors import NotFoundError
from geo.store.files import list_surfaces, load_surface
from tests.accounts import enter
from tests.api.made import BASE_URL, fill_home


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data folder, and a sound surface that somebody else has put beside it."""
    folder = tmp_path_factory.mktemp("machine")
    home = folder / "home"
    fill_home(home)
    (surface,) = list_surfaces(home)
    other = folder / "elsewhere" / surface.id
    shutil.copytree(home / "surfaces" / surface.id, other)
    return home, other


@pytest.fixture(scope="module")
def client(planted: tuple[Path, Path]) -> Iterator[TestClient]:
    with enter(create_app(Settings(home=planted[0])), base_url=BASE_URL) as started:
        yield started


def name_from_outside(other: Path, way: str) -> str:
    return {"absolute": str(other), "relative": f"../../elsewhere/{other.name}", "inside": f"../surfaces/{other.name}"}[
        way
    ]


@pytest.mark.parametrize("way", ["absolute", "relative", "inside"])
@pytest.mark.parametrize("address", ["/api/top", "/api/places", "/api/cells/at?easting=759000&northing=7088000"])
def test_a_surface_is_named_by_its_id_never_by_a_path(
    client: TestClient, planted: tuple[Path, Path], address: str, way: str
) -> None:
    path, _, query = address.partition("?")
    parameters = dict(pair.split("=") for pair in query.split("&") if pair)
    response = client.get(path, params={**parameters, "surface": name_from_outside(planted[1], way)})
    assert response.status_code == 404
    assert response.json()["title"] == "There is no such thing"


@pytest.mark.parametrize("way", ["absolute", "relative", "inside"])
def test_the_library_holds_to_it_too(planted: tuple[Path, Path], way: str) -> None:
    home, other = planted
    assert load_surface(home, other.name).id == other.name
    with pytest.raises(NotFoundError, match="There is no surface"):
        load_surface(home, name_from_outside(other, way))


@pytest.mark.parametrize(
    "address",
    [
        "/static/%2e%2e/page.py",
        "/static/..%2fpage.py",
        "/static/leaflet/..%2f..%2fpage.py",
        "/static/js/..%5c..%5cpage.py",
        "/static/%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/main%00.js",
        "/i18n/..%2fsv.json",
        "/api/reference/%2e%2e%2fpyproject",
        "/api/reference/sectors.csv",
    ],
)
def test_no_address_leads_to_other_files(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404
