"""Judgments by image, counted by hand."""

import pytest

from bam_pipelines.behavior.judgments import judgment_shares
from bam_pipelines.behavior.schemas import validate_trials
from bam_pipelines.images.table import image_columns


def test_shares_by_hand(trials_of, stimuli):
    one, two, other = sorted(stimuli["stimulus_id"])[:3]
    said = {"task": "judgment"}
    rows = [
        said | {"stimulus_id": one, "response": 1},
        said | {"stimulus_id": one, "response": 0},
        said | {"stimulus_id": one, "response": 1},
        said | {"stimulus_id": two, "response": 0},
        said | {"stimulus_id": two, "response": 1, "include": False, "exclude_reason": "rt_window"},
        said | {"stimulus_id": two, "response": None},
        said | {"stimulus_id": two, "response": 1, "phase": "practice"},
        {"stimulus_id": other, "response": 1},
    ]
    found = judgment_shares(validate_trials(trials_of(rows)), stimuli)
    assert found["stimulus_id"].tolist() == [one, two]
    assert found["share_digit"].tolist() == pytest.approx([2 / 3, 0])
    assert found["n_answers"].tolist() == [3, 1]
    own = stimuli.set_index("stimulus_id").loc[one]
    assert (found["image"][0] == own["image"]).all()
    assert list(found) == [*image_columns(own["image"].reshape(1, 1, 8, 8)), "share_digit", "n_answers"]


def test_answers_without_judgments(trials_of, stimuli):
    with pytest.raises(ValueError, match="trials hold no included answer of the judgment task"):
        judgment_shares(validate_trials(trials_of([{}])), stimuli)


def test_a_judged_image_that_nobody_has(trials_of, stimuli):
    rows = [{"task": "judgment", "stimulus_id": "0" * 16, "response": 1}]
    with pytest.raises(ValueError, match="stimulus 0000000000000000 was judged, but its image is not among"):
        judgment_shares(validate_trials(trials_of(rows)), stimuli)
