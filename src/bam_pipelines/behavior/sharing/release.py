"""Trials in the form of the released variMNIST, for code that reads that."""

import pandas as pd

from bam_pipelines.behavior.readers.sources import RELEASE_PICTURES, RELEASE_TABLE
from bam_pipelines.images.pictures import as_picture, png_bytes
from bam_pipelines.images.table import table_pixels


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
        ``df_DigitRecog.csv`` with subject_id, stimulus (path), stimulus_id (number of the image by path), response and
        is_train (True for train and validation), and a PNG an image under ``dataset_PNG/``. Not as ``images.pt``: the
        project writes no pickles.
    """
    main = trials[(trials["phase"] == "main") & (trials["task"] == "digit") & trials["response"].notna()]
    main = main[main["stimulus_id"].isin(stimuli["stimulus_id"])]
    shown = stimuli[stimuli["stimulus_id"].isin(main["stimulus_id"])].sort_values("stimulus_id", ignore_index=True)
    paths = shown["strategy"].astype("str") + "/" + shown["stimulus_id"] + ".png"
    table = pd.DataFrame(
        {
            "subject_id": main["participant_id"],
            "stimulus": "round2_dataset/"
            + main["stimulus_id"].map(dict(zip(shown["stimulus_id"], paths, strict=True))),
            "stimulus_id": main["stimulus_id"].map(dict(zip(shown["stimulus_id"], shown.index, strict=True))),
            "response": main["response"],
            "is_train": main["split"].isin(["train", "validation"]),
        }
    )
    files: dict[str, str | bytes] = {RELEASE_TABLE: table.to_csv(index=False, lineterminator="\n")}
    if shown.empty:
        return files
    return files | {
        f"{RELEASE_PICTURES}/{path}": png_bytes(as_picture(image))
        for path, image in zip(paths, table_pixels(shown), strict=True)
    }
