"""Seeded splits that share no digit."""

import numpy as np

from bam_pipelines.compute.faults import InputError


def random_split(
    n_digits: int, n_validation: int, n_train: int, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw validation and training digits, whatever their class.

    Parameters
    ----------
    n_digits
        How many there are.
    n_validation, n_train
        How many to draw; together at most ``n_digits``.
    generator
        Where chance comes from.

    Returns
    -------
    dict
        ``train`` (ascending) and ``validation`` (as drawn): int64 indices, disjoint.

    Raises
    ------
    ValueError
        If more are asked for than there are.
    """
    _check_sizes({"validation": n_validation, "train": n_train}, n_digits)
    order = generator.permutation(n_digits)
    return {
        "train": np.sort(order[n_validation : n_validation + n_train]),
        "validation": order[:n_validation],
    }


def stratified_split(
    labels: np.ndarray, sizes: dict[str, int], generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw splits in which every class has its share, to within one digit.

    Each class is shuffled and spread evenly over one line, from which the splits are cut one after the other.

    Parameters
    ----------
    labels
        (N,), the class of each digit.
    sizes
        How many digits each split gets; together at most N. The order matters, the rest is left out.
    generator
        Where chance comes from.

    Returns
    -------
    dict
        For each split its int64 indices, ascending; disjoint.

    Raises
    ------
    ValueError
        If more are asked for than there are.
    """
    _check_sizes(sizes, len(labels))
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        shuffled = generator.permutation(members)
        position[shuffled] = (np.arange(len(members)) + 0.5) / len(members)
    line = np.lexsort((labels, position))
    cuts = np.cumsum(list(sizes.values()))
    return {name: np.sort(part) for name, part in zip(sizes, np.split(line, cuts), strict=False)}


def _check_sizes(sizes: dict[str, int], available: int) -> None:
    asked = " + ".join(f"{size} {name}" for name, size in sizes.items())
    if min(sizes.values()) < 1 or sum(sizes.values()) > available:
        raise InputError(
            f"{asked} digits were asked for, expected at least 1 each and {available} together; "
            "change the sizes in preprocessing's parameters."
        )
