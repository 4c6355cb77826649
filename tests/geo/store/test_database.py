"""Opening a store: no set-up, the tables of the models, one state per reader, and no password in any message."""

import os
import shutil
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from geo.errors import ConfigError, NotFoundError, StoreError
from geo.layers.registry import LAYERS
from geo.store import database as module
from geo.store.address import describe_url, find_url, parse_url
from geo.store.database import HEAD, close_databases, has_postgis, read_store, upgrade_store, write_store
from geo.store.files import Provenance, check, list_snapshots, load_layers, read_stamp, save_layer
from geo.store.migrate import find_steps
from geo.store.tables import METADATA, RECORDS
from tests.frames import make_frame, make_workplace

SOURCE = Provenance("a.csv")


def save(home: Path, employees: float = 5.0) -> None:
    save_layer(home, "workplaces", make_frame([make_workplace(1, employees=employees)]), SOURCE)


class TestTables:
    @pytest.mark.usefixtures("database")
    def test_the_migrations_make_what_the_models_say(self, tmp_path: Path) -> None:
        """A layer or a column that is new needs its line in `geo.store.migrations`; what is missing is listed."""
        assert upgrade_store(tmp_path) == HEAD
        with read_store(tmp_path) as connection:
            context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
            difference = [_say(one) for one in compare_metadata(context, METADATA)]
        assert difference == [], "the migrations lack:\n" + "\n".join(difference)

    def test_the_newest_step_is_known_without_alembic(self) -> None:
        assert find_steps()[0] == HEAD

    def test_every_layer_has_its_table(self) -> None:
        assert set(RECORDS) == set(LAYERS)
        for name, layer in LAYERS.items():
            assert set(layer.columns) <= set(RECORDS[name].columns.keys())

    @pytest.mark.usefixtures("database")
    def test_tables_of_a_newer_version_are_left_alone(self, tmp_path: Path) -> None:
        save(tmp_path)
        with write_store(tmp_path) as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        close_databases()
        with pytest.raises(StoreError, match=r"written by a newer version of Norrsyn \(step 9999\); update Norrsyn"):
            load_layers(tmp_path)

    def test_qgis_finds_shapes_and_rows_that_are_current(self, database: str, tmp_path: Path) -> None:
        if database != "postgresql":
            pytest.skip("QGIS connects to PostgreSQL")
        for employees in (5.0, 6.0):
            save(tmp_path, employees)
        with read_store(tmp_path) as connection:
            assert has_postgis(connection)
            rows = connection.execute(
                sa.text("SELECT employees, ST_SRID(geometry), ST_X(geometry), easting FROM current_workplaces")
            ).all()
            assert rows == [(6.0, 3006, 758_600.0, 758_600.0)]
            views = connection.execute(
                sa.text("SELECT f_table_name, srid FROM geometry_columns WHERE f_table_schema = current_schema()")
            ).all()
            assert {(f"current_{name}", 3006) for name in LAYERS} <= set(views)

    def test_where_postgis_is_not_there_shapes_are_bytes(
        self, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if database != "postgresql":
            pytest.skip("PostGIS belongs to PostgreSQL")
        monkeypatch.setattr("geo.store.migrate._get_postgis", lambda _: False)
        save(tmp_path)
        with read_store(tmp_path) as connection:
            assert not has_postgis(connection)
        assert load_layers(tmp_path)["workplaces"].geometry.x.tolist() == [758_600.0]
        assert check(tmp_path).problems == ()


def _is_ours(item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    # PostGIS's own table, alembic's own, and indexes that only PostGIS has
    return not (kind == "table" and name in {"spatial_ref_sys", "alembic_version"}) and not (
        kind == "index" and str(name).startswith("gist_") and getattr(item, "table", None) is not None
    )


def _say(one: object) -> str:
    """A difference in words that lead to the line that is missing."""
    if isinstance(one, list):
        return "; ".join(map(_say, one))
    what, *rest = one
    words = {"add_column": "a column", "remove_column": "no column", "add_table": "a table", "remove_table": "no table"}
    return f"  {words.get(what, what)} {' '.join(str(each) for each in rest if each is not None)}"


class TestOpening:
    def test_looking_makes_nothing(self, tmp_path: Path) -> None:
        assert load_layers(tmp_path).provenance == {}
        assert read_stamp(tmp_path) == read_stamp(tmp_path)
        assert list_snapshots(tmp_path, "workplaces") == ()
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(NotFoundError, match="no data folder"):
            load_layers(tmp_path / "nothing")

    def test_sqlite_keeps_what_it_said_it_kept(self, tmp_path: Path) -> None:
        save(tmp_path)
        with read_store(tmp_path) as connection:
            asked = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
            }
        # 2 is FULL
        assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}

    def test_files_are_their_owners_alone(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        save(home)
        assert {path.name for path in home.glob("norrsyn.sqlite*")} >= {"norrsyn.sqlite", "norrsyn.sqlite-wal"}
        for path in [home, *home.rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    def test_a_file_somewhere_else(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", f"sqlite:///{tmp_path}/other.sqlite")
        save(tmp_path / "home")
        assert not (tmp_path / "home" / "norrsyn.sqlite").exists()
        assert len(load_layers(tmp_path / "home")["workplaces"]) == 1

    def test_a_file_in_the_place_of_another_is_noticed(self, tmp_path: Path) -> None:
        save(tmp_path / "a")
        save(tmp_path / "b", employees=7.0)
        close_databases()
        stamp = read_stamp(tmp_path / "a")
        for path in (tmp_path / "a").glob("norrsyn.sqlite-*"):
            path.unlink()
        shutil.copy(tmp_path / "b" / "norrsyn.sqlite", tmp_path / "a" / "copy")
        (tmp_path / "a" / "copy").replace(tmp_path / "a" / "norrsyn.sqlite")
        assert read_stamp(tmp_path / "a") != stamp
        assert load_layers(tmp_path / "a")["workplaces"]["employees"].tolist() == [7.0]

    @pytest.mark.parametrize("content", [b"not a database, and long enough to be one" * 100, b"x" * 50])
    def test_a_file_that_is_no_database(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "norrsyn.sqlite").write_bytes(content)
        with pytest.raises(StoreError, match=r"norrsyn\.sqlite is damaged .*restore it from a backup"):
            load_layers(tmp_path)

    def test_a_page_that_was_overwritten_is_found(self, tmp_path: Path) -> None:
        save_layer(tmp_path, "workplaces", make_frame([make_workplace(number) for number in range(500)]), SOURCE)
        close_databases()
        connection = sqlite3.connect(tmp_path / "norrsyn.sqlite")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("UPDATE records_workplaces SET name = 'another' WHERE record_key = 'w007'")
        connection.commit()
        connection.close()
        assert check(tmp_path).problems == (
            "workplaces: 1 row(s) are not what was written: w007",
            "workplaces: snapshot 1 does not hold what its hash says",
        )


@pytest.mark.usefixtures("database")
class TestStates:
    def test_a_reader_keeps_its_state(self, tmp_path: Path) -> None:
        save(tmp_path, 1.0)
        query = sa.select(RECORDS["workplaces"].c.employees).where(RECORDS["workplaces"].c.last_seq.is_(None))
        with read_store(tmp_path) as connection:
            assert connection.execute(query).scalar() == 1.0
            writer = threading.Thread(target=save, args=(tmp_path, 2.0))
            writer.start()
            writer.join(30)
            assert not writer.is_alive(), "a writer waits for no reader"
            assert connection.execute(query).scalar() == 1.0
        assert load_layers(tmp_path)["workplaces"]["employees"].tolist() == [2.0]

    def test_a_stamp_is_cheap_and_moves_with_every_change(self, tmp_path: Path) -> None:
        save(tmp_path, 1.0)
        stamp = read_stamp(tmp_path)
        assert read_stamp(tmp_path) == stamp
        save(tmp_path, 2.0)
        assert read_stamp(tmp_path).layers != stamp.layers
        assert read_stamp(tmp_path).surface == stamp.surface
        best = min(_time_stamp(tmp_path) for _ in range(200))
        assert best < 0.002, f"{best * 1000:.2f} ms"


def _time_stamp(home: Path) -> float:
    begin = time.perf_counter()
    read_stamp(home)
    return time.perf_counter() - begin


def test_a_connection_that_broke_is_made_anew(database: str, tmp_path: Path) -> None:
    """A restarted server ends every session; so does this."""
    if database != "postgresql":
        pytest.skip("a file does not hang up")
    save(tmp_path)
    stamp = read_stamp(tmp_path)
    killer = sa.create_engine(find_url(tmp_path), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with killer.connect() as connection:
        ended = connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(:own)"),
            {"own": _own_sessions(tmp_path)},
        ).all()
    assert ended
    assert read_stamp(tmp_path) == stamp
    save(tmp_path, 9.0)
    assert load_layers(tmp_path)["workplaces"]["employees"].tolist() == [9.0]


def _own_sessions(home: Path) -> list[int]:
    engine = module.reach_engine(home, create=False)
    assert engine is not None
    with engine.connect() as connection:
        return [connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()]


class TestAddress:
    @pytest.mark.parametrize(
        "text",
        [
            "mysql://me:hemligt@host/db",
            "postgresql://me:hemligt@host",
            "postgresql://me:hemligt@host:port/db",
            "postgresql+asyncpg2://me:hemligt@",
            "hemligt",
            "sqlite://",
            "sqlite:///:memory:",
        ],
    )
    def test_what_cannot_be_used_is_not_repeated(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", text)
        with pytest.raises(ConfigError, match="NORRSYN_DATABASE_URL is no address") as caught:
            load_layers(tmp_path)
        assert "hemligt" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_a_server_that_does_not_answer(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", "postgresql://me:hemligt@127.0.0.1:1/db?password=hemligt2")
        with pytest.raises(
            StoreError, match=r"postgresql://127\.0\.0\.1:1/db cannot be reached: .*check that it runs"
        ) as caught:
            load_layers(tmp_path)
        error: BaseException | None = caught.value
        while error is not None:
            assert "hemligt" not in str(error)
            error = error.__cause__ or error.__context__

    def test_for_people(self) -> None:
        assert describe_url(parse_url("postgres://me:hemligt@host:5432/db?x=hemligt")) == "postgresql://host:5432/db"
        assert describe_url(parse_url("sqlite:////somewhere/x.sqlite")) == "/somewhere/x.sqlite"

    def test_left_out_or_blank(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", "  ")
        assert find_url(tmp_path).database == str(tmp_path / "norrsyn.sqlite")
        monkeypatch.delenv("NORRSYN_DATABASE_URL")
        assert find_url(Path("relative")).database == str(Path("relative/norrsyn.sqlite").absolute())
        assert "NORRSYN_DATABASE_URL" not in os.environ
