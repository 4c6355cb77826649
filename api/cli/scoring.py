"""Commands that score and answer from a score: score, top, explain, map, export."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.events import note_done
from api.cli.model import choose_model
from api.cli.options import CountyOption, HomeOption, JsonOption, LanguageOption, read_layers, read_pairs, read_settings
from api.cli.output import Command, note, print_json, print_table, print_words, working

if TYPE_CHECKING:
    from geo.risk.surface import RiskSurface

__all__ = ["COMMANDS"]

_TOP_COMPARED = 20
_SHOWN_DRIVERS = 3


def score_region(  # noqa: PLR0913, PLR0917  every option is one
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="Scoring date, YYYY-MM-DD. Default: today.")
    ] = None,
    cell: Annotated[float, typer.Option("--cell", metavar="M", help="Side of a cell, metres, from 50.")] = 1000.0,
    sector: Annotated[
        list[str] | None,
        typer.Option("--sector", metavar="CODE", help="Count only this sector group. Repeat for more. Default: all."),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="COMPONENT=W", help="Replace an expert weight. Repeat for more."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="VERSION", help="Version of the model. Default: that of the published surface."
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option("--dask", metavar="WHERE", help="Score on Dask: local, or a scheduler such as tcp://host:8786."),
    ] = None,
    dask_folder: Annotated[
        Path | None,
        typer.Option("--dask-folder", help="A folder that all Dask workers see. Default: the data folder."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score the region; see the command's help."""
    folder = read_settings(home).home
    weights = read_pairs("--weight", weight, float)
    from geo.region import region_grid  # noqa: PLC0415
    from geo.risk.scoring import parse_choices, score  # noqa: PLC0415
    from geo.store.files import publish, save_surface  # noqa: PLC0415
    from maps.answers import describe_surface  # noqa: PLC0415

    version = choose_model(folder, model)
    day, sectors, _ = parse_choices(at, sector or None, weights or None, version)
    grid = region_grid(cell)
    clock = _Clock()
    with working("Scoring") as say:
        say("reading the layers")
        layers = read_layers(folder)
        clock.lap("load")
        say(f"{grid.n_cells:,} cells")
        if dask is None:
            surface = score(layers, grid, day, sectors, weights or None, model=version)
        else:
            from geo.scale import scoring as scale  # noqa: PLC0415  Dask is optional

            with scale.open_client(dask) as client:
                place = (dask_folder or folder).resolve()
                surface = scale.score(
                    layers, grid, day, sectors, weights or None, client=client, folder=place, model=version, tell=note
                )
        clock.lap("score")
        say("writing it down")
        save_surface(folder, surface)
        publish(folder, surface.id)
        note_done(folder, "surface-published", surface.id)
        clock.lap("save")
    info = describe_surface(surface, _sources(folder), datetime.now(UTC).isoformat(timespec="seconds"))
    if as_json:
        learned = {"weights_learned": surface.model.is_learned}
        print_json(
            {**info, **learned, "surface": surface.id, "home": str(folder), "published": True, "seconds": clock.seconds}
        )
        return
    _tell_score(info, clock.seconds, surface.model.weights_from)


def show_top(
    n: Annotated[int, typer.Option("--n", min=1, max=10_000, help="How many cells.")] = 20,
    county: CountyOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the highest cells; see the command's help."""
    surface = _load_published(home)
    with working("Ranking"):
        frame = surface.top(n, county)
    rows = frame.to_dict("records")
    components = list(surface.components)
    if as_json:
        plain = [name for name in frame.columns if name not in components]
        print_json(
            [
                {**{name: row[name] for name in plain}, "contributions": {name: row[name] for name in components}}
                for row in rows
            ]
        )
        return
    titles = {one.name: one.title for one in surface.model.components}
    table = []
    for row in rows:
        most = max(components, key=lambda name: row[name])
        reason = f"{titles[most]} ({row[most]:.1f})"
        table.append((str(row["rank"]), f"{row['score']:.1f}", row["municipality"], row["cell_id"], reason))
    _head(surface)
    columns = ("no.", "score", "municipality", "cell", "most points from")
    print_table(columns, table, numbers=("no.", "score"), codes=("cell",))
    if rows:
        print_words(f"Why: norrsyn explain {rows[0]['cell_id']}")


def explain_cell(
    cell_id: Annotated[str, typer.Argument(help="INSPIRE or SCB id of the cell.", show_default=False)],
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a cell has its score; see the command's help."""
    from maps.i18n import catalogue  # noqa: PLC0415

    catalogue(lang)
    surface = _load_published(home)
    from maps.answers import describe_cell  # noqa: PLC0415
    from maps.nearby_answers import describe_nearby  # noqa: PLC0415
    from maps.record_names import RecordNames  # noqa: PLC0415

    with working("Explaining"):
        explanation = surface.explain(cell_id)
        answer = {
            **describe_cell(lang, surface, RecordNames(surface.layers), explanation),
            **describe_nearby(lang, surface, explanation, surface.layers),
        }
    if as_json:
        print_json(answer)
        return
    _head(surface)
    _tell_cell(answer)


def write_map(
    out: Annotated[Path, typer.Argument(help="The file to write, ending in .html.", show_default=False)],
    lang: LanguageOption = "sv",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the stand-alone map; see the command's help."""
    from geo.errors import ParameterError  # noqa: PLC0415

    if out.suffix.lower() not in {".html", ".htm"}:
        message = f"{out} must end in .html."
        raise ParameterError(message)
    surface = _load_published(home)
    from maps.standalone import draw_surface  # noqa: PLC0415

    with working("Writing the map"):
        content = draw_surface(lang, surface, written=datetime.now(UTC).date()).encode()
        _replace(out, lambda path: path.write_bytes(content))
        note_done(read_settings(home).home, "surface-exported", f"{surface.id} html")
    if as_json:
        print_json({"file": str(out), "surface": surface.id, "bytes": len(content)})
        return
    _head(surface)
    print_words(f"{out} ({len(content) / 1e6:.1f} MB) opens in any browser, without a server or a network.")


def export_surface(
    out: Annotated[Path, typer.Argument(help="The file to write: .tif, .gpkg or .parquet.", show_default=False)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the surface for other programs; see the command's help."""
    from geo.errors import ParameterError  # noqa: PLC0415

    writers = {".tif": _write_tiff, ".tiff": _write_tiff, ".gpkg": _write_gpkg, ".parquet": _write_parquet}
    write = writers.get(out.suffix.lower())
    if write is None:
        message = f"{out} must end in one of {', '.join(writers)}."
        raise ParameterError(message)
    surface = _load_published(home)
    with working(f"Writing {out.name}"):
        _replace(out, lambda path: write(surface, path))
        note_done(read_settings(home).home, "surface-exported", f"{surface.id} {out.suffix.lower()[1:]}")
    size = out.stat().st_size
    if as_json:
        print_json({"file": str(out), "surface": surface.id, "bytes": size})
        return
    _head(surface)
    print_words(f"{out} ({size / 1e6:.1f} MB) is written.")


class _Clock:
    """Seconds that each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note a step as done."""
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now


def _load_published(home: Path | None) -> RiskSurface:
    folder = read_settings(home).home
    from geo.store.files import load_surface  # noqa: PLC0415

    with working("Reading the surface"):
        surface = load_surface(folder)
    if surface.stale_layers:
        changed = ", ".join(surface.stale_layers)
        note(f"The layers have changed since this surface was scored ({changed}): run norrsyn score.", style="yellow")
    return surface


def _sources(folder: Path) -> Mapping[str, Any]:
    from api.home import DataFolder  # noqa: PLC0415

    return DataFolder(folder).read_layers()[1]


def _head(surface: RiskSurface) -> None:
    synthetic = " · SYNTHETIC DATA" if surface.manifest["synthetic"] else ""
    print_words(f"Scored for {surface.at} in cells of {surface.grid.cell_m:g} m, surface {surface.id}{synthetic}")
    if surface.model.is_learned:
        print_words(surface.model.weights_from)


def _tell_score(info: Mapping[str, Any], seconds: Mapping[str, float], weights_from: str) -> None:
    synthetic = " · SYNTHETIC DATA" if info["synthetic"] else ""
    print_words(f"Surface {info['id']}, scored for {info['at']} in cells of {info['cell_m']:g} m{synthetic}")
    if weights_from:
        print_words(weights_from)
    states = info["states"]
    print_words(
        f"{info['n_scored']:,} cells are ranked: {states['inspected']:,} inspected, {states['never_inspected']:,} "
        f"never inspected. In {states['nothing_known']:,} more nothing is known."
    )
    rows = [
        (one["name"], f"{one['low']:g}–{one['high']:g}", f"{one['n_cells']:,}") for one in reversed(info["classes"])
    ]
    print_table(("class", "score", "cells"), rows, numbers=("score", "cells"))
    print_words(_compare(info["comparison"]))
    print_words("Took " + ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items()) + ".")
    print_words("Next: norrsyn serve, or norrsyn top")


def _compare(comparison: Mapping[str, float | None]) -> str:
    correlation, overlap = comparison["rank_correlation"], comparison["top20_overlap"]
    if correlation is None or overlap is None:
        return "Too few cells are ranked to compare with a plain map of where people work."
    same = round(overlap * _TOP_COMPARED)
    return (
        f"Compared with a plain map of where people work: rank correlation {correlation:.2f} (1 would be the same "
        f"order), and {same} of the {_TOP_COMPARED} highest cells are the same."
    )


def _tell_cell(answer: Mapping[str, Any]) -> None:
    print_words(f"{answer['place']} · {answer['municipality']} · {answer['cell_id']}", style="bold")
    class_name = f" ({answer['class']['name']})" if answer["class"] else ""
    rank = f", no. {answer['rank']:,} of {answer['n_ranked']:,}" if answer["rank"] else ""
    print_words(f"Score {answer['score']:.1f} of 100{class_name}{rank}")
    for reason in answer["reasons"]:
        print_words(f"• {reason}")
    rows = []
    for one in sorted(answer["components"], key=lambda component: -component["points"]):
        drivers = [f"{d['title']} ({d['distance_m'] / 1000:.1f} km)" for d in one["drivers"][:_SHOWN_DRIVERS]]
        rows.append((one["title"], f"{one['points']:.1f}", f"{one['max_points']:.0f}", ", ".join(drivers)))
    print_table(("component", "points", "of", "records that weigh most"), rows, numbers=("points", "of"))


def _write_tiff(surface: RiskSurface, path: Path) -> None:
    surface.to_geotiff(path)


def _write_gpkg(surface: RiskSurface, path: Path) -> None:
    surface.to_geodataframe().to_file(path, driver="GPKG", layer="cells")


def _write_parquet(surface: RiskSurface, path: Path) -> None:
    surface.to_geodataframe().to_parquet(path)


def _replace(out: Path, write: Callable[[Path], object]) -> None:
    """Write beside the place and rename, so that nobody opens half a file.

    Raises
    ------
    StoreError
    """
    from geo.errors import StoreError  # noqa: PLC0415

    if not out.parent.is_dir():
        # each writer would say this in its own way, and name the unfinished file
        message = f"{out} cannot be written: there is no folder {out.parent}; make it, or choose another."
        raise StoreError(message)
    unfinished = out.with_name(f".{out.stem}.{os.getpid()}{out.suffix}")
    try:
        write(unfinished)
        # ranked places are for whoever asked for them, not for every user of the machine
        unfinished.chmod(0o600)
        unfinished.replace(out)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}; check the folder and the space on the disk."
        raise StoreError(message) from error
    finally:
        unfinished.unlink(missing_ok=True)


COMMANDS = (
    Command(
        "score",
        score_region,
        "Score every cell, and publish the result.",
        "Score every cell of Region Nord for a date, save the surface in the data folder, and publish it: a map that "
        "is being served shows it at the next reload.\n\nThe date decides seasons, phases, which sites are active and "
        "how old findings are. Weights that you replace stand in the surface's manifest.",
        (
            "norrsyn score",
            "norrsyn score --at 2026-07-15 --cell 500",
            "norrsyn score --at 2026-01-15 --sector construction --sector cleaning --weight establishments=0",
            "norrsyn score --cell 250 --dask local",
        ),
    ),
    Command(
        "top",
        show_top,
        "List the highest cells.",
        "List the highest cells of the published surface, with the points that each component adds.",
        ("norrsyn top --n 10", "norrsyn top --county 25 --json"),
    ),
    Command(
        "explain",
        explain_cell,
        "Say why a cell has its score.",
        "Say why a cell of the published surface has its score: in words, in points that add up to it, and by the "
        "records that weigh most.",
        ("norrsyn explain CRS3006RES1000mN7088000E758000", "norrsyn explain 7580007088000 --lang sv"),
    ),
    Command(
        "map",
        write_map,
        "Write the map as one file.",
        "Write the map of the published surface as one HTML file that opens without a server or a network, from a "
        "file share for instance. It holds scores and places, no site and no record.",
        ("norrsyn map region-nord.html", "norrsyn map region-nord-en.html --lang en"),
    ),
    Command(
        "export",
        export_surface,
        "Write the surface for other programs.",
        "Write the published surface as a cloud-optimised GeoTIFF (a band per component), or as squares with scores "
        "in a GeoPackage or GeoParquet file.",
        ("norrsyn export surface.tif", "norrsyn export cells.gpkg"),
    ),
)
