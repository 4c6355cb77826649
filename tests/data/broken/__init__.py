"""Broken and odd files of every format, made by `tests.data.broken.make` and read by the suite."""

from tests.data.broken import containers, persons, places, rules, tables
from tests.data.broken.case import Case

__all__ = ["CASES", "Case"]

CASES: tuple[Case, ...] = (*containers.CASES, *places.CASES, *tables.CASES, *persons.CASES, *rules.CASES)
