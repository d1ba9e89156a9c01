"""What is exported can be read again as a release."""

import io

import numpy as np
import pandas as pd
import torch

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
    images = torch.load(io.BytesIO(files["images.pt"]), weights_only=True)
    shown = [table_pixels(stimuli.iloc[[index]])[0] for index in (0, 1, 0)]
    np.testing.assert_allclose(images[table["stimulus_id"].tolist()].numpy(), np.stack(shown) / 255, atol=1e-6)
    assert table["stimulus"].str.fullmatch("round2_dataset/uncertainty/[0-9a-f]{16}.png").all()


def test_without_images_there_is_nothing_to_export(trials_of, stimuli):
    files = release_files(trials(trials_of, stimuli), stimuli.iloc[:0])
    assert set(files) == {"df_DigitRecog.csv"}
    assert len(pd.read_csv(io.StringIO(files["df_DigitRecog.csv"]))) == 0
