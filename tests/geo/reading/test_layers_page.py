"""docs/layers.md says of every column what the schemas say, and its examples do what they say."""

import json
import re
import shlex
from pathlib import Path

import pandera.pandas as pa
import pytest

from geo.layers.base import Layer
from geo.layers.registry import LAYERS
from geo.reading import read_layer_file
from geo.reading.records import can_make_ids

ROOT = Path(__file__).resolve().parents[3]
_SHOWN_CODES = 10


def render_columns(layer: Layer) -> str:
    """The table of a layer's columns, as it must stand in the page."""
    rows = [
        f"| `{name}` | {describe_kind(column)} | {describe_absence(layer, name)} | {describe_content(column)} |"
        for name, column in layer.schema.columns.items()
    ]
    shapes = " or ".join(sorted(layer.geometry_types))
    return "\n".join(
        [
            "| column | kind | where it is missing | what it holds |",
            "| --- | --- | --- | --- |",
            *rows,
            f"| `geometry` | {shapes} | refused | the place, in any reference system the file names |",
        ]
    )


def describe_kind(column: pa.Column) -> str:
    dtype = str(column.dtype)
    if dtype.startswith("datetime"):
        return "date"
    return "number" if dtype.startswith("float") else "yes or no" if dtype.startswith("bool") else "text"


def describe_absence(layer: Layer, name: str) -> str:
    column = layer.schema.columns[name]
    if name == layer.id_columns[0] and can_make_ids(layer):
        return "made from the row"
    if column.required:
        return "refused"
    default = column.default
    if default is None:
        return "left empty"
    return (
        f"`{default:g}`" if isinstance(default, float) else f"`{str(default).lower() if default is False else default}`"
    )


def describe_content(column: pa.Column) -> str:
    codes = [code for check in column.checks if (code := check.statistics.get("allowed_values")) is not None]
    if not codes:
        return column.description
    shown = ", ".join(f"`{code}`" for code in codes[0])
    return f"{column.description}: " + (shown if len(codes[0]) <= _SHOWN_CODES else f"one of {len(codes[0])} codes")


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "layers.md").read_text("utf-8")


@pytest.mark.parametrize("name", LAYERS)
def test_every_column_is_described_as_the_schema_has_it(page: str, name: str) -> None:
    layer = LAYERS[name]
    heading = f"## {layer.title} (`{name}`)"
    assert heading in page
    section = page.split(heading, 1)[1].split("\n## ", 1)[0]
    assert render_columns(layer) in section, f"below {heading!r} this must stand:\n\n{render_columns(layer)}\n"


@pytest.fixture(scope="module")
def guide() -> str:
    return (ROOT / "docs" / "import.md").read_text("utf-8")


def read_examples(page: str) -> list[list[str]]:
    """The words of each `norrsyn import` of a real file in the page, LAYER FILE --OPTION VALUE …, flags left out."""
    commands = re.findall(r"^(norrsyn import \w+ \w.*?(?:\\\n.*?)*)$", page, re.MULTILINE)
    words = [shlex.split(command.replace("\\\n", " ")) for command in commands]
    return [[word for word in each if word != "--add"] for each in words]


def run_example(words: list[str], folder: Path) -> dict[str, object]:
    """Read what a `norrsyn import` reads, and say what came of it."""
    layer, file = words[2:4]
    options = list(zip(words[4::2], words[5::2], strict=True))

    def pairs(name: str) -> dict[str, str]:
        return dict(value.split("=", 1) for option, value in options if option == name)

    reading = read_layer_file(
        folder / file,
        LAYERS[layer],
        rename=pairs("--rename"),
        set_values=pairs("--set"),
        where=pairs("--where"),
        skip_rows=[int(value) for option, value in options if option == "--skip-row"],
        crs=next((value for option, value in options if option == "--crs"), None),
    )
    return reading.report.to_dict()


@pytest.mark.long
def test_the_worked_examples_come_out_as_printed(guide: str, shared_data: Path) -> None:
    examples = [words for words in read_examples(guide) if (shared_data / "swe" / words[3]).is_file()]
    reports = [run_example(words, shared_data / "swe") for words in examples]
    assert len(reports) >= 7
    for report in reports:
        left_out = report["rows_read"] - report["rows_in"]  # type: ignore[operator]
        line = (
            f"{report['rows_read']} rows = {left_out} left out as told + {report['rows_accepted']} accepted + "
            f"{report['rows_quarantined']} in quarantine + {report['rows_duplicate']} repeated"
        )
        assert line in " ".join(guide.split()), json.dumps(report, ensure_ascii=False, indent=1)
