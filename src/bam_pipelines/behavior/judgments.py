"""Answers to "does this look like a digit?", by image."""

import pandas as pd

from bam_pipelines.compute.faults import InputError

_IMAGE = ["stimulus_id", "image", "height", "width", "channels"]


def judgment_shares(trials: pd.DataFrame, stimuli: pd.DataFrame) -> pd.DataFrame:
    """Average the judgments of each image.

    Parameters
    ----------
    trials
        Trial table; included, answered trials of the judgment task count, catch and practice trials do not.
    stimuli
        Stimulus table of every image that was judged.

    Returns
    -------
    pandas.DataFrame
        stimulus_id and the image columns, share_digit (float32, 0 to 1: how often people said yes), n_answers (int32);
        sorted by stimulus_id.

    Raises
    ------
    ValueError
        If there is no judgment, or an image is not among the stimuli.
    """
    judged = trials[
        (trials["task"] == "judgment") & (trials["phase"] == "main") & trials["include"] & trials["response"].notna()
    ]
    if judged.empty:
        raise InputError("trials hold no included answer of the judgment task; read some with stage behavior first.")
    shares = judged.astype({"response": "float64"}).groupby("stimulus_id")["response"].agg(["mean", "size"])
    missing = shares.index.difference(stimuli["stimulus_id"])
    if len(missing):
        raise InputError(f"stimulus {missing[0]} was judged, but its image is not among the trial_stimuli.")
    images = stimuli[stimuli["stimulus_id"].isin(shares.index)].sort_values("stimulus_id", ignore_index=True)
    found = shares.loc[images["stimulus_id"]].reset_index(drop=True)
    return images[_IMAGE].assign(share_digit=found["mean"].astype("float32"), n_answers=found["size"].astype("int32"))
