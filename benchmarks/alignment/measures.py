"""From models to numbers with intervals, on the same people's test trials."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import entropy, spearmanr

from bam_pipelines.alignment.evaluation import calibration_error, crossed_trials, shown_images
from bam_pipelines.alignment.gain import CrossedTrials, crossed_bootstrap, gain_over_shared, individual_gain
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.analysis.entropy import plugin_entropy
from bam_pipelines.behavior.observers import Observer, response_probabilities
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_probabilities

RESAMPLES = 1000


def chosen_people(crossed: CrossedTrials, people: Sequence[str]) -> CrossedTrials:
    """Keep some people's models and trials."""
    kept = [list(crossed.participant_ids).index(name) for name in people]
    rows = np.flatnonzero(np.isin(crossed.person, kept))
    place = np.full(len(crossed.participant_ids), -1)
    place[kept] = np.arange(len(kept))
    return CrossedTrials(
        list(people),
        crossed.probabilities[kept],
        place[crossed.person[rows]],
        crossed.stimulus[rows],
        crossed.response[rows],
    )


def of_group(crossed: CrossedTrials, probabilities: np.ndarray) -> CrossedTrials:
    """Put one model's probabilities, (S, K), in everyone's place."""
    return replace(crossed, probabilities=np.broadcast_to(probabilities, crossed.probabilities.shape))


def scores(crossed: CrossedTrials) -> dict[str, np.ndarray]:
    """Return ``accuracy`` and ``log_loss`` of each trial by its own person's model, (N,)."""
    own = crossed.person, np.arange(len(crossed.person))
    return {"accuracy": crossed.named[own].astype(np.float64), "log_loss": -np.log(crossed.likelihoods[own])}


def interval(crossed: CrossedTrials, values: np.ndarray) -> dict[str, float]:
    """Return the mean and its 95 % interval over people and images."""
    drawn = crossed_bootstrap(crossed, values, numpy_generator(0, "bench/alignment/interval"), RESAMPLES)
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return {"value": float(values.mean()), "low": low, "high": high}


def measure(arms: dict[str, CrossedTrials]) -> dict[str, Any]:
    """Measure arms on the same trials, with the differences of ``ours`` from each other arm."""
    by_arm = {name: scores(crossed) for name, crossed in arms.items()}
    measured: dict[str, Any] = {}
    measured["calibration_error"] = {name: _calibration_error(crossed) for name, crossed in arms.items()}
    for key in ("accuracy", "log_loss"):
        measured[key] = {name: interval(arms[name], found[key]) for name, found in by_arm.items()}
        for name in arms.keys() - {"ours"}:
            difference = by_arm["ours"][key] - by_arm[name][key]
            measured[key][f"ours_less_{name}"] = interval(arms["ours"], difference)
    measured["individual_gain"] = {name: individual_gain(crossed, 0, RESAMPLES) for name, crossed in arms.items()}
    return measured


def _calibration_error(crossed: CrossedTrials) -> float:
    own = crossed.person, np.arange(len(crossed.person))
    confidence = crossed.probabilities.max(axis=2)[crossed.person, crossed.stimulus]
    return calibration_error(confidence, crossed.named[own])


def checked_figures(
    base: TrainedNetwork, group: TrainedNetwork, data: TrialData, everyone: CrossedTrials
) -> dict[str, Any]:
    """Return what the paper published of alignment and no simulator was fitted to.

    Returns
    -------
    dict
        ``accuracy`` of ``base``, ``group`` and ``individual`` on test trials; ``share_improved`` of people from group
        to individual; ``entropy_spearman`` of ``base`` and ``group`` with people's plug-in entropies, on all images.
    """
    counts = np.zeros((len(data.images), everyone.probabilities.shape[2]))
    np.add.at(counts, (data.stimulus, data.response.numpy()), 1)
    human = plugin_entropy(counts)
    shown = shown_images(everyone.participant_ids, data)
    shared = {name: class_probabilities(one.network, data.images) for name, one in (("base", base), ("group", group))}
    named = {name: of_group(everyone, probabilities[shown]).named[0].mean() for name, probabilities in shared.items()}
    own = scores(everyone)["accuracy"].mean()
    over = gain_over_shared(everyone, shared["group"][shown], 0, RESAMPLES)["accuracy"]
    return {
        "accuracy": {**{name: float(value) for name, value in named.items()}, "individual": float(own)},
        "share_improved": over["share_improved"],
        "entropy_spearman": {
            name: float(spearmanr(entropy(probabilities, axis=1), human).statistic)
            for name, probabilities in shared.items()
        },
    }


def true_predictions(
    data: TrialData, participants: pd.DataFrame, observer: Observer, participant_ids: Sequence[str]
) -> CrossedTrials:
    """Return what the simulated participants' true probabilities predict of the test trials: the ceiling."""
    images = data.images[shown_images(participant_ids, data)]
    true = participants.set_index("participant_id", drop=False)
    probabilities = [response_probabilities(images, observer, true.loc[name]) for name in participant_ids]
    return crossed_trials(participant_ids, np.stack(probabilities), data)
