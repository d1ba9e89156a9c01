"""JSON of all the shapes in which experiments keep results, to records."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

from bam_pipelines.behavior.readers.records import Records, build_records

_BETWEEN = " \t\r\n,"
_NEXT_LINE = re.compile(r"\n\s*[\[{]")
_DECODER = json.JSONDecoder()


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
        is cut off, or follows on where no record begins any more, is among the rejects.
    """
    text = text.removeprefix("\ufeff")
    ends = [newline.start() for newline in re.finditer("\n", text)]
    rows, unread = [], []
    for position, found in _values(text):
        line = bisect_right(ends, position - 1) + 1
        if isinstance(found, dict):
            rows.append((line, {str(name).strip().lower(): _text(value) for name, value in found.items()}))
        else:
            unread.append((line, found if isinstance(found, str) else "found a value that is no object"))
    return build_records(rows, file, unread)


def _values(text: str) -> Iterator[tuple[int, object]]:
    """Yield the place of each value outside and inside of arrays, and the value; a text says what is wrong there."""
    position, depth = 0, 0
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
            except json.JSONDecodeError:
                yield position, "found text that is cut off or is no JSON, expected an object"
                following = _NEXT_LINE.search(text, position)
                if following is None:
                    return
                position, depth = following.start(), 0
                continue
            yield position, None if isinstance(value, str) else value
            position = after
    if depth > 0:
        yield max(len(text) - 1, 0), "the file ends inside an array: what followed is lost"


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
