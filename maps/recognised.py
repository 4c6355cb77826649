"""English texts that the library made of a template, recognised and said in another language."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from maps.i18n import catalogue, translate

__all__ = ["Recogniser"]

_GAP = re.compile(r"\{([a-z_]+)\}")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")


class Recogniser:
    """Templates with gaps, the first that fits a text is taken.

    A gap that begins with ``word`` holds one of the words; one that begins with ``each`` holds texts with commas
    between them, and one that begins with ``inner`` one text or several with semicolons, each of which is recognised by
    itself. Any other holds codes, numbers and names, which stay as they are.

    Parameters
    ----------
    templates : sequence of str, keys of the catalogues
    words : collection of str, the same
    gap : regular expression of what a gap holds
    """

    def __init__(self, templates: Sequence[str], words: Collection[str] = (), gap: str = ".+?") -> None:
        self._templates = templates
        self._words = frozenset(words)
        self._gap = gap

    def say(self, lang: str, english: str) -> str | None:
        """A text in a language; None where it is not known."""
        if not english:
            return ""
        said = self._say_one(lang, english)
        return self._say_parts(lang, english) if said is None else said

    def _say_one(self, lang: str, english: str) -> str | None:
        """A text that is one template, or a text of the catalogue."""
        if (known := catalogue(lang).get(english)) is not None:
            return known
        for template, pattern in self._patterns.items():
            if (match := pattern.fullmatch(english)) is not None:
                values = {name: self._fill(lang, name, value) for name, value in match.groupdict().items()}
                if None not in values.values():
                    return translate(lang, template, **values)
        return None

    def _say_parts(self, lang: str, english: str) -> str | None:
        """Several texts with semicolons between them, some of which have semicolons themselves."""
        parts = english.split("; ")
        # the longest beginning that is known, then the rest
        for n in range(len(parts) - 1, 0, -1):
            first = self._say_one(lang, "; ".join(parts[:n]))
            if first and (rest := self.say(lang, "; ".join(parts[n:]))):
                return f"{first}; {rest}"
        return None

    def _fill(self, lang: str, name: str, value: str) -> str | None:
        """What stands in a gap; None where it does not belong there."""
        if name.startswith("word"):
            return translate(lang, value) if value in self._words else None
        if name.startswith("inner"):
            return self.say(lang, value)
        if name.startswith("each"):
            said = [self.say(lang, one) for one in value.split(", ")]
            return None if None in said else ", ".join(filter(None, said))
        return _GROUPED.sub(lambda number: number[0].replace(",", "\u202f"), value) if lang == "sv" else value

    @cached_property
    def _patterns(self) -> Mapping[str, re.Pattern[str]]:
        """A pattern for each template."""
        found = {}
        for template in self._templates:
            pieces = _GAP.split(template)
            # every second piece is the name of a gap
            parts = (self._group(one) if position % 2 else re.escape(one) for position, one in enumerate(pieces))
            found[template] = re.compile("".join(parts), re.DOTALL)
        return MappingProxyType(found)

    def _group(self, name: str) -> str:
        return f"(?P<{name}>{'.+?' if name.startswith(('each', 'inner')) else self._gap})"
