"""How long an import takes and how much memory, from the file to the database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo
from rows import Bar, Row, at_most
from session import Session, not_run
from sqlalchemy import make_url

from geo.crs import SWEREF99_TM

__all__ = ["import_rows", "make_workplaces"]

ROOT = Path(__file__).resolve().parents[1]
GIB = 2**30
SEED = 20260715
CODES = ("41200", "43210", "56100", "81210", "02200", "49410", "96021")
# a rectangle in Region Nord whose eastern edge lies in the sea, so that some rows are refused
EASTING_M, NORTHING_M = (550_000.0, 800_000.0), (7_000_000.0, 7_300_000.0)
CSV_BAR, PARQUET_BAR, MEMORY_BAR = at_most(6), at_most(45), at_most(2)
GROWTH_BAR = at_most(1.5)
DATABASE = "norrsyn_bench"


@dataclass(frozen=True)
class Cost:
    """What an import took: seconds from start to end of its process, of processor, and bytes of both processes."""

    wall_s: float
    cpu_s: float
    parent_bytes: int
    worker_bytes: int
    accepted: int

    @property
    def gib(self) -> float:
        """Both peaks together, which is more than what was used at any one time."""
        return (self.parent_bytes + self.worker_bytes) / GIB

    def tell(self) -> str:
        """The figures that the table has no column for."""
        parent, worker = self.parent_bytes / 2**20, self.worker_bytes / 2**20
        return (
            f"{self.cpu_s:.3g} s of processor, {self.accepted:,} rows accepted; peaks of {worker:,.0f} MiB in the "
            f"process that reads and {parent:,.0f} MiB in the one that writes"
        )


def make_workplaces(n_rows: int) -> pd.DataFrame:
    """A register of made-up workplaces, the same for the same number of rows.

    Parameters
    ----------
    n_rows : int

    Returns
    -------
    DataFrame with Swedish column names, ``easting`` and ``northing`` in m (EPSG:3006)
    """
    rng = np.random.default_rng(SEED)
    firms = rng.integers(0, n_rows, n_rows)
    return pd.DataFrame(
        {
            "cfar": [f"{i:08d}" for i in range(n_rows)],
            "benämning": [f"Firma {i}" for i in firms],
            "orgnr": _number_firms(firms),
            "sni": rng.choice(CODES, n_rows),
            "antal anställda": rng.integers(1, 200, n_rows),
            "active_from": rng.choice(pd.date_range("2015-01-01", "2025-12-31").strftime("%Y-%m-%d"), n_rows),
            "easting": rng.uniform(*EASTING_M, n_rows).round(1),
            "northing": rng.uniform(*NORTHING_M, n_rows).round(1),
        }
    )


def import_rows(session: Session) -> Iterator[Row]:
    """A CSV file and a GeoParquet file into an empty store, in seconds; then memory, and how it grows."""
    few, some, many = (6_000, 25_000, 100_000) if session.quick else (60_000, 250_000, 1_000_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="norrsyn-bench-")))
        csv, smaller, larger = folder / "workplaces.csv", folder / "smaller.parquet", folder / "larger.parquet"
        make_workplaces(few).to_csv(csv, sep=";", index=False)
        for path, n_rows in ((smaller, some), (larger, many)):
            _write_geoparquet(path, n_rows)
        csv_case, case = f"{few:,} workplaces, CSV", f"{many:,} workplaces, GeoParquet"
        yield _time_row(csv_case, "SQLite", [_import_into_sqlite(csv) for _ in range(3)], CSV_BAR)
        large = _import_into_sqlite(larger)
        yield _time_row(case, "SQLite", [large], PARQUET_BAR)
        yield _memory_row(case, "SQLite", large)
        small = _import_into_sqlite(smaller)
        yield Row(
            "memory of import",
            f"{many:,} rows over {some:,}, SQLite",
            figure=large.gib / small.gib,
            bar=GROWTH_BAR,
            rounds=1,
            note=f"{large.gib:.2f} and {small.gib:.2f} GiB",
        )
        try:
            url = stack.enter_context(_reach_postgres())
        except (OSError, subprocess.CalledProcessError, psycopg.Error):
            yield not_run("import", f"{case}, PostgreSQL", "not run: PostgreSQL is neither there nor can be started")
            return
        yield _time_row(csv_case, "PostgreSQL", [_import_into_postgres(csv, url) for _ in range(3)], CSV_BAR)
        large = _import_into_postgres(larger, url)
        yield _time_row(case, "PostgreSQL", [large], PARQUET_BAR)
        yield _memory_row(case, "PostgreSQL", large)


def _number_firms(firms: NDArray[np.int64]) -> list[str]:
    """Numbers with the check digit of organisation numbers; the third digit is no month's, so no person has one."""
    bodies = 559_000_000 + firms
    doubled = bodies[:, np.newaxis] // 10 ** np.arange(9) % 10 * np.array([2, 1] * 4 + [2])
    checks = -(doubled // 10 + doubled % 10).sum(axis=1) % 10
    return [str(number) for number in (10 * bodies + checks).tolist()]


def _write_geoparquet(path: Path, n_rows: int) -> None:
    table = make_workplaces(n_rows)
    points = gpd.points_from_xy(table.pop("easting"), table.pop("northing"), crs=SWEREF99_TM)
    gpd.GeoDataFrame(table, geometry=points).to_parquet(path)


def _time_row(case: str, database: str, costs: list[Cost], bar: Bar) -> Row:
    middle = sorted(costs, key=lambda cost: cost.wall_s)[len(costs) // 2]
    seconds = median(cost.wall_s for cost in costs)
    return Row(
        "import", f"{case}, {database}", threads="2", figure=seconds, unit="s", bar=bar, rounds=len(costs),
        note=middle.tell(),
    )  # fmt: skip


def _memory_row(case: str, database: str, cost: Cost) -> Row:
    return Row("memory of import", f"{case}, {database}", figure=cost.gib, unit="GiB", bar=MEMORY_BAR, rounds=1)


def _import_into_sqlite(path: Path) -> Cost:
    return _measure(path, {})


def _import_into_postgres(path: Path, url: str) -> Cost:
    """Into a database of its own, which is new each time."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
        try:
            with psycopg.connect(make_conninfo(url, dbname=DATABASE), autocommit=True) as fresh:
                if fresh.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").fetchone():
                    fresh.execute("CREATE EXTENSION postgis")
            fresh_url = make_url(url).set(database=DATABASE).render_as_string(hide_password=False)
            return _measure(path, {"NORRSYN_DATABASE_URL": fresh_url})
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _measure(path: Path, settings: dict[str, str]) -> Cost:
    """From the start of a process to its end, as whoever runs the command waits for it."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("NORRSYN_")}
    with TemporaryDirectory(prefix="norrsyn-bench-") as home:
        start = time.perf_counter()
        told = subprocess.run(  # noqa: S603  our own script
            [sys.executable, ROOT / "benchmarks" / "import_once.py", home, path],
            env={**known, **settings, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        wall_s = time.perf_counter() - start
    measured: dict[str, Any] = json.loads(told)
    return Cost(wall_s, measured["cpu_s"], measured["parent_bytes"], measured["worker_bytes"], measured["accepted"])


def _find_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _reach_postgres() -> Iterator[str]:
    """The server of the tests: the one that the environment names, or one that is started for the while."""
    if named := os.environ.get("NORRSYN_TEST_DATABASE_URL"):
        yield named
        return
    script = ROOT / "tests" / "postgres.sh"
    with TemporaryDirectory(prefix="norrsyn-bench-") as folder:
        settings = {**os.environ, "PGFOLDER": f"{folder}-server", "PGPORT": str(_find_port())}
        try:
            told = subprocess.run([script, "start"], env=settings, capture_output=True, text=True, check=True).stdout  # noqa: S603
            yield next(line.split("=", 1)[1] for line in told.splitlines() if "NORRSYN_TEST_DATABASE_URL=" in line)
        finally:
            subprocess.run([script, "stop"], env=settings, capture_output=True, check=False)  # noqa: S603
