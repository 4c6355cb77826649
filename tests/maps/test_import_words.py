"""What an import says of rows and columns has Swedish, as far as the library's texts can be listed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import geo
from geo.layers.registry import LAYERS
from geo.reference import read_table
from maps.i18n import catalogue
from maps.pages import import_refusals
from maps.pages.import_refusals import say_refusal
from maps.pages.import_words import TEMPLATES, WORDS, Words, say_found

GEO = Path(str(geo.__file__)).parent
# What an expression in one of the library's texts may become: one of our words where one is meant, else anything.
MADE_OF = {
    "_kind(column)": "a number",
    "error": "mend it",
    "first": "northing before easting",
    "found": "3 to their locality, 4 to their county",
    "key": "deso",
    "kind": "municipality",
    "name": "locality 'Ort A'",
    "order": ", with northing before easting",
    "reason": "7 other row(s) are of",
    "remedy": "; --rename a=b reads it instead",
    "shape.title.lower()": "road works",
}
# The library asks for these where it refuses a file, in English, or says them as parts of other texts.
NEVER_ABOUT_A_ROW = ("it holds: ",)
# Texts of readers that end the reading of a file, and are no rules for rows.
OF_FILES = {
    "archive.py", "columns.py", "geopackage.py", "mapping.py", "sandbox.py", "source.py", "spreadsheet.py", "vector.py",
}  # fmt: skip


def read_text(node: ast.AST) -> str | None:
    """A text as it stands in code, with something in the place of each expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else MADE_OF.get(ast.unparse(part.value), "7")  # type: ignore[attr-defined]
            for part in node.values
        )
    return None


def list_texts(node: ast.AST) -> Iterator[str]:
    """Texts below a node, whole ones only."""
    if isinstance(node, ast.Subscript | ast.Compare):
        return
    if (text := read_text(node)) is not None:
        yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from list_texts(child)


def list_rules() -> dict[str, str]:
    """Rules and remedies in the code of layers and readers, with their file."""
    found = {}
    for path in (*(GEO / "layers").glob("*.py"), *(GEO / "reading").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and isinstance(node.body[0], ast.Expr)
        }
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in {"Failure", "fail_where", "_fail_geometry"}:
                first = 0 if name == "_fail_geometry" else 1
                for argument in node.args[first : first + 2]:  # type: ignore[attr-defined]
                    found |= dict.fromkeys(list_texts(argument), path.name)
            # what is wrong, a semicolon, and what to do
            text = read_text(node) if isinstance(node, ast.Constant | ast.JoinedStr) else None
            is_problem = text is not None and re.match(r"\w.*\w; \w", text) and not text.endswith((".", ":"))
            is_text = (
                id(node) not in documentation | parts and path.parent.name == "reading" and path.name not in OF_FILES
            )
            if is_problem and is_text and not re.match(r"header: |There is no|\w+: ", str(text)):
                found[str(text)] = path.name
    return {text: name for text, name in found.items() if " " in text and not text.startswith(NEVER_ABOUT_A_ROW)}


def list_notes() -> dict[str, str]:
    """Sentences that readers add to a report, with their file."""
    found = {}
    for path in (GEO / "reading").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
                target = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
                value: ast.AST | None = node.value if re.search(r"\bnotes?\b", target) else None
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("notes.append"):
                value = node.args[0]
            else:
                value = None
            if value is not None:
                found |= dict.fromkeys(list_texts(value), path.name)
    # what is put together from several texts is tried below
    return {text: name for text, name in found.items() if re.match(r"[\w{'].* .* ", text) and text != "7: read 7"}


def list_checks() -> set[str]:
    """What the layers' columns demand, and the remedies."""
    checks = (check for layer in LAYERS.values() for column in layer.schema.columns.values() for check in column.checks)
    return {part for check in checks for part in str(check.error).split("; ", 1)}


RULES, NOTES = list_rules(), list_notes()


def test_the_lists_are_not_empty() -> None:
    assert {"validate.py", "workplaces.py", "places.py", "employers.py"} <= set(RULES.values())
    assert len(RULES) > 60
    assert len(NOTES) > 15
    assert len(list_checks()) > 30


@pytest.mark.parametrize("text", sorted(list_checks()))
def test_every_check_of_a_column_has_swedish(text: str) -> None:
    assert say_found("sv", text).lang == "sv", text


@pytest.mark.parametrize("text", sorted(RULES))
def test_every_rule_has_swedish(text: str) -> None:
    assert say_found("sv", text).lang == "sv", f"{RULES[text]} says {text!r}, which has no Swedish"


@pytest.mark.parametrize("text", sorted(NOTES))
def test_every_note_has_swedish(text: str) -> None:
    assert say_found("sv", text).lang == "sv", f"{NOTES[text]} says {text!r}, which has no Swedish"


def test_every_reason_for_refusing_a_column_has_swedish() -> None:
    table = read_table("refused_columns")
    for english, swedish in zip(table["reason"], table["reason_sv"], strict=True):
        assert say_found("sv", english) == Words(swedish, "sv")


@pytest.mark.parametrize("text", [*TEMPLATES, *WORDS])
def test_templates_and_words_have_swedish(text: str) -> None:
    assert text in catalogue("sv")


@pytest.mark.parametrize(
    ("english", "swedish"),
    [
        ("lies more than 15 km outside Region Nord", "ligger mer än 15 km utanför Region Nord"),
        ("cannot be read as a number", "kan inte läsas som ett tal"),
        ("must be at most 120 km/h", "får vara högst 120 km/h"),
        ("must be Point or Polygon", "måste vara Point eller Polygon"),
        (
            "locality 'Ort A' is not in the gazetteer; nearest are Ort B",
            "ort 'Ort A' finns inte i ortsregistret; närmast är Ort B",
        ),
        (
            "Rows without coordinates were placed by the gazetteer: 3 by postcode, 2 by locality.",
            "Rader utan koordinater placerades med ortsregistret: 3 efter postnummer, 2 efter ort.",
        ),
        (
            "kind: read 'Registrerat' as registered (3 row(s)), 'x' as temporary (1 row(s)) and 4 more",
            "kind: läste 'Registrerat' som registered (3 rader), 'x' som temporary (1 rader) och 4 till",
        ),
    ],
)  # fmt: skip
def test_codes_numbers_and_names_are_filled_in(english: str, swedish: str) -> None:
    assert say_found("sv", english) == Words(swedish, "sv")
    assert say_found("en", english) == Words(english, "en")


@pytest.mark.parametrize("text", ["Somebody's own words", "cannot be read as Umeå", "must be", "{limit}", "; "])
def test_what_is_not_known_stays_english_and_says_so(text: str) -> None:
    assert say_found("sv", text) == Words(text, "en")


@pytest.mark.parametrize("text", [*import_refusals.TEMPLATES, *import_refusals.WORDS])
def test_what_is_said_of_a_refused_file_has_swedish(text: str) -> None:
    assert text in catalogue("sv")


def test_what_a_missing_column_holds_has_swedish() -> None:
    columns = [column for layer in LAYERS.values() for column in layer.schema.columns.values()]
    texts = {f"a.csv: x: the column is missing; it holds: {column.description}" for column in columns}
    assert {text for text in texts if say_refusal("sv", text.removeprefix("a.csv: ")).lang != "sv"} == set()


@pytest.mark.parametrize(
    ("english", "swedish"),
    [
        ("a.csv: is empty; export it again.", "a.csv: är tom; exportera den på nytt."),
        (
            "a.gpkg: its name says .gpkg, but it holds a PDF; ask for the table itself, as CSV or .xlsx.",
            "a.gpkg: heter .gpkg men innehåller en PDF; be om själva tabellen, som CSV eller .xlsx.",
        ),
        (
            "a.csv: the header cannot be used.\n  - header: sni stands more than once; keep one",
            "a.csv: rubrikraden kan inte användas.\n  - header: sni finns mer än en gång; behåll en",
        ),
        ("a.csv: has gone mad; pat it.", None),
        ("a.csv: the header cannot be used.\n  - header: has gone mad", None),
    ],
)
def test_a_refusal_is_in_one_language(english: str, swedish: str | None) -> None:
    assert say_refusal("sv", english) == (Words(english, "en") if swedish is None else Words(swedish, "sv"))
    assert say_refusal("en", english) == Words(english, "en")
