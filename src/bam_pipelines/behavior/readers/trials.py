"""Records to trials: typed, in order, without outside ids."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bam_pipelines.behavior.pseudonyms import LONG, Pseudonyms
from bam_pipelines.behavior.readers.columns import OPTIONAL, ColumnMap, texts_of
from bam_pipelines.behavior.readers.records import ORIGIN_COLUMNS, REJECT_COLUMNS, Records, content_of
from bam_pipelines.behavior.readers.text_values import (
    Parsed,
    parse_boolean,
    parse_class,
    parse_number,
    parse_whole,
)
from bam_pipelines.behavior.schemas import MODALITIES, PHASES, SITTINGS, TASKS, TRIALS
from bam_pipelines.compute.faults import InputError

_WHOLE_NUMBERS = {
    "session": 1, "round": 1, "block": 0, "trial_index": 0, "repetition": 0, "started_at_ms": 0,
    "planned": 1,
}  # fmt: skip
_KINDS = {**TRIALS.kinds, "planned": SITTINGS.kinds["planned_trials"]}
_HIGHEST = {what: int(np.iinfo(str(_KINDS[what]).lower()).max) for what in _WHOLE_NUMBERS}
_WORDS = {"task": TASKS, "phase": PHASES, "modality": MODALITIES}


@dataclass(frozen=True)
class Reading:
    """Trials as they were read, before images and quality.

    Parameters
    ----------
    trials
        participant_id, session, round, block, trial_index, task, phase, stimulus (as the source names it),
        repetition, response, response_modality, rt_ms, is_catch, expected_response, is_train, started_at_ms, planned
        (how many trials this person was to see), file and line, and ``extra_*``; in the order of the file.
    rejects
        file, line, reason, content.
    dropped
        Fields that were not kept because they may name a person.
    duplicates
        Number of records that said again what another had said.
    """

    trials: pd.DataFrame
    rejects: pd.DataFrame
    dropped: tuple[str, ...]
    duplicates: int


def read_trials(
    records: Records, mapping: ColumnMap, pseudonyms: Pseudonyms, n_classes: int, unread: frozenset[str] = frozenset()
) -> Reading:
    """Make trials of records.

    Parameters
    ----------
    records
        All records of a source.
    mapping
        Where they hold what.
    pseudonyms
        For the people.
    n_classes
        Number of classes K; answers are 0 to K − 1.
    unread
        Outside ids of people of whom nothing could be read, to be hidden in the names of their files.

    Returns
    -------
    Reading
        A record with a value that does not fit is among the rejects, as a whole and without the fields that may name
        a person. Duplicates by participant, session and trial_index that say the same are dropped.

    Raises
    ------
    ValueError
        If a required column is absent, or duplicates say different things.
    """
    texts = {what: texts_of(records, what, mapping) for what in ("participant", "stimulus", "response", *OPTIONAL)}
    values, wrong = _values(texts, mapping, n_classes)
    outside = texts["participant"]
    people = pseudonyms.of_all(outside.dropna().unique())
    hidden = {*people, *unread}
    shown = {file: pseudonyms.hide(file, hidden) for file in records.origins["file"].unique()}
    origins = records.origins.assign(file=records.origins["file"].map(shown))
    dropped = _private(records.fields, mapping, outside, pseudonyms)
    kept_fields = records.fields.drop(columns=[*dropped, *mapping.names("participant")], errors="ignore")
    rejects = _rejects(records, kept_fields, wrong, pseudonyms, hidden)
    good = wrong == ""
    trials = pd.concat(
        [
            values.assign(participant_id=outside.map(people)),
            origins[list(ORIGIN_COLUMNS)],
            _extras(kept_fields.drop(columns=mapping.used(kept_fields)), pseudonyms, hidden),
        ],
        axis=1,
    )[good].reset_index(drop=True)
    trials, duplicates = _without_duplicates(_numbered(trials))
    return Reading(_repetitions(trials), rejects, tuple(dropped), duplicates)


def _values(texts: dict[str, pd.Series], mapping: ColumnMap, n_classes: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return the typed columns and, for each record, what is wrong with it; empty where nothing is."""
    wrong = pd.Series("", index=texts["participant"].index, dtype="str")
    columns: dict[str, pd.Series] = {"stimulus": texts["stimulus"]}

    def note(bad: pd.Series, what: str, expected: str) -> None:
        fresh = bad.astype(bool) & (wrong == "")
        wrong[fresh] = [f"{what} {text!r}, expected {expected}" for text in texts[what][fresh]]

    for what in ("participant", "stimulus"):
        wrong[texts[what].isna() & (wrong == "")] = f"no {what}, expected one"
    for what in ("response", "expected"):
        columns[what], bad = _classes(texts, what, mapping, n_classes)
        note(
            bad,
            what,
            f"0 to {n_classes - 1}" + (f" or {', '.join(mapping.class_names)}" if mapping.class_names else ""),
        )
    for what, least in _WHOLE_NUMBERS.items():
        columns[what], bad = parse_whole(texts[what])
        outside = ((columns[what] < least) | (columns[what] > _HIGHEST[what])).fillna(False)
        columns[what] = columns[what].mask(outside)
        note(bad | outside, what, f"a whole number from {least} to {_HIGHEST[what]}")
    columns["rt"], bad = parse_number(texts["rt"])
    note(bad | (columns["rt"] <= 0).fillna(False), "rt", "a number above 0")
    for what in ("catch", "is_train"):
        columns[what], bad = parse_boolean(texts[what])
        note(bad, what, "true or false")
    for what, words in _WORDS.items():
        columns[what] = texts[what].str.lower()
        note(texts[what].notna() & ~columns[what].isin(words), what, f"one of {', '.join(words)}")
    return _with_defaults(pd.DataFrame(columns), mapping), wrong


def _classes(texts: dict[str, pd.Series], what: str, mapping: ColumnMap, n_classes: int) -> Parsed:
    values, bad = parse_class(texts[what], mapping.class_numbers)
    highest = pd.Series(n_classes - 1, index=values.index).where(texts["task"] != "judgment", 1)
    outside = (values > highest).fillna(False).astype(bool)
    return values.mask(outside), bad | outside


def _with_defaults(columns: pd.DataFrame, mapping: ColumnMap) -> pd.DataFrame:
    catch = columns["catch"].fillna(columns["phase"] == "catch").astype(bool)
    phase = columns["phase"].fillna("main").mask(catch, "catch")
    return columns.drop(columns=["catch", "rt", "expected", "modality"]).assign(
        session=columns["session"].fillna(1),
        round=columns["round"].fillna(1),
        task=columns["task"].fillna("digit"),
        phase=phase,
        is_catch=catch,
        expected_response=columns["expected"].where(catch),
        rt_ms=columns["rt"] * (1000 if mapping.rt_unit == "s" else 1),
        response_modality=columns["modality"].fillna("unknown"),
    )


def _private(fields: pd.DataFrame, mapping: ColumnMap, outside: pd.Series, pseudonyms: Pseudonyms) -> list[str]:
    """Name the fields beside the participant's own that may name a person: listed, or holding people's ids."""
    listed = {name.lower() for name in mapping.private}
    own, used = mapping.names("participant"), mapping.used(fields)
    others = [name for name in fields.columns if name not in own]
    looked_at = [] if pseudonyms.salt is None else [name for name in others if name not in used]
    return [name for name in others if name in listed or (name in looked_at and _holds_ids(fields[name], outside))]


def _holds_ids(texts: pd.Series, outside: pd.Series) -> bool:
    """Say whether texts hold anyone's id; of short numbers, that may mean other things, each person's own."""
    telling = outside[(outside.str.len() >= LONG) | ~outside.str.isdecimal().fillna(False)].unique()
    written = texts.notna()
    return bool(texts.isin(telling).any()) or bool(written.any() and (texts == outside)[written].all())


def _rejects(
    records: Records, fields: pd.DataFrame, wrong: pd.Series, pseudonyms: Pseudonyms, outside_ids: set[str]
) -> pd.DataFrame:
    bad = wrong != ""
    numbers = records.origins["record"][bad]
    found = records.origins[bad].assign(
        reason=wrong[bad].where(numbers.isna(), "record " + numbers.astype("str") + ": " + wrong[bad]),
        content=[content_of(row) for _, row in fields[bad].iterrows()],
    )
    rejects = pd.concat([records.rejects, found], ignore_index=True)[list(REJECT_COLUMNS)]
    for column in ("file", "reason", "content"):
        rejects[column] = [pseudonyms.hide(text, outside_ids) for text in rejects[column]]
    return rejects.sort_values(["file", "line"], kind="stable", ignore_index=True)


def _extras(fields: pd.DataFrame, pseudonyms: Pseudonyms, outside_ids: set[str]) -> pd.DataFrame:
    fields = fields.dropna(axis=1, how="all")  # what no trial says, such as the width of a screen asked for once
    names = _extra_names(list(map(str, fields.columns)))
    texts = fields.rename(columns=names).astype("str")
    return texts.apply(lambda column: pseudonyms.hide_in_texts(column, outside_ids))


def _extra_names(names: list[str]) -> dict[str, str]:
    """Name the columns that are kept as ``extra_*``; those whose names differ in signs alone are numbered."""
    plain = {name: re.sub(r"\W+", "_", name.lower()).strip("_") or "column" for name in names}
    taken = {"stimulus"}  # as which the source's own name of the image is kept
    for name in sorted(names, key=lambda one: (plain[one] != one, one)):
        wished, number = plain[name], 1
        while plain[name] in taken:
            number += 1
            plain[name] = f"{wished}_{number}"
        taken.add(plain[name])
    return {name: f"extra_{one}" for name, one in plain.items()}


def _numbered(trials: pd.DataFrame) -> pd.DataFrame:
    """Fill in the trial_index where the source has none: the order within participant and session."""
    counted = trials.groupby(["participant_id", "session"]).cumcount()
    some = trials["trial_index"].notna()
    if some.any() and not some.all():
        row = trials[~some].iloc[0]
        raise InputError(
            f"{row['file']}, line {row['line']}: found no trial_index where other records have one; expected it in all."
        )
    return trials.assign(trial_index=trials["trial_index"].fillna(counted.astype("Int64")))


def _without_duplicates(trials: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    key = ["participant_id", "session", "trial_index"]
    said = [name for name in trials.columns if name not in ("file", "line")]
    kept = trials.drop_duplicates(said, ignore_index=True)
    twice = kept.duplicated(key, keep=False)
    if twice.any():
        first, second = kept[twice].sort_values(key, kind="stable").head(2).to_dict("records")
        different = next(name for name in said if str(first[name]) != str(second[name]))
        raise InputError(
            f"{second['file']}, line {second['line']}: participant {second['participant_id']}, session "
            f"{second['session']}, trial {second['trial_index']} stands in {first['file']}, line {first['line']} too, "
            f"with another {different}; expected one of them."
        )
    return kept, len(trials) - len(kept)


def _repetitions(trials: pd.DataFrame) -> pd.DataFrame:
    """Count the showings of a stimulus to a participant where the source does not."""
    ordered = trials.sort_values(["participant_id", "session", "trial_index"], kind="stable", ignore_index=True)
    counted = ordered.groupby(["participant_id", "task", "stimulus"]).cumcount().astype("Int64")
    return ordered.assign(repetition=ordered["repetition"].fillna(counted))
