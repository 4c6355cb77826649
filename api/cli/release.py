"""Commands that make what maps share, audit it, list it and take it back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import HomeOption, JsonOption, LanguageOption, read_settings
from api.cli.output import Command, Group, print_json, print_table, print_words, working

if TYPE_CHECKING:
    from geo.disclosure.release import Release
    from geo.store.releases import ReleaseSummary

__all__ = ["COMMANDS"]

CircleOption = Annotated[
    str | None, typer.Option("--circle", help="Only releases of this sharing circle.", show_default=False)
]


def build(
    circle: Annotated[
        list[str],
        typer.Option(
            "--circle",
            help="Sharing circle that it is for: joint-inspection, municipality or public. Repeat for more.",
            show_default=False,
        ),
    ],
    lang: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make releases of the published surface; see the command's help."""
    from maps.i18n import catalogue, say  # noqa: PLC0415

    catalogue(lang)
    settings = read_settings(home)
    from api.cli.events import note_done  # noqa: PLC0415
    from geo.disclosure.release import describe_withheld, order_circles  # noqa: PLC0415
    from geo.errors import NorrsynError  # noqa: PLC0415
    from geo.store.releasing import make_release  # noqa: PLC0415

    key = settings.release_key.get_secret_value() if settings.release_key else None
    made: list[dict[str, Any]] = []
    for each in order_circles(circle):
        try:
            with working(f"Dividing, auditing and counting for {each}"):
                release = make_release(settings.home, each, key=key)
        except NorrsynError as error:
            if made:
                those = ", ".join(f"{one['release_id']} ({one['circle']})" for one in made)
                error.args = (f"{error}\nMade before that, and kept: {those}.", *error.args[1:])
            raise
        note_done(settings.home, "release-built", release.release_id)
        made.append(_describe_made(release))
        if as_json:
            continue
        print_words(
            f"Release {release.release_id} for circle {each}: {len(release.rows):,} rows of surface "
            f"{release.surface_id}, cells of {release.finest_m:,} m and more, until {release.expires_at:%Y-%m-%d}."
        )
        for sentence in describe_withheld(release.withheld):
            print_words(say(lang, sentence))
    if as_json:
        print_json({"home": str(settings.home), "releases": made})


def audit(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Audit every release that has not expired; see the command's help."""
    folder = read_settings(home).home
    from geo.errors import StoreError  # noqa: PLC0415
    from geo.store.releasing import audit_releases  # noqa: PLC0415

    with working("Auditing"):
        audited = audit_releases(folder)
    problems = [f"  - {one.release_id}: {problem}" for one in audited for problem in one.problems]
    if problems:
        wrong = len([one for one in audited if one.problems])
        message = "\n".join(
            [
                f"{wrong} of {len(audited)} release(s) did not pass the audit: {len(problems)} problem(s).",
                *problems[:50],
                "Delete them with `norrsyn release delete`, and find out who changed the store.",
            ]
        )
        raise StoreError(message)
    if as_json:
        told = [
            {"release_id": one.release_id, "circle": one.circle, "made_at": one.made_at.isoformat(), "rows": one.n_rows}
            for one in audited
        ]
        print_json({"home": str(folder), "audited": told, "problems": []})
        return
    n_rows = sum(one.n_rows for one in audited)
    print_words(f"{len(audited)} release(s) with {n_rows:,} rows pass the audit: no small group follows from them.")


def list_all(circle: CircleOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List releases; see the command's help."""
    folder = read_settings(home).home
    from geo.disclosure.release import find_finest  # noqa: PLC0415
    from geo.store.database import find_store  # noqa: PLC0415
    from geo.store.releases import list_releases  # noqa: PLC0415

    if circle is not None:
        find_finest(circle)
    found = list_releases(find_store(folder), circle, now=datetime.now(UTC))
    if as_json:
        print_json({"home": str(folder), "releases": [_describe(one) for one in found]})
        return
    print_words(f"{len(found)} release(s)")
    if found:
        table = [
            (one.release_id, one.circle, f"{one.made_at:%Y-%m-%d}", f"{one.expires_at:%Y-%m-%d}", _say_state(one))
            for one in found
        ]
        # without surfaces, which --json tells: within 80 columns
        columns = ("release", "circle", "made", "until", "state")
        print_table(columns, table, codes=columns)


def delete(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="Id of the release.", show_default=False)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a release's rows away; see the command's help."""
    folder = read_settings(home).home
    from api.cli.events import act, note_done  # noqa: PLC0415
    from geo.store.database import find_store  # noqa: PLC0415
    from geo.store.people.shares.life import revoke_release  # noqa: PLC0415
    from geo.store.releases import delete_release  # noqa: PLC0415

    store = find_store(folder)
    # first, so that a command that was stopped half way can be given again
    ended = revoke_release(folder, release, act())
    delete_release(store, release)
    note_done(folder, "release-deleted", release)
    if as_json:
        links = [link.link_id for link in ended]
        print_json({"home": str(folder), "release_id": release, "state": "deleted", "links_revoked": links})
        return
    print_words(
        f"Release {release} is gone, and no link shows it: {len(ended)} link(s) revoked. "
        "Audits count it until it would have expired."
    )


def _describe_made(release: Release) -> dict[str, Any]:
    return {
        "release_id": release.release_id,
        "circle": release.circle,
        "surface_id": release.surface_id,
        "scored_for": release.scored_for.isoformat(),
        "made_at": release.made_at.isoformat(),
        "expires_at": release.expires_at.isoformat(),
        "finest_m": release.finest_m,
        "rows": len(release.rows),
        "digest": release.digest,
        "withheld": release.withheld.to_dict(),
    }


def _describe(one: ReleaseSummary) -> dict[str, Any]:
    return {
        "release_id": one.release_id,
        "circle": one.circle,
        "surface_id": one.surface_id,
        "made_at": one.made_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
        "digest": one.digest,
        "state": _say_state(one),
    }


def _say_state(one: ReleaseSummary) -> str:
    if one.is_deleted:
        return "deleted"
    return "expired" if one.is_expired else "open"


COMMANDS = (
    Group(
        "release",
        "Make what maps share outside, and audit it.",
        "Make what maps share outside: rows of squares in which no small group can be seen or worked out, audited with "
        "everything that was shared before. Links show releases and nothing else.",
        (
            Command(
                "build",
                build,
                "Make a release of the published surface for one or more sharing circles.",
                "Make a release of the published surface for a sharing circle, or one for each of several: the finest "
                "squares that may be told of, audited with every release that has not expired, of any circle. It says "
                "how many employers are counted in some cell, and what was withheld and why.\n\nGive all circles that "
                "you share with at once: those with coarse cells are made first, whatever their order, since fine "
                "cells can divide coarse ones, while coarse ones that come later must be made of whole fine ones and "
                "lose what does not fit.",
                (
                    "norrsyn release build --circle public --circle municipality",
                    "norrsyn release build --circle joint-inspection --lang sv",
                ),
            ),
            Command(
                "audit",
                audit,
                "Audit every release that has not expired.",
                "Audit every release that has not expired, deleted ones too, by what is stored of them: that no group "
                "of few employers lies in the span of their rows, and that rows are those that were made. Ends with 4 "
                "where one does not pass.",
                ("norrsyn release audit", "norrsyn release audit --json"),
            ),
            Command(
                "list",
                list_all,
                "List releases.",
                "List releases, the newest first, with the day until which links may show them; --json tells their "
                "surfaces too.",
                ("norrsyn release list", "norrsyn release list --circle public --json"),
            ),
            Command(
                "delete",
                delete,
                "Take a release's rows away.",
                "Take a release's rows away at once; no link shows them any more. What later audits need of it stays "
                "until it would have expired.",
                ("norrsyn release delete 0a1b2c3d4e5f6071",),
            ),
        ),
    ),
)
