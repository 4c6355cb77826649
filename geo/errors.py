"""Every error Norrsyn raises on purpose.

::

    NorrsynError
    ├── InputError (also a ValueError): what came in cannot be used
    │   ├── CRSError        wrong, missing or geographic CRS; swapped axes; degrees for metres
    │   ├── SchemaError     a column, value or id that the layer does not allow
    │   ├── GeometryError   an empty, broken or misplaced geometry
    │   ├── ShapeError      arrays whose shapes do not fit together
    │   └── ParameterError  an argument outside its range
    │       └── MemoryLimitError  more memory than there is
    ├── NotFoundError       a cell, surface, layer or table that does not exist
    ├── ChangedError        what is to be changed is not what it was any more
    ├── EndedError          a process that works for this one ended before it was done
    ├── ConfigError         the installation or its settings are wrong
    │   └── MissingLibraryError  a library of the system is not there
    └── StoreError          the data folder cannot be read or written
        └── UnreadableError     one record of it, which something else than Norrsyn has changed

Messages say what is wrong, where (layer, column, first ids) and what to do. Checks collect every failure
and raise once, so that one look is enough to mend a file.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CRSError",
    "ChangedError",
    "ConfigError",
    "EndedError",
    "GeometryError",
    "InputError",
    "MemoryLimitError",
    "MissingLibraryError",
    "NorrsynError",
    "NotFoundError",
    "ParameterError",
    "SchemaError",
    "ShapeError",
    "StoreError",
    "UnreadableError",
]


class NorrsynError(Exception):
    """Root of every error that Norrsyn raises on purpose."""


class InputError(NorrsynError, ValueError):
    """What came in cannot be used as it is."""


class CRSError(InputError):
    """Coordinates in a reference system, unit or axis order that was not asked for."""


class SchemaError(InputError):
    """A column, value or id that the layer's schema does not allow.

    Attributes
    ----------
    failures : tuple of str
        One line per failed rule; the message holds them all.
    """

    def __init__(self, message: str, failures: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.failures = failures


class GeometryError(InputError):
    """An empty, broken or misplaced geometry."""


class ShapeError(InputError):
    """Arrays whose shapes do not fit together."""


class ParameterError(InputError):
    """An argument outside the range in which it means something."""


class MemoryLimitError(ParameterError):
    """Something that would take more memory than there is, refused before any of it was taken."""


class NotFoundError(NorrsynError, LookupError):
    """A cell, surface, layer or table that does not exist."""


class ChangedError(NorrsynError):
    """What is to be changed was changed by somebody else, or in another tab, since it was read.

    Attributes
    ----------
    current : Any
        It, as it is stored now.
    """

    def __init__(self, message: str, current: Any = None) -> None:
        super().__init__(message)
        self.current = current


class EndedError(NorrsynError):
    """A process that works for this one ended, or was ended, before it was done; asked again, another one starts."""


class ConfigError(NorrsynError):
    """The installation or its settings are wrong."""


class MissingLibraryError(ConfigError):
    """A library of the system that something needs is not there; all else works without it."""


class StoreError(NorrsynError):
    """The data folder cannot be read or written."""


class UnreadableError(StoreError):
    """A record was changed by something else than Norrsyn, and says nothing any more; all others can be read."""
