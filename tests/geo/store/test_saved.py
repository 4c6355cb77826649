"""Saved views and shortlists in the store: whose they are, what they may be called, and how many there may be."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ChangedError, NotFoundError, ParameterError
from geo.store.people.database import read_people, write_people
from geo.store.people.saved_views import (
    MAX_QUERY,
    MAX_VIEWS,
    change_view,
    delete_view,
    list_views,
    save_view,
)
from geo.store.people.shortlist import (
    MAX_ENTRIES,
    MAX_NOTE,
    add_entry,
    change_entry,
    list_entries,
    remove_entry,
)
from geo.store.people.tables import SAVED_VIEWS
from geo.store.people.texts import find_text_fault, tidy_text
from geo.store.people.users import NewUser, User, change_user, find_user, make_user
from tests.databases import make_people_at

pytestmark = pytest.mark.usefixtures("database")

NAMES = [
    "Vecka 30, gröna näringar",
    "אזור הצפון",
    "شمال السويد",
    "🫐 bär 👨‍👩‍👧",
    "{{ 7*7 }}<img src=x onerror=alert(1)>",
    "x" * 200,
]
BAD_NAMES = ["", "  ", "\u200b\u200d", "a\x00b", "a\nb", "a\u202eb", "a\ud800", "x" * 201, "å" * 10_000]


def make(home: Path, name: str, circle: str | None = None) -> User:
    return make_user(home, NewUser(name, "polismyndigheten", ["planner"], circle), now=1.0)


def names_of(home: Path, user: User) -> list[str]:
    return [view.name for view in list_views(home, user)]


def save(home: Path, user: User, name: str, *, is_shared: bool = False, now: float = 2.0) -> str:
    return save_view(home, user, name, "at=2026-07-15", is_shared=is_shared, now=now).view_id


class TestViews:
    def test_names_of_any_script_come_back_as_they_are(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna")
        for number, name in enumerate(NAMES):
            save(tmp_path, anna, f" {unicodedata.normalize('NFD', name)} ", now=float(number))
        assert names_of(tmp_path, anna) == [unicodedata.normalize("NFC", name) for name in reversed(NAMES)]

    @pytest.mark.parametrize("name", BAD_NAMES, ids=range(len(BAD_NAMES)))
    def test_a_name_that_cannot_be_kept_is_refused_without_repeating_it(self, tmp_path: Path, name: str) -> None:
        anna = make(tmp_path, "Anna")
        with pytest.raises(ParameterError, match="The view cannot be saved: the name") as refused:
            save_view(tmp_path, anna, name, "q" * (MAX_QUERY + 1), is_shared=False, now=1.0)
        assert f"the address has {MAX_QUERY + 1:,}" in str(refused.value)
        assert len(str(refused.value)) < 250
        assert list_views(tmp_path, anna) == []

    def test_they_are_shared_within_the_circle_only(self, tmp_path: Path) -> None:
        anna, bo, eva = make(tmp_path, "Anna"), make(tmp_path, "Bo"), make(tmp_path, "Eva", "public")
        kept, shared = save(tmp_path, anna, "own"), save(tmp_path, anna, "shared", is_shared=True, now=3.0)
        assert names_of(tmp_path, anna) == ["shared", "own"]
        assert names_of(tmp_path, bo) == ["shared"]
        assert names_of(tmp_path, eva) == []
        for other in (bo, eva):
            for view_id in (kept, shared, "no such", "a\x00b"):
                with pytest.raises(NotFoundError):
                    change_view(tmp_path, other, view_id, name="mine", now=4.0)
                with pytest.raises(NotFoundError):
                    delete_view(tmp_path, other, view_id)
        change_view(tmp_path, anna, shared, is_shared=False, now=5.0)
        assert names_of(tmp_path, bo) == []

    def test_a_view_that_was_shared_in_one_circle_does_not_follow_its_owner_into_another(self, tmp_path: Path) -> None:
        anna, bo, eva = make(tmp_path, "Anna"), make(tmp_path, "Bo"), make(tmp_path, "Eva", "public")
        view_id = save(tmp_path, anna, "Razzia", is_shared=True)
        moved = change_user(tmp_path, anna.user_id, circle="public").user
        assert names_of(tmp_path, moved) == ["Razzia"]
        assert names_of(tmp_path, bo) == names_of(tmp_path, eva) == []
        change_view(tmp_path, moved, view_id, name="Open to all", now=9.0)
        assert (names_of(tmp_path, bo), names_of(tmp_path, eva)) == ([], ["Open to all"])

    def test_what_is_left_out_stays(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna")
        view_id = save(tmp_path, anna, "first")
        changed = change_view(tmp_path, anna, view_id, name="second", now=7.0)
        assert (changed.name, changed.query, changed.is_shared) == ("second", "at=2026-07-15", False)
        assert (changed.created_at, changed.changed_at) == (2.0, 7.0)
        with pytest.raises(ParameterError):
            change_view(tmp_path, anna, view_id, name="", now=8.0)
        delete_view(tmp_path, anna, view_id)
        with pytest.raises(NotFoundError, match="another tab"):
            delete_view(tmp_path, anna, view_id)

    def test_a_change_to_an_older_version_is_refused(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna")
        view_id = save(tmp_path, anna, "first")
        changed = change_view(tmp_path, anna, view_id, name="second", version=1, now=7.0)
        assert changed.version == 2
        for change in ({"name": "third"}, {"query": "list=cells"}, {"is_shared": True}):
            with pytest.raises(ChangedError) as refused:
                change_view(tmp_path, anna, view_id, version=1, now=8.0, **change)
            assert refused.value.current == changed
        assert list_views(tmp_path, anna) == [changed]
        # what it is already may be asked for again, and no version takes whatever is there
        assert change_view(tmp_path, anna, view_id, name="second", version=1, now=9.0).version == 3
        assert change_view(tmp_path, anna, view_id, name="fourth", now=9.0).version == 4

    def test_two_of_ones_own_have_different_names(self, tmp_path: Path) -> None:
        anna, bo = make(tmp_path, "Anna"), make(tmp_path, "Bo")
        first, second = save(tmp_path, anna, "Vecka 30"), save(tmp_path, anna, "Vecka 31")
        for same in ("Vecka 30", "vecka  30", " VECKA 30 "):
            with pytest.raises(ParameterError, match="already have a view of that name"):
                save(tmp_path, anna, same)
            with pytest.raises(ParameterError, match="already have a view of that name"):
                change_view(tmp_path, anna, second, name=same, now=5.0)
        save(tmp_path, bo, "Vecka 30")
        # its own name, written otherwise
        assert change_view(tmp_path, anna, first, name="vecka 30", now=6.0).name == "vecka 30"
        delete_view(tmp_path, anna, first)
        assert change_view(tmp_path, anna, second, name="Vecka 30", now=7.0).name == "Vecka 30"
        assert sorted(names_of(tmp_path, anna)) == ["Vecka 30"]

    def test_of_two_that_save_one_name_at_once_one_is_refused(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna")

        def attempt(number: int) -> bool:
            try:
                save(tmp_path, anna, "Vecka 30", now=float(number))
            except ParameterError:
                return False
            return True

        with ThreadPoolExecutor(6) as threads:
            assert sum(threads.map(attempt, range(6))) == 1
        assert names_of(tmp_path, anna) == ["Vecka 30"]
        with read_people(tmp_path) as connection:
            assert connection is not None
            row = {**connection.execute(sa.select(SAVED_VIEWS)).mappings().one(), "view_id": "another"}
        with write_people(tmp_path) as connection, pytest.raises(sa.exc.IntegrityError):
            connection.execute(SAVED_VIEWS.insert().values(**row))

    def test_views_that_had_one_name_before_keep_it(self, tmp_path: Path) -> None:
        """Of an older store nothing is renamed or lost; the last changed one is the one that is compared with."""
        user = (
            "INSERT INTO users (user_id, name, name_key, agency, circle, roles, created_at)"
            """ VALUES ('a', 'Anna', 'anna', 'polismyndigheten', 'joint-inspection', '["planner"]', 1.0)"""
        )
        view = (
            "INSERT INTO saved_views (view_id, user_id, circle, name, query, is_shared, created_at, changed_at)"
            " VALUES (:id, 'a', 'joint-inspection', :name, 'at=2026-07-15', :shared, :at, :at)"
        )
        views = [
            {"id": f"v{at}", "name": name, "shared": False, "at": at}
            for at, name in enumerate(("Same", "Same", "same "))
        ]
        make_people_at(tmp_path, "p0005", [(user, {}), *((view, each) for each in views)])
        anna = find_user(tmp_path, "Anna")
        assert anna is not None
        assert names_of(tmp_path, anna) == ["same ", "Same", "Same"]
        save(tmp_path, anna, "other", now=9.0)
        with read_people(tmp_path) as connection:
            assert connection is not None
            ask = sa.select(SAVED_VIEWS.c.name_key).order_by(SAVED_VIEWS.c.changed_at)
            assert connection.execute(ask).scalars().all() == [None, None, "same", "other"]
        with pytest.raises(ParameterError, match="of that name"):
            save(tmp_path, anna, "SAME")
        first = list_views(tmp_path, anna)[-1]
        assert change_view(tmp_path, anna, first.view_id, query="list=cells", now=10.0).name == "Same"

    def test_there_are_so_many_and_no_more(self, tmp_path: Path) -> None:
        anna, bo = make(tmp_path, "Anna"), make(tmp_path, "Bo")
        for number in range(MAX_VIEWS):
            save(tmp_path, anna, str(number))
        with pytest.raises(ParameterError, match=r"200 saved views.*delete one first"):
            save(tmp_path, anna, "one more")
        save(tmp_path, bo, "another's")


class TestShortlist:
    def test_the_same_twice_is_one_entry(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna").user_id
        first, is_new = add_entry(tmp_path, anna, "cells", "1", note="look", now=1.0)
        again, is_new_again = add_entry(tmp_path, anna, "cells", "1", note="other", now=2.0)
        assert (is_new, is_new_again, again) == (True, False, first)
        assert add_entry(tmp_path, anna, "workplaces", "1", now=3.0)[1]
        assert [one.layer for one in list_entries(tmp_path, anna)] == ["cells", "workplaces"]

    @pytest.mark.parametrize("to", [0, 1, 3, 99])
    def test_moving_one_keeps_the_order_of_the_others(self, tmp_path: Path, to: int) -> None:
        anna = make(tmp_path, "Anna").user_id
        ids = [add_entry(tmp_path, anna, "cells", str(n), now=1.0)[0].entry_id for n in range(4)]
        for entry_id in ids:
            before = [one.entry_id for one in list_entries(tmp_path, anna)]
            change_entry(tmp_path, anna, entry_id, position=to)
            expected = [one for one in before if one != entry_id]
            expected.insert(to, entry_id)
            assert [one.entry_id for one in list_entries(tmp_path, anna)] == expected

    def test_an_entry_is_its_owners(self, tmp_path: Path) -> None:
        anna, bo = make(tmp_path, "Anna").user_id, make(tmp_path, "Bo").user_id
        entry = add_entry(tmp_path, anna, "cells", "1", now=1.0)[0]
        assert list_entries(tmp_path, bo) == []
        for ask in (
            lambda: change_entry(tmp_path, bo, entry.entry_id, note="x"),
            lambda: remove_entry(tmp_path, bo, entry.entry_id),
        ):
            with pytest.raises(NotFoundError, match="another tab"):
                ask()
        remove_entry(tmp_path, anna, entry.entry_id)
        with pytest.raises(NotFoundError):
            change_entry(tmp_path, anna, entry.entry_id, position=0)

    def test_notes_have_lines_but_no_controls(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna").user_id
        entry = add_entry(tmp_path, anna, "cells", "1", note="rad\r\nrad\u2028rad\t🫐 ", now=1.0)[0]
        assert entry.note == "rad\nrad\nrad\t🫐"
        assert change_entry(tmp_path, anna, entry.entry_id, note="").note == ""
        for bad in ("\x00", "x\x1b[31m", "a\u202eb", "x" * (MAX_NOTE + 1)):
            with pytest.raises(ParameterError, match="The note"):
                change_entry(tmp_path, anna, entry.entry_id, note=bad)

    def test_a_note_is_not_written_over_one_that_was_not_seen(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna").user_id
        ids = [add_entry(tmp_path, anna, "cells", one, now=1.0)[0].entry_id for one in "ab"]
        # the order is nobody's text
        assert change_entry(tmp_path, anna, ids[0], position=1, version=1).version == 1
        theirs = change_entry(tmp_path, anna, ids[0], note="theirs", version=1)
        assert theirs.version == 2
        with pytest.raises(ChangedError, match="look at both") as refused:
            change_entry(tmp_path, anna, ids[0], note="mine", position=0, version=1)
        assert refused.value.current == theirs
        assert [(one.entry_id, one.note) for one in list_entries(tmp_path, anna)] == [(ids[1], ""), (ids[0], "theirs")]
        assert change_entry(tmp_path, anna, ids[0], note=" theirs", version=1) == theirs
        assert change_entry(tmp_path, anna, ids[0], note="mine", version=2).version == 3

    def test_it_holds_so_many_and_no_more(self, tmp_path: Path) -> None:
        anna = make(tmp_path, "Anna").user_id
        for number in range(MAX_ENTRIES):
            add_entry(tmp_path, anna, "cells", str(number), now=1.0)
        with pytest.raises(ParameterError, match=r"200 entries.*remove one first"):
            add_entry(tmp_path, anna, "cells", "more", now=1.0)
        assert add_entry(tmp_path, anna, "cells", "7", now=1.0)[1] is False


@given(st.text(max_size=60), st.booleans())
def test_a_tidy_text_is_tidy(text: str, has_lines: bool) -> None:
    kept = tidy_text(text, has_lines=has_lines)
    assert tidy_text(kept, has_lines=has_lines) == kept
    if find_text_fault(kept, 60, has_lines=has_lines) is None:
        kept.encode()
        assert "\x00" not in kept
