"""The paper's alignment: fine-tune a classifier on a mixture of people's answers and digits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
from torch import nn
from torch.nn import functional

from bam_pipelines.alignment.individuals import WholeNetworks
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.arrays import read_arrays
from bam_pipelines.compute.checked import CheckedSettings, FromList, NotNegative, Problem, wrong
from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.fingerprint import fingerprint, module_texts
from bam_pipelines.compute.seeds import derive_seed, torch_generator
from bam_pipelines.compute.shards import Arrays, ShardFolder
from bam_pipelines.images.stored import StoredImages
from bam_pipelines.networks import training
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_logits
from bam_pipelines.networks.training import (
    Draw,
    Fit,
    TrainingSettings,
    best_epoch_of,
    fit_arrays,
    fit_network,
    fit_of,
    weights_of,
)

Source = tuple[StoredImages | torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class FineTuning(CheckedSettings):
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
    ratio: Annotated[tuple[NotNegative, ...], FromList]

    def conflicts(self) -> Iterable[Problem]:
        """Give a ratio by which nothing is drawn."""
        if not sum(self.ratio):
            yield wrong("ratio", list(self.ratio), "weights of at least 0, not all 0")


def mixture_batches(sources: Sequence[Source], ratio: Sequence[float], batch_size: int, seed: int) -> Draw:
    """Return a draw whose every sample comes from source k with probability ratio[k] / Σ ratio, uniformly within it.

    Parameters
    ----------
    sources
        Images (N_k, C, H, W) in [0, 1], or what gives them, and classes (N_k,), each with at least one sample.
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
    validation: tuple[torch.Tensor, torch.Tensor],
    settings: FineTuning,
    compute: Compute,
    seed: int,
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

    Returns
    -------
    Fit
        The network of that epoch, and the history.
    """
    images, inverse = torch.unique(validation[0], dim=0, return_inverse=True)

    def log_loss(network: nn.Module) -> float:
        logits = class_logits(network, images.to(compute.device)).cpu()
        return functional.cross_entropy(logits[inverse], validation[1]).item()

    draw = mixture_batches(sources, settings.ratio, settings.training.batch_size, seed)
    return fit_network(start, draw, functional.cross_entropy, log_loss, settings.training, compute)


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
        Images (N, C, H, W) in [0, 1], or what gives them, and labels (N,) of training digits.
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
        [data.source(data.rows("train")), digits],
        data.batch(data.rows("validation")),
        settings,
        compute,
        derive_seed(seed, "alignment/group", name),
    )
    return TrainedNetwork(fit.network, base.specification), fit


def align_groups(
    bases: Mapping[str, TrainedNetwork],
    data: TrialData,
    digits: Source,
    settings: FineTuning,
    compute: Compute,
    seed: int,
    working: Path,
) -> dict[str, tuple[TrainedNetwork, Fit]]:
    """Do as :func:`align_group` does for several classifiers, each a shard.

    Finished ones are kept: called again with the same arguments after it was killed, it goes on where it was.

    Parameters
    ----------
    bases
        Classifiers trained on digits, by name.
    data, digits, settings, compute, seed
        As for :func:`align_group`.
    working
        Folder for finished networks, to be removed by the caller once they are safe.

    Returns
    -------
    dict
        GroupNet and the history of its training, by the names of ``bases``.
    """
    align = partial(_align_group_arrays, dict(bases), data, digits, settings, compute, seed)
    kept = ShardFolder(working / fingerprint(_source(), bases, data, digits, settings, *compute.arithmetic, seed))
    arrays = dict(zip(bases, kept.run(align, list(bases), "group models"), strict=True))
    fits = {name: fit_of(arrays[name], base.network) for name, base in bases.items()}
    return {name: (TrainedNetwork(fit.network, bases[name].specification), fit) for name, fit in fits.items()}


def _align_group_arrays(
    bases: dict[str, TrainedNetwork],
    data: TrialData,
    digits: Source,
    settings: FineTuning,
    compute: Compute,
    seed: int,
    name: str,
) -> Arrays:
    return fit_arrays(align_group(bases[name], data, digits, settings, compute, seed)[1])


def align_individuals(
    group: TrainedNetwork,
    data: TrialData,
    digits: Source,
    participant_ids: Sequence[str],
    settings: FineTuning,
    compute: Compute,
    seed: int,
    working: Path,
) -> tuple[WholeNetworks, dict[str, int]]:
    """Fine-tune GroupNet on each participant's training trials, everyone's, and digits: IndivNets.

    Finished participants are kept: called again with the same arguments after it was killed, it goes on where it was.

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
    working
        Folder for finished participants, to be removed by the caller once the models are safe.

    Returns
    -------
    WholeNetworks, dict
        The models, each read from ``working`` when it is asked for, since together they may be gigabytes; and the epoch
        that was kept of each participant.
    """
    fit = partial(_fit_individual, group, data, digits, settings, compute, seed)
    label = f"individual {group.specification.architecture}"
    kept = ShardFolder(working / fingerprint(_source(), group, data, digits, settings, *compute.arithmetic, seed))
    files = dict(zip(participant_ids, kept.leave(fit, list(participant_ids), label), strict=True))
    epochs = {name: best_epoch_of(read_arrays(path)) for name, path in files.items()}
    return WholeNetworks(group.specification, _KeptStates(files)), epochs


class _KeptStates(Mapping[str, dict[str, torch.Tensor]]):
    """Weights by participant, in the files of their shards."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def __getitem__(self, participant_id: str) -> dict[str, torch.Tensor]:
        return weights_of(read_arrays(self._files[participant_id]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _source() -> list[str]:
    return module_texts(__file__, training.__file__)


def _fit_individual(
    group: TrainedNetwork,
    data: TrialData,
    digits: Source,
    settings: FineTuning,
    compute: Compute,
    seed: int,
    participant_id: str,
) -> Arrays:
    own = data.source(data.rows("train", participant_id))
    everyone = data.source(data.rows("train"))
    own_seed = derive_seed(seed, "alignment/individual", group.specification.architecture, participant_id)
    validation = data.batch(data.rows("validation", participant_id))
    return fit_arrays(fine_tune(group.network, [own, everyone, digits], validation, settings, compute, own_seed))
