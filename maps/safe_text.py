"""The only door through which text may reach a Folium object.

Folium and branca render their output as a Jinja template a second time, unsandboxed, and place it in HTML and in
JavaScript strings. Text that holds none of the characters those three languages give a meaning to is safe in all of
them, whatever the order of decoding; so everything but letters, digits and a few marks is written as a numeric
character reference. A map address cannot be written that way (it must stay an address), so it is held to a narrow
grammar instead.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from geo.errors import ConfigError

__all__ = ["check_tile_url", "safe_text", "tile_origin"]

_UNSAFE = re.compile(r"[^A-Za-z0-9 .,_-]")
_PLACEHOLDER = re.compile(r"\{[xyzsr]\}")
# No quotes, backslashes, angle brackets, dollar signs, backticks, stray braces or whitespace.
_URL_TEXT = re.compile(r"[A-Za-z0-9._~:/?=&%+,@-]*")
_HOST = re.compile(r"(?:\{s\}\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


def safe_text(text: str) -> str:
    """Encode text so that neither Jinja, HTML nor JavaScript finds anything to run in it.

    Parameters
    ----------
    text : str
        Anything, hostile or not.

    Returns
    -------
    str
        ASCII letters, digits, space, ``.``, ``,``, ``-`` and ``_`` as they are, all else as ``&#NNN;``.
    """
    return _UNSAFE.sub(lambda match: f"&#{ord(match.group())};", text)


def check_tile_url(url: str) -> str:
    """Accept the address of an online base map, or refuse it.

    Parameters
    ----------
    url : str
        ``https://host/…/{z}/{x}/{y}.png``, or a path of this server that begins with ``/``. The host may begin with
        ``{s}.``, the path may hold ``{r}``.

    Returns
    -------
    str
        The same address.

    Raises
    ------
    ConfigError
        The address has no ``{z}``, ``{x}`` and ``{y}``, or any character that does not belong in it.
    """
    failures = []
    if not all(mark in url for mark in ("{z}", "{x}", "{y}")):
        failures.append("it needs {z}, {x} and {y}")
    if not _URL_TEXT.fullmatch(_PLACEHOLDER.sub("", url)):
        failures.append("only letters, digits, ._~:/?=&%+,@- and the placeholders {x} {y} {z} {s} {r} may stand in it")
    elif not _has_known_start(url):
        failures.append("it must begin with http://host/, https://host/ or one / (the host may begin with {s}.)")
    if failures:
        message = f"The base map address {url!r} cannot be used: {'; '.join(failures)}."
        raise ConfigError(message)
    return url


def tile_origin(url: str) -> str | None:
    """Where the browser must be allowed to fetch images from, as a Content-Security-Policy source.

    Parameters
    ----------
    url : str
        An address that `check_tile_url` accepts.

    Returns
    -------
    str such as ``https://*.tiles.example`` or None for an address on this server
    """
    parts = urlsplit(check_tile_url(url))
    return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}" if parts.scheme else None


def _has_known_start(url: str) -> bool:
    if url.startswith("/"):
        return not url.startswith("//")
    scheme, mark, rest = url.partition("://")
    host, slash, _ = rest.partition("/")
    return bool(mark and slash) and scheme in {"http", "https"} and _HOST.fullmatch(host) is not None
