"""Individual models as small differences from the group's, estimated for everyone at once.

Participant i gives answer y to image x with probability
(1 − λ_i) softmax(e^(−t_i) (s(x) + u_x + Σ_r z_ir A_r φ(x) + b_i))_y + λ_i / K.
Here s are GroupNet's logits, φ the features that its head reads, A_r ways in which people differ, and z_i, b_i, t_i and
λ_i how this one does. What is personal is normal over people, and each A_r over classes and features; how widely is
learned, so that a way to differ without evidence vanishes, and who answered little is taken to be like the others.
What all people see in a training image and GroupNet does not is the image's own, u_x, normal over images: else A would
learn it, and take for personal what is common. New images have none.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from bam_pipelines.alignment.heads import head_features, linear_head
from bam_pipelines.alignment.individuals import SharedTrunk
from bam_pipelines.alignment.newcomers import (
    FittedPopulation,
    HierarchicalFit,
    add_participant,
    head_coefficients,
    shared_logits,
)
from bam_pipelines.alignment.population import Population, principal_components, with_guesses
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.checked import CheckedSettings, Count, Positive, WholeNumber
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.compute.shards import run_shards
from bam_pipelines.networks.checkpoints import TrainedNetwork

__all__ = [
    "FittedPopulation",
    "HierarchicalFit",
    "HierarchicalSettings",
    "add_participant",
    "fit_hierarchical",
    "fit_hierarchical_each",
    "principal_components",
    "shared_logits",
]

_CHECKS = 10  # times that validation is looked at


@dataclass(frozen=True)
class HierarchicalSettings(CheckedSettings):
    """How the hierarchical model is fitted.

    Parameters
    ----------
    rank
        Ways in which what people see may differ; with 0 only class bias, temperature and lapse are personal.
    components
        Principal components of the features that these ways may use, at least 1; all, if there are fewer features.
    steps, batch_size, learning_rate
        Of Adam; trials a step.
    """

    rank: WholeNumber
    components: Count
    steps: Count
    batch_size: Count
    learning_rate: Positive


@dataclass(frozen=True)
class _Trials:
    """Trials of one split as indices: of stimuli, people, and classes, (n,) each."""

    stimulus: torch.Tensor
    person: torch.Tensor
    response: torch.Tensor

    def take(self, rows: torch.Tensor) -> "_Trials":
        return _Trials(self.stimulus[rows], self.person[rows], self.response[rows])


def fit_hierarchical(
    group: TrainedNetwork,
    data: TrialData,
    participant_ids: Sequence[str],
    settings: HierarchicalSettings,
    seed: int,
) -> HierarchicalFit:
    """Fit everyone's models at once, by variational Bayes, on training trials; stop by validation trials.

    Parameters
    ----------
    group
        GroupNet.
    data
        Everyone's trials.
    participant_ids
        Whose models are wanted; see :meth:`TrialData.participants`. All people's training trials are used.
    settings, seed
        How to fit.

    Returns
    -------
    HierarchicalFit
        The models, and how the fit went.

    Raises
    ------
    ValueError
        If GroupNet has no linear head, or someone asked for has no training trial.
    FloatingPointError
        If the fit leaves the numbers.

    References
    ----------
    Kingma & Welling 2014, "Auto-encoding variational Bayes", for the estimator; each trial draws its own z, which
    keeps the gradient unbiased and makes it less noisy.
    """
    people = sorted(set(data.participant[data.rows("train")].tolist()))
    unknown = sorted(set(participant_ids) - set(people))
    if unknown:
        raise InputError(f"participant {unknown[0]} has no training trial; nothing can be learned about them.")
    number = {name: index for index, name in enumerate(people)}
    train, validation = (_trials(data, data.rows(split), number) for split in ("train", "validation"))
    features = head_features(group.network, data.images)
    _, head = linear_head(group.network)
    logits = features @ head.weight.T + head.bias
    components = principal_components(features[train.stimulus.unique()], settings.components)
    generator = torch_generator(seed, "alignment/hierarchical", group.specification.architecture)
    population = Population(
        len(people), len(data.images), settings.rank, logits.shape[1], components.directions.shape[1], generator
    )
    losses = _fit(population, components(features), logits, train, validation, settings, generator)
    temperature, _ = _temperature(population, components(features), logits, validation)
    places = {data.stimulus_ids[image]: image for image in train.stimulus.unique().tolist()}
    posterior = FittedPopulation(group, population, components, places)
    models = _models(posterior, {name: number[name] for name in participant_ids}, temperature)
    return HierarchicalFit(models, losses, temperature, posterior)


def fit_hierarchical_each(
    parts: Sequence[tuple[TrainedNetwork, TrialData]],
    participant_ids: Sequence[str],
    settings: HierarchicalSettings,
    seed: int,
    description: str,
) -> list[HierarchicalFit]:
    """Do as :func:`fit_hierarchical` does for several GroupNets or parts of the trials, each a shard.

    Parameters
    ----------
    parts
        GroupNet and trials of each fit.
    participant_ids, settings, seed
        As for :func:`fit_hierarchical`.
    description
        Label of the progress bar.

    Returns
    -------
    list of HierarchicalFit
        In the order of ``parts``.
    """
    fit = partial(_fit_part, list(participant_ids), settings, seed)
    return run_shards(fit, list(parts), description)


def _fit_part(
    participant_ids: list[str], settings: HierarchicalSettings, seed: int, part: tuple[TrainedNetwork, TrialData]
) -> HierarchicalFit:
    return fit_hierarchical(*part, participant_ids, settings, seed)


def _trials(data: TrialData, rows: np.ndarray, number: dict[str, int]) -> _Trials:
    known = rows[np.isin(data.participant[rows], list(number))]
    person = torch.tensor([number[name] for name in data.participant[known].tolist()], dtype=torch.long)
    return _Trials(torch.from_numpy(data.stimulus[known]), person, data.response[known])


def _fit(
    population: Population,
    parts: torch.Tensor,
    logits: torch.Tensor,
    train: _Trials,
    validation: _Trials,
    settings: HierarchicalSettings,
    generator: torch.Generator,
) -> list[float]:
    """Maximise the evidence's lower bound; leave the population as it was at the best look at validation trials."""
    optimiser = torch.optim.Adam(population.parameters(), settings.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.learning_rate, total_steps=settings.steps)
    n = len(train.response)
    looks = set(np.linspace(0, settings.steps, _CHECKS + 1).round().astype(int)[1:].tolist())
    losses: list[float] = []
    best = copy.deepcopy(population.state_dict())
    for step in range(1, settings.steps + 1):
        some = train.take(torch.randint(n, (settings.batch_size,), generator=generator))
        personal = population.drawn_people(some.person, generator)
        shared = logits[some.stimulus] + population.drawn_images(some.stimulus, generator)
        answers = population.answers(personal, parts[some.stimulus], shared, population.drawn_loadings(generator))
        likely = answers.gather(1, some.response[:, None]).mean()
        loss = population.divergence() / n - likely
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the hierarchical fit is not finite at step {step}; lower its learning_rate.")
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step in looks:
            losses.append(_temperature(population, parts, logits, validation)[1])
            if losses[-1] == min(losses):
                best = copy.deepcopy(population.state_dict())
    population.load_state_dict(best)
    return losses


@torch.no_grad()
def _temperature(
    population: Population, parts: torch.Tensor, logits: torch.Tensor, validation: _Trials
) -> tuple[float, float]:
    """Return what logits are best divided by, and the log-loss then, nats, of posterior means on validation trials.

    GroupNet was fitted to the training images and is too sure of them.
    """
    seen, lapse = population.perceived(
        population.mean[validation.person], parts[validation.stimulus], logits[validation.stimulus], population.loadings
    )

    def log_loss(log_temperature: float) -> float:
        answers = with_guesses(seen * math.exp(-log_temperature), lapse)
        return -answers.gather(1, validation.response[:, None]).mean().item()

    found = minimize_scalar(log_loss, bounds=(-2, 2), method="bounded", options={"xatol": 1e-3})
    return math.exp(found.x), float(found.fun)


@torch.no_grad()
def _models(posterior: FittedPopulation, number: dict[str, int], temperature: float) -> SharedTrunk:
    """Write each person's logits as a linear combination of GroupNet's head, the loadings, and one bias a class."""
    group, population, components = posterior.group, posterior.population, posterior.components
    _, head = linear_head(group.network)
    n_classes = population.n_classes
    weight = population.loadings @ components.directions.T
    nothing = torch.zeros(n_classes, *head.weight.shape)
    coefficients, lapses = head_coefficients(population, population.mean, temperature)
    return SharedTrunk(
        group.specification,
        dict(group.network.state_dict()),
        torch.cat([head.weight[None], weight, nothing]),
        torch.cat([head.bias[None], -weight @ components.centre, torch.eye(n_classes)]),
        {name: coefficients[index].clone() for name, index in number.items()},
        {name: lapses[index] for name, index in number.items()},
    )
