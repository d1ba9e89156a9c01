"""Comma-separated text to records."""

import csv
import io
from collections import Counter

from bam_pipelines.behavior.readers.records import Records, build_records


def read_delimited(text: str, file: str) -> Records:
    """Read comma-separated text whose first line names the columns.

    A byte-order mark and any line ends are accepted, empty lines left out, names brought to lower case. Empty cells
    are null.

    Parameters
    ----------
    text
        The whole text.
    file
        Its name, for errors and rejects.

    Returns
    -------
    Records
        A row with more or fewer cells than names is among the rejects.

    Raises
    ------
    ValueError
        If there is no header, or it names a column twice.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names = [name.strip().lower() for name in next(reader, [])]
    if not any(names):
        raise ValueError(f"{file}: found no line with the names of the columns, expected one at the beginning.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{file}: found column {twice[0] or 'without a name'} twice, expected each name once.")
    rows, unread, line = [], [], reader.line_num + 1
    for cells in reader:
        if len(cells) == len(names):
            rows.append((line, dict(zip(names, (cell.strip() or None for cell in cells), strict=True))))
        elif cells:
            unread.append((line, f"found {len(cells)} cells, expected {len(names)}"))
        line = reader.line_num + 1
    return build_records(rows, file, unread, names)
