"""Results archives of JATOS."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any


@dataclass(frozen=True)
class Component:
    """One component's results of one person.

    Parameters
    ----------
    file
        Name for errors and rejects: archive and member.
    text
        What the study sent, or None where the archive lacks it.
    outside_id
        Of the person: Prolific's, or else JATOS's own for the worker.
    """

    file: str
    text: str | None
    outside_id: str


def read_archive(path: Path) -> Iterator[Component]:
    """Read a results archive (``.jzip`` or ``.zip``) without unpacking it.

    Parameters
    ----------
    path
        The archive.

    Yields
    ------
    Component
        In the order of ``metadata.json``.

    Raises
    ------
    ValueError
        If it is no archive, lacks ``metadata.json``, or names a member outside itself.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(
            f"{path.name}: no archive that can be read ({error}), expected JATOS's .jzip or .zip."
        ) from None
    with archive:
        members = {_inside(path, name): name for name in archive.namelist() if not name.endswith("/")}
        metadata = next(
            (name for name in sorted(members, key=len) if PurePosixPath(name).name == "metadata.json"), None
        )
        if metadata is None:
            raise ValueError(f"{path.name}: holds no metadata.json, expected a results archive of JATOS.")
        root = PurePosixPath(metadata).parent
        for result in _study_results(path, archive.read(members[metadata])):
            for component in result.get("componentResults") or []:
                folder = str(
                    component.get("path") or f"study_result_{result.get('id')}/comp_result_{component.get('id')}"
                )
                name = _inside(path, str(root / folder.lstrip("/") / "data.txt"))
                text = archive.read(members[name]).decode("utf-8-sig", errors="replace") if name in members else None
                yield Component(f"{path.name}/{name}", text, _outside_id(result))


def _inside(path: Path, name: str) -> str:
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in name:
        raise ValueError(f"{path.name}: member {name!r} lies outside the archive; do not trust this file.")
    return str(pure)


def _study_results(path: Path, text: bytes) -> list[dict[str, Any]]:
    try:
        data = json.loads(text.decode("utf-8-sig"))["data"]
        return [result for study in data for result in study["studyResults"]]
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path.name}/metadata.json: expected JATOS's data[].studyResults[], found something else."
        ) from None


def _outside_id(result: dict[str, Any]) -> str:
    query = result.get("urlQueryParameters") or {}
    return str(query.get("PROLIFIC_PID") or result.get("workerId") or f"result {result.get('id')}")
