"""Run as a program: writers of a store that are killed, and readers that look at what is left.

Every writer and reader is a forked child, so that nothing a dead one knew lives on. NORRSYN_DATABASE_URL chooses the
database, as always.

    crash_helper.py every-step {layers|surfaces} HOME      a writer dies before each of its steps in turn
    crash_helper.py random HOME N SEED                     kill -9 at N random moments of a writer that never stops
    crash_helper.py full HOME LIMIT...                     files may not grow beyond ever larger limits
    crash_helper.py fill HOME                              rows are imported until the disk is full
    crash_helper.py many HOME                              two writers and twenty readers at once

A step is a file operation below the data folder, a statement, or a commit.
"""

import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

import geo
from geo.errors import StoreError
from geo.layers.bundle import Layers
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.risk.surface import RiskSurface
from geo.store.files import (
    Provenance,
    check,
    list_surfaces,
    load_layers,
    load_surface,
    publish,
    save_layers,
    save_surface,
)
from tests.frames import GRID, SCORING_DAY, make_accommodation, make_frame, make_workplace, small_frames

STATES = ("old", "new")
N_ROWS = 60
# Opening a database file says "sqlite3.connect", writing to it nothing: statements stand for that.
FILE_OPERATIONS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.chmod"}


def write_layers(home: Path, state: str) -> None:
    value = float(STATES.index(state) + 1)
    frames = {
        "workplaces": make_frame([make_workplace(number, employees=value) for number in range(N_ROWS)]),
        "accommodation": make_frame([make_accommodation(number, beds=value) for number in range(N_ROWS)]),
    }
    save_layers(home, {name: (frame, Provenance(state)) for name, frame in frames.items()})


def read_layers(home: Path) -> str:
    """Which state the folder is in; anything but the two is an error."""
    layers = load_layers(home)
    values = {*layers["workplaces"]["employees"], *layers["accommodation"]["beds"]}
    names = {each.source_name for each in layers.provenance.values()}
    assert len(layers["workplaces"]) == len(layers["accommodation"]) == N_ROWS
    assert len(values) == len(names) == 1, "a mix of old and new"
    (name,), (value,) = names, values
    assert name == STATES[int(value) - 1], "the rows of one state under the name of the other"
    return name


def make_surfaces() -> dict[str, RiskSurface]:
    layers = Layers(small_frames())
    weights = {"old": 0.1, "new": 0.2}
    return {state: geo.score(layers, GRID, at=SCORING_DAY, weights={"workplaces": weights[state]}) for state in STATES}


def write_surface(surfaces: dict[str, RiskSurface], home: Path, state: str) -> None:
    save_surface(home, surfaces[state], keep=0)
    publish(home, surfaces[state].id)
    save_surface(home, surfaces[state], keep=0)


def read_surface(surfaces: dict[str, RiskSurface], home: Path) -> str:
    """Which surface is published; every one that is listed must be whole."""
    for each in list_surfaces(home):
        assert not each.problem, each.problem
        load_surface(home, each.id)
    published = load_surface(home).id
    return next(state for state in STATES if surfaces[state].id == published)


def fork(work: Callable[[], object]) -> int:
    """Run something in a child; it ends with 0, or with 1 and a traceback."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def finish(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def ask(read: Callable[[], str]) -> str:
    """The answer of a child that reads."""
    source, sink = os.pipe()
    child = fork(lambda: os.write(sink, read().encode()))
    os.close(sink)
    with os.fdopen(source, "rb") as file:
        answer = file.read().decode()
    assert finish(child) == 0
    return answer


def die_before(step: int, home: Path) -> None:
    """Kill this very process before the given step."""
    left = step

    def count(*_: object) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def count_files(event: str, arguments: tuple[object, ...]) -> None:
        if event in FILE_OPERATIONS and isinstance(arguments[0], str | Path) and str(home) in str(arguments[0]):
            count()

    sys.addaudithook(count_files)
    for event in ("before_cursor_execute", "commit"):
        sa.event.listen(sa.Engine, event, count)


def try_every_step(home: Path, write: Callable[[str], None], read: Callable[[], str]) -> dict[str, object]:
    seen: Counter[str] = Counter()
    state = ""
    for step in range(500):
        # otherwise the next writer starts from what the dead one left
        if state != "old":
            assert finish(fork(lambda: write("old"))) == 0

        def work(step: int = step) -> None:
            die_before(step, home)
            write("new")

        code = finish(fork(work))
        state = ask(read)
        seen[state] += 1
        if code == 0:
            assert state == "new"
            return {"steps": step, "seen": seen}
        assert code == -signal.SIGKILL
    raise AssertionError


def kill_at_random(home: Path, n_kills: int, seed: int) -> dict[str, object]:
    chance = random.Random(seed)  # noqa: S311  no secret hangs on it
    seen: Counter[str] = Counter()
    write_layers_in_child = fork(lambda: write_layers(home, "old"))
    assert finish(write_layers_in_child) == 0

    def write_both() -> None:
        for state in reversed(STATES):
            write_layers(home, state)

    def write_for_ever() -> None:
        while True:
            write_both()

    begin = time.monotonic()
    assert finish(fork(write_both)) == 0
    # long enough to fall anywhere in either write, however busy the machine is
    round_s = time.monotonic() - begin

    for _ in range(n_kills):
        child = fork(write_for_ever)
        time.sleep(chance.uniform(0, 1.5 * round_s))
        os.kill(child, signal.SIGKILL)
        assert finish(child) == -signal.SIGKILL
        seen[ask(lambda: read_layers(home))] += 1
    assert finish(fork(lambda: write_layers(home, "new"))) == 0
    assert ask(lambda: read_layers(home)) == "new"
    assert ask(lambda: "; ".join(check(home).problems) or "whole") == "whole"
    left = [path.name for path in home.rglob(".part-*")]
    return {"kills": n_kills, "seen": seen, "left": left}


def fill_the_disk(home: Path, limits: list[int]) -> dict[str, object]:
    assert finish(fork(lambda: write_layers(home, "old"))) == 0

    def write_within(limit: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            write_layers(home, "new")
        except StoreError as error:
            assert "check" in str(error)  # noqa: PT017  in a child, far from pytest
            assert str(home) in str(error)  # noqa: PT017

    outcomes = {}
    for limit in limits:
        assert finish(fork(lambda limit=limit: write_within(limit))) == 0
        assert not list(home.rglob(".part-*"))
        outcomes[limit] = ask(lambda: read_layers(home))
    return {"outcomes": outcomes}


def import_until_full(home: Path) -> dict[str, object]:
    """Grow a layer until the disk is full: the last state that was said to be saved is the one that is read."""
    saved, message = 0, ""
    for n_rows in range(200, 200_000, 200):
        frame = make_frame([make_workplace(number, employees=float(n_rows)) for number in range(n_rows)])
        try:
            save_layers(home, {"workplaces": (frame, Provenance(str(n_rows)))})
        except StoreError as error:
            message = str(error)
            break
        saved = n_rows
    found = load_layers(home)["workplaces"]
    return {
        "saved": saved,
        "found": len(found),
        "values": sorted(set(found["employees"])),
        "message": message,
        "problems": check(home).problems,
    }


def work_at_once(home: Path) -> dict[str, object]:
    assert finish(fork(lambda: write_layers(home, "old"))) == 0

    def write_often() -> None:
        for _ in range(5):
            for state in STATES:
                write_layers(home, state)

    def read_often() -> None:
        for _ in range(10):
            read_layers(home)

    children = [fork(write_often) for _ in range(2)] + [fork(read_often) for _ in range(20)]
    return {"codes": [finish(child) for child in children]}


def main(command: str, *arguments: str) -> dict[str, object]:
    # what every child would otherwise have to read for itself
    validate(LAYERS["workplaces"], make_frame([make_workplace()]))
    if command == "every-step":
        home = Path(arguments[1])
        if arguments[0] == "layers":
            return try_every_step(home, lambda state: write_layers(home, state), lambda: read_layers(home))
        surfaces = make_surfaces()
        return try_every_step(
            home, lambda state: write_surface(surfaces, home, state), lambda: read_surface(surfaces, home)
        )
    if command == "random":
        return kill_at_random(Path(arguments[0]), int(arguments[1]), int(arguments[2]))
    if command == "full":
        return fill_the_disk(Path(arguments[0]), [int(limit) for limit in arguments[1:]])
    if command == "fill":
        return import_until_full(Path(arguments[0]))
    return work_at_once(Path(arguments[0]))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
