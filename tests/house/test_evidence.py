"""`make evidence` without the public data says so, fails nothing and leaves the page alone."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = "# Evidence\n\n<!-- portland: begin -->\nfigures\n<!-- portland: end -->\n"


def run_evidence(data: Path, page: Path) -> subprocess.CompletedProcess[str]:
    page.write_text(PAGE, encoding="utf-8")
    command = [sys.executable, "benchmarks/evidence.py", "--data", str(data), "--page", str(page), "--only", "portland"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_the_folder(tmp_path: Path) -> None:
    done = run_evidence(tmp_path / "nowhere", tmp_path / "page.md")
    assert done.returncode == 0, done.stderr
    assert "skipped, there is no folder" in done.stdout
    assert (tmp_path / "page.md").read_text("utf-8") == PAGE


def test_without_a_sections_file(tmp_path: Path) -> None:
    done = run_evidence(tmp_path, tmp_path / "page.md")
    assert done.returncode == 0, done.stderr
    assert "portland skipped" in done.stdout
    assert "portland_auto_theft.csv is not there" in done.stdout
    assert (tmp_path / "page.md").read_text("utf-8") == PAGE
