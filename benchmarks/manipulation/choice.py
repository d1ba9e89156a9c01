"""Which candidates are shown: by the models, as the stage does, or by the truth."""

import numpy as np
import pandas as pd
import torch

from bam_pipelines.behavior.observers import (
    Observer,
    answer_probabilities,
    decision_evidence,
    observer_features,
)
from bam_pipelines.guidance.sampling import PROBABILITY_COLUMNS, parting
from bam_pipelines.images.table import table_images

# what with_truth adds
KNOWN = ("predicted", "true", "true_success")
CELL = ["source", "pair_id", "target_1", "target_2"]


def with_truth(
    stimuli: pd.DataFrame, pairs: pd.DataFrame, participants: pd.DataFrame, observer: Observer
) -> pd.DataFrame:
    """Add ``predicted`` and ``true``: N of each stimulus by the guiding models and by the people's own probabilities.

    ``true_success`` is the probability that both choose targets and differ.
    """
    images = table_images(stimuli)
    with torch.no_grad():
        features = observer_features(images, observer)
    known = participants.set_index("participant_id", drop=False)
    members = pairs.set_index("pair_id")[["participant_1", "participant_2"]]
    targets = stimuli[["target_1", "target_2"]].to_numpy(dtype="int64")
    true = np.full((len(stimuli), 4), np.nan)
    for pair_id, rows in stimuli.groupby("pair_id").indices.items():
        for place, name in enumerate(members.loc[pair_id]):
            person = known.loc[name]
            answers = answer_probabilities(decision_evidence(features[rows], observer.head, person), person)
            true[rows, 2 * place : 2 * place + 2] = np.take_along_axis(answers, targets[rows], axis=1)
    predicted = parting(stimuli[list(PROBABILITY_COLUMNS)].to_numpy(dtype=np.float64))
    success = true[:, 0] * true[:, 3] + true[:, 1] * true[:, 2]
    return stimuli.assign(predicted=predicted, true=parting(true), true_success=success)


def best_of_cells(candidates: pd.DataFrame, by: str) -> pd.DataFrame:
    """Keep the best candidate of each source, pair and ordered digit pair by a column; all that have no direction."""
    directed = candidates["predicted"].notna()
    best = candidates[directed].sort_values(by, ascending=False, kind="stable").drop_duplicates(CELL)
    return pd.concat([best, candidates[~directed]]).sort_index()
