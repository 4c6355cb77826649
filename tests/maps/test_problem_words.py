"""What answers say of failures has Swedish: every text that the code raises and a person at a page can cause."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import api
import geo
from api.errors import STATUS_TABLE
from maps.i18n import catalogue
from maps.pages.base import TEMPLATES_FOLDER
from maps.problem_words import TEMPLATES, TITLES, say_problem

API, GEO, MAPS = Path(str(api.__file__)).parent, Path(str(geo.__file__)).parent, TEMPLATES_FOLDER.parent
GAP = re.compile(r"\{(\w+)\}")
# Whose errors reach a page.
ASKED = (
    *(API / "routes" / f"{name}.py" for name in ("cells", "charts", "shortlist", "saved_views", "yearly")),
    *(API / f"{name}.py" for name in ("service", "shelf", "drawing", "turns", "viewers", "bodies")),
    API / "importing" / "jobs.py",
    API / "importing" / "uploads.py",
    GEO / "exporting" / "picture.py",
    GEO / "planning" / "yearly" / "records.py",
    GEO / "risk" / "area" / "drawn.py",
    GEO / "risk" / "difference.py",
    GEO / "risk" / "explain.py",
    GEO / "risk" / "uncertainty" / "apart.py",
    GEO / "store" / "people" / "saved_views.py",
    GEO / "store" / "people" / "shortlist.py",
    MAPS / "site_panel.py",
)
# Only a program can send what these refuse.
FOR_PROGRAMS = (
    "The area must be a GeoJSON", "coordinates of a", "The area is not in degrees", "The area has latitude before",
    "Send the file as a form", "7: there is no such file", "The cells of a surface",
)  # fmt: skip
# What an expression in a text may become, where it is no code or number.
MADE_OF = {
    "what": "a ring has no area", "where": "",
    "'; '.join(failures)": "the name is empty; give at least one letter, digit or sign",
    "fault": "is empty; give at least one letter, digit or sign",
    "'; '.join(failures[:_MOST_TOLD])": None,
}  # fmt: skip


def read_text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = []
    for part in node.values:
        made = str(part.value) if isinstance(part, ast.Constant) else MADE_OF.get(ast.unparse(part.value), "7")  # type: ignore[attr-defined]
        if made is None:
            return None
        parts.append(made)
    return "".join(parts)


def list_raised(path: Path) -> Iterator[str]:
    """Texts of a module's errors: what is called ``message``, and what is given to an error itself."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        values: list[ast.AST] = []
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "message":
            values = [node.value]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error"):
            values = list(node.args[:1])
        yield from filter(None, map(read_text, values))


RAISED = sorted({(path.name, text) for path in ASKED for text in list_raised(path)})


def test_there_are_texts_to_be_looked_at() -> None:
    assert len(RAISED) > 35
    assert {path.name for path in ASKED} <= {name for name, _ in RAISED} | {"saved_views.py"}


@pytest.mark.parametrize(("name", "text"), RAISED)
def test_what_is_raised_has_swedish(name: str, text: str) -> None:
    if not text.startswith(FOR_PROGRAMS):
        assert say_problem("sv", text), f"{name} says {text!r}, which has no Swedish (maps/problem_words.py)"


@pytest.mark.parametrize("text", [*TEMPLATES, *TITLES])
def test_every_template_has_swedish_and_is_recognised(text: str) -> None:
    assert text in catalogue("sv")
    inner = {"inner": "a ring has no area"}
    english = text.format_map({name: inner.get(name, "7") for name in GAP.findall(text)})
    said = say_problem("sv", english)
    assert said is not None
    assert said != english
    assert not GAP.search(said)


def test_every_kind_of_problem_has_a_swedish_name() -> None:
    for kind in STATUS_TABLE.values():
        assert say_problem("sv", kind.title), kind.title


def test_what_is_not_known_stays_as_it_is() -> None:
    assert say_problem("sv", "bbox has northing before easting") is None
    assert say_problem("en", "whatever") == "whatever"
    # a name in a text is nobody's words
    assert say_problem("sv", "There is no The form cannot be read. in the layer x.") == (
        "Det finns ingen The form cannot be read. i lagret x."
    )
    assert "1\u202f001" in str(say_problem("sv", "The note has 1,001 characters; use at most 1,000."))
