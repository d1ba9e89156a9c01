"""A user's own labelled images: one ``.npz`` file of two arrays, read strictly and without pickle."""

import zipfile
from pathlib import Path

import numpy as np

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.untrusted import decoding
from bam_pipelines.images.digits import Digits, check_shape
from bam_pipelines.images.pixels import stimulus_ids

_WRITTEN = "numpy.savez(file, images=images, labels=labels)"
# of unpacked pixels: 700,000 colour images of 32 x 32
_LARGEST = 2**31


def archive_digits(path: Path, n_classes: int) -> Digits:
    """Read labelled images of any size.

    Parameters
    ----------
    path
        Written by ``numpy.savez``: ``images``, uint8, (N, H, W) or (N, H, W, C) with one channel or three, and
        ``labels``, integers, (N,).
    n_classes
        Labels are 0 to ``n_classes`` - 1.

    Returns
    -------
    Digits
        Images of the classes, in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such file, an array has another type or shape, a label is out of range, or an image stands there
        twice; the message names file and row.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: there is no such file. Write it with {_WRITTEN}, or name yours with "
            "--params preprocessing.file=<file>."
        )
    images, labels = _arrays(path)
    pixels = _pixels(path, images)
    _check_labels(path, labels, len(pixels), n_classes)
    _check_repeats(path, pixels)
    return Digits(pixels, labels.astype(np.uint8))


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    expected = f"an .npz file of arrays without pickle, as {_WRITTEN} writes it"
    with decoding(path, expected), zipfile.ZipFile(path) as archive:
        sizes = {one.filename.removesuffix(".npy"): one.file_size for one in archive.infolist()}
    lacking = [name for name in ("images", "labels") if name not in sizes]
    if lacking:
        raise InputError(
            f"{path}: holds {', '.join(sizes) or 'nothing'} but no {' and no '.join(lacking)}, expected what "
            f"{_WRITTEN} writes."
        )
    if max(sizes["images"], sizes["labels"]) > _LARGEST:
        raise InputError(f"{path}: unpacks to more than {_LARGEST} bytes, expected fewer or smaller images.")
    # numpy leaves a damaged file open if it opens it itself
    with decoding(path, expected), path.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
        return arrays["images"], arrays["labels"]


def _pixels(path: Path, images: np.ndarray) -> np.ndarray:
    """Return images as (N, C, H, W)."""
    if images.dtype != np.uint8:
        raise InputError(f"{path}: images are {images.dtype}, expected uint8 from 0 to 255; scale, round and convert.")
    if images.ndim not in (3, 4) or not len(images):
        raise InputError(f"{path}: images have shape {images.shape}, expected (N, H, W) or (N, H, W, C), N at least 1.")
    if images.ndim == 4 and images.shape[3] not in (1, 3):
        raise InputError(
            f"{path}: images have shape {images.shape}, expected (N, H, W, C) with C of 1 (grey) or 3 (colour)."
        )
    pixels = images[:, None] if images.ndim == 3 else np.ascontiguousarray(np.moveaxis(images, 3, 1))
    check_shape(path, pixels)
    return pixels


def _check_labels(path: Path, labels: np.ndarray, n_images: int, n_classes: int) -> None:
    if labels.dtype.kind not in "iu" or labels.shape != (n_images,):
        raise InputError(
            f"{path}: labels are {labels.dtype} of shape {labels.shape}, expected integers of shape ({n_images},), one "
            "an image."
        )
    outside = (labels < 0) | (labels >= n_classes)
    if outside.any():
        row = int(outside.argmax())
        raise InputError(
            f"{path}: row {row} has label {labels[row]}, expected 0 to {n_classes - 1}: the places of preprocessing."
            "classes."
        )


def _check_repeats(path: Path, pixels: np.ndarray) -> None:
    """Refuse an image that stands there twice: it could be trained on and tested on."""
    first: dict[str, int] = {}
    for row, name in enumerate(stimulus_ids(pixels)):
        if first.setdefault(name, row) != row:
            raise InputError(
                f"{path}: rows {first[name]} and {row} are the same image; keep the rows "
                "numpy.unique(images, axis=0, return_index=True)[1] of both arrays."
            )
