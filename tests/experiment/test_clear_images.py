import numpy as np
import pandas as pd
import pytest

from bam_pipelines.behavior.schemas import STIMULI, validate_stimuli
from bam_pipelines.experiment.clear_images import choose_clear_images
from bam_pipelines.images.table import image_columns
from tests.behavior.conftest import N_CLASSES, TinyObserver, row_image


@pytest.fixture
def chosen(settings_of):
    labels = np.arange(60) % N_CLASSES
    pixels = np.stack([row_image(255 * np.eye(N_CLASSES)[label], index) for index, label in enumerate(labels)])
    digits = pd.DataFrame({"label": labels.astype("int8"), **image_columns(pixels)})

    def make(round_number=1, **changes):
        experiment, behavior = settings_of(**{"practice_trials": 4, "catch_pool": 8, "clear_share": 1.0, **changes})
        return choose_clear_images(
            digits, TinyObserver().eval(), experiment, behavior.session, 5, round_number
        ), digits.set_index("stimulus_id")["label"]

    return make


def test_digits_are_expected_to_be_called_by_their_label(chosen):
    (practice, catch), labels = chosen()
    assert (len(practice), len(catch)) == (4, 8)
    assert not set(practice["stimulus_id"]) & set(catch["stimulus_id"])
    for table in (practice, catch):
        assert table["expected"].tolist() == labels[table["stimulus_id"]].tolist()


def test_half_of_what_is_judged_is_no_digit(chosen):
    (practice, catch), labels = chosen(task="judgment")
    for table in (practice, catch):
        digit = table["stimulus_id"].isin(labels.index)
        assert table["expected"].tolist() == digit.astype(int).tolist()
        assert digit.mean() == 0.5
        validate_stimuli(table[list(STIMULI.kinds)])


@pytest.mark.parametrize("task", ["digit", "judgment"])
def test_each_round_has_images_of_its_own(chosen, task):
    rounds = [pd.concat(chosen(number, task=task)[0])["stimulus_id"] for number in (1, 2)]
    assert not set(rounds[0]) & set(rounds[1])
