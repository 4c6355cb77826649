"""Places are scored, never persons.

No layer has a column for nationality, ethnicity, language, birth country, their proxies, names, numbers or free text;
a frame that brings one is refused, and the message repeats none of its values. What identifies a firm moves no score
and leaves through no export.
"""

from __future__ import annotations

import json

import pytest
import shapely

import geo
from geo.errors import SchemaError
from geo.layers.base import Layer
from geo.layers.bundle import Layers
from geo.layers.registry import LAYERS
from geo.layers.validate import validate
from geo.reference import refused_reason
from geo.region import packaged_municipalities
from geo.risk.surface import RiskSurface
from tests.frames import GRID, SCORING_DAY, make_frame, make_workplace, near_town, small_frames
from tests.oracles import read_reference

PRIVATE = "19121212-1212 Kim Exempelsson"

ORIGIN = [
    "nationality", "Nationalitet", "nationalities", "medborgarskap", "citizenship", "third_country_nationals",
    "birth_country", "födelseland", "FODELSELAND", "country_of_birth", "ursprungsland", "country of origin",
    "foreign_born", "utrikes födda", "utländsk bakgrund", "foreign-background", "immigrants", "invandrare",
    "uppehållstillstånd", "residence permits", "asylsökande", "flyktingar",
]  # fmt: skip
ETHNICITY = [
    "ethnicity",
    "etnicitet",
    "etnisk grupp",
    "Ethnic_Origin",
    "race",
    "hudfärg",
    "religion",
    "trosuppfattning",
]
LANGUAGE = ["language", "languages_spoken", "språk", "modersmål", "Mother-Tongue", "hemspråk", "interpreter_language"]
PERSONS = [
    "personnummer", "Person-Nr", "pnr", "samordningsnummer", "förnamn", "Efternamn", "first_name", "lastName",
    "surname", "contact_person", "kontaktperson", "födelsedatum", "birth date", "e-post", "email", "telefon",
    "mobile phone", "hemadress", "passport_number", "victim_name", "witness id", "worker_names",
]  # fmt: skip
FREE_TEXT = ["comment", "Kommentar", "notes", "anteckningar", "beskrivning", "free_text", "summary"]
# Text that is no code and no id: names of places and firms, and codes too many to list.
OPEN_TEXT = {
    "workplaces": {"name", "sni"},
    "accommodation": {"name"},
    "sectors": {"year"},
    "visits": {"agencies"},
    "findings": set(),
    "reported": set(),
    "establishments": {"name"},
    "borders": {"name"},
    "localities": {"name"},
    "gazetteer": {"key"},
    "roads": {"name"},
    "events": {"kind"},
}


def frames_of_every_layer() -> dict[str, object]:
    locality = {"locality_id": "1", "name": "By", "population": 1, **near_town(0, 0)}
    report = {"report_id": "1", "reported_on": "2026-06-01", "indicator": "very_long_hours", **near_town(0, 0)}
    place = {"place_id": "1", "place_kind": "locality", "key": "By", **near_town(0, 0)}
    line = shapely.LineString([[*near_town(0, 0).values()], [*near_town(900, 0).values()]])
    road = {"road_id": "1", "road_class": "primary", "geometry": line}
    return {
        **small_frames(),
        "borders": packaged_municipalities(),
        "localities": make_frame([locality]),
        "reported": make_frame([report]),
        "gazetteer": make_frame([place]),
        "roads": make_frame([road]),
        "events": make_frame([{"event_id": "1", "happened_on": "2026-06-01", **near_town(0, 0)}]),
    }


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_no_layer_has_a_column_about_persons(layer: Layer) -> None:
    refused = {column: refused_reason(column, layer.name) for column in layer.schema.columns}

    assert {column: reason for column, reason in refused.items() if reason} == {}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_no_layer_has_room_for_a_story(layer: Layer) -> None:
    open_columns = set()
    for name, column in layer.schema.columns.items():
        is_text = not str(column.dtype).startswith(("float", "datetime", "bool"))
        is_closed = any(check.name == "isin" for check in column.checks)
        if is_text and not is_closed and not name.endswith("_id") and name not in layer.id_columns:
            open_columns.add(name)

    assert open_columns == OPEN_TEXT[layer.name]


def test_persons_are_counted_in_bands_only() -> None:
    bands = {row["band"] for row in read_reference("persons_bands")}
    assert bands == {"0", "1-4", "5-9", "10+"}

    for name, layer in LAYERS.items():
        for column, schema in layer.schema.columns.items():
            if "person" not in column:
                continue
            allowed = next(set(check.statistics["allowed_values"]) for check in schema.checks if check.name == "isin")
            assert allowed == bands, f"{name}.{column}"


@pytest.mark.parametrize("column", [*ORIGIN, *ETHNICITY, *LANGUAGE, *PERSONS])
@pytest.mark.parametrize("layer", ["workplaces", "findings"])
def test_a_frame_that_brings_such_a_column_is_refused_without_repeating_it(layer: str, column: str) -> None:
    frame = small_frames()[layer].assign(**{column: PRIVATE})

    with pytest.raises(SchemaError) as caught:
        validate(LAYERS[layer], frame)

    message = str(caught.value)
    assert f"  - {column}: " in message
    assert "leave the column out" in message
    assert "never" in message
    assert PRIVATE not in message
    assert "Exempelsson" not in message


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_refuses(layer: str) -> None:
    frame = frames_of_every_layer()[layer]
    assert len(validate(LAYERS[layer], frame)) == len(frame)  # type: ignore[arg-type]

    for column in (ORIGIN[0], ETHNICITY[0], LANGUAGE[0], PERSONS[0]):
        with pytest.raises(SchemaError, match=f"{column}: "):
            validate(LAYERS[layer], frame.assign(**{column: PRIVATE}))  # type: ignore[attr-defined]


@pytest.mark.parametrize("column", FREE_TEXT)
@pytest.mark.parametrize("layer", ["findings", "visits"])
def test_inspections_are_told_in_codes_not_in_prose(layer: str, column: str) -> None:
    with pytest.raises(SchemaError, match="free text"):
        validate(LAYERS[layer], small_frames()[layer].assign(**{column: PRIVATE}))


def test_all_such_columns_are_named_at_once_and_the_score_refuses_too() -> None:
    frames = small_frames()
    frames["workplaces"] = frames["workplaces"].assign(nationalitet=PRIVATE, modersmål=PRIVATE)

    with pytest.raises(SchemaError, match=r"nationalitet: [^\n]*\n  - modersmål: "):
        geo.score(frames, GRID, at=SCORING_DAY)


@pytest.mark.parametrize(
    "number",
    [
        *("8112189876", "811218-9876", "811218+9876", "198112189876", "19811218-9876", "8112789876", "200101019876"),
        *(
            "811218\N{EN DASH}9876",
            "811218 \N{NON-BREAKING HYPHEN} 9876",
            "811218\N{NO-BREAK SPACE}9876",
            "81.12.18.9876",
        ),
        *("168112189876", "SE811218987601", "se 811218-9876 01", "８１１２１８９８７６"),  # noqa: RUF001  full width
    ],
)
def test_a_sole_traders_number_is_a_persons(number: str) -> None:
    with pytest.raises(SchemaError) as caught:
        validate(LAYERS["workplaces"], make_frame([make_workplace(1, employer_id=number), make_workplace(2)]))

    message = str(caught.value)
    assert "employer_id: reads as a personal identity number" in message
    assert "1 row(s): w001" in message
    assert "give a pseudonym" in message
    assert number not in message


@pytest.mark.parametrize(
    "number", ["5566778899", "556677-8899", "165566778899", "SE556677889901", "2120002627", "9999000015", "p-4f1c"]
)
def test_organisation_numbers_and_pseudonyms_are_not(number: str) -> None:
    checked = validate(LAYERS["workplaces"], make_frame([make_workplace(1, employer_id=number)]))

    assert checked["employer_id"].tolist() == [number]


# ---- what identifies a firm ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def named() -> RiskSurface:
    frames = small_frames()
    frames["workplaces"] = frames["workplaces"].assign(name="Exempelsson AB", employer_id="5566778899")
    frames["accommodation"] = frames["accommodation"].assign(name="Exempelssons loge")
    return geo.score(frames, GRID, at=SCORING_DAY)


@pytest.mark.long
def test_names_and_numbers_of_firms_move_no_score(named: RiskSurface, surface: RiskSurface) -> None:
    assert named.score.tobytes() == surface.score.tobytes()
    assert named.state.tobytes() == surface.state.tobytes()
    for name, raster in surface.components.items():
        assert named.components[name].tobytes() == raster.tobytes()


@pytest.mark.long
def test_names_and_numbers_of_firms_leave_through_no_export(named: RiskSurface) -> None:
    top = named.top(20)
    told = [
        top.to_json(),
        *(json.dumps(named.explain(cell_id).to_dict(), ensure_ascii=False) for cell_id in top["cell_id"]),
        *(str(place) for place in named.places(5)),
        named.to_geodataframe().to_json(),
        json.dumps(named.manifest),
        str(named.to_xarray().attrs),
    ]

    assert not any("Exempelsson" in text or "5566778899" in text for text in told)


def test_who_may_see_a_record_moves_no_score(layers: Layers, surface: RiskSurface) -> None:
    frames = {name: frame.assign(circle="public") for name, frame in layers.items() if len(frame)}

    assert geo.score(frames, GRID, at=SCORING_DAY).score.tobytes() == surface.score.tobytes()
