"""Files on their way in: streamed to a private folder inside the data folder, and gone when they have been read.

The folder of each server is locked for as long as that server lives. What a server that was killed left behind is
removed by the next one that starts.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO

from anyio.to_thread import run_sync
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from api.errors import TooLargeError
from geo.errors import ParameterError
from geo.reading.mapping import MAX_MAPPING_BYTES
from geo.store.atomic import explain_os_error
from geo.store.home import open_home

__all__ = ["FILES_FIELD", "MAPPING_FIELD", "Upload", "UploadFolder", "make_plain", "receive_upload"]

FILES_FIELD = "files"
MAPPING_FIELD = "mapping"
MAX_FILES = 20
# what the fields beside the files may take, and how many there may be
MAX_FIELD_BYTES = 2**20
MAX_FIELDS = 500
SILENCE_S = 30.0
_MIB = 2**20
_PRIVATE = 0o700
_LOCK = ".lock"
_LONGEST_NAME = 60
_LONGEST_HEADER = 4096
_TIMEOUT = 408


@dataclass
class Upload:
    """What one request brought.

    Attributes
    ----------
    fields : name of a field to its values, in the order they came
    files : the files to import
    mapping : a mapping file, where there is one
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    mapping: Path | None = None


class UploadFolder:
    """A folder of one server for files that are being imported, in ``uploads`` inside the data folder.

    Parameters
    ----------
    home : Path of the data folder, which may not be there yet
    """

    def __init__(self, home: Path) -> None:
        self.parent = home / "uploads"
        self._home = home
        self._lock = Lock()
        self._own: tuple[Path, int] | None = None

    def sweep(self) -> None:
        """Remove what servers that were killed left behind."""
        if not self.parent.is_dir():
            return
        with explain_os_error(self.parent, "tidied"), self._alone():
            self._sweep()

    def make(self) -> Path:
        """A new, empty folder for one import, readable by nobody else.

        Raises
        ------
        StoreError
            It cannot be made.
        """
        with self._lock:
            if self._own is None:
                open_home(self._home)
                with explain_os_error(self.parent, "made"):
                    self.parent.mkdir(mode=_PRIVATE, exist_ok=True)
                    with self._alone():
                        self._sweep()
                        path = Path(tempfile.mkdtemp(prefix="server-", dir=self.parent))
                        handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                        fcntl.flock(handle, fcntl.LOCK_EX)
                self._own = path, handle
            with explain_os_error(self._own[0], "written"):
                return Path(tempfile.mkdtemp(prefix="import-", dir=self._own[0]))

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        with self._lock:
            if self._own is not None:
                path, handle = self._own
                shutil.rmtree(path, ignore_errors=True)
                os.close(handle)
                self._own = None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = os.open(self.parent / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        for path in self.parent.glob("server-*"):
            try:
                handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            except BlockingIOError:
                # another server lives
                pass
            finally:
                os.close(handle)


async def receive_upload(
    stream: AsyncIterator[bytes], content_type: str, content_length: str | None, folder: Path, max_bytes: int
) -> Upload:
    """Write the files of a form to a folder while they arrive, and keep its other fields.

    Parameters
    ----------
    stream : the request's body
    content_type, content_length : its headers
    folder : Path, private and empty
    max_bytes : bytes that all files may have together

    Returns
    -------
    Upload

    Raises
    ------
    TooLargeError
        As soon as the header says so, or as soon as more has come.
    ParameterError
        It is no form with files.
    HTTPException
        Nothing came for a while.
    StoreError
        The folder cannot be written to.
    """
    if (content_length or "").isdecimal() and int(content_length or 0) > max_bytes + MAX_FIELD_BYTES:
        raise _too_large(max_bytes)
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        message = "Send the file as a form (multipart/form-data), in the field files."
        raise ParameterError(message)
    receiver = _Receiver(folder, max_bytes)
    try:
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": receiver.begin_part,
                "on_header_field": receiver.add_header_name,
                "on_header_value": receiver.add_header_value,
                "on_header_end": receiver.end_header,
                "on_headers_finished": receiver.open_part,
                "on_part_data": receiver.add_data,
                "on_part_end": receiver.end_part,
                "on_end": receiver.end,
            },
        )
        async for chunk in _not_silent(stream):
            # the disk may be slow; nobody else is to wait for it
            await run_sync(receiver.feed, parser, chunk)
    except FormParserError as error:
        message = f"The form cannot be read ({error}); send it again."
        raise ParameterError(message) from error
    finally:
        receiver.close()
    return receiver.finish()


def make_plain(name: str) -> str:
    """A file's name as it may stand in a report and on a disk: no folder, no odd characters, not long.

    Parameters
    ----------
    name : str, whatever came as a name

    Returns
    -------
    str, at most 60 characters: letters, digits, blanks and ``._-()+``, none of them a dot at the start
    """
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(sign if sign.isalnum() or sign in " ._-()+" else "_" for sign in base)
    # the ending says what the file is
    return plain[-_LONGEST_NAME:].strip().lstrip(".").strip() or "file"


class _Receiver:
    """What the parser of a form tells, turned into files and fields."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._upload = Upload()
        self._n_parts = self._file_bytes = self._field_bytes = 0
        self._headers: dict[bytes, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._name = ""
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self._value = bytearray()
        self._is_whole = False

    def feed(self, parser: MultipartParser, chunk: bytes) -> None:
        with explain_os_error(self._folder, "written"):
            parser.write(chunk)

    def begin_part(self) -> None:
        self._n_parts += 1
        if self._n_parts > MAX_FIELDS:
            message = f"The form has more than {MAX_FIELDS} fields; put them into a mapping file."
            raise TooLargeError(message)
        self._headers, self._value = {}, bytearray()
        self._file = self._path = None

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])
        if len(self._header[1]) > _LONGEST_HEADER:
            message = "A header in the form is too long."
            raise ParameterError(message)

    def end_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def open_part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b"").decode("latin-1"))
        self._name = _decode(options.get(b"name", b""))
        if b"filename" not in options:
            return
        if self._name not in {FILES_FIELD, MAPPING_FIELD}:
            message = f"{self._name[:60]!r}: there is no such file; send files as {FILES_FIELD} and {MAPPING_FIELD}."
            raise ParameterError(message)
        if not (given := _decode(options[b"filename"])):
            # what a browser sends where no file was chosen
            return
        if self._name == FILES_FIELD and len(self._upload.files) == MAX_FILES:
            message = f"At most {MAX_FILES} files are taken at once; import the rest by themselves."
            raise TooLargeError(message)
        # in a folder of its own, so that two files may have one name
        place = self._folder / f"{self._n_parts}"
        place.mkdir(mode=_PRIVATE)
        self._path = place / make_plain(given)
        self._file = self._path.open("xb")

    def add_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            self._field_bytes += end - start
            if self._field_bytes > MAX_FIELD_BYTES:
                message = "The fields beside the files are too long; put them into a mapping file."
                raise TooLargeError(message)
            self._value.extend(data[start:end])
            return
        self._file_bytes += end - start
        if self._file_bytes > self._max_bytes:
            raise _too_large(self._max_bytes)
        self._file.write(data[start:end])
        if self._name == MAPPING_FIELD and self._file.tell() > MAX_MAPPING_BYTES:
            message = f"The mapping file is larger than {MAX_MAPPING_BYTES // _MIB} MiB."
            raise TooLargeError(message)

    def end_part(self) -> None:
        if self._file is None or self._path is None:
            if self._name not in {FILES_FIELD, MAPPING_FIELD}:
                self._upload.fields.setdefault(self._name, []).append(_decode(bytes(self._value)))
            return
        self.close()
        if self._name == MAPPING_FIELD:
            self._upload.mapping = self._path
        else:
            self._upload.files.append(self._path)

    def end(self) -> None:
        self._is_whole = True

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def finish(self) -> Upload:
        if not self._is_whole:
            message = "The form ended too early; send it again."
            raise ParameterError(message)
        if not self._upload.files:
            message = f"There is no file; send one or several in the field {FILES_FIELD}."
            raise ParameterError(message)
        return self._upload


async def _not_silent(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A body's pieces, as long as they keep coming."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                chunk = await anext(stream, b"")
        except TimeoutError as error:
            raise HTTPException(_TIMEOUT) from error
        if not chunk:
            return
        yield chunk


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"Files of more than {max_bytes // _MIB} MiB together are not taken; split them, or use norrsyn import on "
        "this machine (the operator sets NORRSYN_UPLOAD_MB)."
    )


def _decode(value: bytes) -> str:
    # browsers write a quotation mark in a name so
    return value.decode("utf-8", "replace").replace("%22", '"')
