"""What the commands about plans share: keys, files with what is asked for, and how a plan is told and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from api.cli.events import name_operator
from api.cli.output import print_json, print_table, print_words

if TYPE_CHECKING:
    from pydantic import BaseModel

    from geo.layers.bundle import Layers
    from geo.planning.plan import Plan
    from geo.planning.targets import SiteKey
    from geo.risk.surface import RiskSurface
    from geo.store.plans import StoredPlan

__all__ = [
    "CircleOption",
    "PlanArgument",
    "SiteArgument",
    "VersionOption",
    "change_stored",
    "check_document",
    "pick_circle",
    "read_document",
    "read_key",
    "score_for",
    "tell_plan",
    "view_layers",
]

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help="Id of the plan.", show_default=False)]
SiteArgument = Annotated[
    str, typer.Argument(metavar="LAYER/ID", help="The stop, such as workplaces/12345678.", show_default=False)
]
VersionOption = Annotated[
    int | None,
    typer.Option(
        "--if-version", min=1, help="Change it only if this is its version; left out, as it stands.", show_default=False
    ),
]
CircleOption = Annotated[
    str | None,
    typer.Option(
        "--circle", help="Sharing circle of the plan, such as municipality. Default: the agencies'.", show_default=False
    ),
]
T = TypeVar("T", bound="BaseModel")
_MINUTES = 60


def read_key(option: str, text: str) -> SiteKey:
    """Layer and record id.

    Raises
    ------
    ParameterError
    """
    from geo.errors import ParameterError  # noqa: PLC0415

    layer, sign, record = text.partition("/")
    if not (layer and sign and record):
        message = f"{option}: {text!r} has not the form layer/id, such as workplaces/12345678."
        raise ParameterError(message)
    return layer, record


def pick_circle(circle: str | None) -> str:
    """The circle that is meant.

    Raises
    ------
    ParameterError
        There is no such circle.
    """
    from geo.errors import ParameterError  # noqa: PLC0415
    from geo.layers.circles import INNER_CIRCLE, VISIBLE  # noqa: PLC0415

    if circle is not None and circle not in VISIBLE:
        message = f"There is no sharing circle {circle!r}; the circles are {', '.join(VISIBLE)}."
        raise ParameterError(message)
    return INNER_CIRCLE if circle is None else circle


def score_for(circle: str, surface: RiskSurface) -> RiskSurface:
    """A surface as a circle sees it: scored from the records that it may see, where these are not all.

    Parameters
    ----------
    circle : str
    surface : RiskSurface of all records
    """
    from api.snapshots import choose_model  # noqa: PLC0415
    from geo.layers.circles import INNER_CIRCLE, select_visible_layers  # noqa: PLC0415
    from geo.risk.scoring import score  # noqa: PLC0415

    if circle == INNER_CIRCLE:
        return surface
    layers = select_visible_layers(surface.layers, circle)
    return score(layers, surface.grid, surface.at, surface.sectors, model=choose_model(surface.model, circle))


def read_document(path: Path) -> Any:
    """What a JSON or TOML file holds.

    Raises
    ------
    NotFoundError
        There is no such file.
    ParameterError
        It cannot be read as what its ending says.
    """
    import json  # noqa: PLC0415
    import tomllib  # noqa: PLC0415

    from geo.errors import NotFoundError, ParameterError  # noqa: PLC0415

    def refuse(text: str) -> Any:
        raise ValueError(text)

    if path.suffix.lower() not in {".json", ".toml"}:
        message = f"{path} must end in .json or .toml."
        raise ParameterError(message)
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text, parse_constant=refuse)
    except FileNotFoundError as error:
        message = f"There is no file {path}."
        raise NotFoundError(message) from error
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path} cannot be read: {error}."
        raise ParameterError(message) from error


def check_document(kind: type[T], document: Any) -> T:
    """A document as what the API takes.

    Raises
    ------
    ParameterError
        A line for everything in it that cannot be used.
    """
    from pydantic import ValidationError  # noqa: PLC0415

    from geo.errors import ParameterError  # noqa: PLC0415

    try:
        return kind.model_validate(document)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors(include_url=False)
        ]
        raise ParameterError("\n".join(lines)) from error


def change_stored(
    folder: Path, plan_id: str, version: int | None, change: Callable[[Plan, Mapping[str, str]], Plan], circle: str
) -> StoredPlan:
    """Do something to a plan as whoever runs the command.

    Raises
    ------
    ParameterError
        The plan has another version than the one that was named, or the change is refused.
    NotFoundError, StoreError
    """
    from datetime import UTC, datetime  # noqa: PLC0415

    from api.plans.bounds import check_size  # noqa: PLC0415
    from geo.errors import ChangedError, ParameterError  # noqa: PLC0415
    from geo.store.plans import change_plan, find_plan  # noqa: PLC0415

    stored = find_plan(folder, plan_id, circle)
    who = {"by": name_operator(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    wanted = stored.version if version is None else version
    try:
        return change_plan(folder, plan_id, wanted, lambda plan: check_size(change(plan, who)), circle=circle)
    except ChangedError as error:
        message = f"The plan has version {error.current.version} by now, not {wanted}; look at it anew."
        raise ParameterError(message) from error


def view_layers(folder: Path, circle: str) -> Layers:
    """The records that a plan's circle may see.

    Raises
    ------
    ParameterError, StoreError
    """
    from geo.layers.circles import INNER_CIRCLE, select_visible_layers  # noqa: PLC0415
    from geo.store.layers import load_layers  # noqa: PLC0415

    layers = load_layers(folder)
    return layers if circle == INNER_CIRCLE else select_visible_layers(layers, circle)


def tell_plan(folder: Path, stored: StoredPlan, lang: str, *, as_json: bool) -> None:
    """Print a plan: with ``--json`` as the API answers it."""
    from api.plan_schemas import PlanAnswer  # noqa: PLC0415
    from maps.i18n import translate  # noqa: PLC0415
    from maps.plan_answers import describe_plan  # noqa: PLC0415
    from maps.record_names import RecordNames  # noqa: PLC0415

    layers = view_layers(folder, stored.plan.circle)
    told = describe_plan(lang, stored, layers=layers, names=RecordNames(layers), may_change=True)
    if as_json:
        print_json(PlanAnswer.model_validate(told).model_dump(mode="json"))
        return
    print_words(
        translate(
            lang,
            "{name}: {state}, {days}; plan {plan_id}, version {version}",
            name=told["name"],
            state=told["state_title"],
            days=", ".join(told["days"]),
            plan_id=told["plan_id"],
            version=told["version"],
        )
    )
    for route in told["routes"]:
        _print_route(route, lang)
    for problem in told["problems"]:
        print_words(translate(lang, "Does not hold: {problem}", problem=problem))
    for one in told["exclusions"]:
        key = f"{one['layer']}/{one['record_id']}"
        print_words(
            translate(
                lang, "Left out: {title} ({key}): {reason}", title=one["title"], key=key, reason=one["reason_title"]
            )
        )
    for words in dict.fromkeys((*told["notes"], *told["drive"]["notes"])):
        print_words(words)
    for item in told["checklist"]:
        mark = (translate(lang, "Ready") if item["is_ready"] else translate(lang, "Not ready")).lower()
        languages = f" ({', '.join(item['languages'])})" if item["languages"] else ""
        print_words(f"{item['title']} [{item['item']}]: {mark}{languages}")
    for state, blocks in told["blocks"].items():
        for block in blocks:
            print_words(translate(lang, "Keeps it from {state}: {block}", state=state, block=block))


def _print_route(route: Mapping[str, Any], lang: str) -> None:
    from maps.i18n import translate  # noqa: PLC0415

    head = f"{route['crew']}, {route['on']}"
    if not route["stops"]:
        print_words(translate(lang, "{route}: no stops", route=head))
        return
    times = f"{_clock(route['depart_minute'])}–{_clock(route['return_minute'])}"
    minutes = route["drive_minutes"]
    print_words(translate(lang, "{route}, {times}, {n} min on the road", route=head, times=times, n=minutes))
    rows = []
    for stop in route["stops"]:
        came = "" if stop["outcome"] is None else stop["outcome"]["result_title"]
        times = f"{_clock(stop['start_minute'])}–{_clock(stop['end_minute'])}"
        site = f"{stop['title']}: {came}" if came else stop["title"]
        drive, key = f"{stop['drive_minutes']} min", f"{stop['layer']}/{stop['record_id']}"
        rows.append((str(stop["order"]), times, drive, site, stop["how_title"], key))
    columns = (
        *(translate(lang, "no."), translate(lang, "time"), translate(lang, "drive"), translate(lang, "site")),
        *(translate(lang, "chosen"), translate(lang, "key")),
    )
    number, time, drive, *_, key = columns
    print_table(columns, rows, numbers=(number, drive), codes=(key, time))
    for stop in route["stops"]:
        if stop["reasons"]:
            print_words(f"{stop['order']}. {stop['reasons'][0]}")


def _clock(minute: int) -> str:
    days, minute = divmod(minute, 24 * _MINUTES)
    shown = f"{minute // _MINUTES:02d}:{minute % _MINUTES:02d}"
    return f"{shown} (+{days})" if days else shown
