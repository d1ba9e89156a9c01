"""How well anything can predict answers: the group's reliability, agreement with others and with oneself."""

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, expit

from bam_pipelines.analysis.entropy import digit_answers, first_answers, plugin_entropy
from bam_pipelines.analysis.outcomes import Estimate, percentile_estimate
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.compute.shards import run_shards

Measure = Literal["shares", "entropy"]

_SPLITS_A_RESAMPLE = 10
_FEW = 1e-9
_FITS = 50  # a shard


class _Answers:
    """First answers as codes of people and images."""

    def __init__(self, trials: pd.DataFrame, n_classes: int) -> None:
        answers = first_answers(trials)
        self.n_classes = n_classes
        self.people, names = pd.factorize(answers["participant_id"], sort=True)
        self.images, images = pd.factorize(answers["stimulus_id"], sort=True)
        self.cells = self.images * n_classes + answers["response"].to_numpy()
        self.names = list(names)
        self.n_people, self.n_images = len(names), len(images)

    def counts(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Return answers by image and class, (images, K)."""
        size = self.n_images * self.n_classes
        return np.bincount(self.cells, weights, minlength=size).reshape(-1, self.n_classes)


def split_half_reliability(
    trials: pd.DataFrame, n_classes: int, measure: Measure, seed: int, splits: int = 1000, resamples: int = 200
) -> Estimate:
    """Estimate how reliable the group's answers are: the correlation between two groups as large as this one.

    People are split into random halves; what the halves say of each image is correlated over images, and each
    correlation r stepped up to the whole group by Spearman and Brown, 2 r / (1 + r).

    Parameters
    ----------
    trials
        Trial table of one round; see :func:`~bam_pipelines.analysis.entropy.first_answers` for what counts.
    n_classes
        Number of alternatives K.
    measure
        What halves are compared in: ``shares`` of each class, or plug-in ``entropy`` of an image's answers. Entropies
        of few answers are biased, the halves' more than the group's, so that theirs is no more than a rough bound.
    seed
        The run's seed.
    splits
        Number of random halves.
    resamples
        Bootstrap samples of people and images for the 95 % interval, ten splits each. Copies of a person stay in one
        half; as they make halves less reliable, the samples' spread is taken around their own mean. Resampling people
        and images at once is conservative: the interval is too wide rather than too narrow (Owen).

    Returns
    -------
    Estimate
        Mean over splits; None where no split leaves three images with an answer (for entropy two) in both halves, or
        nothing varies.

    References
    ----------
    A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007), 386.
    """
    answers = _Answers(trials, n_classes)
    draw = numpy_generator(seed, "ceilings/split half", measure)
    ones = np.ones(answers.n_people), np.ones(answers.n_images)
    value = _mean_of_splits(answers, measure, draw, splits, *ones)
    shards = [range(first, min(first + _FITS, resamples)) for first in range(0, resamples, _FITS)]
    resampled = run_shards(partial(_resampled_reliability, answers, measure, seed), shards, "reliability")
    bounds = [bound for part in resampled for bound in part]
    spread = np.array(bounds) - np.nanmean(bounds) if np.isfinite(bounds).any() else np.array([])
    return percentile_estimate(value, np.minimum(value + spread, 1.0))


def _resampled_reliability(answers: _Answers, measure: Measure, seed: int, indices: range) -> list[float]:
    means = []
    for index in indices:
        draw = numpy_generator(seed, "ceilings/split half/resample", measure, index)
        drawn = (np.bincount(draw.integers(n, size=n), minlength=n) for n in (answers.n_people, answers.n_images))
        means.append(_mean_of_splits(answers, measure, draw, _SPLITS_A_RESAMPLE, *drawn))
    return means


def _mean_of_splits(
    answers: _Answers,
    measure: Measure,
    draw: np.random.Generator,
    splits: int,
    people: np.ndarray,
    images: np.ndarray,
) -> float:
    found = [_one_split(answers, measure, draw, people, images) for _ in range(splits)]
    stepped = [2 * r / (1 + r) for r in found if r > -1]
    return float(np.mean(stepped)) if stepped else float("nan")


def _one_split(
    answers: _Answers, measure: Measure, draw: np.random.Generator, people: np.ndarray, images: np.ndarray
) -> float:
    """Return the correlation between the halves, each person and image counting as often as it was drawn."""
    present = np.flatnonzero(people)
    first = np.zeros(len(people), dtype=bool)
    first[draw.permutation(present)[: len(present) // 2]] = True
    weights = people[answers.people].astype(np.float64)
    halves = [answers.counts(weights * (first[answers.people] == half)) for half in (True, False)]
    least = 2 if measure == "entropy" else 1  # one answer has no entropy
    both = (halves[0].sum(axis=1) >= least) & (halves[1].sum(axis=1) >= least) & (images > 0)
    if both.sum() < 3:
        return float("nan")
    one, other = (_said(half[both], measure) for half in halves)
    return _correlation(one, other, np.repeat(images[both], one.shape[1]))


def _said(counts: np.ndarray, measure: Measure) -> np.ndarray:
    return plugin_entropy(counts)[:, None] if measure == "entropy" else counts / counts.sum(axis=1, keepdims=True)


def _correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> float:
    x, y = (values.ravel() - np.average(values.ravel(), weights=weights) for values in (one, other))
    spread = np.sqrt(np.average(x**2, weights=weights) * np.average(y**2, weights=weights))
    return float(np.average(x * y, weights=weights) / spread) if spread > _FEW else float("nan")


def agreement_with_others(
    trials: pd.DataFrame, n_classes: int, seed: int, resamples: int = 1000
) -> dict[str, Estimate]:
    """Bound how often a model that is the same for everyone can give people's answers.

    Parameters
    ----------
    trials
        Trial table of one round.
    n_classes
        Number of alternatives K.
    seed
        The run's seed.
    resamples
        Bootstrap samples of people for the 95 % intervals.

    Returns
    -------
    dict
        ``lower``: the share of answers that are the most frequent among the *other* people's answers to the image;
        ``upper``: the same with the answer itself among them, which no model of the group can exceed. Of m equally
        frequent classes each counts 1/m; images with a single answer are left out.
    """
    answers = _Answers(trials, n_classes)
    counts = answers.counts()[answers.images]
    own = np.zeros_like(counts)
    own[np.arange(len(own)), answers.cells % n_classes] = 1
    asked = counts.sum(axis=1) > 1
    draw = numpy_generator(seed, "ceilings/others")
    drawn = draw.multinomial(answers.n_people, np.full(answers.n_people, 1 / max(answers.n_people, 1)), size=resamples)
    bounds = {"lower": counts - own, "upper": counts}
    return {
        name: _mean_by_people(_hits(table, own)[asked], answers.people[asked], drawn) for name, table in bounds.items()
    }


def _hits(counts: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return 1/m where an own answer is one of the m most frequent classes, 0 elsewhere."""
    top = (counts == counts.max(axis=1, keepdims=True)) & (counts > 0)
    return np.asarray((top & (own > 0)).any(axis=1) / np.maximum(top.sum(axis=1), 1))


def _mean_by_people(values: np.ndarray, people: np.ndarray, drawn: np.ndarray) -> Estimate:
    sums = np.bincount(people, values, minlength=drawn.shape[1])
    sizes = np.bincount(people, minlength=drawn.shape[1])
    if not sizes.sum():
        return Estimate(value=None, low=None, high=None)
    totals = drawn @ sizes
    return percentile_estimate(float(sums.sum() / sizes.sum()), (drawn @ sums)[totals > 0] / totals[totals > 0])


def repeats(trials: pd.DataFrame) -> pd.DataFrame:
    """Pair each answered repeat with the first showing of its stimulus to the same person.

    Parameters
    ----------
    trials
        Trial table of one round.

    Returns
    -------
    pandas.DataFrame
        participant_id, stimulus_id, same (bool), apart (trials between the showings, 0 in another session); included
        main trials of the digit task.
    """
    kept = digit_answers(trials)[["participant_id", "stimulus_id", "repetition", "response", "session", "trial_index"]]
    keys = ["participant_id", "stimulus_id"]
    # a source that numbers showings by sitting has a first one in each
    first = kept[kept["repetition"] == 0].sort_values(["session", "trial_index"]).drop_duplicates(keys)
    joined = kept[kept["repetition"] > 0].merge(first, on=keys, suffixes=("", "_first"))
    apart = (joined["trial_index"] - joined["trial_index_first"]).where(joined["session"] == joined["session_first"], 0)
    same = (joined["response"] == joined["response_first"]).astype(bool)
    return joined[["participant_id", "stimulus_id"]].assign(same=same, apart=apart.astype("int64"))


def agreement_with_oneself(pairs: pd.DataFrame, seed: int, resamples: int = 1000) -> Estimate:
    """Estimate how often people repeat their own answer, which bounds any model of a person.

    People differ in it, so the mean over people is estimated by a beta-binomial distribution of their numbers of equal
    answers, which weighs a person by what their repeats tell.

    Parameters
    ----------
    pairs
        From :func:`repeats`.
    seed
        The run's seed.
    resamples
        Bootstrap samples of people for the 95 % interval.

    Returns
    -------
    Estimate
        Mean of the beta distribution, 0 to 1; None without repeats.
    """
    counted = pairs.groupby("participant_id")["same"].agg(["sum", "size"]).to_numpy(dtype=np.float64)
    if not len(counted):
        return Estimate(value=None, low=None, high=None)
    draw = numpy_generator(seed, "ceilings/oneself")
    drawn = [counted[draw.integers(len(counted), size=len(counted))] for _ in range(resamples)]
    shards = [drawn[first : first + _FITS] for first in range(0, resamples, _FITS)]
    means = np.concatenate(run_shards(_beta_binomial_means, shards, "agreement with oneself"))
    return percentile_estimate(beta_binomial_mean(*counted.T), means)


def _beta_binomial_means(samples: list[np.ndarray]) -> np.ndarray:
    return np.array([beta_binomial_mean(*sample.T) for sample in samples])


def beta_binomial_mean(successes: np.ndarray, trials: np.ndarray) -> float:
    """Return the mean of a beta distribution fitted to binomial counts by maximum likelihood.

    Parameters
    ----------
    successes, trials
        (N,) counts; trials at least 1.

    Returns
    -------
    float
        0 to 1. With all successes or none it is 1 or 0.
    """
    share = successes.sum() / trials.sum()
    if share in (0.0, 1.0):
        return float(share)

    def loss(parameters: np.ndarray) -> float:
        mean, concentration = expit(parameters[0]), np.exp(np.clip(parameters[1], -5, 10))
        a, b = mean * concentration, (1 - mean) * concentration
        return -float((betaln(successes + a, trials - successes + b) - betaln(a, b)).sum())

    start = np.array([np.log(share / (1 - share)), 2.0])
    return float(expit(minimize(loss, start, method="Nelder-Mead").x[0]))
