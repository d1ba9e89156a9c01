"""What was found in files, before anything is made of it: records of text, and what could not be read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from bam_pipelines.compute.faults import InputError

REJECT_COLUMNS = ("file", "line", "reason", "content")
ORIGIN_COLUMNS = ("file", "line")
# an experiment has tens of fields; records that share no field make a table of the square of their number
MOST_FIELDS = 2_000
MOST_CELLS = 200_000_000


@dataclass(frozen=True)
class Records:
    """Records of one or several files.

    Parameters
    ----------
    fields
        One row a record, one column a field: text, or None where a record lacks the field or says null; of joined
        files a column of pandas' text type, which takes a quarter of the memory, with nulls. Names are lower case.
    origins
        file (name as errors show it), line (from 1, where the record begins) and, where several records begin on one
        line, record (its number in the file, from 1), row by row.
    rejects
        What could not be read: file, line, reason, content. Content is empty where a text could not be taken apart:
        nobody knows whose id it holds.
    """

    fields: pd.DataFrame
    origins: pd.DataFrame
    rejects: pd.DataFrame

    def __len__(self) -> int:
        return len(self.fields)

    def where(self, kept: Sequence[bool] | pd.Series) -> "Records":
        """Return the records for which ``kept`` is true; rejects stay."""
        mask = pd.Series(list(kept), dtype=bool)
        chosen = [table[mask.to_numpy()].reset_index(drop=True) for table in (self.fields, self.origins)]
        return Records(chosen[0], chosen[1], self.rejects)


def build_records(
    rows: Sequence[tuple[int, dict[str, str | None]]],
    file: str,
    unread: Iterable[tuple[int, str]],
    names: Sequence[str] | None = None,
) -> Records:
    """Build the records of one file.

    Parameters
    ----------
    rows
        Line and fields of each record.
    file
        The file's name.
    unread
        Line and reason of each place that could not be read.
    names
        Names of all fields where the source says them; None where only records do.

    Raises
    ------
    ValueError
        If the table would be wider or larger than that of any experiment, see :func:`check_size`.
    """
    n_fields = len(set().union(*(row for _, row in rows))) if names is None else len(names)
    check_size(len(rows), n_fields, file)
    fields = pd.DataFrame([row for _, row in rows], columns=names, dtype="object")
    lines = pd.Series([line for line, _ in rows], dtype="int64")
    rejects = pd.DataFrame(
        [(file, line, reason, "") for line, reason in unread], columns=list(REJECT_COLUMNS), dtype="object"
    )
    numbers = pd.Series(range(1, len(rows) + 1), dtype="Int64").where(lines.duplicated(keep=False))
    origins = pd.DataFrame({"file": file, "line": lines, "record": numbers})
    return Records(fields.where(fields.notna(), None), origins, rejects)


def check_size(n_records: int, n_fields: int, file: str) -> None:
    """Refuse a file whose table of all records and fields would fill the memory, however small the file is.

    Raises
    ------
    ValueError
        If there are more than :data:`MOST_FIELDS` fields, or more than :data:`MOST_CELLS` cells.
    """
    if n_fields > MOST_FIELDS or n_records * n_fields > MOST_CELLS:
        raise InputError(
            f"{file}: found {n_records} records with {n_fields} different fields, expected at most {MOST_FIELDS} "
            f"fields and {MOST_CELLS} values in a file; leave out what is no answer, or split the file."
        )


def join_records(parts: Sequence[Records]) -> Records:
    """Put the records of several files one after the other; their fields become columns of pandas' text type."""
    fields = pd.concat([part.fields.astype("str") for part in parts], ignore_index=True)
    origins, rejects = (
        pd.concat([getattr(part, name) for part in parts], ignore_index=True) for name in ("origins", "rejects")
    )
    return Records(fields, origins, rejects)


def content_of(row: pd.Series) -> str:
    """Return a record's fields as JSON, for the table of rejects."""
    return json.dumps({str(name): value for name, value in row.items() if pd.notna(value)}, ensure_ascii=False)
