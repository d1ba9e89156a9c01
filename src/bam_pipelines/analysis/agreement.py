"""How well models predict people: accuracies by level, gains, and correlations of entropies."""

from itertools import chain
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from bam_pipelines.analysis.outcomes import Estimate, percentile_estimate
from bam_pipelines.compute.seeds import numpy_generator

Score = Literal["accuracy", "log_loss"]

ALL = "all"
LEVELS = ("base", "group", "individual")
BINS = ("zero", "low", "high")
BIN_TITLES = {"zero": "0 bit", "low": "up to 1 bit", "high": "above 1 bit"}


def accuracy_table(metrics: pd.DataFrame, dataset: str, keys: list[str], entropy_bin: str = ALL) -> pd.DataFrame:
    """Average accuracies over participants, weighted by their trials.

    Parameters
    ----------
    metrics
        Columns ``classifier``, ``level``, ``participant_id`` (or ``all``), ``dataset``, ``entropy_bin``,
        ``n_trials``, ``accuracy`` (0 to 1).
    dataset
        ``trials_test`` for people's choices on test stimuli, ``digits_test`` for the labels of test digits.
    keys
        Columns to keep apart, for example ``["classifier", "level"]``.
    entropy_bin
        ``all``, ``zero``, ``low`` or ``high``.

    Returns
    -------
    pandas.DataFrame
        ``keys`` and ``accuracy``. Rows of single participants are averaged where a classifier and level has any,
        and its row ``all`` is read where it has none, so that nothing counts twice.
    """
    rows = metrics[
        (metrics["dataset"] == dataset) & (metrics["entropy_bin"] == entropy_bin) & (metrics["n_trials"] > 0)
    ]
    single = rows["participant_id"] != ALL
    has_single = single.groupby([rows["classifier"], rows["level"]], observed=True).transform("any")
    rows = rows[single | ~has_single].astype({"classifier": "str", "level": "str"})
    weighted = rows.assign(correct=rows["accuracy"] * rows["n_trials"])
    sums = weighted.groupby(keys)[["correct", "n_trials"]].sum()
    return (sums["correct"] / sums["n_trials"]).rename("accuracy").reset_index()


def level_means(metrics: pd.DataFrame, dataset: str, entropy_bin: str = ALL) -> dict[str, float]:
    """Return the mean accuracy over classifiers of each level that has any; arguments as :func:`accuracy_table`."""
    table = accuracy_table(metrics, dataset, ["classifier", "level"], entropy_bin)
    means = table.groupby("level")["accuracy"].mean()
    return {level: float(means[level]) for level in LEVELS if level in means.index}


def person_accuracies(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return each participant's accuracy on test trials by level, averaged over classifiers.

    Parameters
    ----------
    metrics
        As in :func:`accuracy_table`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``participant_id``, columns ``group`` and ``individual``, 0 to 1; participants and classifiers
        without an individual model are left out, so that both columns average the same classifiers.
    """
    rows = metrics[(metrics["dataset"] == "trials_test") & (metrics["entropy_bin"] == ALL)]
    rows = rows[(rows["participant_id"] != ALL) & rows["level"].isin(["group", "individual"]) & (rows["n_trials"] > 0)]
    rows = rows.astype({"classifier": "str", "level": "str", "participant_id": "str"})
    wide = rows.pivot(index=["participant_id", "classifier"], columns="level", values="accuracy")
    wide = wide.reindex(columns=["group", "individual"]).dropna()
    return wide.groupby(level="participant_id").mean()


def score_draws(metrics: pd.DataFrame, score: Score, seed: int, resamples: int) -> dict[tuple[str, str], np.ndarray]:
    """Return how well models predict people's choices, and the same of resampled people.

    Parameters
    ----------
    metrics
        As in :func:`accuracy_table`; only rows of single participants are read.
    score
        The column: ``accuracy`` or ``log_loss``.
    seed
        The run's seed.
    resamples
        Number of bootstrap samples of people.

    Returns
    -------
    dict
        (classifier, level) to float64, (1 + resamples,): the score of all trials together, then that of each sample,
        NaN where it holds nobody with a model of that level. A sample is the same people for all classifiers and
        levels, so that means and differences of these arrays are those of the same people: those with an individual
        model, where a classifier has any. With fewer than two people there are no samples.
    """
    rows = metrics[(metrics["dataset"] == "trials_test") & (metrics["entropy_bin"] == ALL) & (metrics["n_trials"] > 0)]
    rows = rows[rows["participant_id"] != ALL].astype({"classifier": "str", "level": "str", "participant_id": "str"})
    rows = _of_those_with_models(rows)
    rows = rows.assign(sum=rows[score] * rows["n_trials"])
    wide = rows.pivot(index="participant_id", columns=["classifier", "level"], values=["sum", "n_trials"]).fillna(0)
    if wide.empty:
        return {}
    sums, n = (wide[name].to_numpy(dtype=np.float64) for name in ("sum", "n_trials"))
    people, generator = len(wide), numpy_generator(seed, "agreement/people")
    drawn = (
        np.bincount(generator.integers(people, size=people), minlength=people)
        for _ in range(resamples if people > 1 else 0)
    )
    table = np.stack([_means(weight @ sums, weight @ n) for weight in chain([np.ones(people)], drawn)])
    return {(str(name), str(level)): table[:, place] for place, (name, level) in enumerate(wide["n_trials"].columns)}


def _of_those_with_models(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out who has no individual model of a classifier, if anybody has, so that levels are of the same people."""
    own = rows.loc[rows["level"] == "individual", ["classifier", "participant_id"]]
    kept = pd.MultiIndex.from_frame(rows[["classifier", "participant_id"]]).isin(pd.MultiIndex.from_frame(own))
    return rows[kept | ~rows["classifier"].isin(own["classifier"])]


def _means(sums: np.ndarray, n: np.ndarray) -> np.ndarray:
    means: np.ndarray = np.divide(sums, n, out=np.full(len(n), np.nan), where=n > 0)
    return means


def drawn_estimate(draws: np.ndarray) -> Estimate:
    """Return a value with its 95 % interval, of an array that begins with the value and goes on with its samples."""
    return percentile_estimate(float(draws[0]), draws[1:])


def gains(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the gain in accuracy on test trials that each step of fine-tuning brings, by classifier.

    Parameters
    ----------
    metrics
        As in :func:`accuracy_table`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``classifier``, columns ``group`` (GroupNet − BaseNet) and ``individual`` (IndivNet − GroupNet);
        NaN where a level is absent.
    """
    single = metrics["participant_id"] != ALL
    compared = pd.concat([_of_those_with_models(metrics[single]), metrics[~single]])
    table = accuracy_table(compared, "trials_test", ["classifier", "level"])
    wide = table.pivot(index="classifier", columns="level", values="accuracy").reindex(columns=list(LEVELS))
    return pd.DataFrame({"group": wide["group"] - wide["base"], "individual": wide["individual"] - wide["group"]})


def entropy_correlations(entropies: pd.DataFrame) -> pd.DataFrame:
    """Correlate the entropies of model and people over test stimuli, by classifier and level.

    Parameters
    ----------
    entropies
        Columns ``classifier``, ``level``, ``stimulus_id``, ``split``, ``model_entropy``, ``human_entropy`` (bits).

    Returns
    -------
    pandas.DataFrame
        ``classifier``, ``level``, ``n``, ``rho`` (Spearman); NaN where fewer than three stimuli or a constant leave
        it undefined.
    """
    entropies = tested(entropies).astype({"classifier": "str", "level": "str"})
    rows = [
        {"classifier": classifier, "level": level, "n": len(group), "rho": _rho(group)}
        for (classifier, level), group in entropies.groupby(["classifier", "level"])
    ]
    return pd.DataFrame(rows, columns=["classifier", "level", "n", "rho"])


def correlation_estimate(entropies: pd.DataFrame, classifier: str, level: str, seed: int, resamples: int) -> Estimate:
    """Return the correlation of :func:`entropy_correlations` of one model with an interval over test stimuli.

    Parameters
    ----------
    entropies
        As there.
    classifier, level
        Whose model.
    seed
        The run's seed; the same stimuli are drawn for every model.
    resamples
        Number of bootstrap samples of stimuli.

    Returns
    -------
    Estimate
        Spearman's ρ, all None where it is not defined or there is no such model.
    """
    rows = tested(entropies)
    group = rows[(rows["classifier"] == classifier) & (rows["level"] == level)].sort_values("stimulus_id")
    value = _rho(group)
    if np.isnan(value):
        return Estimate(value=None, low=None, high=None)
    pairs = group[["model_entropy", "human_entropy"]].to_numpy(dtype=np.float64)
    generator = numpy_generator(seed, "agreement/stimuli")
    draws = [pairs[generator.integers(len(pairs), size=len(pairs))] for _ in range(resamples)]
    return percentile_estimate(value, np.array([_rank_correlation(*draw.T) for draw in draws]))


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def tested(entropies: pd.DataFrame) -> pd.DataFrame:
    """Keep the stimuli that no model was fitted to."""
    return entropies[entropies["split"] == "test"]


def _rho(group: pd.DataFrame) -> float:
    if len(group) < 3:
        return float("nan")
    return _rank_correlation(group["model_entropy"].to_numpy(float), group["human_entropy"].to_numpy(float))
