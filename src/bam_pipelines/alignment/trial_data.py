"""Answers as tensors, with the guards that keep fit, selection and report apart."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
import torch

from bam_pipelines.compute.faults import InputError
from bam_pipelines.images.stored import StoredImages
from bam_pipelines.images.table import require_images, table_images

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class TrialData:
    """The trials that alignment learns from and is tested on, in the order of the table.

    Parameters
    ----------
    images
        float32, (S, C, H, W) in [0, 1]: one an image, however many trials show it.
    stimulus_ids
        Of the S images.
    stimulus
        int64, (N,): the image of each trial.
    response
        int64, (N,): the class that was chosen.
    participant
        str, (N,).
    split
        str, (N,): train, validation or test; the same for all trials of an image.
    """

    images: torch.Tensor
    stimulus_ids: list[str]
    stimulus: np.ndarray
    response: torch.Tensor
    participant: np.ndarray
    split: np.ndarray

    def rows(self, split: Split, participant_id: str | None = None) -> np.ndarray:
        """Return the indices of the trials of a split, of everyone or of one participant."""
        chosen = self.split == split
        return np.flatnonzero(chosen if participant_id is None else chosen & (self.participant == participant_id))

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images (n, C, H, W) and responses (n,) of the trials ``rows``."""
        return self.images[self.stimulus[rows]], self.response[rows]

    def source(self, rows: np.ndarray) -> tuple[StoredImages, torch.Tensor]:
        """Return what :meth:`batch` does, without an image for each trial: all people's would take gigabytes."""
        return StoredImages(self.images, torch.from_numpy(self.stimulus[rows])), self.response[rows]

    def take(self, rows: np.ndarray) -> "TrialData":
        """Keep some trials, and all images."""
        return replace(
            self,
            stimulus=self.stimulus[rows],
            response=self.response[rows],
            participant=self.participant[rows],
            split=self.split[rows],
        )

    def participants(self, minimum: int) -> list[str]:
        """Return those with at least ``minimum`` training trials and one of validation and of test, sorted."""
        train = pd.Series(self.participant[self.rows("train")]).value_counts()
        scored = set(self.participant[self.rows("validation")]) & set(self.participant[self.rows("test")])
        return sorted(str(name) for name in train[train >= minimum].index if name in scored)


def trial_data(trials: pd.DataFrame, trial_stimuli: pd.DataFrame, n_classes: int) -> TrialData:
    """Collect the included, answered trials of the digit task's main phase.

    Parameters
    ----------
    trials
        The trial table.
    trial_stimuli
        The stimulus table of every image that the trials name.
    n_classes
        Number of alternatives K.

    Returns
    -------
    TrialData
        Ready for fitting.

    Raises
    ------
    ValueError
        If no trial is left, a split is empty, an image stands in two splits or has no pixels, or a response is not
        in 0 to K − 1.
    """
    usable = trials["include"] & (trials["task"] == "digit") & (trials["phase"] == "main") & trials["response"].notna()
    kept = trials[usable].reset_index(drop=True)
    if kept.empty:
        raise InputError(f"none of the {len(trials)} trials is an included, answered main trial of the digit task.")
    _require_disjoint(kept)
    outside = ~kept["response"].between(0, n_classes - 1)
    if outside.any():
        row = kept[outside].iloc[0]
        raise InputError(f"trial {row['row_id']}: response {row['response']}, expected 0 to {n_classes - 1}.")
    ids = sorted(kept["stimulus_id"].unique())
    require_images(ids, trial_stimuli)
    known = trial_stimuli.set_index("stimulus_id")
    position = pd.Series(range(len(ids)), index=ids)
    return TrialData(
        images=table_images(known.loc[ids].reset_index()),
        stimulus_ids=ids,
        stimulus=position[kept["stimulus_id"]].to_numpy(),
        response=torch.from_numpy(kept["response"].to_numpy(dtype=np.int64)),
        participant=kept["participant_id"].to_numpy(dtype=str),
        split=kept["split"].to_numpy(dtype=str),
    )


def _require_disjoint(trials: pd.DataFrame) -> None:
    splits = get_args(Split)
    unknown = ~trials["split"].isin(splits)
    if unknown.any():
        row = trials[unknown].iloc[0]
        raise InputError(f"trial {row['row_id']}: split {row['split']!r}, expected one of {', '.join(splits)}.")
    empty = [split for split in splits if not (trials["split"] == split).any()]
    if empty:
        raise InputError(f"no trial is in split {empty[0]}; alignment needs all of {', '.join(splits)}.")
    number = trials.groupby("stimulus_id")["split"].nunique()
    if (number > 1).any():
        raise InputError(
            f"{int((number > 1).sum())} images stand in more than one split, {number.idxmax()} first; split by image, "
            "so that no model is tested on an image that it was fitted to."
        )
