"""Files that others made: whatever a decoder stumbles over becomes one sentence that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bam_pipelines.compute.faults import InputError

_SHOWN = 160


@contextmanager
def decoding(file: str | Path, expected: str) -> Iterator[None]:
    """Turn every error inside into a ValueError that names the file; for calls of other packages' decoders alone.

    Decoders of pictures, archives, pickles and the like raise what they stumble over in damaged or hostile files, from
    ``KeyError`` and ``struct.error`` to ``MemoryError`` and ``RecursionError``, and no list of it stays complete.

    Parameters
    ----------
    file
        What the sentence names.
    expected
        What the file should hold.

    Yields
    ------
    None
        To the calls of the decoder.

    Raises
    ------
    ValueError
        ``FILE: cannot be read as EXPECTED (reason).``
    """
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        shown = reason if len(reason) <= _SHOWN else reason[:_SHOWN] + "..."
        raise InputError(f"{file}: cannot be read as {expected} ({shown}).") from None
