"""Doing one's own on top of what others did asks first where it would replace an answer of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CHECKLIST = """async (module, {theirs, now, mine}) =>
  module.checklistClash(theirs, "interpreters", now, mine)"""
REASON = """async (module, {theirs, now, mine}) =>
  module.reasonClash(theirs, "workplaces/w1", now, mine)"""
BO = {"by": "Bo Ek", "what": "checklist", "about": "interpreters"}
WHY = {"by": "Bo Ek", "what": "justified", "about": "workplaces/w1"}


def answer(is_ready: bool, *languages: str) -> dict[str, Any]:
    return {"is_ready": is_ready, "languages": list(languages)}


@pytest.mark.parametrize(
    ("theirs", "now", "mine", "asks"),
    [
        ([BO], answer(True, "th"), answer(False, "th"), True),
        ([BO], answer(False, "th", "uk"), answer(False, "uk"), True),
        # what is added joins what is there, and the same answer twice is one
        ([BO], answer(True, "th"), answer(True, "th", "uk"), False),
        ([BO], answer(True, "th"), answer(True, "th"), False),
        # nobody else answered this question
        ([], answer(True, "th"), answer(False), False),
        ([{**BO, "about": "exit_accommodation"}, WHY], answer(True, "th"), answer(False), False),
    ],
)
def test_an_answer_to_the_checklist(
    run_module: Callable[..., Any], theirs: list[Any], now: Any, mine: Any, *, asks: bool
) -> None:
    told = run_module("plan_clash.js", CHECKLIST, {"theirs": theirs, "now": now, "mine": mine})
    assert told == ({"by": "Bo Ek", "now": now, "mine": mine} if asks else None)


@pytest.mark.parametrize(
    ("theirs", "now", "mine", "asks"),
    [
        ([WHY], "new_tip", "follow_up", True),
        ([{**WHY, "by": "Ann"}, WHY], "new_tip", "follow_up", True),
        ([WHY], "follow_up", "follow_up", False),
        ([WHY], "", "follow_up", False),
        ([], "new_tip", "follow_up", False),
        ([{**WHY, "about": "workplaces/w2"}, {**BO, "about": "workplaces/w1"}], "new_tip", "follow_up", False),
    ],
)
def test_a_reason(run_module: Callable[..., Any], theirs: list[Any], now: str, mine: str, *, asks: bool) -> None:
    told = run_module("plan_clash.js", REASON, {"theirs": theirs, "now": now, "mine": mine})
    # the last one to answer is named
    assert told == ({"by": "Bo Ek", "now": now, "mine": mine} if asks else None)
