"""Releases in the store: kept as they are, gone when deleted, remembered for audits until they would have expired."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from geo.disclosure.release import Release, ReleaseCell, ReleaseRow, Withheld, write_release
from geo.errors import ChangedError, NotFoundError, StoreError
from geo.store.database import write_store
from geo.store.files import backup, restore
from geo.store.releases import (
    delete_release,
    forget_expired,
    list_releases,
    load_memories,
    load_release,
    save_release,
)
from geo.store.tables import RELEASES

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=200)


def make_release(release_id: str = "0123456789abcdef", circle: str = "joint-inspection", n: int = 12) -> Release:
    cell = ReleaseCell(4_000, 7_072_000, 756_000)
    rows = (ReleaseRow(cell, "all", "workplaces", n, 3), ReleaseRow(cell, "green", "workplaces", 10))
    withheld = Withheld({"workplaces": 15}, {"workplaces": 3}, {"workplaces": {"too_few": 2}}, 1)
    return Release(
        release_id, circle, "8601e2715b3ffffc", date(2026, 1, 15), "", NOON, NOON + timedelta(days=180), 1_000, rows,
        withheld, {"synthetic": True},
    )  # fmt: skip


def test_a_release_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    release = make_release()
    save_release(tmp_path, release, b"memory")
    found = load_release(tmp_path, release.release_id, now=NOON)
    assert write_release(found) == write_release(release)
    assert (found.rows, found.withheld, found.digest) == (release.rows, release.withheld, release.digest)
    (told,) = list_releases(tmp_path, "joint-inspection", now=NOON)
    assert (told.release_id, told.made_at, told.digest, told.is_open) == (
        release.release_id,
        NOON,
        release.digest,
        True,
    )
    assert list_releases(tmp_path, "public", now=NOON) == ()


def test_a_release_is_never_written_over(tmp_path: Path) -> None:
    save_release(tmp_path, make_release(), b"memory")
    with pytest.raises(StoreError, match="none is ever changed"):
        save_release(tmp_path, make_release(n=13), b"other")
    assert load_release(tmp_path, make_release().release_id, now=NOON).rows == make_release().rows


def test_a_release_that_was_audited_with_others_than_there_are_is_refused(tmp_path: Path) -> None:
    save_release(tmp_path, make_release(), b"memory", against=())
    second = make_release("f" * 16)
    with pytest.raises(ChangedError, match="build it again"):
        save_release(tmp_path, second, b"memory", against=())
    save_release(tmp_path, second, b"memory", against=(make_release().release_id,))
    assert len(list_releases(tmp_path, now=NOON)) == 2


def test_of_a_deleted_release_only_what_audits_need_stays(tmp_path: Path) -> None:
    release = make_release()
    save_release(tmp_path, release, b"memory")
    delete_release(tmp_path, release.release_id, now=NOON)
    with pytest.raises(NotFoundError, match="There is no release"):
        load_release(tmp_path, release.release_id, now=NOON)
    with pytest.raises(NotFoundError):
        delete_release(tmp_path, release.release_id, now=NOON)
    assert [one.content for one in load_memories(tmp_path, now=NOON)] == [b"memory"]
    assert forget_expired(tmp_path, now=NOON) == 0
    assert [one.is_deleted for one in list_releases(tmp_path, now=NOON)] == [True]
    assert load_memories(tmp_path, now=LATER) == ()
    assert forget_expired(tmp_path, now=LATER) == 1
    assert list_releases(tmp_path, now=LATER) == ()


def test_a_release_that_was_just_shown_is_gone_when_deleted_or_expired(tmp_path: Path) -> None:
    """What is kept in memory of it makes it quicker to show, and never shows it by itself."""
    release = make_release()
    save_release(tmp_path, release, b"memory")
    shown = load_release(tmp_path, release.release_id, now=NOON)
    assert load_release(tmp_path, release.release_id, now=NOON) is shown
    with pytest.raises(NotFoundError):
        load_release(tmp_path, release.release_id, now=release.expires_at)
    delete_release(tmp_path, release.release_id, now=NOON)
    with pytest.raises(NotFoundError):
        load_release(tmp_path, release.release_id, now=NOON)


def test_rows_that_are_altered_after_they_were_shown_are_not_shown_again(tmp_path: Path) -> None:
    release = make_release()
    save_release(tmp_path, release, b"memory")
    load_release(tmp_path, release.release_id, now=NOON)
    with write_store(tmp_path) as connection:
        connection.execute(RELEASES.update().values(document=write_release(make_release(n=99))))
    with pytest.raises(StoreError, match="not those that were saved"):
        load_release(tmp_path, release.release_id, now=NOON)


@pytest.mark.parametrize("release_id", ["0" * 16, "", "\x00", "../x", "å" * 5000])
def test_unknown_deleted_and_expired_look_alike(tmp_path: Path, release_id: str) -> None:
    release = make_release()
    save_release(tmp_path, release, b"memory")
    with pytest.raises(NotFoundError, match="There is no release"):
        load_release(tmp_path, release_id, now=NOON)
    with pytest.raises(NotFoundError, match="There is no release"):
        load_release(tmp_path, release.release_id, now=release.expires_at)


def test_rows_that_were_altered_are_not_shown(tmp_path: Path) -> None:
    release = make_release()
    save_release(tmp_path, release, b"memory")
    with write_store(tmp_path) as connection:
        connection.execute(RELEASES.update().values(document=write_release(make_release(n=99))))
    with pytest.raises(StoreError, match="not those that were saved"):
        load_release(tmp_path, release.release_id, now=NOON)
    with write_store(tmp_path) as connection:
        connection.execute(RELEASES.update().values(document={"rows": 1}))
    with pytest.raises(StoreError, match="does not fit"):
        load_release(tmp_path, release.release_id, now=NOON)


def test_a_damaged_memory_stops_every_audit(tmp_path: Path) -> None:
    save_release(tmp_path, make_release(), b"memory")
    with write_store(tmp_path) as connection:
        connection.execute(RELEASES.update().values(memory=b"memorx"))
    with pytest.raises(StoreError, match="0123456789abcdef left for audits is damaged"):
        load_memories(tmp_path, now=NOON)


def test_releases_are_in_the_backup(tmp_path: Path) -> None:
    release = make_release()
    save_release(tmp_path / "old", release, b"memory\x00\xff")
    delete_release(tmp_path / "old", release.release_id, now=NOON)
    save_release(tmp_path / "old", make_release("e" * 16), b"")
    backup(tmp_path / "old", tmp_path / "b.zip")
    with write_store(tmp_path / "old") as connection:
        connection.execute(sa.delete(RELEASES))
    restore(tmp_path / "b.zip", tmp_path / "new")
    assert {one.content for one in load_memories(tmp_path / "new", now=NOON)} == {b"memory\x00\xff", b""}
    assert load_release(tmp_path / "new", "e" * 16, now=NOON).rows == release.rows
