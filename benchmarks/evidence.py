"""What the models reach on public data, beside what others reached: ``make evidence``, shown in docs/evidence.md.

Each section is a module with ``build_section(data: Path) -> Section``. A section whose data is absent is left out with
a message, and what the page says of it stays.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import re
import sys
import time
import traceback
from importlib.metadata import version
from pathlib import Path

from evidence_section import DataMissingError, Section

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "evidence.md"
# name of the section on the command line and in the page → its module; the page has them in this order
SECTIONS = {
    "portland": "evidence_portland",
    "chicago": "evidence_chicago",
    "planted": "evidence_planted",
    "feedback": "evidence_feedback",
}
PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "shapely", "pyproj")

HEAD = """# Evidence

What the models reach on public data that they were not made for, beside the numbers that others published. The tables
are written by the program; what is said of attempts was measured once, while the models were built.

```
make evidence DATA=../shared/data
```

`ARGS="--only portland"` runs some of the sections. Without the data the command says so and leaves this page alone.
"""


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of the public data")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections to run")
    parser.add_argument("--page", type=Path, default=PAGE, help="page to write")
    return parser.parse_args()


def main() -> int:
    """Run the sections in turn, print them, put them into the page; 1 if one failed for anything but missing data."""
    arguments = read_arguments()
    if not arguments.data.is_dir():
        print(
            f"evidence: skipped, there is no folder {arguments.data}. Give the folder of the public data: "
            f"make evidence DATA=path. {arguments.page.name} stays as it is."
        )
        return 0
    failed = []
    for name in (name for name in SECTIONS if name in arguments.only):
        start = time.perf_counter()
        try:
            section = importlib.import_module(SECTIONS[name]).build_section(arguments.data)
        except DataMissingError as error:
            print(f"evidence: {name} skipped, {error}. What {arguments.page.name} says of it stays.")
            continue
        except Exception:  # the other sections are still worth running
            traceback.print_exc()
            failed.append(name)
            continue
        seconds = time.perf_counter() - start
        print(f"\n{section.title}\n\n{section.text}\n", flush=True)
        print(f"evidence: {name} took {seconds:.0f} s", file=sys.stderr, flush=True)
        put_into_page(arguments.page, name, section, seconds)
    if failed:
        print(f"evidence: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def put_into_page(page: Path, name: str, section: Section, seconds: float) -> None:
    """Write a section between its markers, and keep those of the others, in the order of `SECTIONS`."""
    old = page.read_text("utf-8") if page.is_file() else ""
    blocks = {found[1]: found[0] for found in re.finditer(r"<!-- (\w+): begin -->.*?<!-- \1: end -->", old, re.DOTALL)}
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    facts = (
        f"*Run in {seconds:.0f} s on {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{versions}.*"
    )
    blocks[name] = (
        f"<!-- {name}: begin -->\n## {section.title}\n\n{section.text.strip()}\n\n{facts}\n<!-- {name}: end -->"
    )
    known = [blocks[each] for each in SECTIONS if each in blocks]
    page.write_text("\n\n".join([HEAD.strip(), *known]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
