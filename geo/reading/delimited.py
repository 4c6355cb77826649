"""CSV: every cell is text until the layer's schema says otherwise, and codes keep their leading zeros.

A file is gone through twice, each time from its beginning and a row in memory at a time: once for what holds for all
of it (its letters, its delimiter, which columns write numbers with a comma, how many rows there are), and once for its
rows.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from geo.errors import InputError, SchemaError
from geo.layers.base import Layer
from geo.layers.persons import hide_personal_numbers
from geo.reading.limits import DEFAULT_LIMITS
from geo.reading.source import Source
from geo.reading.table import RawTable, check_height, check_width, make_columns, split_columns

__all__ = ["read_csv_chunks"]

# the comma last: where all is equal, it stands in the text or in numbers
_DELIMITERS = ";\t|,"
_SAMPLE_ROWS = 50
_SAMPLE_CHARACTERS = 2**20
_PIECE_BYTES = 2**20
_FEWEST_TO_CHOOSE = 2
_QUOTED = re.compile(r'"[^"]*"')
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# what a spreadsheet writes above the header to say how cells are parted
_TOLD = re.compile(r'\s*"?sep=(.)"?\s*\Z', re.IGNORECASE)
# blanks of every width that may stand between thousands
_BLANKS = " \u00a0\u2007\u2009\u202f"
_GROUPED = rf"[1-9]\d{{0,2}}(?:[{_BLANKS}]\d{{3}})+"
_COMMA_NUMBER = re.compile(rf"\s*[-+\u2212]?(?:(?:{_GROUPED}|\d+)(?:,\d*)?|,\d+)(?:[eE][-+]?\d+)?\s*\Z")
# one and a half, or one thousand and five hundred? Whoever parts cells by semicolons needs the comma in numbers.
_EITHER = re.compile(r"\s*[-+\u2212]?[1-9]\d{0,2},\d{3}\s*\Z")
_REMOVE_BLANKS = str.maketrans(dict.fromkeys(_BLANKS, "") | {"\u2212": "-", ",": "."})
# a municipality's border as WKT is one cell of several hundred kilobytes
csv.field_size_limit(DEFAULT_LIMITS.cell_characters)


@dataclass(frozen=True)
class _Form:
    """What holds for the whole file."""

    encoding: str
    delimiter: str
    told: bool
    header: tuple[str, ...]
    commas: frozenset[int]
    notes: tuple[str, ...]


def read_csv_chunks(source: Source, layer: Layer, rows_per_chunk: int) -> Iterator[RawTable]:
    """Rows of a CSV file with a header; comma, semicolon, tab or bar between cells.

    Text is UTF-8, UTF-16 with its mark, or Windows-1252. Where the delimiter is no comma, columns that write their
    numbers with a decimal comma are given with a point.

    Parameters
    ----------
    source : Source
    layer : Layer, which decides what columns are refused
    rows_per_chunk : int, > 0

    Yields
    ------
    RawTable, at least one
        Without shapes: the caller's choice of columns says where they are. A row with too few or too many cells is
        among the bad ones.

    Raises
    ------
    InputError
        Not text, not CSV, too wide or too long.
    SchemaError
        Unnamed or repeated columns, all of them named.
    """
    form = _find_form(source)
    kept, refused = split_columns(layer, [name for name in form.header if name])
    places = {name: place for place, name in enumerate(form.header) if name in kept}
    rows = _read_rows(source, form)
    next(rows)
    first_row, n_columns = 0, len(form.header)
    while chunk := list(islice(rows, rows_per_chunk)):
        bad_rows = {}
        for row, cells in enumerate(chunk):
            if len(cells) != n_columns:
                said = f"has {len(cells)} cell{'s' if len(cells) > 1 else ''}, but the header has {n_columns}"
                bad_rows[row] = f"{said}; check its quotation marks"
                cells.extend([""] * (n_columns - len(cells)))
        columns = {
            name: [_point(cells[place]) for cells in chunk]
            if place in form.commas
            else [cells[place] for cells in chunk]
            for name, place in places.items()
        }
        yield RawTable(
            columns=make_columns(columns, len(chunk)),
            refused=refused,
            notes=form.notes,
            first_row=first_row,
            bad_rows=bad_rows,
        )
        first_row += len(chunk)
    if not first_row:
        yield RawTable(columns=make_columns({name: [] for name in places}, 0), refused=refused, notes=form.notes)


def _find_form(source: Source) -> _Form:
    encoding, notes = _find_encoding(source)
    delimiter, told = _find_delimiter(source, encoding)
    rows = _read_rows(source, _Form(encoding, delimiter, told, (), frozenset(), ()))
    header = [name.strip() for name in next(rows, [])]
    if not header:
        message = f"{source.name}: holds nothing but white space; export it again."
        raise InputError(message)
    check_width(source.name, len(header), source.limits)
    unnamed = {place for place, name in enumerate(header) if not name}
    filled: set[int] = set()
    numbers = _Numbers(() if delimiter == "," else range(len(header)), comma_is_certain=delimiter == ";")
    n_rows = 0
    for cells in rows:
        n_rows += 1
        numbers.look_at(cells)
        filled |= {place for place in unnamed - filled if place < len(cells) and cells[place].strip()}
    check_height(source.name, n_rows, source.limits)
    _check_header(source, header, unnamed & filled)
    notes += numbers.tell(header)
    return _Form(encoding, delimiter, told, tuple(header), frozenset(numbers.commas), notes)


class _Numbers:
    """Which columns hold nothing but numbers, if a comma is the decimal sign and blanks part thousands."""

    def __init__(self, places: Iterable[int], *, comma_is_certain: bool) -> None:
        self._places = set(places)
        self._comma_is_certain = comma_is_certain
        self._written_so: set[int] = set()
        self._certain: set[int] = set()

    @property
    def commas(self) -> set[int]:
        """Columns whose numbers are to be written with a point."""
        return self._places & self._certain

    def look_at(self, cells: list[str]) -> None:
        """Take another row into account."""
        # a list, because a column that holds something else leaves
        for place in [each for each in self._places if each < len(cells)]:
            cell = cells[place]
            if cell.isdecimal() or not cell.strip():
                continue
            if not _COMMA_NUMBER.match(cell):
                self._places.discard(place)
            elif not cell.strip().lstrip("-+").isdecimal():
                self._written_so.add(place)
                if self._comma_is_certain or not _EITHER.match(cell):
                    self._certain.add(place)

    def tell(self, header: list[str]) -> tuple[str, ...]:
        """Notes on what was done with which columns."""
        notes = []
        if self.commas:
            names = ", ".join(header[place] for place in sorted(self.commas) if header[place])
            notes.append(f"Numbers with a decimal comma or parted thousands were read as such: {names}.")
        if doubtful := (self._places & self._written_so) - self._certain:
            names = ", ".join(header[place] for place in sorted(doubtful) if header[place])
            notes.append(f"A comma in {names} may part thousands or decimals; the numbers were left as they stand.")
        return tuple(notes)


def _find_encoding(source: Source) -> tuple[str, tuple[str, ...]]:
    with source.open() as stream:
        start = stream.read(2)
    if start in _WIDE_MARKS:
        try:
            _decode_all(source, "utf-16")
        except UnicodeDecodeError as error:
            message = f"{source.name}: is no whole UTF-16 text; save it as UTF-8."
            raise InputError(message) from error
        return "utf-16", ("The text was read as UTF-16.",)
    try:
        _decode_all(source, "utf-8-sig")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8-sig", ()
    if position := _find_undefined(source):
        message = f"{source.name}: is neither UTF-8 nor Windows-1252 text (byte {position}); save it as UTF-8."
        raise InputError(message)
    return "cp1252", ("The text was read as Windows-1252, because it is not UTF-8.",)


def _decode_all(source: Source, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in _read_pieces(source):
        decoder.decode(piece)
    decoder.decode(b"", final=True)


def _find_undefined(source: Source) -> int:
    """Number of the first byte that no letter of Windows-1252 has, 0 where there is none."""
    n_before = 0
    for piece in _read_pieces(source):
        if found := _UNDEFINED.search(piece):
            return n_before + found.start() + 1
        n_before += len(piece)
    return 0


def _read_pieces(source: Source) -> Iterator[bytes]:
    with source.open() as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece


def _find_delimiter(source: Source, encoding: str) -> tuple[str, bool]:
    """The delimiter, and whether a line of its own above the header tells it."""
    with _open_text(source, encoding) as text:
        sample = text.read(_SAMPLE_CHARACTERS).lstrip()
    if told := _TOLD.match(sample.partition("\n")[0]):
        return told[1], True
    there = [delimiter for delimiter in _DELIMITERS if delimiter in _QUOTED.sub("", _first_row(sample))]
    if len(there) < _FEWEST_TO_CHOOSE:
        return (there or [","])[0], False
    return max(there, key=lambda delimiter: _score_delimiter(sample, delimiter)), False


def _first_row(sample: str) -> str:
    """The first line, and the ones that its quotation marks take in."""
    row = ""
    for line in io.StringIO(sample, newline=""):
        row += line
        if row.count('"') % 2 == 0:
            break
    return row


def _score_delimiter(sample: str, delimiter: str) -> tuple[float, int]:
    """How many of the first rows have as many cells as the header, and how many those are."""
    counts = []
    try:
        for row in islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _SAMPLE_ROWS):
            if any(cell.strip() for cell in row):
                counts.append(len(row))
    except csv.Error:
        pass
    if not counts:
        return 0.0, 0
    return sum(count == counts[0] for count in counts) / len(counts), counts[0]


def _open_text(source: Source, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(source.open(), encoding=encoding, newline="")


def _read_rows(source: Source, form: _Form) -> Iterator[list[str]]:
    """The header and the rows that hold anything; they may be longer or shorter than the header."""
    with _open_text(source, form.encoding) as text:
        if form.told:
            _skip_told(text)
        reader = csv.reader(text, delimiter=form.delimiter, strict=True)
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield row
        except csv.Error as error:
            message = (
                f"{source.name}: is not CSV ({error}, line {reader.line_num}); check its quotation marks and export it "
                "again."
            )
            raise InputError(message) from error


def _skip_told(text: io.TextIOWrapper) -> None:
    while not text.readline().strip():
        pass


def _check_header(source: Source, header: list[str], unnamed: set[int]) -> None:
    failures = []
    if unnamed:
        numbers = ", ".join(str(place + 1) for place in sorted(unnamed))
        failures.append(f"header: column {numbers} has no name; name it")
    if repeated := sorted(name for name, n_times in Counter(header).items() if name and n_times > 1):
        failures.append(f"header: {hide_personal_numbers(', '.join(repeated))} stands more than once; keep one")
    if failures:
        message = "\n".join([f"{source.name}: the header cannot be used.", *(f"  - {line}" for line in failures)])
        raise SchemaError(message, tuple(failures))


def _point(cell: str) -> str:
    return cell.strip().translate(_REMOVE_BLANKS)
