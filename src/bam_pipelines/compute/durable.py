"""Writes that are on disk when they return."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
