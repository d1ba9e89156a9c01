"""Train, validation and test by image, the same for all participants."""

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import pandas as pd

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator

Split = Literal["train", "validation", "test"]
SplitOrigin = Literal["own", "released", "resplit"]

_SPLITS: tuple[Split, ...] = get_args(Split)


def assign_splits(trials: pd.DataFrame, shares: Mapping[Split, float], seed: int) -> pd.DataFrame:
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
        raise InputError(f"behavior.splits is {dict(shares)}, expected train, validation and test with a sum of 1.")
    is_main = trials["phase"] == "main"
    images = np.sort(trials.loc[is_main, "stimulus_id"].unique().astype(object))
    n_validation, n_test = (round(shares[name] * len(images)) for name in ("validation", "test"))
    counts = {"train": len(images) - n_validation - n_test, "validation": n_validation, "test": n_test}
    for name, count in counts.items():
        if count < 1:
            raise InputError(
                f"split {name} would hold no image: {len(images)} images of phase main in shares {dict(shares)}; "
                "sample more stimuli or change behavior.splits."
            )
    order = numpy_generator(seed, "behavior/splits").permutation(images)
    split = dict(zip(order, np.repeat(list(counts), list(counts.values())), strict=True))
    assigned = trials["stimulus_id"].map(split).where(is_main, "none")
    return trials.assign(split=pd.Categorical(assigned, categories=[*_SPLITS, "none"]))


def complete_splits(trials: pd.DataFrame, shares: Mapping[Split, float], seed: int) -> tuple[pd.DataFrame, SplitOrigin]:
    """Split trials that come without a split, or hold images out for validation where they come with train and test.

    Parameters
    ----------
    trials
        Trial table; the trials of phase main have all a split or none.
    shares, seed
        See :func:`assign_splits`. Of the images that only train has, validation gets the share that it has of train and
        validation together.

    Returns
    -------
    pandas.DataFrame
        A copy with ``split`` set.
    SplitOrigin
        ``own``: there was none. ``released``: train and test as they came. ``resplit``: train and test had images in
        common, so that a model could be tested on images that it was fitted to; all were split anew.

    Raises
    ------
    ValueError
        If some trials of phase main have a split and others have none, or a split would hold no image.
    """
    main = trials[trials["phase"] == "main"]
    said = main["split"] != "none"
    if not said.any():
        return assign_splits(trials, shares, seed), "own"
    if not said.all():
        row = main[~said].iloc[0]
        raise InputError(f"trial {row['row_id']} has no split where others have one; expected one in all or none.")
    if (main.groupby("stimulus_id")["split"].nunique() > 1).any():
        return assign_splits(trials, shares, seed), "resplit"
    images = np.sort(main.loc[main["split"] == "train", "stimulus_id"].unique().astype(object))
    count = round(shares["validation"] / (shares["train"] + shares["validation"]) * len(images))
    if not 0 < count < len(images):
        raise InputError(
            f"split validation would hold {count} of {len(images)} images that train has; expected at least one in "
            "each: read more trials or change behavior.splits."
        )
    held_out = numpy_generator(seed, "behavior/splits").permutation(images)[:count]
    chosen = trials["stimulus_id"].isin(held_out) & (trials["phase"] == "main")
    split = trials["split"].mask(chosen, "validation")
    return trials.assign(split=split), "released"
