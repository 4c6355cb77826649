"""axe-core on a page: what it calls serious or critical, in lines that say what and where."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import pytest
from playwright.sync_api import Page

__all__ = ["VIEWS", "find_violations"]

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
GRAVE = {"serious", "critical"}
# One view in the suite, each size in each language in the long tests.
VIEWS = [
    pytest.param("laptop", "sv", id="laptop-sv"),
    pytest.param("phone", "en", id="phone-en", marks=pytest.mark.long),
    pytest.param("laptop", "en", id="laptop-en", marks=pytest.mark.long),
    pytest.param("phone", "sv", id="phone-sv", marks=pytest.mark.long),
]


@lru_cache(maxsize=1)
def read_axe() -> str:
    """The script of axe-core, as the package brings it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def find_violations(page: Page, within: str = "html") -> list[str]:
    """Run axe on the page as it is now, or on a part of it; one line for each rule that is broken badly.

    The script is evaluated from outside the page, as a debugger would: the page's policy stays as strict as it is.
    """
    page.evaluate(read_axe())
    found = page.evaluate(
        """([standards, within]) => axe.run(within, {
             runOnly: { type: "tag", values: standards }, resultTypes: ["violations"] })""",
        [STANDARDS, within],
    )
    return [
        f"{one['impact']} {one['id']}: {one['help']}: "
        + "; ".join(f"{node['target']} {node['html'][:160]}" for node in one["nodes"][:4])
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]
