"""The rules of Psych-DS, to check a folder by."""

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

_KEYS = ("@context", "@type", "name", "description", "variableMeasured")
_FILE = re.compile(r"([a-z]+-[A-Za-z0-9]+)(_[a-z]+-[A-Za-z0-9]+)*_data\.csv")


def psych_ds_problems(folder: Path) -> list[str]:
    """Check a folder.

    Parameters
    ----------
    folder
        The data set's root.

    Returns
    -------
    list of str
        One sentence a problem; empty if the folder keeps the rules.
    """
    about, problems = _description(folder / "dataset_description.json")
    files = sorted((folder / "data").rglob("*.csv"))
    if not files:
        problems.append("data: holds no CSV file, expected at least one")
    measured = [_name(variable) for variable in about.get("variableMeasured") or []]
    found: list[str] = []
    for file in files:
        header, own = _table(file, file.relative_to(folder).as_posix())
        found += header
        problems += own
    problems += [f"dataset_description.json: variableMeasured names {name} twice" for name in _repeated(measured)]
    problems += [f"column {name} is not in variableMeasured" for name in sorted(set(found) - set(measured))]
    problems += [f"variableMeasured names {name}, which no table has" for name in sorted(set(measured) - set(found))]
    return problems


def _description(path: Path) -> tuple[dict[str, Any], list[str]]:
    if not path.is_file():
        return {}, ["dataset_description.json is missing"]
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        return {}, [f"dataset_description.json is no JSON ({error})"]
    if not isinstance(about, dict):
        return {}, ["dataset_description.json holds no object"]
    problems = [f"dataset_description.json: {key} is missing or empty" for key in _KEYS if not about.get(key)]
    if "schema.org" not in str(about.get("@context", "schema.org")):
        problems.append(f"dataset_description.json: @context is {about['@context']!r}, expected schema.org")
    if about.get("@type", "Dataset") != "Dataset":
        problems.append(f"dataset_description.json: @type is {about['@type']!r}, expected 'Dataset'")
    return about, problems


def _name(variable: object) -> str:
    return str(variable.get("name")) if isinstance(variable, dict) else str(variable)


def _table(path: Path, name: str) -> tuple[list[str], list[str]]:
    problems = []
    if not _FILE.fullmatch(path.name):
        problems.append(f"{name}: expected a name like study-x_task-y_data.csv, with no - or _ in a value")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    header, body = (rows[0], rows[1:]) if rows else ([], [])
    problems += [f"{name}: column {column} stands there twice" for column in _repeated(header)]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            problems.append(f"{name}: row {number} has {len(row)} cells, expected {len(header)}")
            break
    if "row_id" in header:
        position = header.index("row_id")
        ids = [row[position] for row in body if len(row) > position]
        problems += [f"{name}: row_id {one} stands there twice" for one in _repeated(ids)[:1]]
    else:
        problems.append(f"{name}: has no column row_id")
    return header, problems


def _repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
