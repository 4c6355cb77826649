"""Drawn in a process of its own: the same bits, and whatever becomes of the process, somebody is told."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import geo
from geo.errors import EndedError, MemoryLimitError, ParameterError
from geo.layers.bundle import Layers
from geo.risk.model import load_model
from geo.risk.surface import RiskSurface
from geo.risk.uncertainty import ApartDrawings, Uncertainty
from geo.risk.uncertainty.worker import _ENDED_RATHER
from tests.frames import SCORING_DAY, make_frame, make_workplace
from tests.geo.risk.uncertainty.waiting import find_process, make_command, wait_until

N_DRAWS, TOP_K = 40, 5


@pytest.fixture
def flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The process waits for as long as this is there; files of its own would be left in the same folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    waits = tmp_path / "flag"
    waits.touch()
    yield waits
    waits.unlink(missing_ok=True)
    assert list(folder.iterdir()) == []


def assert_same(found: Uncertainty, expected: Uncertainty) -> None:
    for name in ("cells", "numbers", "low", "median", "high", "p_top", "certainty", "score"):
        mine, theirs = getattr(found, name), getattr(expected, name)
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    assert (found.grid, found.county, found.seed) == (expected.grid, expected.county, expected.seed)
    assert (found.n_draws, found.top_k) == (expected.n_draws, expected.top_k)


class TestTheSameBits:
    @pytest.mark.long
    def test_of_a_surface_with_other_weights_that_was_updated(self, surface: RiskSurface) -> None:
        """What only the server's memory knows: no store has it."""
        weights = {"findings": 3.0, "reported": 0.0}
        live = surface.varied(SCORING_DAY, load_model().with_weights(weights))
        live = live.update({"workplaces": make_frame([make_workplace(990)])})
        found = ApartDrawings().estimate(live, N_DRAWS, TOP_K, seed=3, n_threads=2)
        assert_same(found, live.uncertainty(N_DRAWS, TOP_K, seed=3))
        assert not found.numbers.flags.writeable

    def test_of_a_county(self, wide_layers: Layers) -> None:
        surface = geo.score(wide_layers, geo.region_grid(20_000), at=SCORING_DAY)
        found = ApartDrawings().estimate(surface, N_DRAWS, 1, county="25")
        assert_same(found, surface.uncertainty(N_DRAWS, 1, county="25"))

    def test_what_cannot_be_asked_starts_nothing(self, surface: RiskSurface) -> None:
        with pytest.raises(ParameterError, match="n_draws must be"):
            ApartDrawings(("/nowhere",)).estimate(surface, 1)


class TestWhatBecomesOfTheProcess:
    @pytest.mark.long
    def test_one_that_is_killed_is_told_of_and_the_next_one_draws(self, surface: RiskSurface, flag: Path) -> None:
        apart = ApartDrawings(make_command(flag))
        with ThreadPoolExecutor(1) as asking, closing(apart):
            waiting = asking.submit(apart.estimate, surface, N_DRAWS, TOP_K)
            find_process(flag).kill()
            with pytest.raises(EndedError, match=r"ended \(SIGKILL\), perhaps because memory ran out; ask again"):
                waiting.result(60)
            flag.unlink()
            assert_same(apart.estimate(surface, N_DRAWS, TOP_K), surface.uncertainty(N_DRAWS, TOP_K))

    def test_it_ends_with_whoever_asked(self, surface: RiskSurface, flag: Path) -> None:
        apart = ApartDrawings(make_command(flag))
        with ThreadPoolExecutor(1) as asking, closing(apart):
            waiting = asking.submit(apart.estimate, surface, N_DRAWS, TOP_K)
            process = find_process(flag)
            apart.close()
            with pytest.raises(EndedError):
                waiting.result(60)
        wait_until(lambda: not process.is_running())
        with pytest.raises(EndedError, match="the program ends"):
            apart.estimate(surface, N_DRAWS, TOP_K)

    def test_it_steps_back_and_knows_no_secret(
        self, surface: RiskSurface, flag: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NORRSYN_DATABASE_URL", "postgresql://norrsyn:secret@nowhere/norrsyn")
        apart = ApartDrawings(make_command(flag))
        with ThreadPoolExecutor(1) as asking, closing(apart):
            waiting = asking.submit(apart.estimate, surface, N_DRAWS, TOP_K)
            process = find_process(flag)
            environment = process.environ()
            group, session = os.getpgid(process.pid), os.getsid(process.pid)
            if sys.platform == "linux":
                assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
                mine, its = (int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in ("self", process.pid))
                # the first to be ended where memory is short
                assert its > mine or its == _ENDED_RATHER
            else:
                assert process.nice() > os.getpriority(os.PRIO_PROCESS, 0)
            flag.unlink()
            waiting.result(60)
        assert not any("secret" in value for value in environment.values())
        # Ctrl-C in a terminal does not reach it; and it is weighed against us as one of us
        assert group == process.pid
        assert session == os.getsid(0)

    def test_one_that_fails_is_told_of(
        self, surface: RiskSurface, flag: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        flag.unlink()
        flag.with_suffix(".fail").touch()
        with pytest.raises(EndedError, match=r"its process failed \(RuntimeError\); ask again, and see the log"):
            ApartDrawings(make_command(flag)).estimate(surface, N_DRAWS, TOP_K)
        assert "nobody foresaw this" in caplog.text

    @pytest.mark.parametrize(
        ("code", "error", "words"),
        [
            ("raise SystemExit(7)", EndedError, "exit 7"),
            ("print('not ours')", EndedError, "exit 0"),
            ("print('{\"done\": true}')", EndedError, "exit 0"),
            ("print('[' * 60_000)", EndedError, "exit 0"),
            ('print(\'{"error": "MemoryLimitError", "message": "too little"}\')', MemoryLimitError, "too little"),
            ('print(\'{"error": "SystemExit", "message": "x"}\')', EndedError, "exit 0"),
        ],
        ids=["exit", "words", "no numbers", "nested", "an error of ours", "no error of ours"],
    )
    def test_whatever_it_answers(self, surface: RiskSurface, code: str, error: type[Exception], words: str) -> None:
        with pytest.raises(error, match=words):
            ApartDrawings((sys.executable, "-c", code)).estimate(surface, N_DRAWS, TOP_K)

    def test_one_that_cannot_be_started(self, surface: RiskSurface) -> None:
        with pytest.raises(EndedError, match="No such file"):
            ApartDrawings(("/nowhere/python",)).estimate(surface, N_DRAWS, TOP_K)
