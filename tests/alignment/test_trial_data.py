"""Answers as tensors, and the guards that keep fit, selection and report apart."""

import pandas as pd
import pytest
import torch

from bam_pipelines.alignment.trial_data import trial_data

CLASSES = [0, 1, 2, 0, 1]
SPLITS = ["train", "train", "train", "validation", "test"]


@pytest.fixture
def tables(answers_of):
    return answers_of(CLASSES, SPLITS, {"b": [0, 1, 2, 0, 1], "a": [1, 1, 2, 0, 2]})


def test_every_trial_finds_its_image_again(tables):
    trials, stimuli = tables
    data = trial_data(trials, stimuli, n_classes=3)
    shown = dict(zip(stimuli["stimulus_id"], stimuli["image"], strict=True))
    assert len(data.response) == len(trials) == 10
    for index, trial in trials.iterrows():
        image = torch.tensor(shown[trial["stimulus_id"]]).reshape(1, 8, 8) / 255
        assert torch.equal(data.images[data.stimulus[index]], image)
        assert data.stimulus_ids[data.stimulus[index]] == trial["stimulus_id"]
        assert data.response[index] == trial["response"]
        assert (data.participant[index], data.split[index]) == (trial["participant_id"], trial["split"])


def test_rows_are_those_of_a_split_and_a_person(tables):
    data = trial_data(*tables, n_classes=3)
    assert data.rows("train").tolist() == [0, 1, 2, 5, 6, 7]  # b's five trials come first, then a's
    assert data.rows("validation", "a").tolist() == [8]
    assert data.batch(data.rows("test"))[1].tolist() == [1, 2]


def test_a_source_gives_what_a_batch_holds(tables):
    data = trial_data(*tables, n_classes=3)
    rows = data.rows("train", "b")
    (source, responses), batch = data.source(rows), data.batch(rows)
    assert torch.equal(source[torch.arange(len(source))], batch[0])
    assert torch.equal(responses, batch[1])


@pytest.mark.parametrize(
    ("column", "value"), [("include", False), ("phase", "catch"), ("task", "judgment"), ("response", pd.NA)]
)
def test_a_trial_that_does_not_count_is_left_out(tables, column, value):
    trials, stimuli = tables
    trials.loc[0, column] = value
    data = trial_data(trials, stimuli, n_classes=3)
    assert len(data.response) == 9
    assert data.rows("train", "b").tolist() == [0, 1]


def test_a_catch_trial_needs_no_split(tables):
    trials, stimuli = tables
    trials.loc[0, ["phase", "split"]] = ["catch", "none"]
    assert len(trial_data(trials, stimuli, n_classes=3).response) == 9


def test_participants_have_enough_training_trials_and_a_validation_trial(tables):
    trials, stimuli = tables
    trials.loc[0, "include"] = False  # leaves b two training trials and a three
    data = trial_data(trials, stimuli, n_classes=3)
    assert [data.participants(minimum) for minimum in (2, 3, 4)] == [["a", "b"], ["a"], []]
    trials.loc[(trials["participant_id"] == "a") & (trials["split"] == "validation"), "include"] = False
    assert trial_data(trials, stimuli, n_classes=3).participants(2) == ["b"]


def test_who_has_no_test_trial_gets_no_model_that_nobody_could_score(tables):
    trials, stimuli = tables
    trials.loc[(trials["participant_id"] == "b") & (trials["split"] == "test"), "include"] = False
    assert trial_data(trials, stimuli, n_classes=3).participants(1) == ["a"]


def test_an_image_in_two_splits_is_refused(tables):
    trials, stimuli = tables
    trials.loc[4, "split"] = "train"  # b saw the test image as training image, a did not
    name = stimuli["stimulus_id"].iloc[4]
    with pytest.raises(ValueError, match=f"1 images stand in more than one split, {name} first; split by image"):
        trial_data(trials, stimuli, n_classes=3)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_without_trials_is_refused(tables, split):
    trials, stimuli = tables
    with pytest.raises(ValueError, match=f"no trial is in split {split}; alignment needs all of train, validation"):
        trial_data(trials[trials["split"] != split], stimuli, n_classes=3)


def test_an_unknown_split_is_refused(tables):
    trials, stimuli = tables
    trials.loc[1, "split"] = "none"
    with pytest.raises(ValueError, match="trial t1: split 'none', expected one of train, validation, test"):
        trial_data(trials, stimuli, n_classes=3)


def test_an_image_that_is_missing_is_named(tables):
    trials, stimuli = tables
    name = stimuli["stimulus_id"].iloc[2]
    with pytest.raises(ValueError, match=f"1 stimuli have answers but no image, {name} first"):
        trial_data(trials, stimuli.drop(index=2), n_classes=3)


@pytest.mark.parametrize("response", [-1, 3])
def test_a_response_out_of_range_is_named(tables, response):
    trials, stimuli = tables
    trials.loc[3, "response"] = response
    with pytest.raises(ValueError, match=f"trial t3: response {response}, expected 0 to 2"):
        trial_data(trials, stimuli, n_classes=3)


def test_no_usable_trial_at_all_is_refused(tables):
    trials, stimuli = tables
    with pytest.raises(ValueError, match="none of the 10 trials is an included, answered main trial"):
        trial_data(trials.assign(include=False), stimuli, n_classes=3)
