"""The paper's alignment: fine-tune a classifier on a mixture of people's answers and digits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from bam_pipelines.alignment.individuals import WholeNetworks
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.seeds import derive_seed, torch_generator
from bam_pipelines.compute.shards import run_shards
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_logits
from bam_pipelines.networks.training import Draw, Fit, TrainingSettings, fit_network

Source = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class FineTuning:
    """How one level is fine-tuned.

    Parameters
    ----------
    training
        Epochs, samples an epoch, batch size, learning rate, schedule.
    ratio
        Sampling weights of the sources, in the order of the level: group: everyone's trials, digits; individual: own
        trials, everyone's trials, digits. 1 : 1 and 2 : 1 : 1 in the paper.
    """

    training: TrainingSettings
    ratio: tuple[float, ...]


def mixture_batches(sources: Sequence[Source], ratio: Sequence[float], batch_size: int, seed: int) -> Draw:
    """Return a draw whose every sample comes from source k with probability ratio[k] / Σ ratio, uniformly within it.

    Parameters
    ----------
    sources
        Images (N_k, C, H, W) and classes (N_k,), each with at least one sample.
    ratio
        Weights, at least 0 and not all 0, as many as sources.
    batch_size
        Samples a step.
    seed
        Of all steps.

    Raises
    ------
    ValueError
        If a source is empty or the ratio does not fit.
    """
    if len(ratio) != len(sources) or min(ratio) < 0 or sum(ratio) == 0:
        raise ValueError(f"ratio is {tuple(ratio)}, expected {len(sources)} weights of at least 0, not all 0.")
    empty = [index for index, (images, _) in enumerate(sources) if len(images) == 0]
    if empty:
        raise ValueError(f"source {empty[0]} of the mixture holds no samples.")
    weights = torch.tensor(ratio, dtype=torch.float64)

    def draw(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch_generator(seed, "mixture", step)
        source = torch.multinomial(weights, batch_size, replacement=True, generator=generator)
        place = torch.rand(batch_size, dtype=torch.float64, generator=generator)
        images, classes = [], []
        for index, (candidates, labels) in enumerate(sources):
            chosen = (place[source == index] * len(candidates)).long()
            images.append(candidates[chosen])
            classes.append(labels[chosen])
        return torch.cat(images), torch.cat(classes)

    return draw


def fine_tune(
    start: nn.Module,
    sources: Sequence[Source],
    validation: Source,
    settings: FineTuning,
    compute: Compute,
    seed: int,
    description: str | None = None,
) -> Fit:
    """Fine-tune by cross-entropy with AdamW; keep the epoch with the lowest log-loss on validation trials.

    Parameters
    ----------
    start
        Where to start; not changed.
    sources
        Of training samples.
    validation
        Images (n, C, H, W) and responses (n,) of validation trials.
    settings, compute, seed
        How to train.
    description
        Label of a progress bar; None for none.
    """
    images, inverse = torch.unique(validation[0], dim=0, return_inverse=True)

    def log_loss(network: nn.Module) -> float:
        logits = class_logits(network, images.to(compute.device)).cpu()
        return functional.cross_entropy(logits[inverse], validation[1]).item()

    draw = mixture_batches(sources, settings.ratio, settings.training.batch_size, seed)
    return fit_network(start, draw, functional.cross_entropy, log_loss, settings.training, compute, description)


def align_group(
    base: TrainedNetwork,
    data: TrialData,
    digits: Source,
    settings: FineTuning,
    compute: Compute,
    seed: int,
) -> tuple[TrainedNetwork, Fit]:
    """Fine-tune a classifier on everyone's training trials and digits: GroupNet.

    Parameters
    ----------
    base
        A classifier trained on digits: BaseNet.
    data
        Everyone's trials.
    digits
        Images (N, C, H, W) in [0, 1] and labels (N,) of training digits.
    settings, compute, seed
        How to train.

    Returns
    -------
    TrainedNetwork, Fit
        GroupNet, and the history of its training.
    """
    name = base.specification.architecture
    fit = fine_tune(
        base.network,
        [data.batch(data.rows("train")), digits],
        data.batch(data.rows("validation")),
        settings,
        compute,
        derive_seed(seed, "alignment/group", name),
        f"group {name}",
    )
    return TrainedNetwork(fit.network, base.specification), fit


def align_individuals(
    group: TrainedNetwork,
    data: TrialData,
    digits: Source,
    participant_ids: Sequence[str],
    settings: FineTuning,
    compute: Compute,
    seed: int,
) -> tuple[WholeNetworks, dict[str, int]]:
    """Fine-tune GroupNet on each participant's training trials, everyone's, and digits: IndivNets.

    Parameters
    ----------
    group
        GroupNet.
    data, digits
        As for :func:`align_group`.
    participant_ids
        Whom to fit; see :meth:`TrialData.participants`.
    settings, compute, seed
        How to train; a participant's result does not depend on who else is fitted.

    Returns
    -------
    WholeNetworks, dict
        The models, and the epoch that was kept of each participant.
    """
    fit = partial(_fit_individual, group, data, digits, settings, compute, seed)
    label = f"individual {group.specification.architecture}"
    fits = run_shards(fit, list(participant_ids), compute.workers, label)
    states = {name: result.network.state_dict() for name, result in zip(participant_ids, fits, strict=True)}
    epochs = {name: result.best_epoch for name, result in zip(participant_ids, fits, strict=True)}
    return WholeNetworks(group.specification, states), epochs


def _fit_individual(
    group: TrainedNetwork,
    data: TrialData,
    digits: Source,
    settings: FineTuning,
    compute: Compute,
    seed: int,
    participant_id: str,
) -> Fit:
    own = data.batch(data.rows("train", participant_id))
    everyone = data.batch(data.rows("train"))
    own_seed = derive_seed(seed, "alignment/individual", group.specification.architecture, participant_id)
    validation = data.batch(data.rows("validation", participant_id))
    return fine_tune(group.network, [own, everyone, digits], validation, settings, compute, own_seed)
