"""The service worker of saved areas, and what is served where saving is turned off."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import create_app
from api.settings import Settings
from geo.store.plans import save_plan
from tests.accounts import enter
from tests.api.made import BASE_URL, fill_home
from tests.maps.plan_files.made import make_plan


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("field")
    fill_home(folder)
    return folder


@pytest.fixture(scope="module")
def plan_id(home: Path) -> str:
    return save_plan(home, make_plan(), by="planner").plan.plan_id


@pytest.mark.parametrize("allowed", [True, False])
def test_the_worker_and_the_buttons_follow_the_setting(home: Path, plan_id: str, allowed: bool) -> None:
    with enter(create_app(Settings(home=home, allow_offline=allowed)), base_url=BASE_URL) as client:
        worker = client.get("/sw.js")
        assert worker.headers["content-type"].startswith("text/javascript")
        # one that has no such handler never answers anything
        assert ('addEventListener("fetch"' in worker.text) is allowed
        assert ("unregister()" in worker.text) is not allowed
        assert ('id="tool-field"' in client.get("/").text) is allowed
        assert ('id="field-part"' in client.get(f"/plans/{plan_id}").text) is allowed


def test_nothing_is_served_below_the_path_of_saved_areas(home: Path) -> None:
    with enter(create_app(Settings(home=home)), base_url=BASE_URL) as client:
        for path in ("/field/", f"/field/{'0' * 32}/", f"/field/{'0' * 32}/api/top"):
            assert client.get(path).status_code == 404
