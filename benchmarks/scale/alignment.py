"""Individual models on one worker and on two: a network fine-tuned for each of some people."""

import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from bam_pipelines.alignment.fine_tuning import FineTuning, align_individuals
from bam_pipelines.alignment.trial_data import TrialData, trial_data
from bam_pipelines.behavior.splits import assign_splits
from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.workers import Workers, open_workers
from bam_pipelines.images.pixels import to_unit
from bam_pipelines.networks.training import TrainingSettings
from benchmarks.scale.networks import classifiers, parameters, shuffled_digits
from benchmarks.scale.speedup import alternated, speedup
from benchmarks.scale.tables import CATCH, MAIN, REPEATS, clear_digits, made_up_answers, made_up_stimuli, size_of

PEOPLE, REPEATED = 40, 2
CLASSIFIER = "mlp"


def made_up_trials(people: int) -> TrialData:
    """Let so many people answer as often as the paper's did, split by image as conf/base says."""
    size = size_of(people * (MAIN + REPEATS + CATCH))
    stimuli = made_up_stimuli(size.stimuli)
    answers = made_up_answers(size, stimuli, clear_digits())
    main = answers[(answers["phase"] == "main") & (answers["repetition"] == 0)]
    trials = pd.DataFrame(
        {
            "row_id": main["person"].astype(str) + "-" + main["trial_index"].astype(str),
            "participant_id": main["person"].map("s{:04d}".format),
            "task": "digit",
            "phase": "main",
            "stimulus_id": main["stimulus_id"],
            "response": main["response"].astype("Int8"),
            "include": True,
        }
    )
    shares = {name: float(share) for name, share in parameters()["behavior"]["splits"].items()}
    return trial_data(assign_splits(trials, shares, 0), stimuli, 10)


def measure_alignment(people: int = PEOPLE, repeats: int = REPEATED, epochs: int | None = None) -> dict[str, Any]:
    """Fine-tune a model of each person with one and two workers, by conf/paper.

    Parameters
    ----------
    people
        How many.
    repeats
        Pairs of passes.
    epochs
        Of each model; those of conf/paper if not given.

    Returns
    -------
    dict
        ``speedup``, see :func:`~benchmarks.scale.speedup.speedup`; ``participants_per_second`` of one and of two.
    """
    options = parameters("paper")["alignment"]["paper"]
    training = TrainingSettings(**options["training"] | ({} if epochs is None else {"epochs": epochs}))
    data, group, digits = made_up_trials(people), classifiers()[CLASSIFIER], shuffled_digits()
    labelled = to_unit(digits.pixels), torch.from_numpy(digits.labels).long()
    names = data.participants(1)

    def fit(workers: int) -> float:
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as working, open_workers(Workers("loky", workers)):
            align_individuals(
                group, data, labelled, names, FineTuning(training, tuple(options["ratio"])), Compute(), 0, Path(working)
            )
        return time.perf_counter() - begin

    fit(2)  # workers are there from now on
    one, two = alternated(lambda: fit(1), lambda: fit(2), repeats)
    return {
        "speedup": speedup(one, two),
        "participants_per_second": {
            "1": round(len(names) * repeats / sum(one), 3),
            "2": round(len(names) * repeats / sum(two), 3),
        },
        "participants": len(names),
        "classifier": CLASSIFIER,
        "epochs": training.epochs,
        "samples_per_epoch": training.samples_per_epoch,
    }
