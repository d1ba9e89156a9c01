"""What people answered instead, by the two digits that an image was made for."""

import numpy as np
import pandas as pd

from bam_pipelines.analysis.entropy import first_answers
from bam_pipelines.compute.faults import InputError


def confusion_by_pair(trials: pd.DataFrame, stimuli: pd.DataFrame) -> pd.DataFrame:
    """Count the answers to guided stimuli by unordered pair of targets.

    Parameters
    ----------
    trials
        Trial table of one round.
    stimuli
        Stimulus table; stimuli without targets are left out.

    Returns
    -------
    pandas.DataFrame
        digit_low, digit_high, response, n_answers, share (of the answers to the pair); rows without answers are left
        out. Sorted by pair and response.
    """
    guided = stimuli.loc[stimuli["target_1"].notna(), ["stimulus_id", "target_1", "target_2"]]
    answers = first_answers(trials, ("main", "manipulation"))[["stimulus_id", "response"]].merge(
        guided, on="stimulus_id"
    )
    targets = np.sort(answers[["target_1", "target_2"]].to_numpy(dtype=np.int64).reshape(-1, 2), axis=1)
    keyed = pd.DataFrame({"digit_low": targets[:, 0], "digit_high": targets[:, 1], "response": answers["response"]})
    counts = keyed.groupby(["digit_low", "digit_high", "response"]).size().rename("n_answers").reset_index()
    total = counts.groupby(["digit_low", "digit_high"])["n_answers"].transform("sum")
    return counts.assign(share=counts["n_answers"] / total)


def target_shares(confusion: pd.DataFrame, n_classes: int) -> np.ndarray:
    """Return the share of answers that are one of the two targets, (K, K) and symmetric; NaN where nobody answered.

    Raises
    ------
    ValueError
        If a target is none of the K classes.
    """
    outside = confusion["digit_high"][confusion["digit_high"] >= n_classes]
    if len(outside):
        raise InputError(f"stimuli: found target {outside.iloc[0]}, expected below {n_classes}, the number of classes.")
    on_target = confusion[
        (confusion["response"] == confusion["digit_low"]) | (confusion["response"] == confusion["digit_high"])
    ]
    shares = np.full((n_classes, n_classes), np.nan)
    for low, high in confusion[["digit_low", "digit_high"]].drop_duplicates().to_numpy():
        shares[low, high] = shares[high, low] = 0.0
    for (low, high), own in on_target.groupby(["digit_low", "digit_high"]):
        shares[low, high] = shares[high, low] = own["share"].sum()
    return shares
