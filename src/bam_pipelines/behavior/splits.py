"""Train, validation and test by image, the same for all participants."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bam_pipelines.compute.seeds import numpy_generator

_SPLITS = ("train", "validation", "test")


def assign_splits(trials: pd.DataFrame, shares: Mapping[str, float], seed: int) -> pd.DataFrame:
    """Split the stimuli of phase main; all trials with an image, of anyone, fall into the same split.

    Parameters
    ----------
    trials
        Trial table with at least one trial of phase main.
    shares
        Share of the images of train, validation and test; above 0, together 1.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        A copy with ``split`` set: ``none`` in practice, catch and manipulation trials.

    Raises
    ------
    ValueError
        If the shares are not three that sum to 1, or a split would hold no image.
    """
    if sorted(shares) != sorted(_SPLITS) or abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"behavior.splits is {dict(shares)}, expected train, validation and test with a sum of 1.")
    is_main = trials["phase"] == "main"
    images = np.sort(trials.loc[is_main, "stimulus_id"].unique().astype(object))
    n_validation, n_test = (round(shares[name] * len(images)) for name in ("validation", "test"))
    counts = {"train": len(images) - n_validation - n_test, "validation": n_validation, "test": n_test}
    for name, count in counts.items():
        if count < 1:
            raise ValueError(
                f"split {name} would hold no image: {len(images)} images of phase main in shares {dict(shares)}; "
                "sample more stimuli or change behavior.splits."
            )
    order = numpy_generator(seed, "behavior/splits").permutation(images)
    split = dict(zip(order, np.repeat(list(counts), list(counts.values())), strict=True))
    assigned = trials["stimulus_id"].map(split).where(is_main, "none")
    return trials.assign(split=pd.Categorical(assigned, categories=[*_SPLITS, "none"]))
