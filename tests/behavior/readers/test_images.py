"""Images of a folder as stimuli."""

import numpy as np
import pytest
from PIL import Image

from bam_pipelines.behavior.readers.images import stimuli_of_folder
from bam_pipelines.images.table import table_pixels


def test_each_file_of_a_folder_is_a_stimulus_once(tmp_path):
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    for name, image in {"b.png": pixels[1], "a.png": pixels[0], "again.png": pixels[0]}.items():
        Image.fromarray(image).save(tmp_path / name)
    stimuli = stimuli_of_folder(tmp_path)
    assert table_pixels(stimuli)[:, 0].tolist() == pixels.tolist()  # in the order of the names, equal images once
    assert set(stimuli["strategy"]) == {"natural"} and stimuli["target_1"].isna().all()


def test_a_folder_without_files_is_named(tmp_path):
    with pytest.raises(ValueError, match="found no files, expected images"):
        stimuli_of_folder(tmp_path)


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(ValueError, match="notes.txt"):
        stimuli_of_folder(tmp_path)
