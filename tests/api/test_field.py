"""The service worker of saved areas, and what is served where saving is turned off."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import create_app
from api.settings import Settings
from tests.accounts import enter
from tests.api.made import BASE_URL, fill_home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("field")
    fill_home(folder)
    return folder


@pytest.mark.parametrize("allowed", [True, False])
def test_the_worker_and_the_button_follow_the_setting(home: Path, allowed: bool) -> None:
    with enter(create_app(Settings(home=home, allow_offline=allowed)), base_url=BASE_URL) as client:
        worker = client.get("/sw.js")
        assert worker.headers["content-type"].startswith("text/javascript")
        # one that has no such handler never answers anything
        assert ('addEventListener("fetch"' in worker.text) is allowed
        assert ("unregister()" in worker.text) is not allowed
        assert ('id="tool-field"' in client.get("/").text) is allowed


def test_nothing_is_served_below_the_path_of_saved_areas(home: Path) -> None:
    with enter(create_app(Settings(home=home)), base_url=BASE_URL) as client:
        for path in ("/field/", f"/field/{'0' * 32}/", f"/field/{'0' * 32}/api/top"):
            assert client.get(path).status_code == 404
