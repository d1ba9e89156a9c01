import pandas as pd
import pytest

from bam_pipelines.analysis.pairs import pair_outcomes
from bam_pipelines.analysis.stable_disagreement import stable_disagreement

PAIRS = pd.DataFrame({"pair_id": ["ab", "cd"], "participant_1": ["a", "c"], "participant_2": ["b", "d"]})


@pytest.fixture
def study(trials_of, stimuli_of):
    """Two pairs before s to v: first answers, then second ones to all but v."""
    first = [("s", 3, 8), ("t", 3, 8), ("u", 8, 3), ("v", 3, 8)]
    again = [("s", 3, 8), ("t", 8, 8), ("u", 3, 8)]
    names = [stimulus for stimulus, *_ in first]
    answers = [
        (person, f"{stimulus}{pair}", answer)
        for pair in ("ab", "cd")
        for shown in (first, again)
        for stimulus, *both in shown
        for person, answer in zip(pair, both, strict=True)
    ]
    ids = [f"{name}{pair}" for pair in ("ab", "cd") for name in names]
    stimuli = stimuli_of(ids, [(3, 8)] * 8, source="individual", pair_id=["ab"] * 4 + ["cd"] * 4)
    trials = trials_of(answers, round=2, phase="manipulation")
    return trials, pair_outcomes(trials, stimuli, PAIRS)


def test_showings_are_crossed_by_hand(study):
    found = stable_disagreement(*study)["individual"]
    # of s, t, u: first showings targeted, targeted, opposite
    assert (found["n"], found["first"]["value"]) == (6, pytest.approx(1 / 3))
    # s: (3, 8) both ways, 1. t: first 3 with second 8, targeted; second 8 with first 8, none: ½.
    # u: 8 with 8 and 3 with 3: 0
    assert found["crossed"]["value"] == pytest.approx((1 + 0.5 + 0) / 3)
    # flips: t of one person, u of both, of six answers a pair
    assert (found["n_repeats"], found["flips"]["value"]) == (12, pytest.approx(3 / 6))
    assert found["flips"]["low"] is None  # both pairs answered alike, so that nothing varies


def test_without_repeats_nothing_is_said(study):
    trials, outcomes = study
    once = trials.drop_duplicates(["participant_id", "stimulus_id"])
    found = stable_disagreement(once, outcomes)["individual"]
    assert (found["n"], found["n_repeats"]) == (0, 0)
    assert found["crossed"] == found["flips"] == {"value": None, "low": None, "high": None}


def test_a_person_in_two_pairs_flips_once(trials_of, stimuli_of):
    trials = trials_of([(person, "s", answer) for person, answer in zip("abcabc", (3, 8, 8, 8, 8, 8), strict=True)])
    pairs = pd.DataFrame({"pair_id": ["ab", "ca"], "participant_1": ["a", "c"], "participant_2": ["b", "a"]})
    found = stable_disagreement(trials, pair_outcomes(trials, stimuli_of(["s"], [(3, 8)]), pairs))["base"]
    assert (found["n_repeats"], found["flips"]["value"]) == (3, pytest.approx(1 / 3))
