"""The IDX format of the official MNIST files, read strictly."""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from bam_pipelines.compute.faults import InputError

_UNSIGNED_BYTE = 0x08
_GZIP_MAGIC = b"\x1f\x8b"
# more than ten times MNIST's training images; a stream of zeros unpacks to a thousand times what it takes
_LARGEST = 2**29


def read_idx(path: Path, dimensions: int, md5: str | None = None) -> np.ndarray:
    """Read one IDX file of unsigned bytes, gzipped or not.

    Parameters
    ----------
    path
        The file. If it does not exist, the same name with ``.gz`` appended is tried.
    dimensions
        How many dimensions the array must have: 3 for images, 1 for labels.
    md5
        MD5 of the uncompressed bytes, checked when given.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape that the header states.

    Raises
    ------
    FileNotFoundError
        If neither file exists.
    ValueError
        If the file is truncated, too long, of another type or shape, or fails its checksum; the message names
        file, offset and expectation.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
    """
    path = _existing(path)
    content = _uncompressed(path)
    if md5 is not None and (found := hashlib.md5(content, usedforsecurity=False).hexdigest()) != md5:
        _check_header(path, content, dimensions)
        raise InputError(f"{path}: MD5 of the uncompressed bytes is {found}, expected {md5}; fetch the file again.")
    shape = _check_header(path, content, dimensions)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()


def _existing(path: Path) -> Path:
    zipped = path.with_name(path.name + ".gz")
    for candidate in (path, zipped):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"{path}: neither this file nor {zipped.name} exists. Put the four official MNIST files into "
        f"{path.parent} or name their folder with --params preprocessing.folder=<folder>."
    )


def _uncompressed(path: Path) -> bytes:
    with path.open("rb") as file:
        zipped = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    size = path.stat().st_size
    try:
        with gzip.open(path) if zipped else path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(
            f"{path}: the gzip stream of {size} bytes is truncated or damaged ({error}); fetch the file again."
        ) from error
    if len(content) > _LARGEST:
        raise InputError(f"{path}: {size} bytes hold more than {_LARGEST}, expected a file of digits; do not trust it.")
    return content


def _check_header(path: Path, content: bytes, dimensions: int) -> tuple[int, ...]:
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise InputError(f"{path}: truncated at offset {len(content)}, expected a header of {header} bytes.")
    zero, kind, found = struct.unpack(">HBB", content[:4])
    if zero != 0 or kind != _UNSIGNED_BYTE:
        raise InputError(
            f"{path}: bytes {content[:4].hex()} at offset 0, expected 0000{_UNSIGNED_BYTE:02x}{dimensions:02x}, "
            "an IDX file of unsigned bytes."
        )
    if found != dimensions:
        raise InputError(f"{path}: {found} dimensions at offset 3, expected {dimensions}.")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected = header + math.prod(shape)
    if len(content) != expected:
        problem = "truncated" if len(content) < expected else "too long"
        raise InputError(
            f"{path}: {problem}: ends at offset {len(content)}, expected {expected} for shape "
            f"{' x '.join(map(str, shape))}; fetch the file again."
        )
    return shape
