"""Clusters of people, with models whose groups are known."""

from functools import partial
from math import log

import numpy as np
import pandas as pd
import pytest
import torch

from bam_pipelines.alignment.clusters import (
    cluster_gain,
    cluster_people,
    cluster_swaps,
    compare_clusters,
    describe_clusters,
    embed,
    split_halves,
)
from bam_pipelines.alignment.evaluation import cross_predictions
from bam_pipelines.alignment.gain import CrossedTrials, swap_matrix
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.trial_data import TrialData

N_PEOPLE, N_IMAGES, N_CLASSES = 12, 60, 3
GROUPS = np.arange(N_PEOPLE) % 2


class Tabled(IndividualModels):
    """Logits by person and image, (P, S, K); an image's first pixel is its number."""

    def __init__(self, table):
        self.table = table

    @property
    def participant_ids(self):
        return [f"p{index:02d}" for index in range(len(self.table))]

    def _state(self, participant_id):
        raise NotImplementedError

    def lapse(self, participant_id):
        return 0.0

    def logits(self, images):
        shown = images[:, 0, 0, 0].long()
        for name, table in zip(self.participant_ids, self.table, strict=True):
            yield name, torch.from_numpy(table)[shown]


def answers(table, seed=0):
    """Let each person answer every image by their own logits."""
    chances = np.exp(table) / np.exp(table).sum(axis=2, keepdims=True)
    n_people, n_images, _ = table.shape
    draw = np.random.default_rng(seed)
    response = (draw.random((n_people, n_images, 1)) > chances.cumsum(axis=2)).sum(axis=2).clip(0, N_CLASSES - 1)
    images = torch.zeros(n_images, 1, 2, 2)
    images[:, 0, 0, 0] = torch.arange(n_images)
    return TrialData(
        images,
        [f"i{index}" for index in range(n_images)],
        np.tile(np.arange(n_images), n_people),
        torch.from_numpy(response.ravel()),
        np.repeat([f"p{index:02d}" for index in range(n_people)], n_images),
        np.tile(np.repeat(["train", "validation", "test"], n_images // 3), n_people),
    )


def table_of(apart, seed=0):
    """Two groups, ``apart`` logits from each other, and something of each person's own."""
    draw = np.random.default_rng(seed)
    shape = 2, N_IMAGES, N_CLASSES
    return apart * draw.normal(size=shape)[GROUPS] + 0.2 * draw.normal(size=(N_PEOPLE, *shape[1:]))


def noisy(table, data):
    """Fit: the true logits with an error that depends on which images train."""
    trained = np.unique(data.stimulus[data.rows("train")])
    return Tabled(table + 0.1 * np.random.default_rng(trained).normal(size=table.shape))


def each(fit):
    return lambda parts: [fit(part) for part in parts]


def test_places_are_as_far_apart_as_what_models_say():
    table = table_of(1.0)
    data = answers(table)
    places = embed(Tabled(table), data)
    said = table - np.log(np.exp(table).sum(axis=2, keepdims=True))
    said = (said - said.mean(axis=2, keepdims=True))[:, 20:40]  # of the validation images
    for one, other in ((0, 1), (2, 7)):
        expected = np.sqrt(np.square(said[one] - said[other]).mean())
        assert np.linalg.norm(places[one] - places[other]) == pytest.approx(expected, rel=1e-6)


def test_groups_are_found_by_place_and_by_swaps_and_predict_their_members():
    table = table_of(1.5)
    data = answers(table)
    found = describe_clusters(each(partial(noisy, table)), Tabled(table), data, [2, 4, 8], seed=0, resamples=200)
    assert set(found.summary["clusters"]) == {"2", "4"}  # eight would leave less than two a cluster
    two = found.summary["clusters"]["2"]
    assert two["stability"] == two["agreement_with_swaps"] == 1
    assert two["gain"]["low"] > 0
    assert found.summary["reliability"] > 0.9
    assert found.summary["participants"] == N_PEOPLE
    truth = pd.DataFrame({"participant_id": found.people["participant_id"], "cluster": GROUPS})
    truth["attention"] = list(np.exp(np.stack([GROUPS, -1.0 * GROUPS, 0 * GROUPS], axis=1)))
    compared = compare_clusters(found.people, truth.sample(frac=1, random_state=0), seed=0)
    assert compared["adjusted_rand"]["2"] == 1
    assert compared["attention_r2"] > 0.9


def test_without_groups_none_is_stable():
    found = describe_clusters(
        each(lambda data: Tabled(np.random.default_rng(data.stimulus).normal(size=(N_PEOPLE, N_IMAGES, N_CLASSES)))),
        Tabled(table_of(0.0)),
        answers(table_of(0.0)),
        [2],
        seed=0,
        resamples=200,
    )
    assert abs(found.summary["reliability"]) < 0.4
    assert found.summary["clusters"]["2"]["stability"] < 0.5
    assert found.summary["clusters"]["2"]["gain"]["low"] < 0.02


def test_people_who_do_not_differ_have_no_reliability():
    alike = np.zeros((5, N_IMAGES, N_CLASSES))
    found = describe_clusters(each(lambda _: Tabled(alike)), Tabled(alike), answers(alike), [2], seed=0, resamples=50)
    assert found.summary["reliability"] is None and found.summary["clusters"] == {}
    truth = pd.DataFrame({"participant_id": [f"p{i:02d}" for i in range(5)], "cluster": 0})
    truth["attention"] = [np.ones(4)] * 5
    assert compare_clusters(found.people, truth, seed=0)["attention_r2"] is None


def test_halves_share_no_training_image_and_all_others():
    data = answers(table_of(1.0))
    first, second = split_halves(data, seed=0)
    trained = [set(half.stimulus[half.rows("train")]) for half in (first, second)]
    assert not trained[0] & trained[1]
    assert trained[0] | trained[1] == set(range(20)) and len(trained[0]) == 10
    for half in (first, second):
        assert len(half.rows("test")) == len(data.rows("test"))
        assert len(half.rows("validation")) == len(data.rows("validation"))


def test_what_a_cluster_knows_by_hand():
    # one image, two classes; a and b are mates, c is alone and d and e are mates
    first = np.array([0.8, 0.6, 0.5, 0.1, 0.3])
    probabilities = np.stack([first, 1 - first], axis=1)[:, None]
    crossed = CrossedTrials(
        list("abcde"), probabilities, np.arange(5), np.zeros(5, dtype=int), np.array([0, 0, 1, 1, 0])
    )
    gain = cluster_gain(crossed, np.array([0, 0, 1, 2, 2]), seed=0, resamples=50)
    # a: b says .6, the others' mean is (.6 + .5 + .1 + .3)/4; b: .8 for .425; d: .7 for (.2 + .4 + .5 + .7)/4; e: .1
    expected = [log(0.6 / 0.375), log(0.8 / 0.425), log(0.7 / 0.45), log(0.1 / 0.5)]
    assert gain["value"] == pytest.approx(np.mean(expected))
    assert cluster_gain(crossed, np.arange(5), seed=0, resamples=50) is None


def test_swaps_cluster_in_the_order_of_the_models():
    table = table_of(1.5)
    swaps = swap_matrix(cross_predictions(Tabled(table), answers(table)))
    labels = cluster_swaps(swaps, 2, seed=0)
    assert ((labels == labels[0]) == (GROUPS[0] == GROUPS)).all()


def test_clusters_do_not_depend_on_the_order_of_people_but_by_name():
    places = embed(Tabled(table_of(1.5)), answers(table_of(1.5)))
    labels = cluster_people(places, 2, seed=0)
    turned = cluster_people(places[::-1], 2, seed=0)[::-1]
    assert ((labels == labels[0]) == (turned == turned[0])).all()
