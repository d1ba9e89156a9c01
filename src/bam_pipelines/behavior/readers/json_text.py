"""JSON of all the shapes in which experiments keep results, to records."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from bam_pipelines.behavior.readers.records import Records, build_records
from bam_pipelines.compute.faults import InputError

_BETWEEN = " \t\r\n,"
# no line's end among the blanks: a text of many empty lines would take the square of their number
_NEXT_LINE = re.compile(r"\n[ \t\r\f\v]*[\[{]")
_HALF_CHARACTER = re.compile(r"\\u[dD][89abAB]")
# how often, on average, each character of a file may be looked at in vain: a broken record is tried from each of its
# lines; and what a record nested too deeply counts for, characters
_PATIENCE = 20
_DEEP = 10_000
_WINDOW = 2**16  # characters


class _Object(dict[str, Any]):
    """An object of JSON, and the name that it holds twice."""

    twice: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found.twice = next(name for name in names if names.count(name) > 1)
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def read_json(text: str, file: str) -> Records:
    """Read objects that stand in one array, in several one after the other, or one a line.

    Parameters
    ----------
    text
        The whole text.
    file
        Its name, for errors and rejects.

    Returns
    -------
    Records
        Fields in lower case; numbers and booleans as JSON writes them, nested values as JSON text. What is no object,
        names a field twice, is cut off, or follows on where no record begins any more, is among the rejects.

    Raises
    ------
    ValueError
        If there are more fields than any experiment has, or broken records lie within each other so deep that trying
        each of their beginnings would take forever.
    """
    text = text.removeprefix("\ufeff")
    halves = _HALF_CHARACTER.search(text) is not None
    ends = [newline.start() for newline in re.finditer("\n", text)]
    rows, unread = [], []
    for position, found in _values(text, file):
        line = bisect_right(ends, position - 1) + 1
        row = _fields(found, halves) if isinstance(found, _Object) else found
        if isinstance(row, dict):
            rows.append((line, row))
        else:
            unread.append((line, row if isinstance(row, str) else "found a value that is no object"))
    return build_records(rows, file, unread)


def _fields(found: _Object, halves: bool) -> dict[str, str | None] | str:
    """Return the fields of an object, or what is wrong with it."""
    if found.twice is not None:
        return f"found field {found.twice[:60]!r} twice, expected each name once"
    try:
        row = {name.strip().lower(): _text(value) for name, value in found.items()}
        if halves:
            "".join(text for pair in row.items() for text in pair if text).encode()
    except RecursionError:
        return "found values nested too deeply"
    except UnicodeEncodeError:
        return "found half a character (an unpaired surrogate), which is no text"
    if len(row) < len(found):
        return "found two fields whose names differ in capitals or blanks alone, expected each once"
    return row


def _values(text: str, file: str) -> Iterator[tuple[int, object]]:
    """Yield the place of each value outside and inside of arrays, and the value; a text says what is wrong there."""
    position, depth, begin, wasted = 0, 0, 0, 0
    patience = _PATIENCE * (len(text) + 10_000)
    while position < len(text):
        character = text[position]
        if character in _BETWEEN:
            position += 1
        elif character in "[]":
            depth += 1 if character == "[" else -1
            position += 1
        else:
            try:
                value, after = _DECODER.raw_decode(text, position)
            except (ValueError, RecursionError) as error:
                yield begin + position, _reason(error)
                wasted += error.pos - position if isinstance(error, json.JSONDecodeError) else _DEEP
                if wasted > patience:
                    raise InputError(
                        f"{file}: too much of it is broken JSON, within each other; mend it first."
                    ) from None
                following = _NEXT_LINE.search(text, position)
                if following is None:
                    return
                position, depth = following.start(), 0
                if position > _WINDOW:  # json counts the lines before each error
                    text, begin, position = text[position:], begin + position, 0
                continue
            yield begin + position, None if isinstance(value, str) else value
            position = after
    if depth > 0:
        yield begin + max(len(text) - 1, 0), "the file ends inside an array: what followed is lost"


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "found values nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return "found text that is cut off or is no JSON, expected an object"
    return "found a number with too many digits"


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
