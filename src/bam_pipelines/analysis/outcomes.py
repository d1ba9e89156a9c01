"""Guidance outcomes: whether people split between the two digits that a stimulus was made for."""

from typing import TypedDict

import numpy as np
import pandas as pd
from scipy.stats import norm

from bam_pipelines.analysis.entropy import dirichlet_entropy, plugin_entropy, response_counts
from bam_pipelines.analysis.style import ordered_classifiers
from bam_pipelines.images.table import require_images

OUTCOMES = ("success", "bias", "failure")
TARGET_SHARE = 0.8
MINOR_SHARE = 0.1
# Shares are ratios of small integers: 7/10 + 1/10 is .7999999999999999 as floats and must count as .8.
_ROUNDING = 1e-9

_DESCRIPTION = ["stimulus_id", "strategy", "source", "model_1", "model_2", "target_1", "target_2"]


class Estimate(TypedDict):
    """A value with the bounds of its interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


def percentile_estimate(value: float, samples: np.ndarray, confidence: float = 0.95) -> Estimate:
    """Return a value with the percentile interval of its resampled values.

    Parameters
    ----------
    value
        NaN where it is not defined.
    samples
        (R,); those that are not finite are left out.
    confidence
        Coverage of the interval, 0 to 1.

    Returns
    -------
    Estimate
        All None without a value, bounds None without samples.
    """
    if np.isnan(value):
        return Estimate(value=None, low=None, high=None)
    samples = samples[np.isfinite(samples)]
    if not len(samples):
        return Estimate(value=value, low=None, high=None)
    low, high = np.quantile(samples, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value=value, low=float(low), high=float(high))


def share_interval(count: np.ndarray, n: np.ndarray | int, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's interval of shares.

    Parameters
    ----------
    count, n
        int, (...): how many of how many; 0 of 0 gives 0 to 1.
    confidence
        Coverage, 0 to 1.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927), 209.
    """
    far = norm.ppf((1 + confidence) / 2) ** 2
    middle = (count + far / 2) / (n + far)
    share = np.divide(count, n, out=np.zeros(np.shape(n)), where=np.greater(n, 0))
    reach = np.sqrt(far * n * share * (1 - share) + far**2 / 4) / (n + far)
    return middle - reach, middle + reach


def share_estimate(count: float, n: int) -> Estimate:
    """Return a share with Wilson's 95 % interval; all None of 0 trials or stimuli."""
    if not n:
        return Estimate(value=None, low=None, high=None)
    low, high = share_interval(np.array(count), np.array(n))
    return Estimate(value=count / n, low=max(float(low), 0.0), high=min(float(high), 1.0))


def outcome_of_shares(share_1: np.ndarray, share_2: np.ndarray) -> np.ndarray:
    """Name the guidance outcome of stimuli.

    Parameters
    ----------
    share_1, share_2
        (N,), shares of participants who chose the first and the second target, 0 to 1.

    Returns
    -------
    numpy.ndarray
        (N,) of str: ``success`` where the shares add up to at least .8 and both are at least .1, ``bias`` where
        they add up to that but one is below .1, ``failure`` elsewhere.

    References
    ----------
    Wei et al., "Synthesizing Images on Perceptual Boundaries of ANNs for Uncovering and Manipulating Human
    Perceptual Variability", ICML 2025, arXiv 2505.03641.
    """
    on_targets = share_1 + share_2 >= TARGET_SHARE - _ROUNDING
    both = np.minimum(share_1, share_2) >= MINOR_SHARE - _ROUNDING
    return np.where(on_targets & both, "success", np.where(on_targets, "bias", "failure"))


def guidance_outcomes(trials: pd.DataFrame, stimuli: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    """Describe people's answers to every stimulus with two targets that got any.

    Parameters
    ----------
    trials
        Trial table of one round.
    stimuli
        Stimulus table with every stimulus of the trials, once.
    n_classes
        Number of alternatives K.

    Returns
    -------
    pandas.DataFrame
        One row a stimulus with two targets and at least one answer: ``stimulus_id``, ``strategy``, ``source``,
        ``model_1``, ``model_2``, ``target_1``, ``target_2``, ``n_answers``, ``share_1``, ``share_2``,
        ``entropy`` (plug-in, bits), ``entropy_smoothed`` (Dirichlet, bits), ``outcome``. Each participant counts
        once. No row where no stimulus has targets, as in a release. Unguided stimuli are among them, see
        :func:`guided`.

    Raises
    ------
    ValueError
        If a stimulus of the trials is not in the stimulus table.
    """
    counts = response_counts(trials, n_classes)
    require_images(counts.index, stimuli)
    answered = stimuli[stimuli["target_1"].notna() & stimuli["stimulus_id"].isin(counts.index)]
    table = answered[_DESCRIPTION].sort_values("stimulus_id").reset_index(drop=True)
    answers = counts.loc[table["stimulus_id"]].to_numpy()
    rows = np.arange(len(table))
    n_answers = answers.sum(axis=1)
    share_1 = answers[rows, table["target_1"].astype("int64")] / n_answers
    share_2 = answers[rows, table["target_2"].astype("int64")] / n_answers
    return table.assign(
        n_answers=n_answers,
        share_1=share_1,
        share_2=share_2,
        entropy=plugin_entropy(answers),
        entropy_smoothed=dirichlet_entropy(answers),
        outcome=outcome_of_shares(share_1, share_2),
    )


def guided(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out unguided stimuli, whose targets nobody pulled them towards: what is left tells what guidance does.

    Parameters
    ----------
    table
        From :func:`guidance_outcomes`, or of stimuli.

    Returns
    -------
    pandas.DataFrame
        The rows of all other strategies.
    """
    return table[table["strategy"] != "unguided"]


def target_counts(table: pd.DataFrame) -> np.ndarray:
    """Return how many answers to each stimulus were its first target, its second, another digit, int64 (N, 3).

    Parameters
    ----------
    table
        From :func:`guidance_outcomes`.
    """
    n = table["n_answers"].to_numpy()
    first, second = (np.rint(table[name] * n).to_numpy(dtype="int64") for name in ("share_1", "share_2"))
    return np.column_stack([first, second, n - first - second])


def shares_by_classifier(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each outcome by guiding classifier.

    Parameters
    ----------
    table
        From :func:`guidance_outcomes`.

    Returns
    -------
    pandas.DataFrame
        ``classifier``, ``n``, ``success``, ``bias``, ``failure``, in the paper's order of classifiers. A stimulus
        that two classifiers guided counts for both.
    """
    second = table[table["model_2"].notna()]
    long = pd.concat([table.assign(classifier=table["model_1"]), second.assign(classifier=second["model_2"])])
    shares = _shares(long, ["classifier"])
    return shares.set_index("classifier").loc[ordered_classifiers(shares["classifier"])].reset_index()


def shares_by_digits(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each outcome by unordered digit pair.

    Parameters
    ----------
    table
        From :func:`guidance_outcomes`.

    Returns
    -------
    pandas.DataFrame
        ``digit_low``, ``digit_high``, ``n``, ``success``, ``bias``, ``failure``.
    """
    targets = np.sort(table[["target_1", "target_2"]].to_numpy(dtype="int64"), axis=1)
    return _shares(table.assign(digit_low=targets[:, 0], digit_high=targets[:, 1]), ["digit_low", "digit_high"])


def _shares(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    indicators = table.assign(n=1, **{name: (table["outcome"] == name).astype(float) for name in OUTCOMES})
    grouped = indicators.groupby(keys, observed=True)
    return grouped.agg(n=("n", "size"), **{name: (name, "mean") for name in OUTCOMES}).reset_index()


def guidance_summary(table: pd.DataFrame) -> dict[str, object]:
    """Summarise guidance outcomes over all stimuli.

    Parameters
    ----------
    table
        From :func:`guidance_outcomes`.

    Returns
    -------
    dict
        ``stimuli``, ``answers_per_stimulus``, ``outcomes`` (outcome to :func:`share_estimate`, over stimuli),
        ``zero_entropy_share``, ``mean_entropy`` and ``mean_entropy_smoothed`` in bits; all None where the table is
        empty.
    """
    if table.empty:
        nothing = {name: Estimate(value=None, low=None, high=None) for name in OUTCOMES}
        unknown = ("answers_per_stimulus", "zero_entropy_share", "mean_entropy", "mean_entropy_smoothed")
        return {"stimuli": 0, "outcomes": nothing, **dict.fromkeys(unknown)}
    return {
        "stimuli": len(table),
        "answers_per_stimulus": float(table["n_answers"].mean()),
        "outcomes": {name: share_estimate(int((table["outcome"] == name).sum()), len(table)) for name in OUTCOMES},
        "zero_entropy_share": float((table["entropy"] == 0).mean()),
        "mean_entropy": float(table["entropy"].mean()),
        "mean_entropy_smoothed": float(table["entropy_smoothed"].mean()),
    }
