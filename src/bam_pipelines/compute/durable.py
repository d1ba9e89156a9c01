"""Writes that are on disk as a whole when they return, or not at all, and digests that find what changed since."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bam_pipelines.compute.faults import Fault

# what Python and pyarrow say of a full disk
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

_KEPT = "nothing half-written is left and what was finished before is kept"
_AGAIN = "run again (a first run: with --only-missing-outputs)"


class WriteError(Fault, OSError):
    """A file cannot be written; what was there before is as it was. Its arguments are errno and the sentence."""

    def __str__(self) -> str:
        return str(self.strerror)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, 64 hex digits, without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, flush it to disk and rename it: it is there as a whole or not at all.

    Parameters
    ----------
    path
        The file; what was there is replaced. Its folder is made if absent.
    write
        Writes the file at the path that it is given.

    Raises
    ------
    WriteError
        If the disk is full or cannot be written to; nothing unfinished is left.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(unfinished)
        sync(unfinished)
        unfinished.replace(path)
        sync(path.parent)
    except Exception as error:
        fault = write_error(path, error)
        if fault is None:
            raise
        raise fault from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def write_error(path: Path, error: Exception) -> WriteError | None:
    """Say that a file cannot be written, and why; None if the error has nothing to do with the disk.

    Parameters
    ----------
    path
        The file that was to be written.
    error
        What was raised meanwhile.
    """
    if is_full(error):
        room = f"{_free(path) / 2**20:.1f} MiB are free"
        problem = f"{path} cannot be written: no space left on its disk ({room})"
        return WriteError(errno.ENOSPC, f"{problem}; {_KEPT}: make room and {_AGAIN}.")
    for one in _origins(error):
        if isinstance(one, OSError) and one.errno is not None:
            problem = f"{path} cannot be written: {os.strerror(one.errno)}"
            return WriteError(one.errno, f"{problem}; {_KEPT}: mend that and {_AGAIN}.")
    return None


def is_full(error: BaseException) -> bool:
    """Return whether an error, or what it came from, says that the disk is full."""
    return any(getattr(one, "errno", None) in _NO_ROOM for one in _origins(error))


def _origins(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _free(path: Path) -> int:
    there = next(folder for folder in path.absolute().parents if folder.is_dir())
    return shutil.disk_usage(there).free


def append_synced(path: Path, text: str, length: int) -> int:
    """Write a text behind a file's first bytes, in place of whatever follows them.

    Parameters
    ----------
    path
        The file; made if absent.
    text
        Written as UTF-8.
    length
        Number of bytes that stay.

    Returns
    -------
    int
        The file's new length, bytes.
    """
    data = text.encode("utf-8")
    fresh = not path.exists()
    with open(path, "w+b" if fresh else "r+b") as file:
        file.seek(length)
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    if fresh:
        sync(path.parent)
    return length + len(data)
