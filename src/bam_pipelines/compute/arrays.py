"""Named arrays in one file that is whole, or known not to be."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bam_pipelines.compute.durable import write_whole
from bam_pipelines.compute.faults import Fault
from bam_pipelines.compute.fingerprint import fingerprint

_DIGEST = "*digest"
# what numpy and zipfile raise, depending on the byte that is wrong
_UNREADABLE = (BadZipFile, EOFError, KeyError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error)


class DamagedArraysError(Fault, ValueError):
    """A file does not hold the arrays that were written."""


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays and a digest of them to one ``.npz`` file, as a whole or not at all.

    Raises
    ------
    bam_pipelines.compute.durable.WriteError
        If the disk is full or cannot be written to.
    """
    arrays = {name: np.asarray(array) for name, array in arrays.items()}  # numpy's scalars are read as arrays

    def save(place: Path) -> None:
        with place.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays, **{_DIGEST: np.array(fingerprint(arrays))})

    write_whole(path, save)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what :func:`write_arrays` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DamagedArraysError
        If the file is truncated or otherwise not what was written.
    """
    try:
        # numpy leaves a damaged file open if it opens it itself
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = dict(file)
        whole = str(arrays.pop(_DIGEST)) == fingerprint(arrays)
    except FileNotFoundError:
        raise
    except _UNREADABLE:
        whole = False
    if not whole:
        raise DamagedArraysError(f"{path} is damaged, it does not hold what was written: remove it and run again.")
    return arrays
