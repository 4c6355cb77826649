"""What must be ready for people who turn out to be victims; a plan is not approved before all of it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from geo.errors import NotFoundError, ParameterError
from geo.reference.tables import read_columns

__all__ = ["Answer", "check_answer", "open_items"]


@dataclass(frozen=True)
class Answer:
    """What a planner says of one item.

    Attributes
    ----------
    is_ready : bool
    languages : codes of ``interpreter_languages``, where the item asks for them: the plan's need, never a person's
    """

    is_ready: bool
    languages: frozenset[str] = frozenset()


def open_items(answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Items of ``support_checklist`` that are not ready, in the table's order."""
    return tuple(item for item, _ in _items() if not (item in answers and answers[item].is_ready))


def check_answer(item: str, answer: Answer) -> None:
    """Refuse an answer that fits no item.

    Raises
    ------
    NotFoundError
        There is no such item.
    ParameterError
        Languages are given where none are asked for, are unknown, or are missing where the item is said to be ready.
    """
    details = dict(_items())
    if item not in details:
        message = f"The checklist has no item {item!r}; it has {', '.join(details)}."
        raise NotFoundError(message)
    known = {code for (code,) in read_columns("interpreter_languages", "language")}
    unknown = sorted(answer.languages - known)
    if unknown:
        message = f"Unknown languages: {', '.join(unknown)}; give two-letter codes of interpreter_languages."
        raise ParameterError(message)
    asks = details[item] == "languages"
    if answer.languages and not asks:
        message = f"{item} asks for no languages; leave them out."
        raise ParameterError(message)
    if asks and answer.is_ready and not answer.languages:
        message = f"{item} is ready only with the languages that interpreters are booked for; name at least one."
        raise ParameterError(message)


def _items() -> Iterable[tuple[str, str]]:
    return ((str(item), str(detail)) for item, detail in read_columns("support_checklist", "item", "detail"))
