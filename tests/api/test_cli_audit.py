"""norrsyn audit: the log is verified, its head printed, written to files; norrsyn db erase empties what is old."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.cli.events import name_operator
from geo.store.people.appending import unguard_events
from geo.store.people.database import write_people
from geo.store.people.events import list_events, note_event
from geo.store.people.heads import read_kept_head
from geo.store.people.management import By
from geo.store.people.shares.life import create_share
from geo.store.people.tables import SHARE_LINKS
from tests.api.test_cli import fail_json, run, run_json
from tests.shares import make_new

DAY_S = 86_400.0


@pytest.fixture
def log(tmp_path: Path) -> Path:
    now = time.time()
    for number, days in enumerate((800, 732, 5, 4)):
        note_event(tmp_path, "u1", "plan-viewed", f"plan {number}", now=now - days * DAY_S, name="Anna")
    return tmp_path


def test_from_head_to_fault(log: Path) -> None:
    number, head = run("audit", "head", "--home", log).stdout.split()
    assert re.fullmatch("[0-9a-f]{64}", head)
    kept = read_kept_head(log)
    assert kept is not None
    assert (
        (str(kept.number), kept.hash)
        == (number, head)
        == ("4", run_json("audit", "head", "--home", log)["head"]["hash"])
    )
    told = run("audit", "verify", "--home", log, "--head", head).stdout
    assert "4 events are as they were noted" in told
    assert f"Head: 4 {head}" in told
    assert fail_json("audit", "verify", "--head", "x", "--home", log, code=2)["detail"].startswith("A head is the 64")
    with write_people(log) as connection:
        unguard_events(connection)
        connection.execute(sa.text("UPDATE events SET about = 'x' WHERE event_id = 2"))
    result = run("audit", "verify", "--home", log, code=4)
    assert "who, about, basis or salt of event 2 is not what was noted" in result.stderr
    assert "1 events before it" in result.stderr
    answer = json.loads(run("audit", "verify", "--home", log, "--json", code=4).stdout)
    assert (answer["ok"], answer["fault"]["event"], answer["fault"]["way"]) == (False, 2, "content")
    # a log that is not whole gets no new head
    assert "event 2" in fail_json("audit", "head", "--home", log, code=4)["detail"]
    assert read_kept_head(log) == kept


def test_share_links_are_held_against_the_log(log: Path) -> None:
    now = time.time()
    by = By("u1", now, "Anna")
    made = [
        create_share(log, make_new(now, recipient=name), by, among={"joint-inspection"}).link.link_id for name in "ABC"
    ]
    good = run_json("audit", "verify", "--home", log)
    assert (good["ok"], good["links"]) == (True, [])
    with write_people(log) as connection:
        for link_id in made[:2]:
            connection.execute(SHARE_LINKS.update().where(SHARE_LINKS.c.link_id == link_id).values(finest_m=1_000))
    result = run("audit", "verify", "--home", log, code=4)
    # the log itself is as it was noted
    assert "10 events are as they were noted" in result.stdout
    assert [link_id in result.stdout for link_id in made] == [True, True, False]
    assert "what limits it was changed" in result.stdout
    answer = json.loads(run("audit", "verify", "--home", log, "--json", code=4).stdout)
    assert (answer["ok"], answer["fault"]) == (False, None)
    assert sorted((each["link"], each["event"], each["way"]) for each in answer["links"]) == sorted(
        [(made[0], 6, "changed"), (made[1], 8, "changed")]
    )
    # its head can be kept
    assert run("audit", "head", "--home", log).stdout.startswith("10 ")


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_a_file_for_somebody_else(log: Path, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("elsewhere")
    out = folder / name
    done = run_json("audit", "export", out, "--home", log)
    assert (done["events"], done["first"], done["head"]["number"]) == (4, 1, 4)
    last = list_events(log)[1][0]
    assert (last.what, last.about, last.user_name) == ("audit-exported", f"1–4 {name[4:]}", name_operator())
    # no data folder is needed
    answer = run_json("audit", "verify", "--file", out, "--head", done["head"]["hash"], "--home", folder / "none")
    assert (answer["ok"], answer["head"]) == (True, done["head"])
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() - 7 * DAY_S))
    told = run("audit", "export", out, "--from", day, "--home", log).stdout
    assert "holds 3 events" in told
    assert "begins with event 3" in run("audit", "verify", "--file", out).stdout
    text = out.read_text("utf-8-sig")
    out.write_text(text.replace("plan 3", "plan 4"), "utf-8")
    assert "event 4" in run("audit", "verify", "--file", out, code=4).stderr
    assert fail_json("audit", "verify", "--file", folder / "none.csv", code=3)
    assert fail_json("audit", "export", out, "--from", "yesterday", "--home", log, code=2)


def test_what_is_old_is_emptied(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = run_json("db", "erase", "--home", log)
    assert answer["events_emptied"] == 2
    newest, *_, oldest = list_events(log)[1]
    assert (oldest.is_emptied, oldest.user_name, oldest.about) == (True, "", "")
    assert (newest.what, newest.about, newest.user_name) == ("audit-emptied", "1–2; 730 days", name_operator())
    assert run_json("audit", "verify", "--home", log)["emptied"] == 2
    newest_day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 732 * DAY_S))
    told = run("audit", "verify", "--home", log).stdout
    assert "were emptied" in told
    assert f"The newest of these is of {newest_day}" in told
    assert run_json("audit", "verify", "--home", log)["newest_emptied"] == newest_day
    assert run_json("db", "erase", "--home", log)["events_emptied"] == 0
    # neither a day to come nor a setting empties what is young
    assert run_json("db", "erase", "--today", "2099-01-01", "--home", log)["events_emptied"] == 0
    for days in (0, 1, 364):
        monkeypatch.setenv("NORRSYN_AUDIT_DAYS", str(days))
        assert "NORRSYN_AUDIT_DAYS" in fail_json("db", "erase", "--home", log, code=4)["detail"]
    monkeypatch.setenv("NORRSYN_AUDIT_DAYS", "365")
    assert run_json("db", "erase", "--today", "2099-01-01", "--home", log)["events_emptied"] == 0
    note_event(log, "u1", "plan-viewed", "a year old", now=time.time() - 366 * DAY_S, name="Anna")
    # not as long as a younger one stands before it
    assert run_json("db", "erase", "--home", log)["events_emptied"] == 0
    assert run_json("audit", "verify", "--home", log)["emptied"] == 2


def test_what_was_emptied_too_early_is_told_with_numbers(log: Path) -> None:
    with write_people(log) as connection:
        # what the database lets pass, and what a version without a least number of days would have written
        nothing = "salt = NULL, user_id = NULL, user_name = '', about = '', basis = ''"
        connection.execute(sa.text(f"UPDATE events SET {nothing} WHERE event_id <= 4"))  # noqa: S608
    note_event(log, None, "audit-emptied", "1–4; 1 days", now=time.time(), name="cli:root")
    result = run("audit", "verify", "--home", log, code=4)
    told = "event 3 was emptied after 5 days, and had to be kept for 365; in all 2 were emptied too early"
    assert told in " ".join(result.stderr.split())
    answer = json.loads(run("audit", "verify", "--home", log, "--json", code=4).stdout)
    assert (answer["fault"]["event"], answer["fault"]["way"]) == (3, "emptied-early")
    assert answer["newest_emptied"] == time.strftime("%Y-%m-%d", time.gmtime(time.time() - 4 * DAY_S))
