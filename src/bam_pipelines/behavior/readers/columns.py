"""Which field of a source holds what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import pandas as pd

from bam_pipelines.behavior.readers.records import Records
from bam_pipelines.compute.faults import InputError

ColumnName = Literal[
    "participant", "stimulus", "response", "session", "round", "block", "trial_index", "task", "phase", "repetition",
    "rt", "modality", "catch", "expected", "is_train", "started_at_ms", "planned",
]  # fmt: skip
TimeUnit = Literal["ms", "s"]
REQUIRED = ("participant", "stimulus", "response")
OPTIONAL = tuple(name for name in get_args(ColumnName) if name not in REQUIRED)


@dataclass(frozen=True)
class ColumnMap:
    """How to read trials out of records.

    Parameters
    ----------
    columns
        What is read (``participant``, ``stimulus``, ``response`` and whatever else there is, see :data:`REQUIRED` and
        :data:`OPTIONAL`) to the names of fields that may hold it, in any case: the first that a record fills counts.
    rt_unit
        ``ms`` or ``s``.
    missing
        Texts that mean that there is no value, in any case; an empty field always does.
    class_names
        Names of the classes in the order of their numbers, if answers are written so.
    private
        Fields that may name a person and are never kept.

    Raises
    ------
    ValueError
        If something unknown is to be read, or the unit is another.
    """

    columns: Mapping[str, Sequence[str]]
    rt_unit: str = "ms"
    missing: Sequence[str] = ()
    class_names: Sequence[str] = ()
    private: Sequence[str] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - {*REQUIRED, *OPTIONAL})
        if unknown:
            raise InputError(f"columns.{unknown[0]} is unknown, expected {', '.join((*REQUIRED, *OPTIONAL))}.")
        if self.rt_unit not in ("ms", "s"):
            raise InputError(f"rt_unit is {self.rt_unit!r}, expected ms or s.")

    @property
    def class_numbers(self) -> dict[str, int]:
        """Number of each class by its name in lower case."""
        return {name.lower(): number for number, name in enumerate(self.class_names)}

    def names(self, what: str) -> list[str]:
        """Return the fields that may hold something, in lower case."""
        return [name.lower() for name in self.columns.get(what) or ()]

    def used(self, fields: pd.DataFrame) -> list[str]:
        """Return the fields of a source that the map reads."""
        return [name for what in self.columns for name in self.names(what) if name in fields.columns]


def column_map(parameters: Mapping[str, Any]) -> ColumnMap:
    """Build the map from parameters: ``columns`` name a field, a list of fields or nothing."""
    columns = {
        what: [names] if isinstance(names, str) else list(names)
        for what, names in parameters["columns"].items()
        if names is not None
    }
    rest = {name: value for name, value in parameters.items() if name != "columns" and value is not None}
    return ColumnMap(columns, **rest)


def texts_of(records: Records, what: str, mapping: ColumnMap) -> pd.Series:
    """Return what records say about something: text, or None where they say nothing.

    Raises
    ------
    ValueError
        If it is required and no field holds it.
    """
    found = [name for name in mapping.names(what) if name in records.fields.columns]
    if not found and what in REQUIRED:
        file = records.origins["file"].iloc[0] if len(records) else "the file"
        raise InputError(
            f"{file}: found no column for the {what}, looked for {', '.join(mapping.names(what)) or 'none'}; the "
            f"columns are {', '.join(map(str, records.fields.columns))}: name it in "
            f"behavior.sources.<source>.columns.{what}, for example `--params "
            f"behavior.sources.table.columns.{what}=<column>`."
        )
    texts = pd.Series(None, index=records.fields.index, dtype="object")
    for name in found:
        texts = texts.where(texts.notna(), _filled(records.fields[name], mapping))
    return texts.astype("str")


def _filled(texts: pd.Series, mapping: ColumnMap) -> pd.Series:
    stripped = texts.astype("str").str.strip()
    empty = stripped.str.lower().isin([text.lower() for text in mapping.missing]) | (stripped == "")
    return stripped.mask(empty).astype("object")
