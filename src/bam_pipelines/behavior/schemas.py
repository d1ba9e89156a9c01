"""The tables of trials, stimuli, participants and pairs: columns in order, types, and what each row must fulfil.

Rows are counted from 0 in every message. Nothing is repaired: a table either fits or is refused with one sentence.
"""

from typing import get_args

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bam_pipelines.behavior import column_texts
from bam_pipelines.behavior.coercion import PIXELS
from bam_pipelines.behavior.validation import (
    TableSchema,
    at_least,
    build_schema,
    column_check,
    matching,
    row_check,
    validate,
)
from bam_pipelines.compute.faults import InputError
from bam_pipelines.guidance.objectives import Strategy
from bam_pipelines.images.pixels import stimulus_ids

TASKS = ("digit", "judgment")
PHASES = ("practice", "main", "catch", "manipulation")
MODALITIES = ("keyboard", "button", "touch", "rating", "unknown")
SPLITS = ("train", "validation", "test", "none")
STRATEGIES = (*get_args(Strategy), "natural", "unknown")
SOURCES = ("base", "group", "individual", "swapped", "bias_only", "none")
METHODS = ("paper", "fast", "none")
OUTCOMES = ("success", "bias", "failure")
DIRECTIONS = ("targeted", "opposite", "none")


_POSITIVE = column_check("a finite number above 0", lambda values: (values > 0) & np.isfinite(values))
_FINITE = column_check("a finite number", lambda values: np.isfinite(values))
_SHARE = column_check("a number from 0 to 1", lambda values: values.between(0, 1))
_UNIQUE = column_check("each value only once", lambda values: ~values.duplicated())
_PSEUDONYM = matching("[A-Za-z0-9]+")
_STIMULUS_ID = matching("[0-9a-f]{16}")
_REASONS = matching("([a-z_]+(;[a-z_]+)*)?")
_EXCLUSION = row_check(
    "exclude_reason",
    "empty exactly when include is True",
    lambda table: (table["exclude_reason"] == "") == table["include"],
)


def row_ids(trials: pd.DataFrame) -> pd.Series:
    """Return ``{participant_id}-{session}-{trial_index}`` of each row."""
    sitting = trials["session"].astype(int).astype("str")
    return trials["participant_id"] + "-" + sitting + "-" + trials["trial_index"].astype(int).astype("str")


TRIALS = build_schema(
    "trials",
    {
        "row_id": ("str", [_UNIQUE]),
        "dataset_id": ("str", [matching("[a-z0-9]+")]),
        "participant_id": ("str", [_PSEUDONYM]),
        "task": (TASKS, []),
        "round": ("int16", [at_least(1)]),
        "session": ("int16", [at_least(1)]),
        "block": ("Int16", [at_least(0)]),
        "trial_index": ("int32", [at_least(0)]),
        "phase": (PHASES, []),
        "stimulus_id": ("str", [_STIMULUS_ID]),
        "repetition": ("int8", [at_least(0)]),
        "response": ("Int8", [at_least(0)]),
        "response_modality": (MODALITIES, []),
        "rt_ms": ("Float64", [_POSITIVE]),
        "is_catch": ("bool", []),
        "expected_response": ("Int8", [at_least(0)]),
        "split": (SPLITS, []),
        "include": ("bool", []),
        "exclude_reason": ("str", [_REASONS]),
        "started_at_ms": ("Int64", [at_least(0)]),
    },
    rows=[
        row_check(
            "row_id",
            "{participant_id}-{session}-{trial_index} of its row",
            lambda table: table["row_id"] == row_ids(table),
        ),
        row_check(
            "is_catch",
            "True exactly when phase is catch",
            lambda table: table["is_catch"] == (table["phase"] == "catch"),
        ),
        row_check(
            "expected_response",
            "null outside catch trials",
            lambda table: table["is_catch"] | table["expected_response"].isna(),
        ),
        row_check(
            "response",
            "0 or 1 or null for the judgment task",
            lambda table: (table["task"] != "judgment") | (table["response"].fillna(0) <= 1),
        ),
        _EXCLUSION,
    ],
    extra_columns=True,
    descriptions=column_texts.TRIAL_COLUMNS,
)


def _content_ids(table: pd.DataFrame) -> pd.Series:
    sizes = zip(table["image"], table["channels"], table["height"], table["width"], strict=True)
    ids = [_content_id(image, int(channels), int(height), int(width)) for image, channels, height, width in sizes]
    return pd.Series(ids, index=table.index, dtype="str")


def _content_id(image: np.ndarray, channels: int, height: int, width: int) -> str:
    if len(image) != channels * height * width:
        return ""
    return stimulus_ids(image.reshape(1, channels, height, width))[0]


def _without_second_model(column: str) -> pa.Check:
    def fulfils(table: pd.DataFrame) -> pd.Series:
        return table["model_2"].notna() | table[column].isna()

    return row_check(column, "null without a second model", fulfils)


_PROBABILITIES = ("p1_target_1", "p1_target_2", "p2_target_1", "p2_target_2")

STIMULI = build_schema(
    "stimuli",
    {
        "stimulus_id": ("str", [_UNIQUE, _STIMULUS_ID]),
        "image": (PIXELS, []),
        "height": ("int32", [at_least(1)]),
        "width": ("int32", [at_least(1)]),
        "channels": ("int32", [at_least(1)]),
        "strategy": (STRATEGIES, []),
        "source": (SOURCES, []),
        "method": (METHODS, []),
        "target_1": ("Int8", [at_least(0)]),
        "target_2": ("Int8", [at_least(0)]),
        "model_1": ("str", []),
        "model_2": ("str", []),
        "pair_id": ("str", []),
        "margin": ("Float64", [_FINITE]),
        "seed": ("Int64", [at_least(0)]),
        "judge_score": ("Float64", [_FINITE]),
        **{column: ("Float64", [_SHARE]) for column in _PROBABILITIES},
        "source_index": ("Int64", [at_least(0)]),
    },
    nullable={"model_1", "model_2", "pair_id"},
    rows=[
        row_check(
            "target_2",
            "null exactly when target_1 is, and another class than target_1",
            lambda table: (
                (table["target_1"].isna() == table["target_2"].isna())
                & (table["target_1"] != table["target_2"]).fillna(True)
            ),
        ),
        *(_without_second_model(column) for column in _PROBABILITIES[2:]),
        row_check(
            "stimulus_id",
            "the id of its image's pixels and size",
            lambda table: table["stimulus_id"] == _content_ids(table),
        ),
    ],
    descriptions=column_texts.STIMULUS_COLUMNS,
)

PARTICIPANTS = build_schema(
    "participants",
    {
        "participant_id": ("str", [_UNIQUE, _PSEUDONYM]),
        "n_trials": ("int32", [at_least(0)]),
        "catch_accuracy": ("Float64", [_SHARE]),
        "lapse": ("Float64", [at_least(0)]),
        "repeat_agreement": ("Float64", [_SHARE]),
        "median_rt_ms": ("Float64", [_POSITIVE]),
        "blur_events": ("Int32", [at_least(0)]),
        "include": ("bool", []),
        "exclude_reason": ("str", [_REASONS]),
    },
    rows=[_EXCLUSION],
    descriptions=column_texts.PARTICIPANT_COLUMNS,
)

PAIRS = build_schema(
    "pairs",
    {
        "pair_id": ("str", []),
        "participant_1": ("str", [_PSEUDONYM]),
        "participant_2": ("str", [_PSEUDONYM]),
        "round": ("int16", [at_least(1)]),
        "source": (SOURCES, []),
        "margin": ("Float64", [_FINITE]),
        "stimulus_id": ("str", [_STIMULUS_ID]),
        "target_1": ("Int8", [at_least(0)]),
        "target_2": ("Int8", [at_least(0)]),
        "choice_1": ("Int8", [at_least(0)]),
        "choice_2": ("Int8", [at_least(0)]),
        "outcome": (OUTCOMES, []),
        "direction": (DIRECTIONS, []),
    },
    rows=[
        row_check(
            "participant_2",
            "another participant than participant_1",
            lambda table: table["participant_1"] != table["participant_2"],
        ),
        row_check(
            "direction",
            "targeted or opposite exactly when outcome is success",
            lambda table: (table["direction"] != "none") == (table["outcome"] == "success"),
        ),
    ],
    descriptions=column_texts.PAIR_COLUMNS,
)


def validate_trials(trials: pd.DataFrame, n_classes: int | None = None) -> pd.DataFrame:
    """Check a trial table; columns of the source that have no place in it are kept as ``extra_*``.

    Parameters
    ----------
    trials
        One row an image shown to a participant, answered or not.
    n_classes
        Number of classes K; when given, answers of the digit task must be below it.

    Returns
    -------
    pandas.DataFrame
        See :func:`bam_pipelines.behavior.validation.validate`.

    Raises
    ------
    ValueError
        One sentence naming column, row, found and expected.
    """
    validated = validate(trials, TRIALS)
    for column in ("response", "expected_response") if n_classes is not None else ():
        outside = (validated[column] >= n_classes).fillna(False).to_numpy(dtype=bool)
        if outside.any():
            row = int(outside.argmax())
            found = validated[column].iloc[row]
            raise InputError(f"trials: column {column}, row {row}: found {found}, expected below {n_classes} classes.")
    return validated


def validate_stimuli(stimuli: pd.DataFrame) -> pd.DataFrame:
    """Check a stimulus table, image contents against ids included; see :func:`validate_trials` for the errors."""
    return validate(stimuli, STIMULI)


def validate_participants(participants: pd.DataFrame) -> pd.DataFrame:
    """Check a participant table; see :func:`validate_trials` for the errors."""
    return validate(participants, PARTICIPANTS)


def validate_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Check a pair table, one row a stimulus shown to both; see :func:`validate_trials` for the errors."""
    return validate(pairs, PAIRS)


def empty_table(schema: TableSchema) -> pd.DataFrame:
    """Return a table without rows that has a schema's columns and types."""
    return validate(pd.DataFrame({column: [] for column in schema.kinds}), schema)


REJECTS = build_schema(
    "rejects",
    {"file": ("str", []), "line": ("int32", [at_least(1)]), "reason": ("str", []), "content": ("str", [])},
    descriptions=column_texts.REJECT_COLUMNS,
)

EXCLUSIONS = build_schema(
    "exclusions",
    {
        "participant_id": ("str", [_PSEUDONYM]),
        "row_id": ("str", []),
        "rule": ("str", []),
        "found": ("Float64", []),
        "expected": ("str", []),
    },
    nullable={"row_id"},
    descriptions=column_texts.EXCLUSION_COLUMNS,
)

SITTINGS = build_schema(
    "sittings",
    {
        "participant_id": ("str", [_UNIQUE, _PSEUDONYM]),
        "planned_trials": ("Int32", [at_least(1)]),
        "blur_events": ("Int32", [at_least(0)]),
    },
    descriptions=column_texts.SITTING_COLUMNS,
)
