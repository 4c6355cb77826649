"""A site whose position is known roughly only stands once, in the middle, and says so in either language."""

from __future__ import annotations

from api.records import SITE_LAYERS, build_sites, describe_site
from api.schemas import SiteInfo
from api.sites import SiteIndex
from geo.layers.bundle import Layers
from geo.reference import read_table
from maps.i18n import translate
from tests.frames import TOWN, make_accommodation, make_establishment, make_frame, make_workplace

LAYERS = Layers(
    {
        "workplaces": make_frame(
            [
                make_workplace(1),
                make_workplace(2, precision="municipality", spread_m=27_000.0),
                make_workplace(3, precision="postcode", spread_m=0.0),
            ]
        ),
        "accommodation": make_frame([make_accommodation(1, precision="locality", spread_m=1_500.0)]),
        "establishments": make_frame([make_establishment(1)]),
    }
)


def describe(lang: str) -> dict[str, tuple[str | None, float]]:
    found = [SiteInfo.model_validate(describe_site(lang, site)) for site in build_sites(LAYERS)]
    return {site.id: (site.position, site.spread_m) for site in found}


def test_a_rough_position_is_told_in_words_and_metres() -> None:
    assert describe("en") == {
        "w001": (None, 0),
        "w002": ("Approximate position (municipality)", 27_000),
        "w003": ("Approximate position (postcode)", 0),
        "a001": ("Approximate position (locality)", 1_500),
        "e001": (None, 0),
    }
    swedish = describe("sv")
    assert swedish["w002"] == ("Ungefärligt läge (kommun)", 27_000)
    assert swedish["a001"] == ("Ungefärligt läge (postort eller tätort)", 1_500)


def test_every_precision_has_swedish() -> None:
    for title in read_table("precisions")["title"]:
        assert translate("sv", title) != title


def test_a_wide_circle_is_one_site_in_its_middle() -> None:
    index = SiteIndex(build_sites(LAYERS))
    here = index.window((TOWN[0] - 1, TOWN[1] - 1, TOWN[0] + 1, TOWN[1] + 1), SITE_LAYERS)
    assert sorted(site.id for site in here) == ["a001", "e001", "w001", "w002", "w003"]
    assert index.window((TOWN[0] + 5_000, TOWN[1], TOWN[0] + 9_000, TOWN[1] + 9_000), SITE_LAYERS) == []
