"""The key is made once, for its owner only, and stands in no message."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geo.errors import ConfigError, StoreError
from geo.store.pseudonyms import KEY_FILE, load_pseudonym_key


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NORRSYN_PSEUDONYM_KEY", raising=False)


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    key = load_pseudonym_key(tmp_path)
    assert len(key) == 64
    assert load_pseudonym_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    assert load_pseudonym_key(tmp_path, (tmp_path / KEY_FILE).read_text()) == key


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert load_pseudonym_key(tmp_path / "a") != load_pseudonym_key(tmp_path / "b")


def test_all_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_pseudonym_key(tmp_path), range(64)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_the_setting_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORRSYN_PSEUDONYM_KEY", " " + "k" * 40 + "\n")
    assert load_pseudonym_key(tmp_path) == b"k" * 40
    assert load_pseudonym_key(tmp_path, "g" * 32) == b"g" * 32
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    key = load_pseudonym_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        load_pseudonym_key(tmp_path)
    assert key.decode() not in str(caught.value)


def test_a_short_or_empty_key_is_refused_without_repeating_it(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.touch(0o600)
    with pytest.raises(ConfigError, match="has 0 characters"):
        load_pseudonym_key(tmp_path)
    with pytest.raises(ConfigError, match="has 11 characters") as caught:
        load_pseudonym_key(tmp_path, "short-words")
    assert "short-words" not in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="gone"):
        load_pseudonym_key(tmp_path / "gone")
