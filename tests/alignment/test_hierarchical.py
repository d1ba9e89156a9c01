"""The hierarchical model on people drawn from it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from bam_pipelines.alignment import hierarchical
from bam_pipelines.alignment.hierarchical import (
    HierarchicalSettings,
    add_participant,
    fit_hierarchical,
    principal_components,
)
from bam_pipelines.alignment.population import Population
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.registry import build_network

SETTINGS = HierarchicalSettings(rank=2, components=16, steps=300, batch_size=1000, learning_rate=0.05)
SPECIFICATION = NetworkSpecification("lrm", {"image_size": 4, "channels": 1, "n_classes": 3})
N_PEOPLE, N_IMAGES = 24, 300


def settings_of(**changes):
    return replace(SETTINGS, **changes)


@pytest.fixture(scope="module")
def group():
    network = build_network(SPECIFICATION, seed=0)
    network[1].weight.data *= 4
    return TrainedNetwork(network, SPECIFICATION)


@pytest.fixture(scope="module")
def truth(group):
    """Logits of each person, (P, S, K): GroupNet's, one way to differ, class biases, temperatures; and the images."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(N_IMAGES, 1, 4, 4, generator=generator)
    way = 3 * torch.randn(3, 16, generator=generator)
    z, bias, noise = (torch.randn(N_PEOPLE, n, generator=generator) for n in (1, 3, 1))
    with torch.no_grad():
        shared = group.network(images)
    way_logits = (images.flatten(1) - 0.5) @ way.T
    logits = (shared + z[:, :, None] * way_logits + 0.3 * bias[:, None]) * torch.exp(-0.2 * noise[:, :, None])
    return images, logits


def answers(truth, seed=0, lapse=0.0, people=N_PEOPLE):
    images, logits = truth
    draw = np.random.default_rng(seed)
    chances = (1 - lapse) * logits[:people].double().softmax(dim=2).numpy() + lapse / 3
    response = (draw.random((people, N_IMAGES, 1)) > chances.cumsum(axis=2)).sum(axis=2).clip(0, 2)
    split = np.repeat(["train", "validation", "test"], [180, 60, 60])
    return TrialData(
        images,
        [f"i{index}" for index in range(N_IMAGES)],
        np.tile(np.arange(N_IMAGES), people),
        torch.from_numpy(response.ravel()),
        np.repeat([f"p{index:02d}" for index in range(people)], N_IMAGES),
        np.tile(split, people),
    )


def log_loss(data, split, logits_of, lapse_of=lambda _: 0.0):
    """Mean log-loss of each person's trials in a split, nats."""
    losses = []
    for name in np.unique(data.participant):
        rows = data.rows(split, name)
        chances = logits_of(name)[data.stimulus[rows]].double().softmax(dim=1)
        mixed = (1 - lapse_of(name)) * chances + lapse_of(name) / 3
        losses.append(-mixed.gather(1, data.response[rows][:, None]).log().mean().item())
    return np.array(losses)


def of_models(models, data, split):
    logits = dict(models.logits(data.images))
    return log_loss(data, split, logits.get, models.lapse)


@pytest.fixture(scope="module")
def data(truth):
    return answers(truth)


@pytest.fixture(scope="module")
def fitted(group, data):
    return fit_hierarchical(group, data, sorted(set(data.participant)), SETTINGS, seed=0)


def test_people_are_found_again(group, truth, data, fitted):
    images, logits = truth
    ceiling = log_loss(data, "test", lambda name: logits[int(name[1:])]).mean()
    with torch.no_grad():
        shared = log_loss(data, "test", lambda _: group.network(images)).mean()
    found = of_models(fitted.models, data, "test").mean()
    assert found < ceiling + 0.25 * (shared - ceiling)  # three quarters of what there is to find


def test_only_what_is_there_is_found(group, data, fitted):
    calibrated = fit_hierarchical(group, data, sorted(set(data.participant)), settings_of(rank=0), seed=0)
    assert of_models(fitted.models, data, "test").mean() < of_models(calibrated.models, data, "test").mean() - 0.05


def test_what_all_see_and_groupnet_does_not_is_not_taken_for_personal(group, truth, monkeypatch):
    images, logits = truth
    missed = 2 * torch.randn(N_IMAGES, 3, generator=torch.Generator().manual_seed(1))
    data = answers((images, logits + missed), seed=3)
    people = sorted(set(data.participant))
    losses = [of_models(fit_hierarchical(group, data, people, SETTINGS, seed=0).models, data, "test").mean()]
    monkeypatch.setattr(hierarchical.Population, "drawn_images", lambda *_: 0.0)
    losses.append(of_models(fit_hierarchical(group, data, people, SETTINGS, seed=0).models, data, "test").mean())
    assert losses[0] < losses[1] - 0.01


def test_logits_are_divided_by_the_temperature_of_the_validation_trials(group, data, fitted, monkeypatch):
    monkeypatch.setattr(hierarchical, "_temperature", lambda *_: (2 * fitted.temperature, 0.0))
    cooler = fit_hierarchical(group, data, ["p00"], settings_of(steps=1), seed=0)
    monkeypatch.setattr(hierarchical, "_temperature", lambda *_: (fitted.temperature, 0.0))
    warmer = fit_hierarchical(group, data, ["p00"], settings_of(steps=1), seed=0)
    assert cooler.temperature == 2 * warmer.temperature
    assert torch.allclose(2 * cooler.models.coefficients["p00"], warmer.models.coefficients["p00"])


def test_without_differences_nobody_is_made_different(group, truth):
    images, _ = truth
    with torch.no_grad():
        alike = group.network(images).expand(N_PEOPLE, -1, -1)
    data = answers((images, alike), seed=1)
    found = fit_hierarchical(group, data, sorted(set(data.participant)), SETTINGS, seed=0)
    shared = log_loss(data, "test", lambda _: alike[0]).mean()
    assert of_models(found.models, data, "test").mean() < shared + 0.01


def test_who_answered_little_is_taken_to_be_like_the_others(group, truth, data):
    """Of one person with six training answers the model is no worse than GroupNet, averaged over who that is."""
    images, _ = truth
    with torch.no_grad():
        shared = group.network(images)
    excess = []
    for name in ("p00", "p05", "p11"):
        rows = np.concatenate([np.flatnonzero(data.participant != name), data.rows("train", name)[:6]])
        rows = np.sort(np.concatenate([rows, data.rows("validation", name), data.rows("test", name)]))
        fewer = TrialData(
            data.images,
            data.stimulus_ids,
            data.stimulus[rows],
            data.response[rows],
            data.participant[rows],
            data.split[rows],
        )
        models = fit_hierarchical(group, fewer, [name], settings_of(steps=150), seed=0).models
        own = dict(models.logits(data.images))
        only = replace(fewer, participant=np.where(fewer.participant == name, name, "z"))
        one = [
            log_loss(only, "test", of, lapse)[0]
            for of, lapse in (
                (lambda _, own=own, name=name: own[name], lambda _, m=models, name=name: m.lapse(name)),
                (lambda _: shared, lambda _: 0.0),
            )
        ]
        excess.append(one[0] - one[1])
    assert np.mean(excess) < 0


def test_the_kept_fit_is_the_best_on_validation_trials(data, fitted):
    total = of_models(fitted.models, data, "validation").mean()  # everyone has as many
    assert total <= min(fitted.validation_log_loss) + 1e-4  # the temperature was chosen there too
    assert 0.5 < fitted.temperature < 2


def test_lapses_are_found(group, truth):
    data = answers(truth, seed=2, lapse=0.3)
    found = fit_hierarchical(group, data, sorted(set(data.participant)), SETTINGS, seed=0).models
    assert np.mean([found.lapse(name) for name in found.participant_ids]) == pytest.approx(0.3, abs=0.12)


@pytest.mark.parametrize(("split", "matters"), [("test", False), ("train", True)])
def test_no_model_depends_on_test_answers(group, data, fitted, split, matters):
    response = data.response.clone()
    response[data.rows(split)] = (response[data.rows(split)] + 1) % 3
    changed = replace(data, response=response)
    again = fit_hierarchical(group, changed, sorted(set(data.participant)), SETTINGS, seed=0)
    for name, own in fitted.models.coefficients.items():
        assert torch.equal(own, again.models.coefficients[name]) is not matters


def test_a_model_does_not_depend_on_who_else_is_asked_for(group, data, fitted):
    some = fit_hierarchical(group, data, ["p03", "p01"], SETTINGS, seed=0).models
    assert some.participant_ids == ["p03", "p01"]
    assert torch.equal(some.coefficients["p01"], fitted.models.coefficients["p01"])


def test_one_more_is_added_as_if_fitted_with_the_others(group, truth, data, fitted):
    others = data.take(np.flatnonzero(data.participant != "p05"))
    fit = fit_hierarchical(group, others, sorted(set(others.participant)), SETTINGS, seed=0)
    models = add_participant(fit, data.take(np.flatnonzero(data.participant == "p05")), "p05")
    alone = data.take(np.flatnonzero(data.participant == "p05"))
    added, together = (of_models_of(one, alone) for one in (models, fitted.models))
    with torch.no_grad():
        shared = log_loss(alone, "test", lambda _: group.network(truth[0])).item()
    assert added < shared - 0.5 * (shared - together)
    assert added == pytest.approx(together, abs=0.1)
    for name in fit.models.participant_ids:
        assert torch.equal(models.coefficients[name], fit.models.coefficients[name])


def of_models_of(models, data):
    return of_models(models, data, "test").item()


def test_what_all_see_in_an_image_is_not_taken_for_the_newcomers(group, truth):
    images, logits = truth
    missed = 2 * torch.randn(N_IMAGES, 3, generator=torch.Generator().manual_seed(1))
    data = answers((images, logits + missed), seed=3)
    newcomer = data.take(np.flatnonzero(data.participant == "p05"))
    others = data.take(np.flatnonzero(data.participant != "p05"))
    fit = fit_hierarchical(group, others, ["p01"], SETTINGS, seed=0)
    known = add_participant(fit, newcomer, "p05")
    renamed = replace(newcomer, stimulus_ids=[f"new {name}" for name in newcomer.stimulus_ids])
    unknown = add_participant(fit, renamed, "p05")
    sizes = [(one.coefficients["p05"][1:] / one.coefficients["p05"][0]).norm() for one in (known, unknown)]
    assert sizes[0] < sizes[1]


def test_who_cannot_be_added_is_named(data, fitted):
    with pytest.raises(ValueError, match="participant p01 has a model already"):
        add_participant(fitted, data, "p01")
    with pytest.raises(ValueError, match="participant q has no training trial"):
        add_participant(fitted, data, "q")


def test_someone_without_training_trials_is_named(group, data):
    with pytest.raises(ValueError, match="participant q has no training trial"):
        fit_hierarchical(group, data, ["p01", "q"], SETTINGS, seed=0)


def test_a_fit_that_diverges_is_an_error(group, data):
    with pytest.raises(FloatingPointError, match=r"not finite at step \d+; lower its learning_rate"):
        fit_hierarchical(group, data, ["p01"], settings_of(learning_rate=1e30), seed=0)


def test_divergence_from_what_was_thought_before():
    population = Population(3, 6, 2, 4, 5, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in population.parameters():
            parameter.normal_()
    posteriors = (
        (population.mean, population.log_sd, torch.tensor(0.0)),
        (population.image_mean, population.image_log_sd, torch.tensor(0.0)),
        (population.loadings, population.loading_log_sd, population.way_log_spread),
    )
    expected = sum(
        kl_divergence(Normal(mean, log_sd.exp()), Normal(torch.zeros_like(mean), before.exp())).sum()
        for mean, log_sd, before in posteriors
    )
    assert population.divergence().item() == pytest.approx(expected.item(), rel=1e-5)


def test_components_are_centred_and_of_mean_square_one():
    features = torch.randn(50, 6, generator=torch.Generator().manual_seed(0)) * torch.arange(1.0, 7) + 3
    components = principal_components(features, 4)
    parts = components(features)
    assert parts.mean(dim=0).abs().max() < 1e-5
    assert parts.square().mean().item() == pytest.approx(1, rel=1e-5)
    spread = np.linalg.svd((features - features.mean(dim=0)).numpy(), compute_uv=False)[:4]
    assert parts.norm(dim=0).numpy() / spread == pytest.approx(np.full(4, parts.norm(dim=0)[0] / spread[0]), rel=1e-4)
    assert principal_components(features, 99)(features).shape == (50, 6)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rank": -1}, "rank is -1, expected an integer of at least 0"),
        ({"steps": 0}, "steps is 0, expected an integer of at least 1"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, expected a number above 0"),
    ],
)
def test_settings_outside_their_range(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        settings_of(**change)
