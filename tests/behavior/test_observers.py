import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from bam_pipelines.behavior.observers import as_observer, draw_participants, response_probabilities
from bam_pipelines.images.table import table_images


def person(attention=(1, 1, 1), class_bias=(0, 0, 0), temperature=1.0, lapse=0.0):
    return pd.Series(
        {
            "participant_id": "s001",
            "attention": np.array(attention, dtype=float),
            "class_bias": np.array(class_bias, dtype=float),
            "temperature": temperature,
            "lapse": lapse,
        }
    )


@pytest.fixture
def image():
    """Rows of brightness 0.5, 0.25, 0, so features (0.5, 0.25, 0) and logits (6, 3.25, -0.25)."""
    image = torch.zeros(1, 1, 8, 8)
    image[0, 0, 0], image[0, 0, 1] = 0.5, 0.25
    return image


def test_a_neutral_participant_answers_with_the_observers_softmax(observer, stimuli):
    images = table_images(stimuli)
    expected = observer(images).softmax(1).detach().numpy()
    np.testing.assert_allclose(response_probabilities(images, observer, person()), expected, atol=1e-6)


def test_a_participant_who_always_lapses_answers_at_random(observer, stimuli):
    probabilities = response_probabilities(table_images(stimuli), observer, person(lapse=1.0))
    np.testing.assert_allclose(probabilities, 1 / 3, rtol=1e-12)


def test_every_parameter_by_hand(observer, image):
    # a = (1, 2, 3): logits 12 * (.5, .5, 0) + (0, .25, -.25) = (6, 6.25, -.25); + bias (.25, 0, .25) = (6.25, 6.25, 0);
    # / tau 6.25 = (1, 1, 0); softmax = (e, e, 1) / (2e + 1); .9 of it + .1 / 3.
    e = np.e
    expected = 0.9 * np.array([e, e, 1]) / (2 * e + 1) + 0.1 / 3
    someone = person(attention=(1, 2, 3), class_bias=(0.25, 0, 0.25), temperature=6.25, lapse=0.1)
    np.testing.assert_allclose(response_probabilities(image, observer, someone)[0], expected, rtol=1e-12)


def test_rows_sum_to_one_in_float64(observer, stimuli, settings_of):
    participants = draw_participants(5, 3, 3, settings_of().participants, seed=3)
    for _, participant in participants.iterrows():
        probabilities = response_probabilities(table_images(stimuli), observer, participant)
        assert probabilities.dtype == np.float64
        np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-12)


def test_participants_of_another_front_end_are_refused(observer, image):
    with pytest.raises(ValueError, match="s001: 2 attention weights and 3 biases, expected 3 features and 3 classes"):
        response_probabilities(image, observer, person(attention=(1, 1)))


def test_more_participants_change_nobody(settings_of):
    settings = settings_of().participants
    few, many = (draw_participants(n, 6, 3, settings, seed=1) for n in (3, 8))
    pd.testing.assert_frame_equal(few, many.head(3))
    assert many["participant_id"].to_list()[:3] == ["s001", "s002", "s003"]
    other = draw_participants(3, 6, 3, settings, seed=2)
    assert (other["temperature"] != few["temperature"]).all()


def test_attention_has_mean_one_and_the_asked_spread(settings_of):
    settings = settings_of(participants={"n_clusters": 1, "cluster_sd": 0.0, "person_sd": 0.5}).participants
    attention = np.stack(draw_participants(40, 500, 3, settings, seed=0)["attention"])
    np.testing.assert_allclose(attention.mean(1), 1, rtol=1e-12)
    # 500 values each: the s.d. of an s.d. is .5 / sqrt(2 * 500) = .016
    np.testing.assert_allclose(np.log(attention).std(1), 0.5, atol=5 * 0.016)


def test_members_of_a_cluster_attend_alike(settings_of):
    settings = settings_of(participants={"n_clusters": 2, "cluster_sd": 1.0, "person_sd": 0.3}).participants
    people = draw_participants(12, 200, 3, settings, seed=4)
    correlation = np.corrcoef(np.log(np.stack(people["attention"])))
    same = people["cluster"].to_numpy()[:, None] == people["cluster"].to_numpy()[None]
    others = ~np.eye(12, dtype=bool)
    # within: 1 / (1 + .09) = .92; between: 0
    assert correlation[same & others].min() > 0.8
    assert correlation[~same].max() < 0.4


def test_lapses_follow_their_mean(settings_of):
    settings = settings_of(participants={"lapse_mean": 0.1, "lapse_concentration": 50}).participants
    lapse = draw_participants(400, 2, 3, settings, seed=0)["lapse"]
    # s.d. of one: sqrt(.1 * .9 / 51) = .042; of the mean of 400: .0021
    assert abs(lapse.mean() - 0.1) < 4 * 0.0021
    never = settings_of(participants={"lapse_mean": 0.0}).participants
    assert (draw_participants(4, 2, 3, never, seed=0)["lapse"] == 0).all()


def drawn(settings_of, n, population, **changes):
    return draw_participants(n, 40, 3, settings_of(participants={"population": population, **changes}).participants, 0)


def test_of_identical_people_every_parameter_is_the_same(settings_of):
    people = drawn(settings_of, 5, "identical", drift_sd=0.1)
    for column in ("attention", "class_bias"):
        assert (np.stack(people[column]) == people[column][0]).all()
    assert people[["temperature", "lapse", "drift"]].drop_duplicates().to_numpy().tolist() == [[1.0, 0.02, 0.0]]


def test_doubled_means_twice_the_variance_of_everything(settings_of):
    options = {"n_clusters": 1, "cluster_sd": 0.0, "drift_mean": 0.05, "drift_sd": 0.1}
    varied, doubled = (drawn(settings_of, 2500, name, **options) for name in ("varied", "doubled"))

    def variance_of(measure):
        return measure(doubled).var() / measure(varied).var()

    def log_attention(people):  # relative to one feature: the scaling to mean 1 drops out
        logs = np.log(np.stack(people["attention"]))
        return logs[:, 1:] - logs[:, :1]

    assert variance_of(log_attention) == pytest.approx(2)
    assert variance_of(lambda people: np.stack(people["class_bias"])) == pytest.approx(2)
    assert variance_of(lambda people: np.log(people["temperature"])) == pytest.approx(2)
    assert variance_of(lambda people: people["drift"]) == pytest.approx(2, rel=0.1)
    assert variance_of(lambda people: people["lapse"]) == pytest.approx(2, rel=0.25)
    assert doubled["lapse"].mean() == pytest.approx(varied["lapse"].mean(), abs=0.002)


def test_lapses_that_cannot_vary_twice_as_much(settings_of):
    with pytest.raises(ValueError, match="lapse_concentration is 0.5, expected above 1 for population doubled"):
        drawn(settings_of, 1, "doubled", lapse_concentration=0.5)


def test_a_network_without_features_is_no_observer():
    with pytest.raises(ValueError, match=r"Linear cannot be an observer: it lacks features\(images\) or a linear head"):
        as_observer(nn.Linear(2, 2))
