"""The table of decisions, made from docs/adr: a wheel holds no docs, and `/help/model` names what was decided.

``python -m tests.house.decisions`` writes it anew; a test holds the two together.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "adr"
TABLE = ROOT / "data" / "reference" / "decisions.csv"
HEADER = ("decision", "heading", "decided", "superseded_by", "source")
_DECIDED = re.compile(r"\*\*Decided\.\*\*\s*(?P<text>.+?)(?=\n\n(?!- )|\n#|\Z)", re.DOTALL)


def read_decision(path: Path) -> tuple[str, ...]:
    """A row of the table from one record: what was decided, as plain text."""
    text = path.read_text("utf-8")
    number, title = re.match(r"# (\d+)\. (.+)", text).groups()
    superseded = re.search(r"^\*\*Superseded\*\* by \[(\d+)\]", text, re.MULTILINE)
    decided = plain(_DECIDED.search(text)["text"])
    return number, plain(title), decided, superseded[1] if superseded else "", f"docs/adr/{path.name}"


def plain(text: str) -> str:
    """Text without marks of Markdown, in one line; a list becomes parts of a sentence."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(?<!\w)(\*{1,2})(\S(?:[^*]*\S)?)\1(?!\w)", r"\2", text)
    return " ".join(re.sub(r"`|^- ", "", text, flags=re.MULTILINE).split())


def make_table() -> str:
    """The whole table as CSV."""
    rows = sorted((read_decision(path) for path in FOLDER.glob("[0-9]*.md")), key=lambda row: int(row[0]))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return stream.getvalue()


if __name__ == "__main__":
    TABLE.write_text(make_table(), encoding="utf-8")
