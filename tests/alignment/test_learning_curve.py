"""The learning curve, with models that say only how many trials they saw."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.learning_curve import learning_curve
from bam_pipelines.alignment.trial_data import TrialData

PEOPLE = ["a", "b"]
HAVE = {"a": 12, "b": 8}


class Counting(IndividualModels):
    """Logits ln(trials seen) for class 0 and 0 for class 1."""

    def __init__(self, seen):
        self.seen = seen

    @property
    def participant_ids(self):
        return PEOPLE

    def _state(self, participant_id):
        raise NotImplementedError

    def lapse(self, participant_id):
        return 0.0

    def logits(self, images):
        for name in PEOPLE:
            yield name, torch.tensor([[float(np.log(self.seen[name])), 0.0]]).expand(len(images), -1)


@dataclass
class Fits:
    taken: list = field(default_factory=list)

    def __call__(self, parts):
        self.taken += parts
        return [Counting({name: len(data.rows("train", name)) for name in PEOPLE}) for data in parts]


@pytest.fixture
def data():
    rows = [(name, index, "train") for name in PEOPLE for index in range(HAVE[name])]
    rows += [(name, 20 + index, split) for name in PEOPLE for index, split in enumerate(("validation", "test"))]
    person, image, split = (np.array(column) for column in zip(*rows, strict=True))
    response = torch.zeros(len(rows), dtype=torch.long)
    return TrialData(torch.zeros(22, 1, 2, 2), [f"i{i}" for i in range(22)], image, response, person, split)


SHARED = np.full((22, 2), 0.5)


def test_models_are_scored_by_how_much_they_saw(data):
    fits = Fits()
    curve = learning_curve(fits, fits([data])[0], data, SHARED, [4, 2, 2, 8, 100], seed=0, resamples=50)
    # eight are all that b has, so that it would be no smaller training
    assert curve["n_trials"].tolist() == [2, 4, 10]
    # the right class gets n / (n + 1), GroupNet's one half; both people's alike until the last row
    expected = [np.log(3 / 2), np.log(5 / 4), (np.log(13 / 12) + np.log(9 / 8)) / 2]
    assert curve["log_loss"].to_numpy() == pytest.approx(expected)
    assert curve["gain_over_group"].to_numpy() == pytest.approx(np.log(2) - np.array(expected))
    assert curve["individual_gain"].to_numpy()[:2] == pytest.approx(0)
    assert (curve["accuracy"] == 1).all()


def test_larger_sizes_have_the_trials_of_smaller_ones_and_all_that_does_not_train(data):
    fits = Fits()
    learning_curve(fits, fits([data])[0], data, SHARED, [2, 4], seed=0, resamples=50)
    everything, two, four = fits.taken
    for name in PEOPLE:
        small, large = (set(some.stimulus[some.rows("train", name)]) for some in (two, four))
        assert len(small) == 2 and len(large) == 4 and small < large
    for split in ("validation", "test"):
        assert two.stimulus[two.rows(split)].tolist() == everything.stimulus[everything.rows(split)].tolist()
    again = Fits()
    learning_curve(again, again([data])[0], data, SHARED, [2], seed=1, resamples=50)
    assert again.taken[1].stimulus.tolist() != two.stimulus.tolist()


def test_a_size_of_nothing_is_refused(data):
    with pytest.raises(ValueError, match=r"sizes of the learning curve are \[0, 5\], expected at least 1 trial each"):
        learning_curve(Fits(), Counting(HAVE), data, SHARED, [0, 5], seed=0, resamples=50)
