"""Making and auditing releases of a data folder, on both databases."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from geo.disclosure.release import ReleaseCell, read_memory, write_memory
from geo.disclosure.release.audit import Shown
from geo.disclosure.release.memory import Memory
from geo.errors import ConfigError, NotFoundError, ParameterError, StoreError
from geo.risk.scoring import score
from geo.store import releasing
from geo.store.database import write_store
from geo.store.files import Provenance, load_layers, publish, save_layer, save_surface
from geo.store.release_key import KEY_FILE, load_release_key
from geo.store.releases import delete_release, list_releases, load_memories, load_release
from geo.store.releasing import audit_releases, make_release
from geo.store.tables import RELEASES
from tests.frames import GRID, SCORING_DAY
from tests.geo.disclosure.release.made import make_frames

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
INNER = "joint-inspection"
FRAMES = make_frames()


def fill(home: Path, frames: dict[str, Any] = FRAMES) -> None:
    for name, frame in frames.items():
        save_layer(home, name, frame, Provenance("a.csv"))
    publish(home, save_surface(home, score(load_layers(home), GRID, SCORING_DAY)))


def replace_memory(home: Path, release_id: str, content: bytes) -> None:
    values = {"memory": content, "memory_sha256": hashlib.sha256(content).hexdigest()}
    with write_store(home) as connection:
        connection.execute(RELEASES.update().where(RELEASES.c.release_id == release_id).values(**values))


def test_releases_of_all_circles_are_made_kept_and_pass(tmp_path: Path) -> None:
    fill(tmp_path)
    made = [make_release(tmp_path, circle, now=NOW) for circle in (INNER, "municipality", "public")]
    for release in made:
        assert release.rows
        assert release.data_from
        assert load_release(tmp_path, release.release_id, now=NOW).rows == release.rows
    assert [release.manifest["audited_with"] for release in made] == [0, 1, 2]
    audited = audit_releases(tmp_path, now=NOW)
    assert {one.release_id: one.problems for one in audited} == {release.release_id: () for release in made}
    assert sum(one.n_rows for one in audited) == sum(len(release.rows) for release in made)


def test_made_again_it_has_the_same_rows(tmp_path: Path) -> None:
    fill(tmp_path)
    first = make_release(tmp_path, INNER, now=NOW)
    second = make_release(tmp_path, INNER, now=NOW + timedelta(days=1))
    assert second.rows == first.rows
    assert second.release_id != first.release_id
    # deleted, it still counts
    delete_release(tmp_path, first.release_id, now=NOW)
    third = make_release(tmp_path, INNER, now=NOW + timedelta(days=2))
    assert third.manifest["audited_with"] == 2
    assert [one.problems for one in audit_releases(tmp_path, now=NOW)] == [(), (), ()]
    # and expired it does not, and is gone
    later = make_release(tmp_path, INNER, now=NOW + timedelta(days=180))
    assert later.manifest["audited_with"] == 2
    assert first.release_id not in {one.release_id for one in list_releases(tmp_path, now=NOW)}


def test_rows_that_somebody_added_do_not_pass(tmp_path: Path) -> None:
    fill(tmp_path)
    release = make_release(tmp_path, INNER, now=NOW)
    memory = read_memory(load_memories(tmp_path, now=NOW)[0].content)
    layer, sector, cell = next(key for key in memory.shown.keys if key[1] == "all" and key[2].size_m >= 4000)
    small = next(
        square
        for north in range(cell.northing, cell.northing + cell.size_m, 1000)
        for east in range(cell.easting, cell.easting + cell.size_m, 1000)
        if (square := ReleaseCell(1000, north, east)) not in {key[2] for key in memory.shown.keys}
        and ((memory.sites.y == north) & (memory.sites.x == east) & (memory.sites.layer == 0)).any()
    )
    faulty = Memory(
        Shown(INNER, (*memory.shown.keys, (layer, sector, small))),
        [*memory.n_employers, 10], [*memory.score_class, None], [*memory.bases, memory.bases[0]], memory.sites,
        memory.fingerprint,
    )  # fmt: skip
    replace_memory(tmp_path, release.release_id, write_memory(faulty))
    (audited,) = audit_releases(tmp_path, now=NOW)
    assert any("employer(s) follows from" in problem for problem in audited.problems)
    assert "its rows are not those that it left for audits" in audited.problems


def test_rows_that_somebody_altered_do_not_pass(tmp_path: Path) -> None:
    fill(tmp_path)
    release = make_release(tmp_path, INNER, now=NOW)
    with write_store(tmp_path) as connection:
        document = connection.execute(sa.select(RELEASES.c.document)).scalar_one()
        document["rows"][0][3] += 1
        connection.execute(RELEASES.update().values(document=document))
    (audited,) = audit_releases(tmp_path, now=NOW)
    assert audited.problems == (
        f"Release {release.release_id} is damaged: its rows are not those that were saved. Delete it, build another.",
    )


def test_nothing_is_made_where_an_earlier_release_is_damaged(tmp_path: Path) -> None:
    fill(tmp_path)
    release = make_release(tmp_path, INNER, now=NOW)
    replace_memory(tmp_path, release.release_id, b"no archive")
    for do in (lambda: make_release(tmp_path, INNER, now=NOW), lambda: audit_releases(tmp_path, now=NOW)):
        with pytest.raises(StoreError, match=f"What release {release.release_id} left for audits cannot be read"):
            do()
    assert len(list_releases(tmp_path, now=NOW)) == 1


def test_nothing_is_made_of_layers_that_were_not_scored(tmp_path: Path) -> None:
    fill(tmp_path)
    save_layer(tmp_path, "workplaces", FRAMES["workplaces"].iloc[5:], Provenance("b.csv"))
    with pytest.raises(ParameterError, match=r"workplaces\); score again, then release"):
        make_release(tmp_path, INNER, now=NOW)


def test_a_release_made_meanwhile_is_audited_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    build, turns = releasing.build_release, []

    def interrupted(*args: Any, **options: Any) -> Any:
        turns.append(len(args[3]))
        if len(turns) == 1:
            make_release(tmp_path, "public", now=NOW)
        return build(*args, **options)

    monkeypatch.setattr(releasing, "build_release", interrupted)
    release = make_release(tmp_path, INNER, now=NOW)
    # itself, the one in between, and itself once more
    assert turns == [0, 0, 1]
    assert release.manifest["audited_with"] == 1
    assert [one.problems for one in audit_releases(tmp_path, now=NOW)] == [(), ()]


class TestErrors:
    def test_no_folder_no_surface_and_no_circle(self, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError, match=r"no data folder|No surface is published"):
            make_release(tmp_path / "none", INNER)
        save_layer(tmp_path, "workplaces", FRAMES["workplaces"], Provenance("a.csv"))
        with pytest.raises(NotFoundError, match="No surface is published"):
            make_release(tmp_path, INNER)
        with pytest.raises(ParameterError, match="no sharing circle 'police'"):
            make_release(tmp_path, "police")
        assert audit_releases(tmp_path) == ()

    def test_a_key_that_others_may_read_or_that_is_short(self, tmp_path: Path) -> None:
        fill(tmp_path)
        release = make_release(tmp_path, INNER, now=NOW)
        path = tmp_path / KEY_FILE
        assert path.stat().st_mode & 0o777 == 0o600
        key = path.read_text().strip()
        assert key not in str(release.manifest)
        assert load_release_key(tmp_path, key) == key.encode()
        path.chmod(0o644)
        with pytest.raises(ConfigError, match=r"others than its owner may read the key of releases .*chmod 600") as no:
            make_release(tmp_path, INNER, now=NOW)
        assert key not in str(no.value)
        with pytest.raises(ConfigError, match="the key of releases has 5 characters"):
            make_release(tmp_path, INNER, key="short", now=NOW)
        with pytest.raises(ConfigError, match="another than that of releases that have not expired"):
            make_release(tmp_path, INNER, key="o" * 32, now=NOW)
