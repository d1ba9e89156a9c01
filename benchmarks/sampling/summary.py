"""From repeats to numbers with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.stimulus_measures import (
    Witnesses,
    feature_recall,
    measure_images,
    measure_naturalness,
    pair_diversity,
)
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.compute.shards import Arrays
from bam_pipelines.images.pixels import stimulus_ids, to_unit

STIMULI_A_PAIR = 6
SPREAD_OVER = 20_000
RESAMPLES = 1000
# measures of one image and what their mean is called
MEANS = {
    "bystander_ambiguous": "bystander_ambiguity",
    "bystander_minimum": "bystander_minimum",
    "bystander_mass": "bystander_mass",
    "independent_judge": "independent_judge",
    "denoising_residual": "denoising_residual",
    "in_manifold": "precision",
    "feature_distance": "feature_distance",
    "training_distance": "training_distance",
    "copy": "copies",
}


def accepted_per_second(repeats: Sequence[Arrays]) -> float:
    """Return accepted stimuli a second, warm-up spread over 20,000 stimuli."""
    accepted = sum(int(repeat["accepted"].sum()) for repeat in repeats)
    seconds = sum(float(repeat["seconds"]) for repeat in repeats)
    warm = float(np.median([repeat["warm_seconds"] for repeat in repeats]))
    return accepted / (seconds + warm * accepted / SPREAD_OVER)


def ratio_with_interval(slow: Sequence[Arrays], fast: Sequence[Arrays]) -> dict[str, float]:
    """Return how many times more stimuli a second, with a 95 % bootstrap interval over repeats side by side."""
    n = min(len(slow), len(fast))
    generator = numpy_generator(0, "bench/sampling/ratio", n)

    def ratio(rows: Sequence[int]) -> float:
        return accepted_per_second([fast[row] for row in rows]) / accepted_per_second([slow[row] for row in rows])

    draws = [ratio(generator.integers(0, n, n).tolist()) for _ in range(RESAMPLES)]
    low, high = np.quantile(draws, [0.025, 0.975]).tolist()
    return {"value": ratio(range(n)), "low": low, "high": high}


def stimuli_of(repeats: Sequence[Arrays]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pixels, targets and probabilities of the first accepted images of each digit pair, without doubles."""
    pixels, targets, probabilities = (
        np.concatenate([repeat[name][repeat["accepted"]] for repeat in repeats])
        for name in ("pixels", "targets", "probabilities")
    )
    pair = [f"{low}-{high}" for low, high in np.sort(targets, axis=1).tolist()]
    first = ~pd.Series(stimulus_ids(pixels)).duplicated().to_numpy()
    place = pd.Series(np.where(first, 1, 0)).groupby(pair).cumsum().to_numpy()
    rows = np.flatnonzero(first & (place <= STIMULI_A_PAIR))
    return pixels[rows], targets[rows], probabilities[rows]


def measure_arm(repeats: Sequence[Arrays], strategy: str, witnesses: Witnesses) -> dict[str, Any]:
    """Measure an arm's stimuli.

    Returns
    -------
    dict
        Each measure as ``{value, low, high}``: the mean and its 95 % bootstrap interval over stimuli; ``acceptance``
        and, for uncertainty, ``gap_median`` and ``gap_q95`` too; ``recall`` without an interval.
    """
    pixels, targets, probabilities = stimuli_of(repeats)
    images = to_unit(pixels)
    measures = measure_images(images, targets, witnesses)
    numbers: dict[str, Any] = {"n": len(images)}
    for column, name in MEANS.items():
        numbers[name] = _interval(measures[column].to_numpy(dtype=np.float64), np.mean)
    numbers["diversity"] = _interval(pair_diversity(images, np.sort(targets, axis=1)).to_numpy(), np.mean)
    numbers["recall"] = {"value": feature_recall(images, witnesses)}
    if strategy == "uncertainty":
        gap = np.abs(probabilities[:, 0] - probabilities[:, 1])
        numbers["gap_median"] = _interval(gap, np.median)
        numbers["gap_q95"] = _interval(gap, lambda values: np.quantile(values, 0.95))
    accepted = np.concatenate([repeat["accepted"] for repeat in repeats])
    numbers["acceptance"] = _interval(accepted.astype(np.float64), np.mean)
    return numbers


def acceptance_by_pair(repeats: Sequence[Arrays]) -> dict[str, float]:
    """Return the share of proposals accepted for each unordered digit pair."""
    targets = np.sort(np.concatenate([repeat["targets"] for repeat in repeats]), axis=1)
    accepted = pd.Series(np.concatenate([repeat["accepted"] for repeat in repeats]).astype(float))
    return accepted.groupby([f"{a}-{b}" for a, b in targets.tolist()]).mean().to_dict()


def _interval(values: np.ndarray, statistic: Callable[[np.ndarray], Any]) -> dict[str, float]:
    generator = numpy_generator(0, "bench/sampling/interval", len(values))
    draws = [float(statistic(generator.choice(values, len(values)))) for _ in range(RESAMPLES)]
    low, high = np.quantile(draws, [0.025, 0.975]).tolist()
    return {"value": float(statistic(values)), "low": low, "high": high}


def real_digits(witnesses: Witnesses) -> dict[str, float]:
    """Return precision, recall and nearest distances of half of the unseen digits against the other half."""
    half = len(witnesses.unseen) // 2
    other = replace(witnesses, unseen=witnesses.unseen[half:])
    images = witnesses.unseen[:half]
    means = measure_naturalness(images, other).astype("float64").mean().to_dict()
    return {**means, "recall": feature_recall(images, other), "n": half}
