"""The page of the log of what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from geo.store.people.events import KINDS
from geo.store.people.shares.comparing import ChangedLink
from geo.store.people.shares.terms import hide_hash
from geo.store.people.verifying import Fault, Verdict
from maps.i18n import translate
from maps.pages.accounts import say_moment
from maps.pages.admin import ImportLine, say_import
from maps.pages.base import Query, render_page

__all__ = [
    "AuditForm",
    "AuditPage",
    "LoggedEvent",
    "render_audit_page",
]


@dataclass(frozen=True)
class LoggedEvent:
    """An event as the log shows it: number, seconds since 1970, who, which kind, what about, basis, whether emptied."""

    event_id: int
    at: float
    who: str
    what: str
    about: str
    basis: str = ""
    is_emptied: bool = False


@dataclass(frozen=True)
class AuditForm:
    """What of the log is wanted, as it was typed; empty for all."""

    what: str = ""
    who: str = ""
    thing: str = ""
    first: str = ""
    last: str = ""

    def list_pairs(self) -> list[tuple[str, str]]:
        """As parameters of the page's address."""
        pairs = (("what", self.what), ("who", self.who), ("thing", self.thing), ("from", self.first), ("to", self.last))
        return [pair for pair in pairs if pair[1]]


@dataclass(frozen=True)
class AuditPage:
    """What the page shows.

    Attributes
    ----------
    events : sequence of LoggedEvent, newest first
    n_events : int, how many there are in all that are wanted
    has_older : bool, whether some are older than these
    verdict : Verdict, None where nobody asked whether the log verifies
    keep_days : int, after how many days events are emptied
    failures : ``n_failures``, ``n_addresses``, ``n_names`` and ``n_waiting`` of sign-ins that failed within a day
    imports : sequence of ImportLine, None for those who may not know
    """

    events: Sequence[LoggedEvent]
    n_events: int
    has_older: bool
    verdict: Verdict | None
    keep_days: int
    failures: Mapping[str, int]
    imports: Sequence[ImportLine] | None


def render_audit_page(
    lang: str, shown: AuditPage, *, form: AuditForm, wrong: Sequence[str], root: str, query: Query = ()
) -> str:
    """Render who did and saw what, served at ``/audit`` and ``/admin/audit``.

    Parameters
    ----------
    lang : str
    shown : AuditPage
    form : AuditForm
    wrong : sequence of str
        ``from`` and ``to``, where they are no day.
    root : str
        Way from the page to the site's root.
    query : pairs of str

    Returns
    -------
    str
    """
    events, verdict, imports = shown.events, shown.verdict, shown.imports
    chosen = form.list_pairs()
    days = urlencode([pair for pair in chosen if pair[0] in {"from", "to"} and not wrong])
    return render_page(
        "audit.html",
        lang,
        root,
        [*query, *chosen],
        here="audit",
        events=[
            {
                "number": each.event_id,
                "at": say_moment(lang, each.at),
                "who": each.who,
                "what": _say_event(lang, each.what),
                "about": hide_hash(each.about),
                "basis": each.basis,
                "is_emptied": each.is_emptied,
            }
            for each in events
        ],
        form=form,
        is_chosen=bool(chosen),
        wrong_from="from" in wrong,
        wrong_to="to" in wrong,
        kinds=sorted(((kind, _say_event(lang, kind)) for kind in KINDS), key=lambda pair: pair[1].casefold()),
        chosen=urlencode(chosen),
        days=days,
        n_events=shown.n_events,
        older=events[-1].event_id if shown.has_older and events else None,
        verdict=verdict,
        newest_emptied=""
        if verdict is None or verdict.newest_emptied is None
        else say_moment(lang, verdict.newest_emptied),
        fault=None if verdict is None or verdict.fault is None else _say_fault(lang, verdict.fault),
        changed_links=[] if verdict is None else [_say_changed_link(lang, each) for each in verdict.links],
        keep_days=shown.keep_days,
        failures=shown.failures,
        imports=None if imports is None else [say_import(lang, each) for each in imports],
        synthetic=False,
    )


def _say_fault(lang: str, fault: Fault) -> str:
    number, early = fault.number, fault.early
    said: dict[str, str] = {
        "content": translate(lang, "Who, about, basis or salt of event {n} is not what was noted.", n=number),
        "content-hash": translate(lang, "The content hash of event {n} was changed.", n=number),
        "hash": translate(lang, "The hash of event {n} was changed.", n=number),
        "gap": translate(lang, "Event {n} is missing.", n=number),
        "inserted": translate(lang, "An event that does not belong there stands before event {n}.", n=number),
        "reordered": translate(lang, "Event {n} stands in another place.", n=number),
        "emptied": translate(lang, "Event {n} was emptied, and not by the retention of the log.", n=number),
        "emptied-early": translate(
            lang,
            "Event {n} was emptied after {kept} days, and had to be kept for {least}. Emptied too early in all: {all}.",
            n=number,
            kept=0 if early is None else early.kept_days,
            least=0 if early is None else early.least_days,
            all=0 if early is None else early.n,
        ),
        "cut-off": translate(lang, "Events are missing at the end, from event {n} on.", n=number),
        "head": translate(lang, "The head that the database keeps is not that of event {n}, the last one.", n=number),
        "rewritten": translate(
            lang,
            "Event {n} has another hash than the head that was kept: the log was hashed anew, or cut off.",
            n=number,
        ),
    }
    other = translate(
        lang, "Time, kind or number of event {n} was changed, or one was taken out or put in before it.", n=number
    )
    return said.get(fault.way, other)


def _say_changed_link(lang: str, link: ChangedLink) -> str:
    told = {"link": link.link_id, "n": link.number}
    said: dict[str, str] = {
        "gone": translate(lang, "Share link {link}, of which event {n} tells, is not there.", **told),
        "unnoted": translate(lang, "No event tells of the making of share link {link}.", **told),
        "emptied": translate(lang, "Share link {link} was emptied, and not by the retention.", **told),
    }
    other = translate(lang, "Share link {link} is not as event {n} left it: what limits it was changed.", **told)
    return said.get(link.way, other)


def _say_event(lang: str, what: str) -> str:
    said = {
        "first-user": translate(lang, "Came in as the first user"),
        "signed-in": translate(lang, "Signed in to Norrsyn"),
        "signed-out": translate(lang, "Signed out of Norrsyn"),
        "password-set": translate(lang, "Set a password of their own"),
        "user-added": translate(lang, "Took in a user"),
        "user-changed": translate(lang, "Changed a user"),
        "link-made": translate(lang, "Made a link for another password"),
        "user-disabled": translate(lang, "Disabled a user"),
        "user-enabled": translate(lang, "Let a user in again"),
        "sessions-ended": translate(lang, "Signed a user out everywhere"),
        "surface-published": translate(lang, "Published a surface"),
        "import-sent": translate(lang, "Sent files to be imported"),
        "layer-rolled-back": translate(lang, "Went back to an older snapshot of a layer"),
        "plan-made": translate(lang, "Drafted a plan"),
        "plan-approved": translate(lang, "Approved a plan"),
        "plan-outcome": translate(lang, "Recorded what came of a stop of a plan"),
        "plan-closed": translate(lang, "Closed a plan"),
        "plan-cancelled": translate(lang, "Cancelled a plan"),
        "plan-exported": translate(lang, "Made a file of a plan"),
        "picture-shared": translate(lang, "Made tables of a year that can be shared"),
        "release-built": translate(lang, "Made a release for shared maps"),
        "release-deleted": translate(lang, "Deleted a release of shared maps"),
        "link-created": translate(lang, "Made a share link"),
        "link-approved": translate(lang, "Approved a share link"),
        "link-issued": translate(lang, "Made the address of a share link"),
        "link-opened": translate(lang, "Opened a share link"),
        "link-refused": translate(lang, "Was refused at a share link"),
        "link-viewed": translate(lang, "Looked at a shared map"),
        "link-exported": translate(lang, "Took along a shared map"),
        "link-extended": translate(lang, "Extended a share link"),
        "link-revoked": translate(lang, "Revoked a share link"),
        "link-restored": translate(lang, "Took a share link that has expired from a backup"),
        "map-viewed": translate(lang, "Opened the map"),
        "cell-viewed": translate(lang, "Looked at a cell"),
        "site-viewed": translate(lang, "Looked at a record"),
        "sites-listed": translate(lang, "Had sites on the map shown"),
        "links-viewed": translate(lang, "Looked at share links"),
        "plan-viewed": translate(lang, "Looked at a plan"),
        "import-viewed": translate(lang, "Looked at the report of an import"),
        "quarantine-viewed": translate(lang, "Looked at rows in quarantine"),
        "quarantine-exported": translate(lang, "Made a file of rows in quarantine"),
        "layer-exported": translate(lang, "Wrote a layer to a file"),
        "surface-exported": translate(lang, "Wrote a surface to a file"),
        "surface-scored": translate(lang, "Had a surface scored"),
        "chain-begun": translate(lang, "Took older events into the chain of the log"),
        "log-restored": translate(lang, "Put the log of a backup before these events"),
        "audit-emptied": translate(lang, "Emptied old events of the log"),
        "links-emptied": translate(lang, "Emptied share links that ended long ago"),
        "chain-begun-elsewhere": translate(lang, "Took older events into the chain, before a backup was restored"),
        "audit-emptied-elsewhere": translate(lang, "Emptied old events, before a backup was restored"),
        "audit-viewed": translate(lang, "Looked at the audit log"),
        "audit-exported": translate(lang, "Made a file of the audit log"),
        "audit-verified": translate(lang, "Verified the audit log"),
    }
    return said.get(what, what)
