"""The command that makes the demo region."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import HomeOption, JsonOption, read_settings
from api.cli.output import Command, print_json, print_table, print_words, working

__all__ = ["COMMANDS"]

DEMO_SOURCE = "norrsyn demo"


def make_demo_region(
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds give equal regions.")] = 68656048,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace layers that did not come from a demo region.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the demo region; see the command's help."""
    folder = read_settings(home).home
    from geo.demo import make_demo  # noqa: PLC0415
    from geo.layers.registry import LAYERS  # noqa: PLC0415
    from geo.store.files import Provenance, save_demo_truth, save_layers  # noqa: PLC0415

    if not replace:
        _refuse_to_replace(folder)
    with working("Making the demo region") as say:
        demo = make_demo(seed, progress=say)
        say("writing it down")
        provenance = Provenance(DEMO_SOURCE, note=f"made up, seed {seed}")
        save_layers(folder, {name: (frame, provenance) for name, frame in demo.layers.items()})
        save_demo_truth(folder, demo.truth, demo.manifest)
    rows = {name: len(frame) for name, frame in demo.layers.items()}
    if as_json:
        print_json({"home": str(folder), "seed": seed, "synthetic": True, "layers": rows})
        return
    print_words(f"A synthetic Region Nord is in {folder} (seed {seed}): no record in it is real.")
    table = [(name, LAYERS[name].title, f"{n:,}") for name, n in rows.items()]
    print_table(("layer", "what it is", "rows"), table, numbers=("rows",))
    print_words("Next: norrsyn score")


def _refuse_to_replace(folder: Path) -> None:
    """Stop before layers that somebody imported are replaced by made-up ones."""
    from geo.errors import ConfigError, NotFoundError  # noqa: PLC0415
    from geo.store.files import load_layers  # noqa: PLC0415

    try:
        provenance = load_layers(folder).provenance
    except NotFoundError:
        return
    own = [name for name, each in provenance.items() if each.source_name != DEMO_SOURCE and name != "borders"]
    if own:
        message = (
            f"{folder} holds layers of your own ({', '.join(own)}), which the demo region would replace; choose "
            "another folder with --home, or add --replace."
        )
        raise ConfigError(message)


COMMANDS = (
    Command(
        "demo",
        make_demo_region,
        "Make a synthetic Region Nord to try things on.",
        "Make a synthetic Region Nord in the data folder: about 57 000 workplaces, 1 000 accommodation sites, three "
        "years of visits and findings, around the real localities.\n\nNo record in it is real, and every record and "
        "map says so. Layers that came from files of your own are not replaced unless you say so.",
        ("norrsyn demo", "norrsyn demo --seed 7 --home ./another-folder"),
    ),
)
