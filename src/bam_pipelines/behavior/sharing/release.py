"""Trials in the form of the released variMNIST, for code that reads that."""

import io

import pandas as pd
import torch

from bam_pipelines.images.table import table_images

TABLE = "df_DigitRecog.csv"
TENSOR = "images.pt"


def release_files(trials: pd.DataFrame, stimuli: pd.DataFrame) -> dict[str, str | bytes]:
    """Write the files of a release.

    Parameters
    ----------
    trials
        Trial table; answered main trials of the digit task whose stimulus has an image are exported, included or not.
    stimuli
        Stimulus table, images of one size.

    Returns
    -------
    dict
        ``df_DigitRecog.csv`` with subject_id, stimulus, stimulus_id (an index into the images), response and is_train
        (True for train and validation), and ``images.pt``, float32 (N, C, H, W) in [0, 1]; without the latter where
        there are no images.
    """
    main = trials[(trials["phase"] == "main") & (trials["task"] == "digit") & trials["response"].notna()]
    main = main[main["stimulus_id"].isin(stimuli["stimulus_id"])]
    shown = stimuli[stimuli["stimulus_id"].isin(main["stimulus_id"])].sort_values("stimulus_id", ignore_index=True)
    paths = "round2_dataset/" + shown["strategy"].astype("str") + "/" + shown["stimulus_id"] + ".png"
    table = pd.DataFrame(
        {
            "subject_id": main["participant_id"],
            "stimulus": main["stimulus_id"].map(dict(zip(shown["stimulus_id"], paths, strict=True))),
            "stimulus_id": main["stimulus_id"].map(dict(zip(shown["stimulus_id"], shown.index, strict=True))),
            "response": main["response"],
            "is_train": main["split"].isin(["train", "validation"]),
        }
    )
    files: dict[str, str | bytes] = {TABLE: table.to_csv(index=False, lineterminator="\n")}
    if len(shown):
        content = io.BytesIO()
        torch.save(table_images(shown), content)
        files[TENSOR] = content.getvalue()
    return files
