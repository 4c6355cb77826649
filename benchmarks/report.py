"""The table as text, the figures as JSON, and the page that shows the table."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rows import Row

__all__ = ["describe_machine", "draw_table", "put_into_page", "summarise", "write_json"]

OUR_PACKAGES = ("numpy", "numba", "pandas", "geopandas", "shapely")
HEADINGS = ("work", "case", "threads", "ours", "beside", "its time", "figure", "bar", "", "error ours / its", "rounds")
# ratios from here on have no use for decimals
WHOLE_FROM = 100
NUMERIC = {"ours", "its time", "figure", "bar"}
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def describe_machine(peers: Mapping[str, str]) -> dict[str, Any]:
    """Processor, memory and versions: what the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        named = [line.split(":", 1)[1].strip() for line in cpu_info.read_text().splitlines() if "model name" in line]
        model = named[0] if named else model
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "day": date.today().isoformat(),
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(gibibytes, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "ours": {"python": platform.python_version(), **{name: version(name) for name in OUR_PACKAGES}},
        "peers": dict(peers),
    }


def draw_table(rows: Sequence[Row]) -> str:
    """A Markdown table whose columns also line up on a terminal."""
    cells = [HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADINGS))]
    rule = [
        "-" * (width - 1) + ":" if name in NUMERIC else "-" * width
        for name, width in zip(HEADINGS, widths, strict=True)
    ]
    lines = []
    for line in [cells[0], rule, *cells[1:]]:
        padded = (
            text.rjust(width) if name in NUMERIC else text.ljust(width)
            for name, text, width in zip(HEADINGS, line, widths, strict=True)
        )
        lines.append(f"| {' | '.join(padded)} |")
    return "\n".join(lines)


def summarise(rows: Iterable[Row]) -> str:
    """How many bars are met, which are not, which rows are missing, and where another program is faster."""
    rows = list(rows)
    barred = [row for row in rows if row.bar is not None]
    lines = [f"{sum(row.is_met is True for row in barred)} of {len(barred)} bars met."]
    lines += [f"NOT MET: {_name(row)}: {_figure(row)}, bar {_bar(row)}" for row in barred if row.is_met is False]
    lines += [f"{row.note}: {_name(row)}" for row in rows if not row.was_run]
    lines += [
        f"faster than ours: {row.other}, {row.case} (its error {row.other_error:.0e})"
        for row in rows
        if _is_slower(row) and row.other_error is not None
    ]
    return "\n".join(lines)


def write_json(path: Path, rows: Sequence[Row], machine: Mapping[str, Any]) -> None:
    """Every figure, unrounded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine, "rows": [row.to_json() for row in rows]}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def put_into_page(path: Path, rows: Sequence[Row], machine: Mapping[str, Any]) -> None:
    """Replace what stands between the two markers of a Markdown page by this run.

    Raises
    ------
    ValueError
        The page lacks a marker.
    """
    page = path.read_text("utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        message = f"{path} must hold the line {BEGIN} and the line {END} once each"
        raise ValueError(message)
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    ours, peers = (
        ", ".join(f"{name} {number}" for name, number in machine[side].items()) for side in ("ours", "peers")
    )
    facts = (
        f"{machine['day']}: {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB,"
        f" {machine['system']}. Ours: {ours}. The others: {peers or 'not installed'}."
    )
    notes = [f"- {_name(row)}: {row.note}" for row in rows if row.note and row.was_run]
    summary = [f"- {line}" for line in summarise(rows).splitlines()]
    parts = [BEGIN, facts, draw_table(rows), "\n".join(summary), "\n".join(notes), END]
    path.write_text(before + "\n\n".join(part for part in parts if part) + after, encoding="utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.work,
        row.case,
        row.threads,
        _time(row.ours_s),
        row.other,
        _time(row.other_s),
        _figure(row),
        _bar(row),
        _verdict(row),
        " / ".join(map(_error, (row.our_error, row.other_error))) if row.our_error is not None else "",
        str(row.rounds or ""),
    )


def _name(row: Row) -> str:
    return ", ".join(filter(None, (row.work, row.case, row.other)))


def _is_slower(row: Row) -> bool:
    return row.bar is None and row.figure is not None and row.unit == "×" and row.figure < 1


def _verdict(row: Row) -> str:
    if not row.was_run:
        return row.note
    if row.is_met is not None:
        return "met" if row.is_met else "NOT MET"
    return "theirs is faster" if _is_slower(row) and row.other_error is not None else ""


def _bar(row: Row) -> str:
    return "" if row.bar is None else f"{row.bar.sign} {_number(row.bar.limit, row.unit)}"


def _figure(row: Row) -> str:
    return "" if row.figure is None else _number(row.figure, row.unit)


def _number(value: float, unit: str) -> str:
    if unit == "×":
        return f"{value:.3g} ×" if value < WHOLE_FROM else f"{value:,.0f} ×"
    written = {"power": f"{value:.2f}", "max": f"{value:.1e}"}
    return written.get(unit, f"{value:.3g} {unit}")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _error(value: float | None) -> str:
    return "" if value is None else f"{value:.0e}"
