"""How many trials of each person individual models need."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from bam_pipelines.alignment.evaluation import cross_predictions, shown_images
from bam_pipelines.alignment.gain import gain_over_shared, individual_gain
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.seeds import numpy_generator

FitEveryone = Callable[[Sequence[TrialData]], Sequence[IndividualModels]]


def learning_curve(
    fit: FitEveryone,
    models: IndividualModels,
    data: TrialData,
    shared: np.ndarray,
    sizes: Sequence[int],
    seed: int,
    resamples: int,
) -> pd.DataFrame:
    """Fit individual models to fewer training trials of each person, and to all, and score them on all test trials.

    Parameters
    ----------
    fit
        Makes individual models of each of several parts of the trials, for the same people as ``models``.
    models
        What it makes of all trials.
    data
        Everyone's trials.
    shared
        (S, K): GroupNet's probabilities of all images of ``data``; GroupNet has seen all training trials.
    sizes
        Training trials a person, at least 1. Those are left out that someone with a model has not got.
    seed
        Which trials are drawn; a larger size has those of a smaller one and more.
    resamples
        Of intervals and permutations.

    Returns
    -------
    pandas.DataFrame
        A row a size, the last with all trials: ``n_trials`` (the mean over people), ``log_loss`` and ``accuracy`` on
        test trials, and ``gain_over_group`` and ``individual_gain`` in nats with ``_low`` and ``_high``; NaN where
        only one person has a model.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    if any(size < 1 for size in sizes):
        raise ValueError(f"sizes of the learning curve are {list(sizes)}, expected at least 1 trial each.")
    ranks = _training_ranks(data, seed)
    people = np.isin(data.participant, models.participant_ids)
    most = pd.Series(ranks[people], data.participant[people]).groupby(level=0).max() + 1
    fewer = [size for size in sorted(set(sizes)) if size < most.min()]
    fits = fit([data.take(np.flatnonzero(ranks < size)) for size in fewer])
    rows = [_row(models, data, shared, size, seed, resamples) for size, models in zip(fewer, fits, strict=True)]
    return pd.DataFrame([*rows, _row(models, data, shared, float(most.mean()), seed, resamples)])


def _training_ranks(data: TrialData, seed: int) -> np.ndarray:
    """Return random numbers of each person's training trials, from 0, and −1 for all others."""
    ranks = np.full(len(data.split), -1)
    for name in np.unique(data.participant):
        rows = data.rows("train", str(name))
        ranks[rows] = numpy_generator(seed, "alignment/learning curve", str(name)).permutation(len(rows))
    return ranks


def _row(
    models: IndividualModels, data: TrialData, shared: np.ndarray, size: float, seed: int, resamples: int
) -> dict[str, float]:
    crossed = cross_predictions(models, data)
    over = gain_over_shared(crossed, shared[shown_images(models.participant_ids, data)], seed, resamples)
    gain = individual_gain(crossed, seed, resamples)
    row = {
        "n_trials": float(size),
        "log_loss": float(-np.log(crossed.likelihoods[crossed.own]).mean()),
        "accuracy": float(crossed.named[crossed.own].mean()),
    }
    for name, estimate in (("gain_over_group", over), ("individual_gain", gain)):
        found = dict.fromkeys(("value", "low", "high"), np.nan) if estimate is None else estimate["log_loss"]
        row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row
