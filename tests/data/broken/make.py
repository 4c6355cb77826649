"""Write all broken and odd files into a folder, to try them by hand: ``python -m tests.data.broken.make FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.data.broken import CASES

__all__ = ["make_files"]


def make_files(folder: Path) -> int:
    """Write every file into a folder of the layer it is for.

    Returns
    -------
    int, how many
    """
    for case in CASES:
        into = folder / case.layer
        into.mkdir(parents=True, exist_ok=True)
        case.make(into / case.name)
    return len(CASES)


if __name__ == "__main__":
    sys.stdout.write(f"{make_files(Path(sys.argv[1]))} files\n")
