"""A small memory: what was used last stays."""

from __future__ import annotations

import pickle

from geo.recent import Recent


def test_the_value_not_used_for_longest_is_forgotten() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)

    assert [recent.get(key) for key in "abc"] == [1, None, 3]


def test_the_first_of_two_made_at_once_stays() -> None:
    recent: Recent[str, list[int]] = Recent(2)
    first = recent.put("a", [1])

    assert recent.put("a", [1]) is first


def test_it_travels_empty() -> None:
    recent: Recent[str, int] = Recent(1)
    recent.put("a", 1)

    there = pickle.loads(pickle.dumps(recent))  # noqa: S301  our own bytes

    assert there.get("a") is None
    assert there.put("b", 2) == 2
    there.put("c", 3)
    assert there.get("b") is None
