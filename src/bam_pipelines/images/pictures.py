"""Pixels as pictures that a browser shows."""

import io

import numpy as np
from PIL import Image

from bam_pipelines.compute.faults import InputError


def as_picture(pixels: np.ndarray) -> Image.Image:
    """Return one image, uint8 (C, H, W), as a picture.

    Raises
    ------
    ValueError
        If it has neither one channel nor three.
    """
    channels = len(pixels)
    if channels not in (1, 3):
        raise InputError(f"images have {channels} channels, expected 1 or 3 to be shown in a browser.")
    return Image.fromarray(pixels[0] if channels == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def png_bytes(picture: Image.Image) -> bytes:
    """Encode a picture as PNG, without loss."""
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return file.getvalue()
