"""Why a file as a whole was not read, in the reader's language: what it is, and what to do, line by line."""

from __future__ import annotations

import re

from maps.i18n import translate
from maps.pages import import_words
from maps.pages.import_words import Words, say_found
from maps.recognised import Recogniser

__all__ = ["TEMPLATES", "WORDS", "say_refusal"]

# as `maps.recognised.Recogniser` reads them; what is wrong and what to do have a semicolon between them
TEMPLATES = (
    "{name}: no row has {column} = {given}. Values there are:",
    (
        "{name}: no columns say where its rows are. They are called easting and northing (metres), lon and lat "
        "(degrees) or geometry (WKT), or they name a place: property, postcode, locality or municipality; rename "
        "them, as in --rename x=easting. The file has {columns}; the first line that holds anything is its header, "
        "so a title above it must go."
    ),
    (
        "its crs member names {crs}, which PROJ does not know. It does not say which coordinate reference system its "
        "coordinates are in, and they fit none of those used in Sweden (most of them lie from {x_min} to {x_max} and "
        "from {y_min} to {y_max})"
    ),
    (
        "It does not say which coordinate reference system its coordinates are in, and they fit none of those used in "
        "Sweden (most of them lie from {x_min} to {x_max} and from {y_min} to {y_max})"
    ),
    "say it with --crs, for instance --crs EPSG:3006",
    "is no coordinate reference system that PROJ knows",
    "write one such as EPSG:3006",
    "A column that has another name in the file: --rename old=new. One that it lacks: --set column=value.",
    "Columns of lists, objects or bytes are not read; give plain values in {columns}.",
    "The file has {columns}.",
    "{column}: the column is missing; it holds: {inner}",
    "at most {limit}",
    "cannot be read into layer {layer}; columns are missing",
    "cannot be read into layer {layer}",
    "the header cannot be used",
    "the options do not fit the file",
    "the rows do not fit together in layer {layer}",
    "borders replace all {n} at once",
    "the file has no column {column}",
    "the layer {layer} has no column {column}",
    "its columns are {columns}",
    "the file has rows {first} to {last}",
    "it is never read",
    "{n} of {m} names of columns hold a personal identity number",
    "put a header above the rows if it has none, or rename the columns",
    "{column} stands more than once",
    "keep one",
    "column {n} has no name",
    "name it",
    "is JSON, but no GeoJSON feature collection (its type is {kind})",
    "is damaged, or no {word} ({error})",
    "is damaged or cut off, and no ZIP archive ({error})",
    "is damaged or cut off, and no ZIP archive",
    "is damaged or cut off ({error})",
    "cannot be read (it is damaged or cut off, and no whole table is left)",
    "{member} in it is damaged (its list of members and its content do not agree)",
    "{member} in it declares a document type or entities, which can make a reader open other files or fill its memory",
    "{member} in it reaches to column {column} and row {row}, more than the {n} columns and {m} cells that are read",
    "{member} in it is encrypted",
    "{member} in it leads out of the archive's folder",
    "{member} in it is not UTF-8 text",
    "is not UTF-8 text (byte {n})",
    "is neither UTF-8 nor Windows-1252 text (byte {n})",
    "is no whole UTF-16 text",
    "unpacks to more than {n} times its size, as no honest table does",
    "its name says {suffix}, but it holds {word}",
    "columns of {table} are computed when read ({columns}), which is not allowed from outside",
    "is cut off: line {line}, column {column}: {error}",
    "is cut off: {n} of {m} bytes",
    "is cut off: Parquet ends as it begins",
    "is not JSON: line {line}, column {column}: {error}",
    "is not CSV ({error}, line {line})",
    "says {n} rows and holds {m}, so it is cut off",
    "holds numbers or nesting that no GeoJSON needs ({error})",
    "is not a plain file",
    "is empty",
    "holds an archive inside ({member}), which is never unpacked",
    "no sheet holds any rows",
    "holds no rows",
    "files ending in {suffix} are not read",
    "the endings that are: {suffixes}",
    "{file} lacks its {suffix}",
    "holds no table with places",
    "holds no Shapefile",
    "holds {n} tables ({tables})",
    "holds {n} Shapefiles ({files})",
    "holds views only ({tables}), which run code",
    "holds virtual tables ({tables}), which can open other files",
    "its geo metadata says that {column} holds {encoding}, but it holds {kind}",
    "its geo metadata does not describe a column of it ({column})",
    "has {n} columns, more than the {m} that are read",
    "there is no such file",
    "Too many levels of symbolic links",
    "check the path",
    "check its quotation marks and export it again",
    "ask for the table itself, as CSV or .xlsx",
    "copy it again",
    "copy or export it again",
    "delete what is not part of the table",
    "export it again with WKB",
    "export it again",
    "export it as GeoJSON, GeoPackage or CSV",
    "export it unpacked",
    "export one as a feature table, or export it to a file of its own",
    "export the ones that the layer needs",
    "export the rows as a plain table, or export it to a file of its own",
    "export the table to a new GeoPackage",
    "export the table with plain columns",
    "name a file",
    "name it .csv if it is a table, or export it again",
    "name it .csv.gz if it is a packed table, or unpack it",
    "name it .xlsx if it is a spreadsheet, .zip if it is a packed Shapefile",
    "name it {suffix}, or export it again",
    "name it {suffix}",
    "name the right one {table}, or export it to a file of its own",
    "pack a .shp with its .shx and .dbf",
    "pack all parts of the Shapefile",
    "pack it again",
    "pack it without a password",
    "pack one alone",
    "pack or export it again",
    "pack the files themselves",
    "save it again",
    "save it as .xlsx without a password",
    "save it as .xlsx",
    "save it as UTF-8 if it is text, else export it as GeoJSON, GeoPackage or CSV",
    "save it as UTF-8",
    "save the sheet anew",
)
WORDS = (
    "GeoPackage",
    "Parquet",
    "FlatGeobuf",
    "JSON",
    "UTF-16 text",
    "XML or HTML, which can make a reader open other files",
    "a GeoPackage",
    "a PDF",
    "a ZIP archive or spreadsheet",
    "a ZIP archive that is no spreadsheet",
    "a spreadsheet",
    "an SQLite database that is no GeoPackage",
    "an archive, packed",
    "an old or password-protected office document",
    "binary data",
    "gzip-packed data",
    "nothing but white space",
    "spreadsheet",
    "text",
)
# a file, an option or a column, what is wrong with it, and what to do
_ABOUT = re.compile(
    r"(?P<about>--[\w-]+ .+?|[^:]+?)(?P<colon>: | cannot be read: )(?P<inner>.+?)(?P<stop>\.?)", re.DOTALL
)
# what stands in a column, each with how often
_VALUES = re.compile(r"\w+: '.*' \(\d+\)")
_RECOGNISER = Recogniser((*TEMPLATES, *import_words.TEMPLATES), (*WORDS, *import_words.WORDS))


def say_refusal(lang: str, english: str) -> Words:
    """The message that a file as a whole was refused with, in a language; in English where a line has none."""
    if lang == "en":
        return Words(english, "en")
    whole = say_found(lang, english)
    if whole.lang == lang:
        return whole
    said = [_say_line(lang, line) for line in english.split("\n")]
    return Words(english, "en") if None in said else Words("\n".join(filter(None, said)), lang)


def _say_line(lang: str, line: str) -> str | None:
    text = line.removeprefix("  - ")
    dash = line[: len(line) - len(text)]
    if (whole := _RECOGNISER.say(lang, text)) is not None:
        return dash + whole
    if dash and _VALUES.match(text):
        return line
    found = _ABOUT.fullmatch(text)
    if found is None:
        return None
    inner = _say_reason(lang, found["about"], found["inner"])
    if inner is None:
        return None
    colon = found["colon"] if found["colon"] == ": " else f" {translate(lang, 'cannot be read')}: "
    return f"{dash}{found['about']}{colon}{inner}{found['stop']}"


def _say_reason(lang: str, about: str, inner: str) -> str | None:
    if (said := _RECOGNISER.say(lang, inner)) is not None:
        return said
    # a reason that names its column once more, as those for refusing one do
    parts = inner.split("; ")
    name = about.split(" ", 1)[-1].partition("=")[0]
    reason = _RECOGNISER.say(lang, "; ".join(parts[:-1]).removeprefix(f"{name} "))
    last = _RECOGNISER.say(lang, parts[-1])
    return None if reason is None or last is None else f"{name} {reason}; {last}"
