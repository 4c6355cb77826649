"""Drive times from an OSRM server that the operator runs and names.

The places are sent to that server, so it must be one of the operator's own: targets that nobody has visited yet are no
one else's to know.

Source: OSRM HTTP API, table service, https://project-osrm.org/docs/v5.24.0/api/#table-service
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import requests
from numpy.typing import ArrayLike, NDArray

from geo.crs import SWEREF99_TM, project
from geo.errors import ParameterError
from geo.planning.drive.base import DriveError, DriveMatrix, check_places
from geo.planning.drive.deadline import Deadline, DeadlineAdapter
from geo.risk.words import Sentence

__all__ = ["OsrmDrive"]

_WGS84 = "EPSG:4326"
_SECONDS_PER_MINUTE = 60.0
# what the server takes unless it is told otherwise (``--max-table-size``)
_MOST_PLACES = 100
_DIGITS = 6
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_SERVICE = "/table/v1/"
_UNREADABLE = Sentence("The routing server's answer is no table of times and lengths for these places.")
FROM_OSRM = Sentence("Drive times come from the routing server.")


def _names_no_place(record: logging.LogRecord) -> bool:
    return _SERVICE not in record.getMessage()


# addresses hold the places of targets, which belong in no log
for _name in ("urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_names_no_place)


@dataclass(frozen=True)
class OsrmDrive:
    """The table service of an OSRM server.

    Attributes
    ----------
    url : str, such as ``http://osrm.example:5000``
    profile : str
    timeout_s : float, s, that each of the server's answers may take
    n_retries : int, how often a question is asked anew when the server is away or overloaded
    backoff_s : float, s, before the first of these, doubled each time
    total_s : float, s, that all answers of a table may take together
    clock : what tells the seconds that pass

    Raises
    ------
    ParameterError
        The address is not one of HTTP.
    """

    url: str
    profile: str = "driving"
    timeout_s: float = 5.0
    n_retries: int = 2
    backoff_s: float = field(default=0.2, repr=False)
    total_s: float = 10.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            message = f"The routing server's address must begin with http:// or https://, not {self.url!r}."
            raise ParameterError(message)

    def drive(self, easting: ArrayLike, northing: ArrayLike) -> DriveMatrix:
        """See `DriveProvider.drive`; asked in blocks, because a server takes no more than a hundred places at once."""
        x, y = check_places(easting, northing)
        lon, lat = project(x, y, SWEREF99_TM, _WGS84)
        places = [f"{a:.{_DIGITS}f},{b:.{_DIGITS}f}" for a, b in zip(lon.tolist(), lat.tolist(), strict=True)]
        n = len(places)
        minutes, distance = np.zeros((n, n)), np.zeros((n, n))
        half = _MOST_PLACES // 2
        blocks = [range(start, min(start + half, n)) for start in range(0, n, half)]
        until = self.clock() + self.total_s
        with requests.Session() as session, closing(Deadline()) as deadline:
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, DeadlineAdapter(deadline))
            line = _Line(session, deadline, until)
            for rows, cols in product(blocks, blocks):
                seconds, metres = self._ask(line, [places[i] for i in rows], [places[j] for j in cols])
                at = np.ix_(rows, cols)
                minutes[at], distance[at] = seconds / _SECONDS_PER_MINUTE, metres
        np.fill_diagonal(minutes, 0.0)
        np.fill_diagonal(distance, 0.0)
        return DriveMatrix(minutes, distance, "osrm", (FROM_OSRM,))

    def _ask(
        self, line: _Line, sources: Sequence[str], destinations: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Seconds and metres from each source to each destination."""
        n = len(sources)
        address = f"{self.url.rstrip('/')}{_SERVICE}{self.profile}/{';'.join([*sources, *destinations])}"
        parameters = {
            "annotations": "duration,distance",
            "sources": ";".join(map(str, range(n))),
            "destinations": ";".join(str(n + k) for k in range(len(destinations))),
        }
        try:
            response = self._get(line, address, parameters)
            answer = response.json()
        except requests.RequestException:
            # its text names the address, and with it the places
            raise DriveError(Sentence("The routing server cannot be reached, or its answer cannot be read.")) from None
        if not isinstance(answer, dict) or answer.get("code") != "Ok":
            raise DriveError(Sentence("The routing server answered {status}.", {"status": response.status_code}))
        shape = (n, len(destinations))
        return _read_table(answer, "durations", shape), _read_table(answer, "distances", shape)

    def _get(self, line: _Line, address: str, parameters: Mapping[str, str]) -> requests.Response:
        """What the server says, in the end; asked anew while it is away or overloaded, and there is time."""
        for pause in (*(self.backoff_s * 2**k for k in range(self.n_retries)), None):
            left = line.until - self.clock()
            if left <= 0:
                raise _make_late(self.total_s)
            limit = min(self.timeout_s, left)
            try:
                with line.deadline.hold(limit):
                    response = line.session.get(address, params=parameters, timeout=limit, allow_redirects=False)
            except requests.RequestException as error:
                if line.deadline.is_past or isinstance(error, requests.Timeout):
                    # who has waited for an answer once does not wait again
                    raise _make_late(self.timeout_s if left > self.timeout_s else self.total_s) from None
                if pause is None or not isinstance(error, requests.ConnectionError):
                    raise
            else:
                if line.deadline.is_past:
                    raise _make_late(self.timeout_s if left > self.timeout_s else self.total_s)
                if pause is None or response.status_code not in _TRY_AGAIN:
                    break
            time.sleep(min(pause, max(line.until - self.clock(), 0.0)))
        return response


@dataclass(frozen=True)
class _Line:
    """A session with the server, what cuts it, and the moment of the clock by which all must be said."""

    session: requests.Session
    deadline: Deadline
    until: float


def _make_late(seconds: float) -> DriveError:
    return DriveError(Sentence("The routing server did not answer within {seconds} s.", {"seconds": seconds}))


def _read_table(answer: dict[str, Any], name: str, shape: tuple[int, int]) -> NDArray[np.float64]:
    """A table of the answer; infinite where the server knows no way."""
    try:
        table = np.array([[np.inf if value is None else value for value in row] for row in answer[name]], dtype=float)
    except (KeyError, TypeError, ValueError) as error:
        raise DriveError(_UNREADABLE) from error
    if table.shape != shape or np.isnan(table).any() or (table < 0).any():
        raise DriveError(_UNREADABLE)
    return table
