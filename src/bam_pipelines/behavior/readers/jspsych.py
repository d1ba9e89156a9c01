"""jsPsych's records: which of them are trials, and what was answered by key, button or rating."""

import json
import re
from dataclasses import dataclass

import pandas as pd

from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.json_text import read_json
from bam_pipelines.behavior.readers.records import Records, build_records

ANSWER = "bam_answer"
MODALITY = "bam_modality"
_IMAGE = r"(?:\.(?:png|jpe?g|gif|bmp|svg|webp)\b)|(?:<img\b)|(?:^data:image/)"
# two patterns, each linear in the text: in one, a text of many unfinished tags takes the square of its length
_TAG = re.compile(r"<img\b[^>]*", re.IGNORECASE)
_SOURCE = re.compile(r"""\bsrc\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
_EVENTS = ("blur", "focus", "fullscreenenter", "fullscreenexit")


@dataclass(frozen=True)
class Sitting:
    """What one file of jsPsych holds.

    Parameters
    ----------
    records
        Its trials on images, with the fields :data:`ANSWER` and :data:`MODALITY` beside jsPsych's.
    blurs
        How often the window lost focus, or None where the file has no interaction log.
    others
        Number of records that are no trials: instructions, fixations, and the like.
    everyone
        Fields of all records, for they may name the person where the trials do not.
    """

    records: Records
    blurs: int | None
    others: int
    everyone: pd.DataFrame


def read_jspsych(text: str, file: str) -> Sitting:
    """Read what jsPsych saved: an array, arrays one after the other, an object a line, or CSV.

    A record is a trial if it names a ``stimulus_id``, or its stimulus is an image: a path, a data URL, or HTML with an
    ``img``.

    Parameters
    ----------
    text
        The whole file.
    file
        Its name, for errors and rejects.
    """
    records = _records(text, file)
    fields = records.fields
    events = _column(fields, "event").isin(_EVENTS) & _column(fields, "trial_type").isna()
    trials = ~events & (
        _column(fields, "stimulus_id").notna()
        | _column(fields, "stimulus").str.contains(_IMAGE, case=False).fillna(False)
    )
    kept = records.where(trials)
    with_answers = kept.fields.assign(
        **_answers(kept.fields), stimulus=_column(kept.fields, "stimulus").map(_image_source)
    )
    return Sitting(
        Records(with_answers, kept.origins, kept.rejects),
        int((_column(fields, "event") == "blur").sum()) if events.any() else None,
        int((~events & ~trials).sum()),
        fields,
    )


def _records(text: str, file: str) -> Records:
    first = text.removeprefix("\ufeff").lstrip()[:1]
    if not first:
        return build_records([], file, [(1, "found an empty file, expected records")])
    return read_json(text, file) if first in ("[", "{") else read_delimited(text, file)


def _column(fields: pd.DataFrame, name: str) -> pd.Series:
    if name in fields:
        return fields[name].astype("str")
    return pd.Series(None, index=fields.index, dtype="str")


def _image_source(stimulus: object) -> object:
    tags = _TAG.findall(stimulus) if isinstance(stimulus, str) else []
    found = next(filter(None, map(_SOURCE.search, tags)), None)
    return found.group(1) if found else stimulus


def _answers(fields: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the answer and how it was given.

    The plugins differ: a key is a text, a button an index, and with both offered in one trial each has its field.
    """
    kind, source = _column(fields, "trial_type"), _column(fields, "response_source").str.lower()
    both = kind.str.contains("multi-response").fillna(False) | source.notna()
    by_button = (both & source.eq("button").fillna(False)) | (~both & kind.str.contains("button").fillna(False))
    by_key = (both & source.eq("keyboard").fillna(False)) | (~both & kind.str.contains("keyboard").fillna(False))
    by_rating = kind.str.contains("slider|likert|rating").fillna(False)
    response = _column(fields, "response").map(_plain).astype("object")
    response = response.where(~(both & by_button), _column(fields, "button_response").combine_first(response))
    response = response.where(~(both & by_key), _column(fields, "keyboard_response").combine_first(response))
    modality = pd.Series("unknown", index=fields.index, dtype="object")
    for chosen, name in ((by_button, "button"), (by_key, "keyboard"), (by_rating, "rating")):
        modality = modality.mask(chosen, name)
    return {ANSWER: response, MODALITY: modality}


def _plain(response: object) -> object:
    """Return a text that is written as JSON text, ``"7"`` in quotes for example, without them."""
    if isinstance(response, str) and response[:1] == '"':
        try:
            plain = json.loads(response)
            plain.encode()
        except (json.JSONDecodeError, UnicodeEncodeError):
            return response
        return plain
    return response
