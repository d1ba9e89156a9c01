"""The stage own_stimuli on a folder of images as small as the tests' digits."""

import numpy as np
import pytest
from PIL import Image

from bam_pipelines.images.table import table_pixels
from bam_pipelines.pipelines.own_stimuli.nodes import read_stimuli


def test_images_of_the_size_of_the_digits_are_stimuli(tmp_path, tiny_digits):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    stimuli = read_stimuli(tiny_digits(3), {"folder": str(tmp_path)})
    assert table_pixels(stimuli).tolist() == [[pixels.tolist()]]


def test_others_are_refused(tmp_path, tiny_digits):
    Image.fromarray(np.zeros((28, 28), dtype=np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="a.png: found 28 x 28 pixels in grey, expected 8 x 8"):
        read_stimuli(tiny_digits(3), {"folder": str(tmp_path)})
