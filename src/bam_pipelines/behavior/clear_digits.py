"""Clear natural digits for catch trials."""

import numpy as np
import pandas as pd

from bam_pipelines.behavior.observers import Observer, observer_class_probabilities
from bam_pipelines.behavior.schemas import STIMULI
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.images.table import table_images


def choose_clear_digits(
    digits: pd.DataFrame, observer: Observer, count: int, clear_share: float, seed: int, round_number: int
) -> pd.DataFrame:
    """Choose digits that nobody mistakes; each round gets others.

    Parameters
    ----------
    digits
        Natural digits: label and the image columns.
    observer
        The front end; the label must be its first choice.
    count
        How many.
    clear_share
        Share of the digits, those whose label the front end is surest of, that count as clear; above 0, at most 1.
        A share and not a probability, so that it does not matter how well the front end is calibrated.
    seed, round_number
        The run's seed, and the round from 1: round r takes the r-th ``count`` digits of one random order.

    Returns
    -------
    pandas.DataFrame
        ``count`` rows: label (int8) and the columns of the stimulus table, strategy natural, sorted by stimulus_id.

    Raises
    ------
    ValueError
        If there are too few clear digits.
    """
    distinct = digits.drop_duplicates("stimulus_id").sort_values("stimulus_id").reset_index(drop=True)
    clear = _clear(distinct, observer, clear_share)
    needed = round_number * count
    if len(clear) < needed:
        raise InputError(
            f"{len(clear)} of {len(distinct)} digits are clear to the observer, expected at least {needed} "
            f"for {round_number} round(s) of catch trials; lower behavior.session.catch_pool or raise "
            "behavior.session.clear_share."
        )
    order = numpy_generator(seed, "behavior/clear digits").permutation(clear)
    chosen = np.sort(order[(round_number - 1) * count : round_number * count])
    return natural_stimuli(distinct.iloc[chosen].reset_index(drop=True))


def _clear(digits: pd.DataFrame, observer: Observer, share: float) -> np.ndarray:
    probabilities = observer_class_probabilities(table_images(digits), observer)
    labels = digits["label"].to_numpy()
    surest = np.argsort(-probabilities[np.arange(len(digits)), labels], kind="stable")[: round(share * len(digits))]
    return np.sort(surest[probabilities[surest].argmax(axis=1) == labels[surest]])


def natural_stimuli(digits: pd.DataFrame) -> pd.DataFrame:
    """Bring labelled digits into the form of the stimulus table, targets and models null, label kept."""
    table = digits[["label", "stimulus_id", "image", "height", "width", "channels"]].copy()
    constants = {"strategy": "natural", "source": "none", "method": "none"}
    for column in STIMULI.kinds:
        if column not in table:
            table[column] = constants.get(column)
    return table[["label", *STIMULI.kinds]]
