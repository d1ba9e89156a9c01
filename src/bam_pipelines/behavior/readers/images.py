"""The images that trials name: from a folder, from a tensor file, or from a stimulus table."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pandas as pd
import torch
from PIL import Image

from bam_pipelines.behavior.schemas import STIMULI, STRATEGIES
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.untrusted import decoding
from bam_pipelines.images.pixels import to_uint8
from bam_pipelines.images.table import image_columns

Find = Callable[[str], np.ndarray | None]

# what stimuli come in; Pillow knows others that start programs of the machine or unpack without an end
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
_MOST_PIXELS = 2**24  # 4,096 squared
_TENSOR_TYPES = (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64)
# bytes of pickle beside the pixels; one tensor takes about 200, and torch's error messages the square of the length
_LONGEST_DESCRIPTION = 4096
_LONGEST_PATH = 4096


def name_ids(names: Sequence[str], dataset_id: str) -> dict[str, str]:
    """Return stand-ins for stimulus ids where there are no images: from the data set's id and the source's name."""
    return {name: hashlib.sha256(f"{dataset_id}/{name}".encode()).hexdigest()[:16] for name in names}


def read_tensor(path: Path) -> torch.Tensor:
    """Read a file of images, ``images.pt``, without running what may be hidden in it.

    Returns
    -------
    torch.Tensor
        (N, C, H, W) or (N, H, W), uint8 or floats in [0, 1].

    Raises
    ------
    ValueError
        If the file holds anything but one tensor of such images.
    """
    with decoding(path, "one tensor in torch.save's format since 1.6, and nothing else is loaded"):
        images = _load(path)
    if not isinstance(images, torch.Tensor) or images.ndim not in (3, 4) or not images.numel():
        found = f"a tensor of {tuple(images.shape)}" if isinstance(images, torch.Tensor) else type(images).__name__
        raise InputError(f"{path}: found {found}, expected a tensor of images (N, C, H, W).")
    if images.layout != torch.strided or images.device.type != "cpu" or images.dtype not in _TENSOR_TYPES:
        raise InputError(
            f"{path}: found a {images.layout} tensor of {images.dtype}, expected uint8 or floats in [0, 1]."
        )
    if images.numel() * images.element_size() > path.stat().st_size:
        raise InputError(
            f"{path}: found {images.numel()} pixels in {path.stat().st_size} bytes, expected each of them to be there."
        )
    images = images.detach()
    if images.dtype != torch.uint8 and not bool(((images >= 0) & (images <= 1)).all()):
        raise InputError(
            f"{path}: found {images.dtype} from {images.min()} to {images.max()}, expected uint8 or [0, 1]."
        )
    return images[:, None] if images.ndim == 3 else images


def _load(path: Path) -> object:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    described = sum(member.file_size for member in members if member.filename.endswith(".pkl"))
    if described > _LONGEST_DESCRIPTION or sum(member.file_size for member in members) > path.stat().st_size:
        raise InputError("it holds more than torch.save writes of one tensor")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:  # torch's own sentence says how to run what is hidden in the file
        raise InputError("it holds something else") from None


def from_tensor(images: torch.Tensor) -> Find:
    """Return a function from the number of an image, as text, to its pixels, uint8 (C, H, W); None if there is none."""
    pixels = images.numpy() if images.dtype == torch.uint8 else to_uint8(images)

    def find(name: str) -> np.ndarray | None:
        number = float(name) if name.replace(".", "", 1).isdecimal() else -1.0
        return pixels[int(number)] if number.is_integer() and 0 <= number < len(pixels) else None

    return find


def from_folder(folder: Path) -> Find:
    """Return a function from a path to its pixels, uint8 (C, H, W); None if there is none.

    Of a path like ``round2_dataset/uncertainty/a.png`` the longest end that exists in the folder counts, so that
    other leading folders do no harm.
    """
    root = folder.resolve()

    def find(name: str) -> np.ndarray | None:
        if len(name) > _LONGEST_PATH:
            return None
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        for begin in range(len(parts)):
            path = root.joinpath(*parts[begin:])
            if os.path.isfile(path):  # unlike Path.is_file it takes a name that is too long for one, a data URL
                return read_image(path)
        return None

    return find


def read_image(path: Path) -> np.ndarray:
    """Read an image file: uint8 (1, H, W) if it is grey, else (3, H, W); transparency is dropped.

    Raises
    ------
    ValueError
        If it is no image, of a format that is not read, or larger than any stimulus.
    """
    with (
        decoding(path, f"an image, expected one of {', '.join(FORMATS)}"),
        Image.open(path, formats=FORMATS) as image,
    ):
        if image.width * image.height > _MOST_PIXELS:
            raise InputError(f"{image.width} x {image.height} pixels, expected at most {_MOST_PIXELS} together")
        pixels = np.asarray(image.convert("RGB"))
    grey = bool((pixels == pixels[:, :, :1]).all())
    return np.ascontiguousarray((pixels[:, :, :1] if grey else pixels).transpose(2, 0, 1))


def find_images(names: Sequence[str], find: Find, strategies: Sequence[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Find the images of a source.

    Parameters
    ----------
    names
        What the source calls them, each once.
    find
        From a name to pixels.
    strategies
        Strategy of each name, see :data:`~bam_pipelines.behavior.schemas.STRATEGIES`.

    Returns
    -------
    stimuli
        Stimulus table, each image once, targets and models null.
    ids
        stimulus_id of each name that has an image; two names of equal images share one.
    """
    found = [(name, strategy, find(name)) for name, strategy in zip(names, strategies, strict=True)]
    parts: list[pd.DataFrame] = []
    ids: dict[str, str] = {}
    there = [(name, strategy, image) for name, strategy, image in found if image is not None]
    for shape in sorted({image.shape for _, _, image in there}):
        same = [one for one in there if one[2].shape == shape]
        columns = image_columns(np.stack([image for _, _, image in same]))
        ids |= dict(zip([name for name, _, _ in same], columns["stimulus_id"], strict=True))
        parts.append(pd.DataFrame(columns).assign(strategy=[strategy for _, strategy, _ in same]))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["stimulus_id"])
    return _as_stimuli(table.drop_duplicates("stimulus_id", ignore_index=True)), ids


def _as_stimuli(images: pd.DataFrame) -> pd.DataFrame:
    constants = {"source": "none", "method": "none"}
    columns = {name: images[name] if name in images else constants.get(name) for name in STIMULI.kinds}
    return pd.DataFrame(columns, index=images.index, columns=list(STIMULI.kinds)).astype("object")


def strategy_of(name: str) -> str:
    """Return the strategy that a path names as one of its folders, or else ``unknown``."""
    folders = name.replace("\\", "/").lower().split("/")[:-1]
    return next((strategy for strategy in STRATEGIES if strategy in folders), "unknown")
