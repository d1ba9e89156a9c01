import pandas as pd
import pytest

from bam_pipelines.behavior.assignments import assign_everyone, assign_pairs

STIMULI = pd.DataFrame({"stimulus_id": ["x", "y", "z"], "pair_id": ["ab", "bc", "ab"]})
PAIRS = pd.DataFrame({"pair_id": ["ab", "bc"], "participant_1": ["a", "b"], "participant_2": ["b", "c"]})


def seen(assignments):
    return assignments.groupby("participant_id")["stimulus_id"].agg(lambda ids: "".join(sorted(ids))).to_dict()


def test_everyone_sees_everything():
    assert seen(assign_everyone(["a", "b"], STIMULI)) == {"a": "xyz", "b": "xyz"}


def test_only_the_members_of_a_pair_see_its_stimuli():
    assert seen(assign_pairs(STIMULI, PAIRS)) == {"a": "xz", "b": "xyz", "c": "y"}


def test_unknown_and_repeated_pairs_are_named():
    with pytest.raises(ValueError, match="stimulus y: pair_id 'bc' is none of the 1 pairs"):
        assign_pairs(STIMULI, PAIRS.head(1))
    with pytest.raises(ValueError, match="stimulus x: pair_id null is none of the 2 pairs"):
        assign_pairs(STIMULI.assign(pair_id=[None, "ab", "bc"]).astype("object"), PAIRS)
    with pytest.raises(ValueError, match="pairs: ab stands there twice"):
        assign_pairs(STIMULI, pd.concat([PAIRS, PAIRS.head(1)]))
