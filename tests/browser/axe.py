"""axe-core on a page: what it calls serious or critical, in lines that say what and where."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from playwright.sync_api import Page

__all__ = ["find_violations"]

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
GRAVE = {"serious", "critical"}


@lru_cache(maxsize=1)
def read_axe() -> str:
    """The script of axe-core, as the package brings it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def find_violations(page: Page, exclude: tuple[str, ...] = ()) -> list[str]:
    """Run axe on the page as it is now; one line for each rule that is broken badly.

    The script is evaluated from outside the page, as a debugger would: the page's policy stays as strict as it is.
    """
    page.evaluate(read_axe())
    found = page.evaluate(
        """([standards, exclude]) => axe.run({ exclude: exclude.map((one) => [one]) }, {
             runOnly: { type: "tag", values: standards }, resultTypes: ["violations"] })""",
        [STANDARDS, list(exclude)],
    )
    return [
        f"{one['impact']} {one['id']}: {one['help']}: "
        + "; ".join(f"{node['target']} {node['html'][:160]}" for node in one["nodes"][:4])
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]
