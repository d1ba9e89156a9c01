"""The stage own_stimuli on a folder of images as small as the tests' digits."""

import numpy as np
import pytest
from PIL import Image

from bam_pipelines.images.table import table_pixels
from bam_pipelines.pipelines.own_stimuli.nodes import read_stimuli

CLASSES = ["zero", "one", "two"]


def test_images_of_the_size_of_the_digits_are_stimuli(tmp_path, tiny_digits):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = read_stimuli(tiny_digits(3), {"folder": str(tmp_path), "targets": None}, CLASSES)
    assert table_pixels(found.stimuli).tolist() == [[pixels.tolist()]]


def test_paths_begin_at_home_and_equal_images_are_counted(tmp_path, tiny_digits, monkeypatch, caplog):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "images").mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / "images" / f"{name}.png")
    (tmp_path / "targets.csv").write_text("file,target_1,target_2\na.png,0,two\n")
    options = {"folder": "~/images", "targets": "~/targets.csv"}
    with caplog.at_level("INFO"):
        found = read_stimuli(tiny_digits(3), options, CLASSES)
    assert found.stimuli[["target_1", "target_2"]].to_numpy().tolist() == [[0, 2]]
    assert "Read 2 images" in caplog.text and "1 images are equal to others" in caplog.text


def test_others_are_refused(tmp_path, tiny_digits):
    Image.fromarray(np.zeros((28, 28), dtype=np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="a.png: found 28 x 28 pixels in grey, expected 8 x 8"):
        read_stimuli(tiny_digits(3), {"folder": str(tmp_path), "targets": None}, CLASSES)
