"""What an import says of rows, in the reader's language: rules, remedies and notes come from the library in English.

A text without codes or numbers in it is looked up as it is; one with them is recognised by its `TEMPLATES`. Whatever is
not known stays English, and says so.
"""

from __future__ import annotations

from typing import NamedTuple

from maps.recognised import Recogniser

__all__ = ["TEMPLATES", "WORDS", "Words", "say_found"]

# as `maps.recognised.Recogniser` reads them
TEMPLATES = (
    (
        "{n} of the layer's {all} records are not in what is imported, and would be gone from it. "
        "If they shall stay, import with --add; if they shall go, with --allow-removal."
    ),
    "must be at most {limit}",
    "must be one of {codes}",
    "must be {shape} or {other_shape}",
    "must be {shape}",
    "{levels} stand in one frame",
    "cannot be read as {word}",
    "lies more than {km} km outside Region Nord",
    "names no {word}",
    "names a {word} that is not known, {given}",
    "has no id of a grid cell, {given}",
    "names a cell of EPSG:{code}",
    "has a cell size that is no number of metres, {given}",
    "looks like degrees, but its CRS is in metres ({crs})",
    "has {n} cells, but the header has {m}",
    "{word} {given} may be in {places}",
    "{word} {given} lies in {places}, not in {other}",
    "{word} {given} is not in the gazetteer",
    "has 1 cell, but the header has {m}",
    "is a number, not a code",
    "format the column as text and export it again",
    "give coordinates, or import a gazetteer that has it",
    "Areas of kind {kind} cannot be drawn without a table of polygons",
    "import their polygons first.",
    "There is no kind of area {kind}",
    "use one of {codes}.",
    ("Norrsyn scores places, never persons, so leave the cell empty, or set a key so that it gets a pseudonym"),
    "Its crs member is not a plain name such as EPSG:3006, and is never followed.",
    "Its crs member names {crs}, which PROJ does not know.",
    "The text was read as UTF-16.",
    "The text was read as Windows-1252, because it is not UTF-8.",
    "{given} is no postcode",
    "holds metres, but its CRS is in degrees ({crs})",
    "{column} {given} is no finite number",
    "has only one of {column} and {other}",
    "use one of {codes}",
    "use {codes}",
    "add those missing: {names}",
    "nearest are {names}",
    "there are {n} of them",
    "write for instance {example}",
    "The ids carry no cell size and the file gives none; the corners fit cells of {n} m, and were read so.",
    (
        "{crs} was turned into SWEREF 99 TM by the seven parameters that PROJ has for RT90, without a correction "
        "grid: right to a few decimetres."
    ),
    "The file has {word}; the two were swapped in all rows.",
    (
        "The file does not say which coordinate reference system it is in; its coordinates fit {crs} only, with "
        "{word}, and were read so."
    ),
    (
        "The file does not say which coordinate reference system it is in; its coordinates fit {crs} only, and were "
        "read so."
    ),
    "The file says {crs}; it was read as {other}, as told.",
    "Numbers with a decimal comma or parted thousands were read as such: {columns}.",
    "A comma in {columns} may part thousands or decimals; the numbers were left as they stand.",
    (
        "sni: codes such as {codes} stand in SNI {version} alone, but the column's name or earlier rows say SNI "
        "{other}: {rows} were read as SNI {same}; check them"
    ),
    (
        "sni: codes such as {codes} stand in SNI {version} alone, but {n} other row(s) are of SNI {other}: {rows} "
        "were read as SNI {same}; check them"
    ),
    (
        "sni: {n} row(s) have codes that stand in both editions, and the others contradict each other; say the "
        "edition in a column sni_version or with --set sni_version=2007"
    ),
    (
        "sni: {n} row(s) have codes that stand in both editions; they were read as SNI {version}, of which {m} other "
        "row(s) are"
    ),
    (
        "sni: all codes stand in SNI 2007 and in SNI 2025; SNI {version} was assumed. If the file is of the other "
        "edition, say --set sni_version=2025"
    ),
    (
        "The coordinates are centres of areas, not places: {n} rows stand on {m} points. Known are {each}; they are "
        "spread over it."
    ),
    "{n} to their {word}",
    "workplace_id: {n} row(s) are places of notices with several; each got an id of its own",
    "kind: temporary, as in every {word}",
    "active_to: {n} row(s) state no end and got {days} days after the day in the file",
    "sni: {n} row(s) state no industry and got {code}, an assumption",
    "employees: {n} row(s) state none and got {number}, an assumption",
    (
        "employees: {n} row(s) have a size class and no count; each got its class's number of employees (table "
        "size_classes), an assumption"
    ),
    "active_from: {days} days after the day in the file",
    "geometry: {n} area(s) or line(s) became a point inside them, as a workplace is a point",
    "Cells with an error value ({values}) were read as empty.",
    "Lists and objects in {columns} were read as {what}.",
    "Columns without a name were left out: {columns}.",
    "Sheet {sheet} was read, and not {others}.",
    "Sheet {sheet} was read.",
    "{column} says that its codes are of SNI {version}",
    "{column} could be {target}, which is set for all rows; it is left unused",
    (
        "{column} could be {target} as well as {other}, which was read; it is left unused; --rename {pair} reads it "
        "instead"
    ),
    "area_id: taken from the column of {word} codes",
    "level: {level}, as the column of {word} codes says",
    "{column}: read {each} and {n} more",
    "{column}: read {each}",
    "{given} as {code} ({n} row(s))",
    "Rows without coordinates were placed by the gazetteer: {each}.",
    "{n} by {word}",
    "{n} of them have a more precise name that the gazetteer does not know, or knows elsewhere.",
)
# Words of ours inside such a text; anything else there is somebody's own.
WORDS = (
    "a number",
    "a date (YYYY-MM-DD)",
    "yes or no",
    "text",
    "latitude before longitude",
    "northing before easting",
    "municipality",
    "county",
    "locality",
    "postcode",
    "property",
    "deso",
    "regso",
    "scb_grid",
    "notice of a building site",
    "felling notification",
    "posting site",
    "road works",
)
_RECOGNISER = Recogniser(TEMPLATES, WORDS)


class Words(NamedTuple):
    """A text, and the language that it is in.

    Attributes
    ----------
    text : str
    lang : str
    """

    text: str
    lang: str


def say_found(lang: str, english: str) -> Words:
    """A rule, remedy, reason or note of an import in a language.

    Parameters
    ----------
    lang : str
    english : str, as the library says it

    Returns
    -------
    Words
        In English where there is no translation.
    """
    if lang == "en":
        return Words(english, "en")
    said = _RECOGNISER.say(lang, english)
    return Words(english, "en") if said is None else Words(said, lang)
