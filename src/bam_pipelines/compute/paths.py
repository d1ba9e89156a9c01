"""Paths as people type them."""

from pathlib import Path


def seen_from(root: Path, text: str) -> Path:
    """Return the path that a person named: absolute, from ``~``, or seen from a folder.

    Parameters
    ----------
    root
        The folder.
    text
        What was typed.
    """
    return root / Path(text).expanduser()
