"""Training of several classifiers of the same digits, each a shard."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.fingerprint import fingerprint, module_texts
from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.compute.shards import Arrays, ShardFolder
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import train_classifier
from bam_pipelines.networks.registry import build_network
from bam_pipelines.networks.training import Fit, TrainingSettings, fit_arrays, fit_of

Labelled = tuple[torch.Tensor, torch.Tensor]
Tasks = Mapping[str, tuple[NetworkSpecification, TrainingSettings]]


def train_classifiers(
    tasks: Tasks, train: Labelled, validation: Labelled, compute: Compute, seed: int, working: Path
) -> dict[str, tuple[TrainedNetwork, Fit]]:
    """Train classifiers by cross-entropy; of each the epoch with the lowest validation log-loss is kept.

    Finished ones are kept: called again with the same arguments after it was killed, it goes on where it was.

    Parameters
    ----------
    tasks
        Architecture and training of each classifier, by name.
    train, validation
        Images (N, C, H, W) in [0, 1] and labels (N,), int64.
    compute, seed
        How to train; a classifier's weights do not depend on which others are trained.
    working
        Folder for finished classifiers, to be removed by the caller once they are safe.

    Returns
    -------
    dict
        Each classifier and the history of its training, by name.
    """
    work = partial(_train, dict(tasks), train, validation, compute, seed)
    source = module_texts(Path(__file__).parent)
    kept = ShardFolder(working / fingerprint(source, tasks, train, validation, *compute.arithmetic, seed))
    arrays = dict(zip(tasks, kept.run(work, list(tasks), "classifiers"), strict=True))
    fits = {name: fit_of(arrays[name], build_network(task[0], 0)) for name, task in tasks.items()}
    return {name: (TrainedNetwork(fit.network, tasks[name][0]), fit) for name, fit in fits.items()}


def _train(tasks: Tasks, train: Labelled, validation: Labelled, compute: Compute, seed: int, name: str) -> Arrays:
    specification, settings = tasks[name]
    network = build_network(specification, derive_seed(seed, "classifiers/weights", name))
    own_seed = derive_seed(seed, "classifiers/training", name)
    return fit_arrays(train_classifier(network, train, validation, settings, compute, own_seed, None, name))
