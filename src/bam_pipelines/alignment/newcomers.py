"""A fitted population, and one more person in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from bam_pipelines.alignment.heads import head_features, linear_head
from bam_pipelines.alignment.individuals import SharedTrunk
from bam_pipelines.alignment.population import Components, Population
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.faults import InputError
from bam_pipelines.networks.checkpoints import TrainedNetwork


@dataclass(frozen=True)
class FittedPopulation:
    """A fitted population.

    Parameters
    ----------
    group
        GroupNet, on whose features it rests.
    population
        The fitted values.
    components
        Of GroupNet's features.
    places
        By stimulus_id, where each image that it was fitted to stands in it.
    """

    group: TrainedNetwork
    population: Population
    components: Components
    places: Mapping[str, int]


@dataclass(frozen=True)
class HierarchicalFit:
    """What a fit gives.

    Parameters
    ----------
    models
        The individual models of those who were asked for.
    validation_log_loss
        Nats a trial, at each look at the validation trials.
    temperature
        What all logits were divided by at the end, chosen on the validation trials.
    posterior
        What :func:`add_participant` needs.
    """

    models: SharedTrunk
    validation_log_loss: list[float]
    temperature: float
    posterior: FittedPopulation


def add_participant(fit: HierarchicalFit, data: TrialData, participant_id: str) -> SharedTrunk:
    """Fit one more participant to training trials, and change nothing of the others.

    The most likely values of what is personal, where how people differ and what GroupNet misses in the images stay as
    they were found.

    Parameters
    ----------
    fit
        Of other people.
    data
        Trials of the new participant; images may be new.
    participant_id
        Who that is.

    Returns
    -------
    SharedTrunk
        The fitted models and one more.

    Raises
    ------
    ValueError
        If the participant has a model already, or no training trial.
    """
    if participant_id in fit.models.participant_ids:
        raise InputError(f"participant {participant_id} has a model already; fit everyone anew to change it.")
    rows = data.rows("train", participant_id)
    if not len(rows):
        raise InputError(f"participant {participant_id} has no training trial; nothing can be learned about them.")
    posterior = fit.posterior
    shown = data.stimulus[rows]
    names = [data.stimulus_ids[image] for image in shown.tolist()]
    shared, parts, _ = shared_logits(posterior, data.images[shown], names)
    personal = _most_likely(posterior.population, parts, shared, data.response[rows])
    coefficients, (lapse,) = head_coefficients(posterior.population, personal[None], fit.temperature)
    return replace(
        fit.models,
        coefficients={**fit.models.coefficients, participant_id: coefficients[0]},
        lapses={**fit.models.lapses, participant_id: lapse},
    )


@torch.no_grad()
def shared_logits(
    posterior: FittedPopulation, images: torch.Tensor, stimulus_ids: Sequence[str]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what all people see in images.

    Parameters
    ----------
    posterior
        Of a fit.
    images
        float32 (N, C, H, W) in [0, 1].
    stimulus_ids
        Of the images.

    Returns
    -------
    logits
        float32 (N, K): GroupNet's, and what it misses in images that the population was fitted to.
    parts
        float32 (N, C): principal components of the features.
    places
        int64 (N,): where images stand in the population; -1 for those that it was not fitted to.
    """
    population = posterior.population
    features = head_features(posterior.group.network, images)
    _, head = linear_head(posterior.group.network)
    found = torch.tensor([posterior.places.get(name, -1) for name in stimulus_ids], dtype=torch.long)
    means = torch.cat([population.image_mean, torch.zeros(1, population.n_classes)])
    missed = population.log_spread[3].exp() * means[found]
    return features @ head.weight.T + head.bias + missed, posterior.components(features), found


def _most_likely(
    population: Population, parts: torch.Tensor, shared: torch.Tensor, response: torch.Tensor
) -> torch.Tensor:
    """Maximise the posterior density of one person's own values, (size,)."""
    own = torch.zeros(population.mean.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([own], max_iter=100, line_search_fn="strong_wolfe")
    loadings = population.loadings.detach()

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        answers = population.answers(own.expand(len(parts), -1), parts, shared, loadings)
        value = 0.5 * own.square().sum() - answers.gather(1, response[:, None]).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return own.detach()


@torch.no_grad()
def head_coefficients(
    population: Population, personal: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, list[float]]:
    """Return the weights of the heads, (n, 1 + R + K), and the lapses of people (n, size)."""
    z, bias, log_temperature, lapse = population.unpacked(personal)
    one = torch.ones(len(z), 1)
    coefficients = torch.cat([one, z, bias], dim=1) * torch.exp(-log_temperature)[:, None] / temperature
    return coefficients, torch.sigmoid(lapse).tolist()
