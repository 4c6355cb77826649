"""Every notebook runs from top to bottom, is committed without outputs, and imports the library and the maps only."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.font_manager  # noqa: F401  # builds its cache here: in a notebook it would tell so on stderr
import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OURS = re.compile(r"^\s*(?:from|import) (geo|maps|api)\b", re.MULTILINE)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert set(OURS.findall("\n".join(cell.source for cell in code))) <= {"geo", "maps"}


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error" or output.get("name") == "stderr"]
    # a table is HTML too: there must be a map in its frame, or a figure
    data = [output.get("data", {}) for output in shown]
    assert any("<iframe" in each.get("text/html", "") or "image/png" in each for each in data)
