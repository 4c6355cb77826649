"""Commands for the versions of the model: fit, learn, show, compare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import HomeOption, JsonOption, read_layers, read_settings
from api.cli.output import Command, Group, note, print_json, print_table, print_words, working

if TYPE_CHECKING:
    from geo.risk.model import Model
    from geo.store.files import StoredModel

__all__ = ["COMMANDS", "choose_model"]

_AtOption = Annotated[str | None, typer.Option("--at", metavar="DATE", help="Date, YYYY-MM-DD. Default: today.")]


def fit_version(at: _AtOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Fit a new version from the layers and keep it; see the command's help."""
    folder = read_settings(home).home
    from geo.risk.model import load_model  # noqa: PLC0415
    from geo.risk.refit import fit_model  # noqa: PLC0415
    from geo.store.files import save_model  # noqa: PLC0415

    with working("Fitting"):
        layers = read_layers(folder)
        stored = save_model(folder, fit_model(layers, at))
    if as_json:
        print_json({"home": str(folder), **_describe(stored)})
        return
    model = stored.model
    print_words(f"Model {model.version} is kept in {folder}.", style="bold")
    if model.origin.get("synthetic"):
        note("It is fitted on layers that hold synthetic records: good for trying, not for choosing real places.")
    if kept := model.origin.get("kept"):
        print_words(f"The layers say nothing about {', '.join(kept)}: as in {model.origin['base']}.")
    _show_differences(load_model(), model)
    print_words(f"Score with it: norrsyn score --model {model.version}")


def learn_version(
    at: _AtOption = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the learned weights as a version of the model.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn weights from visits and show them beside the experts'; see the command's help."""
    folder = read_settings(home).home
    from geo.risk.learned import learn_weights  # noqa: PLC0415
    from geo.risk.learned.result import LEGEND  # noqa: PLC0415
    from geo.store.files import save_model  # noqa: PLC0415

    with working("Learning"):
        layers = read_layers(folder)
        result = learn_weights(layers, at, base=_choose_experts(folder))
        is_kept = save and not result.kept_because
        if is_kept:
            save_model(folder, result.model)
    if as_json:
        print_json({"home": str(folder), "saved": is_kept, **result.to_dict()})
        return
    for sentence in result.sentences():
        print_words(sentence)
    if layers.is_synthetic:
        note("The layers hold synthetic records: good for trying, not for choosing real places.")
    weights, tested = result.tables()
    print_table(*weights, numbers=weights[0][1:])
    # intervals may be broken over lines where the terminal is narrow
    print_table(*tested)
    print_words(LEGEND)
    if result.kept_because:
        print_words("There is nothing to keep.")
    elif is_kept:
        print_words(f"Model {result.model.version} is kept in {folder}; nothing uses it until it is named.")
        print_words(f"Score with it: norrsyn score --model {result.model.version}")
    else:
        print_words("Not kept. With --save it becomes a version, which norrsyn score --model VERSION uses.")


def show_version(
    version: Annotated[
        str | None, typer.Argument(help="Version. Default: list them, and show the one in use.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a version's numbers; see the command's help."""
    folder = read_settings(home).home
    from geo.store.files import find_model, list_models  # noqa: PLC0415

    known = list_models(folder)
    in_use = choose_model(folder, None)
    stored = find_model(folder, version or in_use.version)
    if as_json:
        versions = [each.model.version for each in known]
        print_json({"home": str(folder), "versions": versions, "in_use": in_use.version, **_describe(stored)})
        return
    if version is None:
        rows = [_list_version(each, in_use.version) for each in known]
        print_table(("version", "frozen", "by", "fitted on", ""), rows, codes=("version",))
    model = stored.model
    print_words(f"Model {model.version}", style="bold")
    if model.is_learned:
        print_words(model.weights_from)
    components = [
        (one.name, f"{one.weight:g}", f"{one.reference_level:g}", one.unit, f"{model.max_points[one.name]:.1f}")
        for one in model.components
    ]
    head = ("component", "weight", "reference level", "unit", "points at most")
    print_table(head, components, numbers=("weight", "reference level", "points at most"))
    print_table(
        ("parameter", "value"), [(name, f"{value:g}") for name, value in model.parameters.items()], numbers=("value",)
    )


def compare_versions(
    first: Annotated[str, typer.Argument(help="Version.", show_default=False)],
    second: Annotated[str | None, typer.Argument(help="Another. Default: the one in use.", show_default=False)] = None,
    at: _AtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where two versions differ; see the command's help."""
    folder = read_settings(home).home
    from geo.region import region_grid  # noqa: PLC0415
    from geo.risk.compare import compare_surfaces  # noqa: PLC0415
    from geo.risk.scoring import score  # noqa: PLC0415
    from geo.store.files import find_model  # noqa: PLC0415

    one = find_model(folder, first).model
    two = choose_model(folder, None) if second is None else find_model(folder, second).model
    with working("Scoring with both"):
        layers, grid = read_layers(folder), region_grid(two.parameters["fitted_cell_m"])
        surfaces = [score(layers, grid, at, model=model) for model in (one, two)]
        same = compare_surfaces(*surfaces)
    differences = {name: list(pair) for name, pair in one.differences(two).items()}
    if as_json:
        ranking = {"at": surfaces[0].at.isoformat(), **same}
        print_json({"first": one.version, "second": two.version, "differences": differences, "ranking": ranking})
        return
    _show_differences(one, two)
    print_words(_tell_ranking(same, f"{surfaces[0].at}"))


def choose_model(home: Path, version: str | None) -> Model:
    """The version named; left out, that of the published surface as long as it is known, else the reference tables'.

    Raises
    ------
    NotFoundError, StoreError
    """
    from geo.errors import NotFoundError  # noqa: PLC0415
    from geo.risk.model import load_model  # noqa: PLC0415
    from geo.store.files import find_model, list_surfaces  # noqa: PLC0415

    if version is not None:
        return find_model(home, version).model
    try:
        published = [one.manifest["model_version"] for one in list_surfaces(home) if one.is_current]
        found = find_model(home, published[0]).model if published else load_model()
    except NotFoundError:
        # nothing was ever scored here, or by a version that the reference tables have left behind
        return load_model()
    return found if found.is_complete else load_model()


def _choose_experts(home: Path) -> Model:
    """The version in use, or where its weights were learned the one that they were learned from."""
    from geo.store.files import find_model  # noqa: PLC0415

    model = choose_model(home, None)
    while model.is_learned:
        model = find_model(home, model.origin["base"]).model
    return model


def _describe(stored: StoredModel) -> dict[str, Any]:
    return {**stored.model.to_dict(), "frozen_at": stored.frozen_at or None, "frozen_by": stored.frozen_by or None}


def _list_version(stored: StoredModel, in_use: str) -> tuple[str, ...]:
    model, origin = stored.model, stored.model.origin
    rows = sum(each["rows"] for each in origin.get("layers", {}).values())
    fitted = f"{rows:,} records, {origin['at']}" if origin else "what the reference tables say"
    if model.is_learned:
        fitted += "; weights learned from visits"
    used = "in use" if model.version == in_use else ""
    return model.version, stored.frozen_at[:16].replace("T", " "), stored.frozen_by, fitted, used


def _show_differences(one: Model, two: Model) -> None:
    rows = [
        (name, "" if a is None else f"{a:g}", "" if b is None else f"{b:g}", _ratio(a, b))
        for name, (a, b) in one.differences(two).items()
    ]
    if not rows:
        print_words(f"{one.version} and {two.version} hold the same numbers.")
        return
    columns = ("number", one.version, two.version, "ratio")
    print_table(columns, rows, numbers=columns[1:])


def _ratio(a: float | None, b: float | None) -> str:
    return f"{b / a:.2f}" if a and b is not None else ""


def _tell_ranking(same: Mapping[str, float | None], day: str) -> str:
    correlation, overlap = same["rank_correlation"], same["top20_overlap"]
    if correlation is None or overlap is None:
        return f"Too few cells are ranked on {day} to compare what the two make of the layers."
    return (
        f"On the layers of {day}: rank correlation {correlation:.3f} (1 would be the same order), and "
        f"{round(overlap * 20)} of the 20 highest cells are the same."
    )


COMMANDS = (
    Group(
        "model",
        "Fit, learn, show and compare versions of the model.",
        "What a score is made of is frozen in versions of the model: weights, reference levels, sector shares, priors, "
        "bandwidths. Only these commands make a new one, so that scores of two dates compare.",
        (
            Command(
                "fit",
                fit_version,
                "Fit a new version from the layers, and keep it.",
                "Fit what a version freezes from the layers of the data folder, at 1 km: the median of each "
                "component's positive cells, each sector's share of all employees, the average of findings per visit "
                "and what crews add to it. Weights and bandwidths are judgement and stay. Surfaces are not touched: "
                "score with the new version to use it.",
                ("norrsyn model fit", "norrsyn model fit --at 2026-07-15"),
            ),
            Command(
                "learn",
                learn_version,
                "Learn weights from visits, and show them beside the experts'.",
                "Learn what each component should weigh from what inspections found, and show it beside the experts' "
                "weights: how sure it is, and how well both would have ranked later visits. Nothing is kept without "
                "--save, and nothing is scored with it before it is named: norrsyn score --model VERSION.",
                ("norrsyn model learn", "norrsyn model learn --at 2026-07-15 --save"),
            ),
            Command(
                "show",
                show_version,
                "List the versions, or show one.",
                "Show the numbers of a version. Without one: the versions that there are, and the numbers of the one "
                "in use, which is that of the published surface.",
                ("norrsyn model show", "norrsyn model show 2026.2"),
            ),
            Command(
                "compare",
                compare_versions,
                "Say where two versions differ.",
                "List the numbers in which two versions differ, and say how far they put the same cells first, on the "
                "layers of the data folder.",
                ("norrsyn model compare 2026.2",),
            ),
        ),
    ),
)
