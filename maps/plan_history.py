"""What was done to a plan, in words."""

from __future__ import annotations

from typing import Any

from geo.planning.plan import Change, Plan
from geo.risk.words import title_sentence
from maps.i18n import say, translate

__all__ = ["describe_history"]


def describe_history(lang: str, plan: Plan, change: Change) -> dict[str, Any]:
    """One entry of a plan's history, as `api.plan_schemas.HistoryInfo`."""
    reason = say(lang, title_sentence("plan_reasons", "reason", change.reason)) if change.reason else ""
    about = _name_subject(lang, plan, change)
    said = {
        "made": translate(lang, "Made the plan"),
        "moved": translate(lang, "Changed its state: {about}", about=about),
        "stops": translate(lang, "Changed the stops"),
        "redrafted": translate(lang, "Changed the request, and had the plan drafted anew"),
        "optimised": translate(lang, "Had the routes planned anew"),
        "arranged": translate(lang, "Put the stops in an order by hand"),
        "checklist": translate(lang, "Answered the checklist: {about}", about=about),
        "justified": translate(lang, "Said why {about} is visited again", about=about),
        "comment": translate(lang, "Commented: {about}", about=about) if about else translate(lang, "Commented"),
        "outcome": translate(lang, "Recorded what came of {about}", about=about),
        "corrected": translate(lang, "Corrected what came of {about}", about=about),
        "erased": translate(lang, "Erased what came of {about}, as its time was up", about=about),
    }
    return {
        "at": change.at,
        "by": change.by,
        "what": change.what,
        "what_text": said.get(change.what, change.what),
        "about": change.about,
        "about_title": about,
        "reason_title": reason,
    }


def _name_subject(lang: str, plan: Plan, change: Change) -> str:
    """What it was done to: a state, an item of the checklist, or a stop by its name."""
    if change.what == "moved":
        return say(lang, title_sentence("plan_states", "state", change.about))
    if change.what == "checklist":
        return say(lang, title_sentence("support_checklist", "item", change.about))
    layer, _, record = change.about.partition("/")
    stop = plan.find_stop((layer, record))
    return change.about if stop is None else stop.title
