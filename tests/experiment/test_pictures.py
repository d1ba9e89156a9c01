import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bam_pipelines.experiment.pictures import stimulus_pictures
from bam_pipelines.images.table import image_columns


def opened(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def table(pixels):
    return pd.DataFrame(image_columns(pixels))


def test_nearest_repeats_each_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 1, 4, 5), dtype=np.uint8)
    stimuli = table(pixels)
    pictures = stimulus_pictures(stimuli, 3, "nearest")
    for name, image in zip(stimuli["stimulus_id"], pixels, strict=True):
        assert np.array_equal(opened(pictures[name]), np.kron(image[0], np.ones((3, 3), dtype=np.uint8)))


def test_other_kernels_fill_in_between():
    stimuli = table(np.array([[[[0, 255]]]], dtype=np.uint8))
    (picture,) = stimulus_pictures(stimuli, 4, "bilinear").values()
    # linear between the centres of the pixels, which lie at 1.5 and 5.5
    assert opened(picture)[0].tolist() == pytest.approx([0, 0, 32, 96, 159, 223, 255, 255], abs=1)


def test_colours_stay():
    pixels = np.random.default_rng(1).integers(0, 256, (1, 3, 4, 4), dtype=np.uint8)
    (picture,) = stimulus_pictures(table(pixels), 1, "nearest").values()
    assert np.array_equal(opened(picture), pixels[0].transpose(1, 2, 0))


def test_two_channels_cannot_be_shown():
    with pytest.raises(ValueError, match="images have 2 channels, expected 1 or 3"):
        stimulus_pictures(table(np.zeros((1, 2, 4, 4), dtype=np.uint8)), 1, "nearest")
