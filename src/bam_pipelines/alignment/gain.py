"""What is individual: a person's own model against what all other people's models say together, on the same trials.

Better than GroupNet is not yet individual: any second model may be. Nor is better than one other person's model, which
is wrong where that person differs; the average of all others has no such differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.compute.shards import run_shards

_ROUNDING = 1e-5
_SMALLEST = np.finfo(np.float64).tiny
_CONFIDENCE = (0.025, 0.975)
_RESAMPLES = 125  # a shard


@dataclass(frozen=True)
class CrossedTrials:
    """Every model's predictions of everyone's trials.

    Parameters
    ----------
    participant_ids
        Of the P models.
    probabilities
        float, (P, S, K): of the answers to S images, rows sum to 1.
    person, stimulus, response
        int, (N,): whose trial it is, among the models; which image; which answer. All P people have trials.

    Raises
    ------
    ValueError
        If someone has no trial, or probabilities do not sum to 1.
    """

    participant_ids: Sequence[str]
    probabilities: np.ndarray
    person: np.ndarray
    stimulus: np.ndarray
    response: np.ndarray

    def __post_init__(self) -> None:
        absent = set(range(len(self.participant_ids))) - set(self.person.tolist())
        if absent:
            raise InputError(
                f"participant {self.participant_ids[min(absent)]} has a model and no test trial: the models are of "
                "other answers than the trials; run the whole stage alignment."
            )
        wrong = np.abs(self.probabilities.sum(axis=2) - 1) > _ROUNDING
        if wrong.any():
            model, image = np.argwhere(wrong)[0]
            raise ValueError(
                f"the model of participant {self.participant_ids[model]} gives image {image} probabilities that sum to "
                f"{self.probabilities[model, image].sum():.6g}, expected 1."
            )

    @property
    def own(self) -> tuple[np.ndarray, np.ndarray]:
        """Where arrays (P, N) hold each trial's own model."""
        return self.person, np.arange(len(self.person))

    @property
    def likelihoods(self) -> np.ndarray:
        """What each model gives the answer of each trial, (P, N)."""
        chosen = self.probabilities[:, self.stimulus, self.response].astype(np.float64)
        return np.asarray(np.maximum(chosen, _SMALLEST))

    @property
    def named(self) -> np.ndarray:
        """Whether each model's most likely answer is the trial's, bool (P, N)."""
        best: np.ndarray = self.probabilities.argmax(axis=2)[:, self.stimulus] == self.response
        return best

    @property
    def named_by_others(self) -> np.ndarray:
        """The same for the averaged prediction of all models but each, bool (P, N)."""
        total = self.probabilities.sum(axis=0, dtype=np.float64)
        best = np.stack([(total - own).argmax(axis=1) for own in self.probabilities])
        right: np.ndarray = best[:, self.stimulus] == self.response
        return right


def swap_matrix(trials: CrossedTrials) -> pd.DataFrame:
    """Score each person's model on each person's trials.

    Returns
    -------
    pandas.DataFrame
        ``model`` and ``participant_id`` (categories: whose model, whose trials), ``n_trials``, ``accuracy``,
        ``log_loss`` in nats.
    """
    n = np.bincount(trials.person)
    sums = {"accuracy": _by_person(trials, trials.named), "log_loss": _by_person(trials, -np.log(trials.likelihoods))}
    names, number = pd.CategoricalDtype(list(trials.participant_ids)), len(n)
    whose = {"model": np.repeat(range(number), number), "participant_id": np.tile(range(number), number)}
    table = pd.DataFrame({name: pd.Categorical.from_codes(codes, dtype=names) for name, codes in whose.items()})
    table["n_trials"] = np.tile(n, number)
    return table.assign(**{name: (values / n).ravel() for name, values in sums.items()})


def swap_costs(swaps: pd.DataFrame) -> pd.DataFrame:
    """Compare each person's own model with each other person's, on the same trials.

    Parameters
    ----------
    swaps
        Of :func:`swap_matrix`.

    Returns
    -------
    pandas.DataFrame
        ``participant_id`` and ``cost``: the mean log-loss of all others' models less that of the own one, nats a trial;
        no row with fewer than two models.
    """
    losses = swaps.pivot(index="model", columns="participant_id", values="log_loss")
    own = np.diag(losses.loc[losses.columns])
    others = (losses.sum() - own) / (len(losses) - 1 or np.nan)
    cost = (others - own).dropna()
    return pd.DataFrame({"participant_id": cost.index.astype("str"), "cost": cost.to_numpy()})


def _by_person(trials: CrossedTrials, values: np.ndarray) -> np.ndarray:
    """Sum values (P, N) over each person's trials, (P, P): models in rows."""
    return np.stack([np.bincount(trials.person, row, len(trials.participant_ids)) for row in values])


def individual_gain(trials: CrossedTrials, seed: int, resamples: int) -> dict[str, Any] | None:
    """Measure how much better own models predict than the averaged prediction of all other people's models.

    Parameters
    ----------
    trials
        Test trials.
    seed
        The run's seed.
    resamples
        Bootstrap samples and permutations.

    Returns
    -------
    dict or None
        ``log_loss`` (nats a trial, others' less the own) and ``accuracy`` (own less others'), each ``value``, ``low``
        and ``high``: the 95 % interval of a bootstrap over people and images at once; ``p``: how often it is as large
        if models are dealt out to people at random, one-sided; ``share_improved``, of people whom their own model
        predicts with a lower log-loss. None with fewer than two models.

    References
    ----------
    A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007): resampling two crossed factors.
    """
    n_people = len(trials.participant_ids)
    if n_people < 2:
        return None
    likelihoods = trials.likelihoods
    others = (likelihoods.sum(axis=0) - likelihoods) / (n_people - 1)
    gains = {
        "log_loss": np.log(likelihoods) - np.log(np.maximum(others, _SMALLEST)),
        "accuracy": trials.named.astype(np.float64) - trials.named_by_others,
    }
    by_person = np.bincount(trials.person, gains["log_loss"][trials.own])
    return {
        **{name: _estimate(trials, values, seed, resamples) for name, values in gains.items()},
        "share_improved": float((by_person > 0).mean()),
    }


def _estimate(trials: CrossedTrials, gains: np.ndarray, seed: int, resamples: int) -> dict[str, float]:
    n = len(trials.person)
    value = float(gains[trials.own].mean())
    bootstrap = numpy_generator(seed, "alignment/individual gain/bootstrap")
    low, high = bootstrap_interval(trials, gains[trials.own], bootstrap, resamples)
    sums = _by_person(trials, gains)
    people = np.arange(len(sums))
    dealt = numpy_generator(seed, "alignment/individual gain/permutation")
    permuted = np.array([sums[dealt.permutation(people), people].sum() for _ in range(resamples)]) / n
    p = (1 + int((permuted >= value - 1e-12).sum())) / (1 + resamples)
    return {"value": value, "low": low, "high": high, "p": p}


def gain_over_shared(trials: CrossedTrials, shared: np.ndarray, seed: int, resamples: int) -> dict[str, Any]:
    """Measure how much better own models predict than one model that all share.

    Parameters
    ----------
    trials
        Test trials.
    shared
        (S, K): what the shared model, GroupNet, predicts of the same images.
    seed
        The run's seed.
    resamples
        Bootstrap samples and permutations.

    Returns
    -------
    dict
        ``log_loss`` (nats a trial, the shared model's less the own) and ``accuracy`` (own less shared), each ``value``,
        ``low`` and ``high``: the 95 % interval of a bootstrap over people and images at once; ``p``: how often it is as
        large if each person's two models swap places at random, one-sided; ``share_improved``, of people whom their own
        model predicts better by that measure.
    """
    likelihoods = np.maximum(shared[trials.stimulus, trials.response], _SMALLEST)
    named = shared.argmax(axis=1)[trials.stimulus] == trials.response
    gains = {
        "log_loss": np.log(trials.likelihoods[trials.own]) - np.log(likelihoods),
        "accuracy": trials.named[trials.own].astype(np.float64) - named,
    }
    return {name: _paired_estimate(trials, values, seed, resamples) for name, values in gains.items()}


def _paired_estimate(trials: CrossedTrials, values: np.ndarray, seed: int, resamples: int) -> dict[str, float]:
    sums = np.bincount(trials.person, values)
    bootstrap = numpy_generator(seed, "alignment/gain over shared/bootstrap")
    low, high = bootstrap_interval(trials, values, bootstrap, resamples)
    signs = numpy_generator(seed, "alignment/gain over shared/permutation").choice([-1, 1], (resamples, len(sums)))
    p = (1 + int((signs @ sums >= sums.sum() - 1e-9).sum())) / (1 + resamples)
    return {"value": float(values.mean()), "low": low, "high": high, "p": p, "share_improved": float((sums > 0).mean())}


def bootstrap_interval(
    trials: CrossedTrials,
    values: np.ndarray,
    generator: np.random.Generator,
    resamples: int,
    kept: np.ndarray | None = None,
) -> tuple[float, float]:
    """Return the 95 % interval of the mean of values (N,) over people and images; see :func:`crossed_bootstrap`."""
    low, high = np.quantile(crossed_bootstrap(trials, values, generator, resamples, kept), _CONFIDENCE).tolist()
    return low, high


def crossed_bootstrap(
    trials: CrossedTrials,
    values: np.ndarray,
    generator: np.random.Generator,
    resamples: int,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """Resample people and images, each with replacement, and average over the trials that this leaves.

    A trial counts as often as its person was drawn times as often as its image was.

    Parameters
    ----------
    trials
        Whose people and images are drawn.
    values
        (N,), to be averaged.
    generator
        Of the draws.
    resamples
        Number of samples.
    kept
        bool, (N,): trials that count; None for all.

    Returns
    -------
    numpy.ndarray
        At most (resamples,): samples that leave no trial are left out.
    """
    _, image = np.unique(trials.stimulus, return_inverse=True)
    n_people, n_images = len(trials.participant_ids), int(image.max()) + 1
    draws = [
        (generator.integers(n_people, size=n_people), generator.integers(n_images, size=n_images))
        for _ in range(resamples)
    ]
    mean = partial(_resampled_means, values, trials.person, image, kept)
    shards = [draws[first : first + _RESAMPLES] for first in range(0, resamples, _RESAMPLES)]
    means = np.concatenate(run_shards(mean, shards, "resamples"))
    return np.asarray(means[~np.isnan(means)])


def _resampled_means(
    values: np.ndarray,
    person: np.ndarray,
    image: np.ndarray,
    kept: np.ndarray | None,
    draws: list[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    means = np.empty(len(draws))
    for index, (people, images) in enumerate(draws):
        weights = np.bincount(people, minlength=len(people))[person] * np.bincount(images, minlength=len(images))[image]
        if kept is not None:
            weights = weights * kept
        means[index] = np.average(values, weights=weights) if weights.any() else np.nan
    return means
