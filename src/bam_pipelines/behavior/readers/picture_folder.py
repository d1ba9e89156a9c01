"""A folder of images of a user as stimuli."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from bam_pipelines.behavior.readers.images import FORMATS, find_images, read_image
from bam_pipelines.behavior.readers.targets import Targets, with_targets
from bam_pipelines.behavior.schemas import validate_stimuli
from bam_pipelines.compute.faults import InputError


class PictureFolder(NamedTuple):
    """What a folder of images holds.

    Parameters
    ----------
    stimuli
        Stimulus table, each image once, strategy natural.
    files
        A row a file: file_name, stimulus_id and the targets; equal images share an id.
    """

    stimuli: pd.DataFrame
    files: pd.DataFrame


def read_picture_folder(folder: Path, shape: tuple[int, int, int], targets: Targets | None = None) -> PictureFolder:
    """Read the images of a folder.

    Parameters
    ----------
    folder
        Image files and nothing else; hidden files and folders in it are left out.
    shape
        Channels, height and width that each image must have; of three channels a grey one may have one.
    targets
        Of images by their files' names; None if nobody knows any, then they are null.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it holds no files, one is no image or of another size, or targets are of files that are not there.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder}: there is no such folder; put the images there, or name another by "
            "--params own_stimuli.folder=<folder>."
        )
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not names:
        raise InputError(
            f"{folder}: found no files, expected images ({', '.join(FORMATS)}); folders within it are not looked into."
        )
    images = {name: _as_colours(_image(folder / name), shape[0]) for name in names}
    _require_shape(images, shape, folder)
    table, ids = find_images(names, images.get, ["natural"] * len(names))
    if targets is not None:
        _require_images(targets, names)
        table = with_targets(table, ids, targets)
    stimuli = validate_stimuli(table)
    files = pd.DataFrame({"file_name": names, "stimulus_id": [ids[name] for name in names]}).astype("str")
    return PictureFolder(stimuli, files.merge(stimuli[["stimulus_id", "target_1", "target_2"]], on="stimulus_id"))


def _image(path: Path) -> np.ndarray:
    try:
        return read_image(path)
    except InputError as error:
        raise InputError(f"{error} Remove it, or move it elsewhere: the folder is to hold images alone.") from None


def _as_colours(image: np.ndarray, channels: int) -> np.ndarray:
    # a file does not tell a colour image without colours from a grey one
    return np.repeat(image, channels, axis=0) if len(image) == 1 else image


def _require_shape(images: dict[str, np.ndarray], shape: tuple[int, int, int], folder: Path) -> None:
    others = [name for name, image in images.items() if image.shape != shape]
    if others:
        raise InputError(
            f"{folder / others[0]}: found {_size(images[others[0]].shape)}, expected {_size(shape)} as the digits "
            f"have; {len(others)} of {len(images)} images are not so: bring them to that size."
        )


def _require_images(targets: Targets, names: list[str]) -> None:
    unknown = sorted(set(targets.pairs) - set(names))
    if unknown:
        raise InputError(f"{targets.path}: found {unknown[0]}, which is none of the images; correct or remove it.")


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[2]} pixels {'in grey' if shape[0] == 1 else 'in colour'}"
