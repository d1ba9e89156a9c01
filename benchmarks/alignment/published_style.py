"""What the paper's way of selecting and splitting adds to its own method, on the same simulated answers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bam_pipelines.alignment.evaluation import cross_predictions, shown_images
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_probabilities
from benchmarks.alignment.arms import Digits, group_network, paper_models

SHARES = (0.6, 0.2, 0.2)
_SPLITS = ("train", "validation", "test")


def published_style(
    base: TrainedNetwork, data: TrialData, digits: Digits, people: Sequence[str], folder: Path
) -> dict[str, dict[str, float]]:
    """Return the test accuracies of GroupNet and IndivNets by how epochs are chosen and trials are split.

    Returns
    -------
    dict
        ``honest``: on validation trials, by image. ``optimistic``: on the trials that are reported. ``leaky``: by
        trial, so that the images of test trials also train, and optimistic. Each ``group``, ``individual`` and their
        difference, ``gain``.
    """
    by_trial = split_by_trial(data)
    styles = {"honest": data, "optimistic": choosing_on_test(data), "leaky": choosing_on_test(by_trial)}
    folders = {"honest": folder, "optimistic": folder / "optimistic", "leaky": folder / "leaky"}
    return {name: _accuracies(base, answers, digits, people, folders[name]) for name, answers in styles.items()}


def choosing_on_test(data: TrialData) -> TrialData:
    """Return trials whose validation trials are the test trials."""
    train, test = data.rows("train"), data.rows("test")
    split = np.repeat(["train", "validation", "test"], [len(train), len(test), len(test)])
    return replace(data.take(np.concatenate([train, test, test])), split=split)


def split_by_trial(data: TrialData) -> TrialData:
    """Return trials split without regard to images."""
    split = numpy_generator(0, "bench/alignment/leaky").choice(_SPLITS, len(data.split), p=SHARES)
    return replace(data, split=split)


def _accuracies(
    base: TrainedNetwork, data: TrialData, digits: Digits, people: Sequence[str], folder: Path
) -> dict[str, float]:
    group = group_network(base, data, digits, folder)
    crossed = cross_predictions(paper_models(group, data, digits, people).models, data)
    shared = class_probabilities(group.network, data.images[shown_images(people, data)])
    right = {
        "group": float((shared.argmax(axis=1)[crossed.stimulus] == crossed.response).mean()),
        "individual": float(crossed.named[crossed.person, np.arange(len(crossed.person))].mean()),
    }
    return right | {"gain": right["individual"] - right["group"]}
