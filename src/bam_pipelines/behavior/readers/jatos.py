"""Results archives of JATOS."""

import json
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bam_pipelines.behavior.readers.texts import decode
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.untrusted import decoding

LARGEST_ARCHIVE = 2 * 2**30  # bytes unpacked; 246 people with 500 trials each leave about 0.1 GiB
# deflate reaches 1,032; answers written as JSON are at about 20
HIGHEST_RATIO = 200
_SMALL = 2**20  # bytes unpacked below which a ratio says nothing


@dataclass(frozen=True)
class Component:
    """One component's results of one person.

    Parameters
    ----------
    file
        Name for errors and rejects: archive and member.
    text
        What the study sent, or None where it cannot be had.
    outside_id
        Of the person: Prolific's, or else JATOS's own for the worker.
    problem
        Why there is no text; empty where there is.
    """

    file: str
    text: str | None
    outside_id: str
    problem: str = ""


def read_archive(path: Path) -> Iterator[Component]:
    """Read a results archive (``.jzip`` or ``.zip``) without unpacking it to disk.

    Parameters
    ----------
    path
        The archive.

    Yields
    ------
    Component
        In the order of ``metadata.json``; without a text where the member is absent or no text in UTF-8.

    Raises
    ------
    ValueError
        If it is no archive, lacks ``metadata.json``, is damaged, or holds what no export of JATOS does: a member
        outside itself, twice, encrypted or behind a link, or one that unpacks to far more than it takes.
    """
    with decoding(path.name, "an archive, expected JATOS's .jzip or .zip"):
        archive = zipfile.ZipFile(path)
    with archive:
        members = _members(path, archive.infolist())
        metadata = next(
            (name for name in sorted(members, key=len) if PurePosixPath(name).name == "metadata.json"), None
        )
        if metadata is None:
            raise InputError(f"{path.name}: holds no metadata.json, expected a results archive of JATOS.")
        root = PurePosixPath(metadata).parent
        for outside_id, folder in _components(path, _content(path, archive, members[metadata])):
            name = _inside(path, str(root / folder.lstrip("/") / "data.txt"))
            yield _component(path, archive, members.get(name), name, outside_id)


def _component(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo | None, name: str, outside_id: str
) -> Component:
    file = f"{path.name}/{name}"
    if member is None:
        return Component(file, None, outside_id, "metadata.json names this member, the archive lacks it")
    content = _content(path, archive, member)
    try:
        return Component(file, decode(content, file), outside_id)
    except ValueError as error:
        return Component(file, None, outside_id, str(error).removeprefix(f"{file}: ").rstrip("."))


def _members(path: Path, found: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return what an archive holds by name, after refusing all that no export of JATOS has."""
    members: dict[str, zipfile.ZipInfo] = {}
    size = 0
    for member in found:
        name = _inside(path, member.filename)
        size += member.file_size
        problem = _problem(member)
        if size > LARGEST_ARCHIVE:
            problem = (
                f"brings the archive above {LARGEST_ARCHIVE} bytes unpacked, the most that is read; export in parts"
            )
        if name in members and not member.is_dir():
            problem = "is there twice; do not trust this file"
        if problem:
            raise InputError(f"{path.name}: member {member.filename!r} {problem}.")
        if not member.is_dir():
            members[name] = member
    return members


def _problem(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & 1:
        return "is encrypted, expected an export without a password"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link, expected a file; do not trust this archive"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is compressed by method {member.compress_type}, expected 0 or 8 (deflate)"
    if member.file_size > max(_SMALL, HIGHEST_RATIO * member.compress_size):
        return f"unpacks from {member.compress_size} to {member.file_size} bytes; do not trust this file"
    return ""


def _content(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with decoding(f"{path.name}/{member.filename}", "a whole member of the archive"):
        return archive.read(member)


def _inside(path: Path, name: str) -> str:
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in name:
        raise InputError(f"{path.name}: member {name!r} lies outside the archive; do not trust this file.")
    return str(pure)


def _components(path: Path, content: bytes) -> list[tuple[str, str]]:
    """Return whose each component is and where in the archive its results lie."""
    try:
        data = json.loads(content.decode("utf-8-sig"))["data"]
        return [
            (_outside_id(result), _folder(result, component))
            for study in data
            for result in study["studyResults"]
            for component in result.get("componentResults") or []
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(
            f"{path.name}/metadata.json: expected JATOS's data[].studyResults[], found something else."
        ) from None


def _folder(result: dict[str, Any], component: dict[str, Any]) -> str:
    return _encodable(component.get("path") or f"study_result_{result.get('id')}/comp_result_{component.get('id')}")


def _outside_id(result: dict[str, Any]) -> str:
    query = result.get("urlQueryParameters") or {}
    return _encodable(query.get("PROLIFIC_PID") or result.get("workerId") or f"result {result.get('id')}")


def _encodable(value: object) -> str:
    text = str(value)
    text.encode()  # half a character cannot be kept, and its UnicodeEncodeError is a ValueError
    return text
