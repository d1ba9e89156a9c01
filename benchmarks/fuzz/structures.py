"""Structures that hypothesis makes: records, tables and posts of every shape, of which each may be odd."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bam_pipelines.behavior.coercion import PIXELS
from bam_pipelines.behavior.readers.delimited import read_delimited
from bam_pipelines.behavior.readers.json_text import read_json
from bam_pipelines.behavior.readers.jspsych import read_jspsych
from bam_pipelines.behavior.schemas import EXCLUSIONS, PAIRS, PARTICIPANTS, REJECTS, SITTINGS, STIMULI, TRIALS
from bam_pipelines.behavior.validation import Kind, TableSchema, validate
from bam_pipelines.experiment.lists import LISTS
from benchmarks.fuzz.outcomes import Outcomes

FILE = "made.file"
SCHEMAS = (TRIALS, STIMULI, PARTICIPANTS, PAIRS, REJECTS, EXCLUSIONS, SITTINGS, LISTS)
_FIELDS = (
    "participant_id", "subject_id", "stimulus", "stimulus_id", "response", "rt", "trial_type", "trial_index", "event",
    "button_response", "keyboard_response", "response_source", "phase", "session", "bam_answer", "bam_person", "RT", "",
)  # fmt: skip
_ODD_NUMBERS = (
    0,
    1,
    -1,
    7,
    127,
    128,
    2**31,
    2**53,
    2**63,
    -(2**63) - 1,
    10**400,
    0.5,
    1e308,
    float("nan"),
    float("inf"),
)
_ODD_TEXTS = (
    "",
    "7",
    "7.0",
    '"7"',
    "null",
    "NaN",
    "a.png",
    "<img src='a'",
    "data:image/png;base64,AA",
    "5f3c9a",
    "\0",
    "７",
)
# half a character is text to Python and to JSON, and to no file
_ANY_TEXT = st.text(st.characters(), max_size=12)
_FILE_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)

scalars = st.one_of(st.none(), st.booleans(), st.sampled_from(_ODD_NUMBERS), st.sampled_from(_ODD_TEXTS), _ANY_TEXT)
nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ANY_TEXT, inner, max_size=3), max_leaves=8
)
names = st.sampled_from(_FIELDS) | _ANY_TEXT
records = st.lists(st.dictionaries(names, nested, max_size=8), max_size=5)


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """Make records in one of the shapes in which experiments keep them, sometimes with something else between."""
    found: list[Any] = [*draw(records), *draw(st.lists(nested, max_size=2))]
    parts = [_dumps(one, draw(st.sampled_from([None, 1]))) for one in found]
    between = draw(st.sampled_from(["\n", ",", ", ", "\r\n", "][", ""]))
    return draw(st.sampled_from(["{}", "[{}]", "[{}", "\ufeff[{}]", "{}]"])).replace("{}", between.join(parts), 1)


def _dumps(value: object, indent: int | None) -> str:
    try:
        return json.dumps(value, indent=indent)
    except ValueError:  # Python writes no whole number of thousands of digits
        return "9" * 5000


@st.composite
def csv_texts(draw: st.DrawFn) -> str:
    """Make comma-separated text whose rows have, mostly, as many cells as the first."""
    header = draw(st.lists(st.sampled_from(_FIELDS) | _FILE_TEXT, min_size=1, max_size=6))
    size = st.just(len(header)) | st.integers(0, 7)
    rows = [
        draw(st.lists(st.sampled_from(_ODD_TEXTS) | _FILE_TEXT, min_size=n, max_size=n))
        for n in draw(st.lists(size, max_size=5))
    ]
    content = io.StringIO(newline="")
    writer = csv.writer(content, lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])), escapechar="\\")
    writer.writerows([header, *rows])
    return draw(st.sampled_from(["", "\ufeff"])) + content.getvalue()


def _cells(kind: Kind) -> st.SearchStrategy[Any]:
    if isinstance(kind, tuple):
        return st.sampled_from(kind)
    if kind == PIXELS:
        return st.lists(st.integers(0, 255), max_size=4).map(lambda image: np.array(image, dtype=np.uint8))
    if kind == "str":
        return st.sampled_from(["a", "P01", "0" * 16, ""])
    if kind == "bool":
        return st.booleans()
    return st.integers(0, 3) if "int" in kind.lower() else st.floats(0.1, 1)


@st.composite
def schema_tables(draw: st.DrawFn) -> tuple[TableSchema, pd.DataFrame]:
    """Make a table of a schema's columns, of which a cell or a column may be odd."""
    schema = draw(st.sampled_from(SCHEMAS))
    n = draw(st.integers(0, 4))
    columns: dict[str, list[Any]] = {
        name: draw(st.lists(_cells(kind), min_size=n, max_size=n)) for name, kind in schema.kinds.items()
    }
    for name in draw(st.lists(st.sampled_from(list(columns)), max_size=2)):
        odd = nested | st.sampled_from([pd.NA, pd.NaT, pd.Timestamp(0), b"x", 1j, np.float32(2), np.array([1.5])])
        columns[name] = draw(st.lists(odd, min_size=n, max_size=n))
    extra = draw(st.lists(_ANY_TEXT | st.just("extra_note"), max_size=2, unique=True))
    order = draw(st.permutations([*columns, *(name for name in extra if name not in columns)]))
    table = pd.DataFrame({name: pd.Series(columns.get(name, ["x"] * n), dtype="object") for name in order})
    lost = draw(st.lists(st.sampled_from(list(columns)), max_size=1) if draw(st.integers(0, 9)) == 0 else st.just([]))
    return schema, table.drop(columns=lost)


def _validate(made: tuple[TableSchema, pd.DataFrame]) -> object:
    return validate(made[1], made[0])


STRUCTURES: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], object], str]] = {
    "made json": (json_texts(), lambda text: read_json(text, FILE), FILE),
    "made jspsych": (json_texts() | csv_texts(), lambda text: read_jspsych(text, FILE), FILE),
    "made csv": (csv_texts(), lambda text: read_delimited(text, FILE), FILE),
    "made tables": (schema_tables(), _validate, ": "),
}


def try_structures(name: str, examples: int) -> Outcomes:
    """Let hypothesis make so many structures of a kind, and count what reading them came to."""
    strategy, read, named = STRUCTURES[name]
    outcomes = Outcomes(named)

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def try_one(made: Any) -> None:
        outcomes.take(lambda: read(made), repr(made)[:2000])

    try_one()
    return outcomes
