"""Images as columns of a table: how digits and stimuli are stored."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import torch

from bam_pipelines.compute.faults import InputError
from bam_pipelines.images.pixels import stimulus_ids, to_unit
from bam_pipelines.images.stored import StoredImages


def image_columns(pixels: np.ndarray) -> dict[str, Any]:
    """Return the columns that describe images in a table.

    Parameters
    ----------
    pixels
        uint8, (N, C, H, W).

    Returns
    -------
    dict
        ``stimulus_id``, ``image`` (flat uint8 arrays in C, H, W order), ``height``, ``width``, ``channels``.
    """
    _, channels, height, width = pixels.shape
    return {
        "stimulus_id": stimulus_ids(pixels),
        "image": list(pixels.reshape(len(pixels), -1)),
        "height": height,
        "width": width,
        "channels": channels,
    }


def table_pixels(table: pd.DataFrame) -> np.ndarray:
    """Return the images of a table made with :func:`image_columns`.

    Parameters
    ----------
    table
        At least one row, with columns ``image``, ``height``, ``width``, ``channels``.

    Returns
    -------
    numpy.ndarray
        uint8, (N, C, H, W), in the order of the rows.

    Raises
    ------
    ValueError
        If the table is empty, a row has another size, or an image another number of pixels than its size says.
    """
    if table.empty:
        raise InputError("the table holds no images; expected at least one row.")
    sizes = table[["channels", "height", "width"]]
    shape = tuple(int(value) for value in sizes.iloc[0])
    other = (sizes != sizes.iloc[0]).any(axis=1).to_numpy()
    if other.any():
        row = int(other.argmax())
        raise InputError(f"row {row}: image of size {tuple(sizes.iloc[row])}, expected {shape} as in row 0.")
    lengths = np.array([len(image) for image in table["image"]])
    if (lengths != np.prod(shape)).any():
        row = int((lengths != np.prod(shape)).argmax())
        raise InputError(f"row {row}: image of {lengths[row]} pixels, expected {np.prod(shape)} for {shape}.")
    return np.stack(table["image"].to_list()).astype(np.uint8, copy=False).reshape(-1, *shape)


def table_images(table: pd.DataFrame) -> torch.Tensor:
    """Return the images of a table as float32, (N, C, H, W), in [0, 1]; see :func:`table_pixels`."""
    return to_unit(table_pixels(table))


def require_images(wanted: Iterable[str], stimuli: pd.DataFrame) -> None:
    """Check that a stimulus table holds what answers were given to.

    Raises
    ------
    ValueError
        If a wanted ``stimulus_id`` is not in the table.
    """
    missing = sorted(set(wanted) - set(stimuli["stimulus_id"]))
    if missing:
        raise InputError(
            f"{len(missing)} stimuli have answers but no image, {missing[0]} first; name the folder of their images "
            "in behavior.sources (images) and run the stage behavior again."
        )


def stored_images(digits: pd.DataFrame) -> tuple[StoredImages, torch.Tensor]:
    """Return what :func:`labelled_images` does, as uint8 until an image is asked for."""
    pixels = torch.from_numpy(table_pixels(digits))
    return StoredImages(pixels, torch.arange(len(pixels))), _labels(digits)


def labelled_images(digits: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images, float32 (N, C, H, W) in [0, 1], and labels, int64 (N,), of a table of digits."""
    return table_images(digits), _labels(digits)


def _labels(digits: pd.DataFrame) -> torch.Tensor:
    return torch.from_numpy(digits["label"].to_numpy(dtype=np.int64, copy=True))
