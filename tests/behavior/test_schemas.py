import io

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.behavior.schemas import (
    PARTICIPANTS,
    REJECTS,
    TRIALS,
    empty_table,
    validate_pairs,
    validate_participants,
    validate_stimuli,
    validate_trials,
)

TRIAL_COLUMNS = [
    "row_id",
    "dataset_id",
    "participant_id",
    "task",
    "round",
    "session",
    "block",
    "trial_index",
    "phase",
    "stimulus_id",
    "repetition",
    "response",
    "response_modality",
    "rt_ms",
    "is_catch",
    "expected_response",
    "split",
    "include",
    "exclude_reason",
    "started_at_ms",
]
STIMULUS_COLUMNS = [
    "stimulus_id",
    "image",
    "height",
    "width",
    "channels",
    "strategy",
    "source",
    "method",
    "target_1",
    "target_2",
    "model_1",
    "model_2",
    "pair_id",
    "margin",
    "seed",
    "judge_score",
    "p1_target_1",
    "p1_target_2",
    "p2_target_1",
    "p2_target_2",
    "source_index",
]


@pytest.fixture
def trials(trials_of):
    return trials_of(
        [
            {"response": 7},
            {"phase": "catch", "expected_response": 3, "response": 3},
            {"response": None, "rt_ms": None, "include": False, "exclude_reason": "rt_window;completion"},
        ]
    )


def test_trials_come_back_ordered_and_typed(trials):
    validated = validate_trials(trials[sorted(trials.columns)])
    assert list(validated.columns) == TRIAL_COLUMNS
    types = {column: str(validated[column].dtype) for column in TRIAL_COLUMNS}
    assert types == {
        **dict.fromkeys(["row_id", "dataset_id", "participant_id", "stimulus_id", "exclude_reason"], "str"),
        **dict.fromkeys(["task", "phase", "response_modality", "split"], "category"),
        **dict.fromkeys(["round", "session"], "int16"),
        **dict.fromkeys(["response", "expected_response"], "Int8"),
        **dict.fromkeys(["is_catch", "include"], "bool"),
        "block": "Int16",
        "trial_index": "int32",
        "repetition": "int8",
        "rt_ms": "Float64",
        "started_at_ms": "Int64",
    }
    assert validated["response"].to_list() == [7, 3, pd.NA]


def test_validation_does_not_change_its_input_and_is_idempotent(trials):
    before = trials.copy(deep=True)
    once = validate_trials(trials)
    pd.testing.assert_frame_equal(trials, before)
    pd.testing.assert_frame_equal(validate_trials(once), once)


def test_trials_survive_parquet(trials):
    validated = validate_trials(trials)
    buffer = io.BytesIO()
    validated.to_parquet(buffer)
    pd.testing.assert_frame_equal(validate_trials(pd.read_parquet(buffer)), validated)


def test_extra_columns_are_kept_last(trials):
    validated = validate_trials(trials.assign(extra_hand="left")[["extra_hand", *trials.columns]])
    assert list(validated.columns) == [*TRIAL_COLUMNS, "extra_hand"]


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("rt_ms", 1, -4.0, r"^trials: column rt_ms, row 1: found -4.0, expected a finite number above 0\.$"),
        ("rt_ms", 0, "fast", r"column rt_ms, row 0: found 'fast', expected a number or null"),
        ("response", 0, -1, r"column response, row 0: found -1, expected at least 0"),
        ("response", 1, 1.5, r"column response, row 1: found 1.5, expected a whole number from -128 to 127"),
        ("response", 1, 300, r"column response, row 1: found 300, expected a whole number from -128 to 127"),
        ("round", 2, None, r"column round, row 2: found null, expected a number\."),
        ("round", 2, 0, r"column round, row 2: found 0, expected at least 1"),
        ("phase", 2, "warmup", r"column phase, row 2: found 'warmup', expected one of practice, main, catch, manip"),
        ("participant_id", 0, "a b", r"column participant_id, row 0: found 'a b', expected text of the form"),
        ("participant_id", 0, None, r"column participant_id, row 0: found null, expected a value"),
        ("participant_id", 0, 12, r"column participant_id, row 0: found 12, expected text"),
        ("dataset_id", 0, "MNIST", r"column dataset_id, row 0: found 'MNIST'"),
        ("row_id", 1, "a-1-7", r"column row_id, row 1: found 'a-1-7', expected \{participant_id\}-\{session\}"),
        ("row_id", 1, "a-1-0", r"column row_id, row 1: found 'a-1-0', expected each value only once"),
        ("is_catch", 0, True, r"column is_catch, row 0: found True, expected True exactly when phase is catch"),
        ("is_catch", 0, "no", r"column is_catch, row 0: found 'no', expected True or False"),
        ("expected_response", 0, 3, r"column expected_response, row 0: found 3, expected null outside catch"),
        ("exclude_reason", 0, "rt_window", r"column exclude_reason, row 0: found 'rt_window', expected empty exactly"),
        ("exclude_reason", 2, "", r"column exclude_reason, row 2: found '', expected empty exactly when"),
        ("exclude_reason", 2, "too slow", r"column exclude_reason, row 2: found 'too slow', expected text of the form"),
        ("task", 0, "judgment", r"column response, row 0: found 7, expected 0 or 1 or null for the judgment task"),
        ("stimulus_id", 0, "digit7.png", r"column stimulus_id, row 0: found 'digit7.png'"),
        ("started_at_ms", 0, -1, r"column started_at_ms, row 0: found -1, expected at least 0"),
    ],
)
def test_a_wrong_trial_is_named(trials, column, row, value, message):
    wrong = trials.astype({column: "object"})
    wrong.loc[row, column] = value
    with pytest.raises(ValueError, match=message):
        validate_trials(wrong)


def test_unknown_and_missing_columns_are_named(trials):
    with pytest.raises(ValueError, match="trials: column hand is unknown; rename it to extra_hand to keep it"):
        validate_trials(trials.assign(hand="left"))
    with pytest.raises(ValueError, match="trials: column rt_ms is missing; expected row_id, dataset_id"):
        validate_trials(trials.drop(columns="rt_ms"))


def test_answers_are_checked_against_the_number_of_classes(trials):
    validate_trials(trials, n_classes=8)
    with pytest.raises(ValueError, match="column response, row 0: found 7, expected below 7 classes"):
        validate_trials(trials, n_classes=7)


def test_stimuli_come_back_ordered_with_exact_seeds(stimuli):
    mixed = stimuli.astype({"seed": "object"})
    mixed.loc[0, "seed"] = None
    validated = validate_stimuli(mixed)
    assert list(validated.columns) == STIMULUS_COLUMNS
    assert validated["seed"].dtype == "Int64"
    assert validated["seed"].iloc[1] == 2**62 + 1  # would be 2**62 after a detour through float64
    assert pd.isna(validated["seed"].iloc[0])
    buffer = io.BytesIO()
    validated.to_parquet(buffer)
    reloaded = validate_stimuli(pd.read_parquet(buffer))
    pd.testing.assert_frame_equal(reloaded, validated)
    assert reloaded["image"].iloc[0].dtype == np.uint8


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("strategy", "random", "column strategy, row 0: found 'random', expected one of uncertainty, controversial"),
        ("p1_target_1", 1.5, "column p1_target_1, row 0: found 1.5, expected a number from 0 to 1"),
        ("p2_target_1", 0.5, "column p2_target_1, row 0: found 0.5, expected null without a second model"),
        ("target_2", None, "column target_2, row 0: found null, expected null exactly when target_1 is"),
        ("judge_score", np.inf, "column judge_score, row 0: found inf, expected a finite number"),
        ("stimulus_id", "0123456789abcdef", "row 0: found '0123456789abcdef', expected the id of its image's"),
        ("height", 4, r"column stimulus_id, row 0: found .*, expected the id of its image's pixels and size"),
    ],
)
def test_a_wrong_stimulus_is_named(stimuli, column, value, message):
    wrong = stimuli.astype({column: "object"})
    wrong.loc[0, column] = value
    with pytest.raises(ValueError, match=message):
        validate_stimuli(wrong)


def test_images_must_be_flat_bytes(stimuli):
    for image in ([0.5] * 64, [256] * 64, "bytes", np.zeros((8, 8), np.uint8)):
        wrong = stimuli.assign(image=[image] * len(stimuli))
        with pytest.raises(ValueError, match="column image, row 0: found .*, expected a flat list of whole numbers"):
            validate_stimuli(wrong)


def test_equal_targets_are_refused(stimuli):
    with pytest.raises(ValueError, match="column target_2, row 0: .* another class than target_1"):
        validate_stimuli(stimuli.assign(target_2=stimuli["target_1"]))


def test_participants_know_when_a_measure_is_missing():
    row = dict.fromkeys(PARTICIPANTS.kinds)
    row |= {"participant_id": "a", "n_trials": 3, "include": True, "exclude_reason": ""}
    validated = validate_participants(pd.DataFrame([row]))
    assert validated[["catch_accuracy", "lapse", "repeat_agreement", "blur_events"]].isna().all(axis=None)
    with pytest.raises(ValueError, match="participants: column catch_accuracy, row 0: found 75.0, expected a number"):
        validate_participants(pd.DataFrame([row | {"catch_accuracy": 75}]))


def test_pairs_tie_direction_to_success():
    pair = {
        "pair_id": "ab",
        "participant_1": "a",
        "participant_2": "b",
        "round": 2,
        "source": "individual",
        "margin": 1.5,
        "stimulus_id": "0" * 16,
        "target_1": 3,
        "target_2": 5,
        "choice_1": 3,
        "choice_2": 5,
        "outcome": "success",
        "direction": "targeted",
    }
    assert list(validate_pairs(pd.DataFrame([pair])).columns) == list(pair)
    with pytest.raises(ValueError, match="column direction, row 0: found 'none', expected targeted or opposite"):
        validate_pairs(pd.DataFrame([pair | {"direction": "none"}]))
    with pytest.raises(ValueError, match="column participant_2, row 0: found 'a', expected another participant"):
        validate_pairs(pd.DataFrame([pair | {"participant_2": "a"}]))


def test_empty_tables_keep_their_types():
    rejects = empty_table(REJECTS)
    assert rejects.dtypes.astype(str).to_dict() == {"file": "str", "line": "int32", "reason": "str", "content": "str"}
    assert list(empty_table(TRIALS).columns) == TRIAL_COLUMNS
