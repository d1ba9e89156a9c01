"""Rows of drills on disk, and the table of the page about faults."""

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.drills.drill import Row

_BEGIN, _END = "<!-- drills -->", "<!-- end of drills -->"


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a results file, none if there is no file."""
    return json.loads(file.read_text(encoding="utf-8"))["rows"] if file.exists() else []


def merged(rows: list[dict[str, Any]], row: Row, order: list[str]) -> list[dict[str, Any]]:
    """Put a row in the place of an older one of its name, all in the order of the drills; rows of no drill go."""
    by_name = {one["name"]: one for one in rows} | {row.name: row.to_dict()}
    return [by_name[name] for name in order if name in by_name]


def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    """Write a results file in one step, so that a drill run that is killed keeps its rows."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, file)


def markdown_table(rows: list[dict[str, Any]]) -> str:
    """Write one line a drill."""
    lines = ["| drill | fault | expected | outcome | lost | seconds |", "|---|---|---|---|---|---|"]
    for row in rows:
        outcome = row["outcome"] if row["outcome"] == "pass" else f"**{row['outcome']}**: {row['detail']}"
        cells = [f"`{row['name']}`", row["fault"], row["expected"], outcome, row["lost"], f"{row['seconds']:.0f}"]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def write_page(page: Path, rows: list[dict[str, Any]]) -> None:
    """Put the table between the two marks of the page; everything else in it stays.

    Raises
    ------
    ValueError
        If the page has not both marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page}: the table goes between {_BEGIN} and {_END}, which are not there: put them back.")
    page.write_text(f"{before}{begin}\n{markdown_table(rows)}\n{end}{after}", encoding="utf-8")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
