"""Nodes of the preprocessing stage."""

from typing import Any

import pandas as pd

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.images.archive import archive_digits
from bam_pipelines.images.digits import (
    Digits,
    bundled_digits,
    check_classes,
    check_shape,
    count_classes,
    official_digits,
    small_digits,
    without,
)
from bam_pipelines.images.splits import random_split, stratified_split
from bam_pipelines.pipelines.places import named_path
from bam_pipelines.pipelines.preprocessing.settings import DigitSettings, digit_settings


def split_digits(options: dict[str, Any], seed: int) -> dict[str, pd.DataFrame]:
    """Read the digits that ``preprocessing.source`` names and split them.

    Parameters
    ----------
    options
        The parameters ``preprocessing``.
    seed
        The run's seed.

    Returns
    -------
    dict
        ``train``, ``validation`` and ``test``: one row a digit.
    """
    settings = digit_settings(options)
    splits = _official_splits(settings, seed) if settings.source == "idx" else _own_splits(settings, seed)
    check_classes(splits["train"].labels, settings.classes)
    return {name: digits.table() for name, digits in splits.items()}


def _own_splits(settings: DigitSettings, seed: int) -> dict[str, Digits]:
    """Split a source that has no splits of its own, by class."""
    if settings.source == "npz":
        digits = archive_digits(named_path(settings.file), settings.n_classes)
    else:
        digits = bundled_digits() if settings.source == "bundled" else small_digits()
    sizes = {"validation": settings.n_validation, "test": settings.n_test, "train": settings.n_train}
    return {
        name: digits.take(rows)
        for name, rows in stratified_split(digits.labels, sizes, numpy_generator(seed, "split")).items()
    }


def _official_splits(settings: DigitSettings, seed: int) -> dict[str, Digits]:
    """Cut validation from the official training digits; the official test digits stay what they are."""
    checksums = {str(name): checksum for name, checksum in settings.md5.items()}
    folder = named_path(settings.folder)
    official = {part: official_digits(folder, part, checksums, settings.n_classes) for part in ("train", "test")}
    check_shape(settings.folder, official["train"].pixels)
    if settings.n_test != len(official["test"].labels):
        raise InputError(
            f"preprocessing.n_test is {settings.n_test}, expected {len(official['test'].labels)}: "
            "the official test digits are kept whole."
        )
    rest = without(official["train"], bundled_digits()) if settings.exclude_bundled else official["train"]
    rows = random_split(len(rest.labels), settings.n_validation, settings.n_train, numpy_generator(seed, "split"))
    return {**{name: rest.take(chosen) for name, chosen in rows.items()}, "test": official["test"]}


def summarise_digits(train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame) -> dict[str, Any]:
    """Count the digits of each class in each split; see :func:`bam_pipelines.images.digits.count_classes`."""
    return count_classes({"train": train, "validation": validation, "test": test})
