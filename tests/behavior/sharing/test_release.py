"""What is exported can be read again as a release."""

import io

import numpy as np
import pandas as pd
from PIL import Image

from bam_pipelines.behavior.schemas import validate_trials
from bam_pipelines.behavior.sharing.release import release_files
from bam_pipelines.images.table import table_pixels


def trials(trials_of, stimuli):
    first, second = stimuli["stimulus_id"][:2]
    rows = [
        {"stimulus_id": first, "response": 7, "split": "train"},
        {"stimulus_id": second, "response": 1, "split": "test"},
        {"stimulus_id": first, "response": 3, "split": "validation", "repetition": 1},
        {"stimulus_id": first, "response": None, "split": "train", "repetition": 2},
        {"stimulus_id": stimuli["stimulus_id"][3], "response": 3, "phase": "catch"},
    ]
    return validate_trials(trials_of(rows))


def test_the_five_columns_and_the_images(trials_of, stimuli):
    files = release_files(trials(trials_of, stimuli), stimuli)
    table = pd.read_csv(io.StringIO(files["df_DigitRecog.csv"]))
    assert list(table) == ["subject_id", "stimulus", "stimulus_id", "response", "is_train"]
    assert table["response"].tolist() == [7, 1, 3]
    assert table["is_train"].tolist() == [True, False, True]
    assert table["stimulus"].str.fullmatch("round2_dataset/uncertainty/[0-9a-f]{16}.png").all()
    assert len(files) == 3
    for name, row in zip(table["stimulus"], (0, 1, 0), strict=True):
        image = np.asarray(Image.open(io.BytesIO(files[name.replace("round2_dataset", "dataset_PNG")])))
        np.testing.assert_array_equal(image, table_pixels(stimuli.iloc[[row]])[0, 0])
    # equal numbers exactly for equal images
    assert table.groupby("stimulus_id")["stimulus"].nunique().tolist() == [1, 1]


def test_without_images_there_is_nothing_to_export(trials_of, stimuli):
    files = release_files(trials(trials_of, stimuli), stimuli.iloc[:0])
    assert set(files) == {"df_DigitRecog.csv"}
    assert len(pd.read_csv(io.StringIO(files["df_DigitRecog.csv"]))) == 0
