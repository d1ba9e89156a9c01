"""The files of each source, to records."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bam_pipelines.behavior.readers.columns import ColumnMap, texts_of
from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.jatos import read_archive
from bam_pipelines.behavior.readers.jspsych import ANSWER, MODALITY, read_jspsych
from bam_pipelines.behavior.readers.records import REJECT_COLUMNS, Records, join_records
from bam_pipelines.behavior.readers.texts import decode
from bam_pipelines.compute.faults import InputError

PERSON = "bam_person"  # whom a file or archive says it is from; counts where a record names nobody
SITTING = "bam_sitting"  # number of the file among those of the person; counts where a record names no session
RELEASE_ROOTS = ("", "variMNIST", "varMNIST", "variMNIST/varMNIST")
RELEASE_TABLE, RELEASE_TENSOR, RELEASE_PICTURES = "df_DigitRecog.csv", "images.pt", "dataset_PNG"
_LOG_SUFFIX = re.compile(r"[-_. ]*interactions?([-_. ]*data)?$", re.IGNORECASE)
_SUFFIXES = {
    "jspsych": (".json", ".jsonl", ".ndjson", ".txt", ".csv"),
    "jatos": (".jzip", ".zip"),
    "table": (".csv",),
}


@dataclass(frozen=True)
class SourceRecords:
    """What a source's files hold.

    Parameters
    ----------
    records
        All of them.
    blurs
        How often the window lost focus, by outside id, for those whose sitting was watched.
    others
        Number of records that are no trials.
    unread
        Outside ids that stand in the names of files in which nothing could be read.
    copies
        Number of files that hold what another holds.
    """

    records: Records
    blurs: dict[str, int]
    others: int
    unread: frozenset[str]
    copies: int


@dataclass(frozen=True)
class _File:
    """A text with its name for errors, and the outside id that it goes by; None where its name says nothing.

    A text that is None cannot be had, for the reason that ``problem`` gives.
    """

    name: str
    text: str | None
    person: str | None
    problem: str = ""


def read_source(source: str, path: Path, mapping: ColumnMap) -> tuple[SourceRecords, ColumnMap]:
    """Read all files of a source.

    Parameters
    ----------
    source
        ``released``, ``jspsych``, ``jatos`` or ``table``.
    path
        A file, or a folder of files.
    mapping
        Where records hold what.

    Returns
    -------
    SourceRecords
        What was found.
    ColumnMap
        The map with what is known of a record from its file in addition.

    Raises
    ------
    ValueError
        If nothing is there, or a file cannot be read at all.
    """
    files = _Distinct(_files(source, path))
    if source in ("released", "table"):
        records = join_records([read_delimited(file.text or "", file.name) for file in files])
        return SourceRecords(records, {}, 0, frozenset(), files.copies), mapping
    return _read_sittings(files, _with_file_facts(mapping))


def _read_sittings(files: "_Distinct", mapping: ColumnMap) -> tuple[SourceRecords, ColumnMap]:
    parts: list[Records] = []
    blurs: dict[str, int] = {}
    others, unread = 0, set()
    for file in files:
        if file.text is None:
            parts.append(_lost(file))
            continue
        sitting = read_jspsych(file.text, file.name)
        others += sitting.others
        person = _person(sitting.everyone, mapping) or file.person
        if sitting.blurs is not None and person is not None:
            blurs[person] = blurs.get(person, 0) + sitting.blurs
        if file.person is not None and sitting.everyone.empty:
            unread.add(file.person)
        fields = sitting.records.fields.assign(**{PERSON: file.person})
        # as text already here: a million records as objects are gigabytes
        parts.append(replace(sitting.records, fields=fields.astype("str")))
    joined = join_records(parts)
    joined = replace(joined, fields=joined.fields.assign(**{SITTING: _sittings(joined, mapping)}))
    return SourceRecords(joined, blurs, others, frozenset(unread), files.copies), mapping


def release_root(path: Path) -> Path:
    """Return the folder of the released variMNIST that holds its table, ``df_DigitRecog.csv``.

    Raises
    ------
    ValueError
        If there is none under any of the roots that are known.
    """
    for root in RELEASE_ROOTS:
        if (path / root / RELEASE_TABLE).is_file():
            return path / root
    places = ", ".join(str(Path(root) / RELEASE_TABLE) for root in RELEASE_ROOTS)
    raise InputError(
        f"{path}: found none of {places}; unpack the release there or change behavior.sources.released.path."
    )


def _files(source: str, path: Path) -> Iterable[_File]:
    if source == "released":
        table = release_root(path) / RELEASE_TABLE
        return [_File(table.name, _text(table), None)]
    paths = _paths(path, _SUFFIXES[source], f"behavior.sources.{source}.path")
    if source == "jatos":
        return (
            _File(component.file, component.text, component.outside_id, component.problem)
            for archive in paths
            for component in read_archive(archive)
        )
    names_people = source == "jspsych"
    return (_File(one.name, _text(one), _LOG_SUFFIX.sub("", one.stem) if names_people else None) for one in paths)


def _paths(path: Path, suffixes: tuple[str, ...], parameter: str) -> list[Path]:
    if path.is_file():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.is_file() and one.suffix.lower() in suffixes)
    if not found:
        kind = "holds no file" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {kind}, expected {', '.join(suffixes)}; put the data there or change {parameter}.")
    return found


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error}).") from None
    return decode(content, path.name)


class _Distinct:
    """Files one by one, so that one text at a time is in memory, without those that hold what an earlier one holds.

    ``copies`` counts these as they are met.
    """

    def __init__(self, files: Iterable[_File]) -> None:
        self._files, self.copies = files, 0

    def __iter__(self) -> Iterator[_File]:
        met: set[str] = set()
        for file in self._files:
            key = file.name if file.text is None else hashlib.sha256(file.text.encode()).hexdigest()
            if key in met:
                self.copies += 1
                continue
            met.add(key)
            yield file


def _lost(file: _File) -> Records:
    rejects = pd.DataFrame([(file.name, 1, file.problem, "")], columns=list(REJECT_COLUMNS))
    return Records(
        pd.DataFrame({PERSON: []}, dtype="object"), pd.DataFrame({"file": [], "line": [], "record": []}), rejects
    )


def _with_file_facts(mapping: ColumnMap) -> ColumnMap:
    facts = {"participant": PERSON, "session": SITTING, "response": ANSWER, "modality": MODALITY}
    columns = {what: [*mapping.names(what), name] for what, name in facts.items()}
    return replace(mapping, columns={**mapping.columns, **columns})


def _person(fields: pd.DataFrame, mapping: ColumnMap) -> str | None:
    """Return whom the records of one file name first."""
    found = [fields[name].dropna() for name in mapping.names("participant") if name in fields]
    return next((str(texts.iloc[0]) for texts in found if len(texts)), None)


def _sittings(records: Records, mapping: ColumnMap) -> pd.Series:
    """Return, for each record, the number of its file among those of the person."""
    people = texts_of(records, "participant", mapping)
    order = pd.DataFrame({"person": people, "file": records.origins["file"]}).drop_duplicates()
    order["number"] = (order.groupby("person", dropna=False).cumcount() + 1).astype("str")
    joined = pd.DataFrame({"person": people, "file": records.origins["file"]}).merge(order, how="left")
    return joined["number"].astype("str")
