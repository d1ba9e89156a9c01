"""Numbers of single participants: attention, own repeats, agreement with others, what nobody else saw."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom

from bam_pipelines.analysis.entropy import first_answers
from bam_pipelines.analysis.outcomes import Estimate


class Beside(NamedTuple):
    """One participant's answers to images that somebody else answered, too.

    Parameters
    ----------
    answers
        Trial table, N rows: one an image.
    own
        bool, (N, K): the answer.
    others
        int64, (N, K): the answers of all others to the image, at least one a row.
    """

    answers: pd.DataFrame
    own: np.ndarray
    others: np.ndarray


def beside_others(trials: pd.DataFrame, people: Collection[str], n_classes: int) -> dict[str, Beside]:
    """Set participants' answers beside those of all others to the same images.

    Parameters
    ----------
    trials
        Trial table of one round; see :func:`~bam_pipelines.analysis.entropy.first_answers` for what counts.
    people
        Whose answers.
    n_classes
        Number of alternatives K.

    Returns
    -------
    dict
        By participant, empty ones among them.
    """
    answers = first_answers(trials)
    image, names = pd.factorize(answers["stimulus_id"])
    cells = image * n_classes + answers["response"].to_numpy()
    counts = np.bincount(cells, minlength=len(names) * n_classes).reshape(-1, n_classes)
    wanted = answers["participant_id"].isin(list(people)).to_numpy()
    answers, image = answers[wanted].reset_index(drop=True), image[wanted]
    own = np.eye(n_classes, dtype=bool)[answers["response"].to_numpy()]
    others = counts[image] - own
    asked = others.sum(axis=1) > 0
    whose = answers["participant_id"].to_numpy(dtype=str)
    rows = {name: np.flatnonzero(asked & (whose == name)) for name in people}
    return {
        name: Beside(answers.iloc[part].reset_index(drop=True), own[part], others[part]) for name, part in rows.items()
    }


def confusion_with_others(beside: Beside) -> np.ndarray:
    """Count answers by what most others answered to the image.

    Parameters
    ----------
    beside
        Answers of one participant, or of several.

    Returns
    -------
    numpy.ndarray
        float64, (K, K): the most frequent answer of others × the own answer. Of m equally frequent ones each counts
        1/m, so that the diagonal's share is the agreement with others of
        :func:`bam_pipelines.analysis.ceilings.agreement_with_others`, the lower bound.
    """
    top = beside.others == beside.others.max(axis=1, keepdims=True)
    weights = top / top.sum(axis=1, keepdims=True)
    counts: np.ndarray = weights.T @ beside.own.astype(np.float64)
    return counts


def lone_answers(beside: Beside) -> np.ndarray:
    """Find the answers that no other participant gave to the image, those first where others agree most.

    Parameters
    ----------
    beside
        Answers of one participant.

    Returns
    -------
    numpy.ndarray
        int64: rows of ``beside.answers``. Images that a single other participant answered are left out.
    """
    number, same = beside.others.sum(axis=1), (beside.others * beside.own).sum(axis=1)
    rows = np.flatnonzero((same == 0) & (number > 1))
    agreed = beside.others.max(axis=1) / number
    ids = beside.answers["stimulus_id"].to_numpy(dtype=str)
    order = np.lexsort((ids[rows], -number[rows], -agreed[rows]))
    found: np.ndarray = rows[order]
    return found


def median_estimate(values: np.ndarray) -> Estimate:
    """Return a median with a 95 % interval between order statistics, which asks nothing of the distribution.

    Parameters
    ----------
    values
        (N,), in any order. Without any all is None; with fewer than six there is no interval.
    """
    if not len(values):
        return Estimate(value=None, low=None, high=None)
    ordered = np.sort(values)
    # the median lies between the values at these places, counted from both ends, in at least 95 % of samples
    place = int(binom.ppf(0.025, len(ordered), 0.5)) - 1
    low, high = (None, None) if place < 0 else (float(ordered[place]), float(ordered[-1 - place]))
    return Estimate(value=float(np.median(ordered)), low=low, high=high)
