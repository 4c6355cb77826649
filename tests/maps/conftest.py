"""A server that fakes the HTTP contract, every name in it hostile, and our modules in a browser."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pytest
import uvicorn
from playwright.sync_api import Browser

import geo
from geo.layers.bundle import Layers
from geo.risk.surface import RiskSurface
from maps.pages.base import STATIC_FOLDER
from tests.browsing import find_free_port, run_server
from tests.frames import GRID, SCORING_DAY, small_frames
from tests.maps.contract_server import Contract, make_contract_app
from tests.maps.corpus import HOSTILE

RUN_MODULE = """async ([source, call, values]) => {
  const module = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(source));
  return eval(call)(module, values);
}"""


@pytest.fixture(scope="session")
def run_module(browser: Browser) -> Generator[Callable[..., Any], None, None]:
    """Run a function on one of our modules that imports no other, as the browser does."""
    page = browser.new_page()

    def run(name: str, call: str, values: Any) -> Any:
        source = (STATIC_FOLDER / "js" / name).read_text("utf-8")
        return page.evaluate(RUN_MODULE, [source, call, values])

    yield run
    page.close()


@pytest.fixture(scope="session")
def hostile_frames() -> dict[str, gpd.GeoDataFrame]:
    """The small frames, every record with a name that wants to run."""
    frames = small_frames()
    for layer in ("workplaces", "accommodation", "establishments"):
        frames[layer]["name"] = HOSTILE
        frames[layer]["synthetic"] = True
    return frames


@pytest.fixture(scope="session")
def hostile_surface(hostile_frames: dict[str, gpd.GeoDataFrame]) -> RiskSurface:
    """The hostile frames, scored."""
    return geo.score(Layers(hostile_frames), GRID, at=SCORING_DAY)


@dataclass(frozen=True)
class Served:
    """A running contract server."""

    url: str
    contract: Contract


@pytest.fixture(scope="session")
def _server(hostile_surface: RiskSurface) -> Iterator[Served]:
    contract = Contract(hostile_surface)
    port = find_free_port()
    config = uvicorn.Config(make_contract_app(contract), host="127.0.0.1", port=port, log_level="error", lifespan="off")
    with run_server(uvicorn.Server(config)):
        yield Served(f"http://127.0.0.1:{port}", contract)


@pytest.fixture
def server(_server: Served) -> Served:
    """The contract server, with nothing delayed and nothing failing."""
    _server.contract.reset()
    return _server
