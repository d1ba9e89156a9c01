import pandas as pd
import pytest

from bam_pipelines.behavior.assignments import assign_balanced, assign_pairs

STIMULI = pd.DataFrame({"stimulus_id": ["x", "y", "z"], "pair_id": ["ab", "bc", "ab"]})
PAIRS = pd.DataFrame({"pair_id": ["ab", "bc"], "participant_1": ["a", "b"], "participant_2": ["b", "c"]})


def seen(assignments):
    return assignments.groupby("participant_id")["stimulus_id"].agg(lambda ids: "".join(sorted(ids))).to_dict()


def test_everyone_sees_everything_when_no_number_is_given():
    assert seen(assign_balanced(["a", "b"], STIMULI, None, 0)) == {"a": "xyz", "b": "xyz"}


def test_stimuli_are_dealt_equally_often_and_never_twice_to_one_participant():
    # 3 people x 2 of 3 stimuli = 6 showings, so each stimulus exactly twice
    assignments = assign_balanced(["a", "b", "c"], STIMULI, 2, 0)
    assert assignments["stimulus_id"].value_counts().to_dict() == {"x": 2, "y": 2, "z": 2}
    assert not assignments.duplicated().any()
    assert seen(assignments) != seen(assign_balanced(["a", "b", "c"], STIMULI, 2, 1))


def test_more_stimuli_than_there_are_is_refused():
    with pytest.raises(ValueError, match="stimuli_per_participant is 4, expected 1 to the number of stimuli, 3"):
        assign_balanced(["a"], STIMULI, 4, 0)


def test_only_the_members_of_a_pair_see_its_stimuli():
    assert seen(assign_pairs(STIMULI, PAIRS)) == {"a": "xz", "b": "xyz", "c": "y"}


def test_unknown_and_repeated_pairs_are_named():
    with pytest.raises(ValueError, match="stimulus y: pair_id 'bc' is none of the 1 pairs"):
        assign_pairs(STIMULI, PAIRS.head(1))
    with pytest.raises(ValueError, match="stimulus x: pair_id null is none of the 2 pairs"):
        assign_pairs(STIMULI.assign(pair_id=[None, "ab", "bc"]).astype("object"), PAIRS)
    with pytest.raises(ValueError, match="pairs: ab stands there twice"):
        assign_pairs(STIMULI, pd.concat([PAIRS, PAIRS.head(1)]))
