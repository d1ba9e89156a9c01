"""Stimuli as the PNG files that a browser shows."""

import numpy as np
import pandas as pd
from PIL import Image

from bam_pipelines.experiment.settings import Kernel
from bam_pipelines.images.pictures import as_picture, png_bytes
from bam_pipelines.images.table import table_pixels

_KERNELS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def stimulus_pictures(stimuli: pd.DataFrame, scale: int, kernel: Kernel) -> dict[str, bytes]:
    """Enlarge stimuli here, for a browser would smooth them in its own way.

    Parameters
    ----------
    stimuli
        Stimulus table, one size of images with one or three channels.
    scale
        Whole factor, at least 1.
    kernel
        How pixels between are filled in.

    Returns
    -------
    dict
        PNG, ``scale`` times as wide and high, by stimulus_id.

    Raises
    ------
    ValueError
        If images have neither one channel nor three.
    """
    pictures = table_pixels(stimuli)
    return {
        identifier: _png(image, scale, kernel)
        for identifier, image in zip(stimuli["stimulus_id"], pictures, strict=True)
    }


def _png(image: np.ndarray, scale: int, kernel: Kernel) -> bytes:
    _, height, width = image.shape
    return png_bytes(as_picture(image).resize((width * scale, height * scale), _KERNELS[kernel]))
