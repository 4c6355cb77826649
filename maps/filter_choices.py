"""What cells can be filtered by, in words."""

from __future__ import annotations

from typing import Any

from geo.reference import certainty_classes, county_names, municipality_names, read_table, score_classes
from geo.region import Region
from geo.risk.filters import FILTER_STATES
from geo.risk.powers import agencies_on_site
from maps.i18n import translate

__all__ = ["STATE_WORDS", "describe_choices"]

STATE_WORDS = {"never_inspected": "Never inspected", "inspected": "Inspected"}


def describe_choices(lang: str, region: Region) -> dict[str, Any]:
    """The values that each parameter of a filter takes, as `api.schemas.FiltersAnswer`.

    Parameters
    ----------
    lang : str
    region : Region, whose municipalities there are
    """
    names, titles = municipality_names(), dict(read_table("agencies")[["agency", "title"]].to_numpy().tolist())
    return {
        "county": [{"code": code, "name": name} for code, name in county_names().items()],
        "municipality": [
            {"code": code, "name": names.get(code, code), "county": code[:2]}
            for code in sorted(region.codes, key=lambda code: (code[:2], names.get(code, code)))
        ],
        "state": [{"code": code, "name": translate(lang, STATE_WORDS[code])} for code in FILTER_STATES],
        "agency": [{"code": code, "name": translate(lang, titles[code])} for code in agencies_on_site()],
        "certainty": [{"code": each.code, "name": translate(lang, each.name)} for each in certainty_classes()[:-1]],
        "min_class": [{"code": each.code, "name": translate(lang, each.name)} for each in score_classes()],
    }
