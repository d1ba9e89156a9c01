import pandas as pd
import pytest

from bam_pipelines.analysis.pairs import PAIR_COLUMNS, complete_pairs, pair_outcomes

PAIRS = pd.DataFrame({"pair_id": ["ab", "ac"], "participant_1": ["a", "a"], "participant_2": ["b", "c"]})


@pytest.mark.parametrize(
    ("choices", "outcome", "direction"),
    [
        ((3, 8), "success", "targeted"),
        ((8, 3), "success", "opposite"),
        ((3, 3), "bias", "none"),
        ((8, 8), "bias", "none"),
        ((3, 5), "failure", "none"),
        ((5, 8), "failure", "none"),
        ((5, 5), "failure", "none"),
    ],
)
def test_outcome_and_direction(trials_of, stimuli_of, choices, outcome, direction):
    trials = trials_of([("a", "s", choices[0]), ("b", "s", choices[1])])
    row = pair_outcomes(trials, stimuli_of(["s"], [(3, 8)]), PAIRS[:1]).iloc[0]
    assert (row["outcome"], row["direction"]) == (outcome, direction)
    assert (row["choice_1"], row["choice_2"]) == choices


def test_columns_rounds_and_who_counts(trials_of, stimuli_of):
    first = trials_of([("a", "s", 3), ("b", "s", 8), ("c", "s", 3), ("a", "t", 1)])
    second = trials_of([("a", "made", 3), ("b", "made", 8), ("c", "made", 3)]).assign(round=2, phase="manipulation")
    stimuli = stimuli_of(
        ["s", "t", "made"],
        [(3, 8), (1, 2), (3, 8)],
        source=["base", "base", "individual"],
        pair_id=[None, None, "ab"],
        margin=[None, None, 1.5],
    )
    table = pair_outcomes(pd.concat([first, second], ignore_index=True), stimuli, PAIRS)
    assert list(table.columns) == PAIR_COLUMNS
    # t has one answer only; "made" was made for ab, so c's answer to it says nothing about ac.
    found = table[["pair_id", "round", "source", "stimulus_id", "outcome"]].to_numpy().tolist()
    assert found == [
        ["ab", 1, "base", "s", "success"],
        ["ab", 2, "individual", "made", "success"],
        ["ac", 1, "base", "s", "bias"],
    ]
    assert table["margin"].isna().tolist() == [True, False, True]


def test_stimuli_without_targets_are_left_out(trials_of, stimuli_of):
    trials = trials_of([("a", "s", 3), ("b", "s", 8)])
    twice = stimuli_of(["s", "s"], [(None, None), (None, None)])  # a clear digit shown in both rounds
    assert pair_outcomes(trials, twice, PAIRS[:1]).empty


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (PAIRS[:0], "no pairs"),
        (pd.concat([PAIRS, PAIRS[:1]]), "pair ab is listed twice"),
        (PAIRS.assign(participant_2="a"), "pair ab: a is paired with itself"),
    ],
)
def test_wrong_pairs_are_refused(trials_of, stimuli_of, pairs, message):
    with pytest.raises(ValueError, match=message):
        pair_outcomes(trials_of([("a", "s", 3)]), stimuli_of(["s"], [(3, 8)]), pairs)


def test_wrong_stimuli_are_refused(trials_of, stimuli_of):
    trials = trials_of([("a", "s", 3), ("b", "s", 8)])
    with pytest.raises(ValueError, match="stimulus s is listed twice"):
        pair_outcomes(trials, stimuli_of(["s", "s"], [(3, 8), (3, 8)]), PAIRS)
    with pytest.raises(ValueError, match="1 stimuli have answers but no image, s first"):
        pair_outcomes(trials, stimuli_of(["t"], [(3, 8)]), PAIRS)


def test_pairs_with_someone_who_missed_a_round_are_left_out(trials_of):
    first = trials_of([("a", "s", 3), ("b", "s", 8), ("c", "s", 3)])
    second = trials_of([("a", "made", 3), ("b", "made", 8)]).assign(round=2, phase="manipulation")
    kept, left_out = complete_pairs(pd.concat([first, second]), PAIRS)
    assert kept["pair_id"].tolist() == ["ab"]
    assert left_out == {"ac": "c has no answer in round 2."}
    with pytest.raises(ValueError, match=r"no pair answered in every round; pair ac: c has no answer in round 2\."):
        complete_pairs(pd.concat([first, second]), PAIRS[1:])
    assert complete_pairs(first, PAIRS)[1] == {}
