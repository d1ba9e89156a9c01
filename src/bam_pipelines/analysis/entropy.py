"""Whose answers they are, which count, how many of each a stimulus got, and their entropy."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy.special import digamma

SIMULATED_PREFIX = "simulated"


def is_simulated(trials: pd.DataFrame) -> bool:
    """Tell whether any trial comes from a simulated participant: its ``dataset_id`` begins with ``simulated``."""
    return bool(trials["dataset_id"].astype("str").str.startswith(SIMULATED_PREFIX).any())


def first_answers(trials: pd.DataFrame, phases: Collection[str] = ("main",)) -> pd.DataFrame:
    """Keep the trials that say how a participant sees a stimulus.

    Parameters
    ----------
    trials
        Trial table.
    phases
        Phases to keep.

    Returns
    -------
    pandas.DataFrame
        Included, answered trials of the digit task, one for each participant, round and stimulus: a repeated
        showing measures reliability, and counting it would give one participant two votes. Sorted by participant,
        round, session and trial; ``response`` is int64.
    """
    return digit_answers(trials, phases).drop_duplicates(["participant_id", "round", "stimulus_id"])


def digit_answers(trials: pd.DataFrame, phases: Collection[str] = ("main",)) -> pd.DataFrame:
    """Keep the included, answered trials of the digit task, repeated showings among them.

    Parameters
    ----------
    trials
        Trial table.
    phases
        Phases to keep.

    Returns
    -------
    pandas.DataFrame
        Sorted by participant, round, session and trial; ``response`` is int64.
    """
    usable = (trials["task"] == "digit") & trials["phase"].isin(list(phases)) & trials["include"].astype(bool)
    kept = trials[usable & trials["response"].notna()]
    kept = kept.sort_values(["participant_id", "round", "session", "trial_index"], kind="stable")
    return kept.assign(response=kept["response"].astype("int64"))


def response_counts(trials: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    """Count the answers that each stimulus got.

    Parameters
    ----------
    trials
        Trial table of one round.
    n_classes
        Number of alternatives K.

    Returns
    -------
    pandas.DataFrame
        int64, one row a stimulus with at least one answer, sorted by ``stimulus_id`` (the index), columns 0 to
        K−1. First showings of included, answered main trials; see :func:`first_answers`.

    Raises
    ------
    ValueError
        If the trials hold more than one round, or an answer is outside 0 to K−1.
    """
    answers = first_answers(trials)
    if answers["round"].nunique() > 1:
        raise ValueError(f"trials hold rounds {sorted(answers['round'].unique())}, expected one; count each by itself.")
    outside = ~answers["response"].between(0, n_classes - 1)
    if outside.any():
        row = answers[outside].iloc[0]
        raise ValueError(f"trial {row['row_id']}: response {row['response']}, expected 0 to {n_classes - 1}.")
    pairs = answers.groupby(["stimulus_id", "response"], observed=True).size()
    counts = pairs.unstack(fill_value=0).reindex(columns=range(n_classes), fill_value=0)
    return counts.sort_index().astype("int64").rename_axis(columns=None)


def plugin_entropy(counts: np.ndarray) -> np.ndarray:
    """Return the entropy of the observed shares, −Σ p log2 p, biased low for few answers.

    Parameters
    ----------
    counts
        (N, K) non-negative numbers of answers, at least one a row.

    Returns
    -------
    numpy.ndarray
        float64, (N,), bits, 0 to log2 K.

    Raises
    ------
    ValueError
        If a row has no answer or a negative count.
    """
    counts = _checked(counts)
    shares = counts / counts.sum(axis=1, keepdims=True)
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(
        np.abs((shares * logs).sum(axis=1))
    )  # abs: the sum is never above 0, and unanimity would give −0.0


def miller_madow_entropy(counts: np.ndarray) -> np.ndarray:
    """Return the plug-in entropy plus (m − 1) / (2 n ln 2), m classes observed in n answers.

    Parameters
    ----------
    counts
        (N, K) non-negative numbers of answers, at least one a row.

    Returns
    -------
    numpy.ndarray
        float64, (N,), bits, at least 0; it may exceed log2 K.

    Raises
    ------
    ValueError
        If a row has no answer or a negative count.

    References
    ----------
    G. A. Miller, "Note on the bias of information estimates", 1955.
    """
    counts = _checked(counts)
    observed = (counts > 0).sum(axis=1)
    return np.asarray(plugin_entropy(counts) + (observed - 1) / (2 * counts.sum(axis=1) * np.log(2)))


def dirichlet_entropy(counts: np.ndarray, concentration: float | None = None) -> np.ndarray:
    """Return the posterior mean of the entropy under a symmetric Dirichlet prior on the shares.

    With a_k = n_k + α and A = Σ a_k it is [ψ(A + 1) − Σ (a_k / A) ψ(a_k + 1)] / ln 2.

    Parameters
    ----------
    counts
        (N, K) non-negative numbers of answers, at least one a row.
    concentration
        α of every class, above 0. The default 1/K gives the whole prior the weight of one answer (Perks).

    Returns
    -------
    numpy.ndarray
        float64, (N,), bits, strictly between 0 and log2 K.

    Raises
    ------
    ValueError
        If a row has no answer or a negative count, or α is not above 0.

    References
    ----------
    D. H. Wolpert, D. R. Wolf, "Estimating functions of probability distributions from a finite set of samples",
    Physical Review E 52 (1995), 6841. W. Perks, "Some observations on inverse probability", 1947.
    """
    counts = _checked(counts)
    alpha = 1 / counts.shape[1] if concentration is None else concentration
    if alpha <= 0:
        raise ValueError(f"concentration is {alpha}, expected a number above 0.")
    posterior = counts + alpha
    total = posterior.sum(axis=1, keepdims=True)
    nats = digamma(total[:, 0] + 1) - (posterior / total * digamma(posterior + 1)).sum(axis=1)
    return np.asarray(nats / np.log(2))


def _checked(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts, dtype=np.float64)
    wrong = (counts < 0).any(axis=1) | (counts.sum(axis=1) == 0)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"row {row}: counts {counts[row].tolist()}, expected at least one answer and none negative.")
    return counts
