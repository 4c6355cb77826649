"""What every file of a plan says of itself: who may see it, and who made it when from which version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from geo.layers.circles import VISIBLE
from geo.planning.daylight import LOCAL_TIME
from geo.planning.plan import Plan, SiteNow
from geo.planning.plan.value import StopKey
from geo.risk.words import title_sentence
from maps.i18n import format_date, translate
from maps.plan_files.words import shorten

__all__ = ["Stamp", "say_classification", "say_watermark"]

_MOST_IN_MAKER = 60


@dataclass(frozen=True)
class Stamp:
    """The making of a file.

    Attributes
    ----------
    version : int, of the plan
    made_by : name of whoever asked for it
    made_at : datetime with a time zone
    changed_at : datetime with a time zone, of the last change of the plan; that of the making where left out
    now : what the records say of the stops' sites at the making, as `geo.planning.plan.look_at_sites` gives it
    """

    version: int
    made_by: str
    made_at: datetime
    changed_at: datetime | None = None
    now: Mapping[StopKey, SiteNow] = field(default_factory=dict)

    @property
    def made_utc(self) -> datetime:
        """The making in UTC, to the second."""
        return self.made_at.astimezone(UTC).replace(microsecond=0)


def say_classification(plan: Plan, lang: str) -> str:
    """Who may see a file of the plan; made-up records are said to be."""
    if plan.circle == "public":
        said = translate(lang, "Public: anyone may see this plan.")
    else:
        # a circle that is no longer known is no reason to tell less
        circle = plan.circle if plan.circle in VISIBLE else shorten(plan.circle)
        said = translate(
            lang,
            "Not public. Only for: {circle}. Do not pass it on.",
            circle=title_sentence("circles", "circle", circle),
        )
    if plan.is_synthetic:
        return f"{translate(lang, 'Synthetic data')}. {said}"
    return said


def say_watermark(plan: Plan, stamp: Stamp, lang: str) -> str:
    """Who made the file when, of which plan and version."""
    local = stamp.made_at.astimezone(LOCAL_TIME)
    return translate(
        lang,
        "Made by {who}, {day} at {time} · plan {plan}, version {version}",
        who=shorten(stamp.made_by, _MOST_IN_MAKER),
        day=format_date(lang, local.date()),
        time=f"{local:%H:%M}",
        plan=shorten(plan.plan_id, _MOST_IN_MAKER),
        version=str(stamp.version),
    )
