"""What is compared: fine-tuning for each participant, and everyone at once; timed alike."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from bam_pipelines.alignment.fine_tuning import FineTuning, align_group, align_individuals
from bam_pipelines.alignment.hierarchical import (
    HierarchicalFit,
    HierarchicalSettings,
    add_participant,
    fit_hierarchical,
)
from bam_pipelines.alignment.individuals import IndividualModels, WholeNetworks
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.device import Compute, torch_threads
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.compute.workers import Workers, open_workers
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.registry import read_network, write_network
from bam_pipelines.networks.training import TrainingSettings

CORES = 2
# both methods in float32, on two cores
COMPUTE = Compute("cpu", "float32", threads=CORES)
WORKERS = Workers("loky", CORES)
GROUP = FineTuning(TrainingSettings(4, 50_000, 128, 1e-3, "constant"), (1, 1))
PAPER = FineTuning(TrainingSettings(16, 500, 128, 1e-3, "constant"), (2, 1, 1))
PAPER_MINIMUM = 100
PAPER_PEOPLE = 24

Digits = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Fitted:
    """Models of some people, and the seconds that each of them took on two cores."""

    models: IndividualModels
    seconds_per_participant: float


def group_network(base: TrainedNetwork, data: TrialData, digits: Digits, folder: Path) -> TrainedNetwork:
    """Fine-tune GroupNet, which both methods share and whose time counts for neither, or read it."""
    path = folder / f"group_{base.specification.architecture}.safetensors"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        quickly = Compute("cpu", "auto", threads=CORES)
        with torch_threads(CORES):
            write_network(align_group(base, data, digits, GROUP, quickly, seed=0)[0], path)
    return read_network(path)


def drawn_people(data: TrialData, classifier: str) -> list[str]:
    """Draw the people whom the paper's method is timed on."""
    people = data.participants(PAPER_MINIMUM)
    chosen = numpy_generator(0, "bench/alignment/people", classifier).choice(people, PAPER_PEOPLE, replace=False)
    return sorted(chosen.tolist())


def paper_models(group: TrainedNetwork, data: TrialData, digits: Digits, people: Sequence[str]) -> Fitted:
    """Fine-tune a network for each of some people, two at a time."""
    began = time.perf_counter()
    with TemporaryDirectory() as working, open_workers(WORKERS):
        kept, _ = align_individuals(group, data, digits, people, PAPER, COMPUTE, 0, Path(working))
        models = WholeNetworks(kept.specification, dict(kept.states))  # the folder goes
    return Fitted(models, (time.perf_counter() - began) / len(people))


def our_models(group: TrainedNetwork, data: TrialData, settings: HierarchicalSettings) -> Fitted:
    """Fit everyone at once, from the images on: the trunk's features count in."""
    began = time.perf_counter()
    people = data.participants(1)
    fit = _fit(group, data, people, settings)
    return Fitted(fit.models, (time.perf_counter() - began) / len(people))


def newcomers(group: TrainedNetwork, data: TrialData, people: Sequence[str], settings: HierarchicalSettings) -> Fitted:
    """Add people one by one to what was fitted to all others."""
    theirs = np.isin(data.participant, list(people))
    others = data.take(np.flatnonzero(~theirs))
    fit = _fit(group, others, others.participants(1), settings)
    began = time.perf_counter()
    with torch_threads(CORES):
        added = [add_participant(fit, data.take(np.flatnonzero(data.participant == name)), name) for name in people]
    seconds = (time.perf_counter() - began) / len(people)
    coefficients = {name: models.coefficients[name] for name, models in zip(people, added, strict=True)}
    lapses = {name: models.lapses[name] for name, models in zip(people, added, strict=True)}
    return Fitted(replace(fit.models, coefficients=coefficients, lapses=lapses), seconds)


def with_few_trials(
    group: TrainedNetwork, data: TrialData, people: Sequence[str], settings: HierarchicalSettings, number: int
) -> IndividualModels:
    """Fit everyone, with no more than some training trials of a few people."""
    kept = np.ones(len(data.split), dtype=bool)
    for name in people:
        rows = numpy_generator(0, "bench/alignment/few", name).permutation(data.rows("train", name))
        kept[rows[number:]] = False
    return _fit(group, data.take(np.flatnonzero(kept)), people, settings).models


def _fit(
    group: TrainedNetwork, data: TrialData, people: Sequence[str], settings: HierarchicalSettings
) -> HierarchicalFit:
    with torch_threads(CORES):
        return fit_hierarchical(group, data, people, settings, seed=0)
