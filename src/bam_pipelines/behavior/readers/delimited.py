"""Comma-separated text to records."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from bam_pipelines.behavior.readers.records import Records, build_records, check_size
from bam_pipelines.compute.faults import InputError

# with which spreadsheets of other languages separate
_OTHER_SIGNS = {";": "semicolons", "\t": "tabs"}


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
        If there is no header, its names are separated by another sign than a comma, it names a column twice or more
        columns than any experiment has, or a cell has no end.
    """
    lines = _lines(text.removeprefix("\ufeff"), file)
    names = [name.strip().lower() for _, cells in islice(lines, 1) for name in cells]
    if not any(names):
        raise InputError(f"{file}: found no line with the names of the columns, expected one at the beginning.")
    other = next((sign for sign in _OTHER_SIGNS if len(names) == 1 and sign in names[0]), None)
    if other is not None:
        raise InputError(
            f"{file}: found {_OTHER_SIGNS[other]} between the columns' names, expected commas; save it with commas."
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{file}: found column {twice[0] or 'without a name'} twice, expected each name once.")
    check_size(0, len(names), file)
    rows, unread = [], []
    for line, cells in lines:
        if len(cells) == len(names):
            rows.append((line, dict(zip(names, (cell.strip() or None for cell in cells), strict=True))))
        elif cells:
            unread.append((line, f"found {len(cells)} cells, expected {len(names)}"))
    return build_records(rows, file, unread, names)


def _lines(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line where each row begins, and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{file}, line {line}: cannot be read as comma-separated text ({error}); is a quotation mark left open?"
            ) from None
        yield line, cells
