"""The secret of the pseudonyms: from the environment only, for parameters are logged."""

import os
from pathlib import Path

from bam_pipelines.behavior.readers.texts import decode
from bam_pipelines.compute.faults import InputError

VARIABLE = "BAM_SALT"


def read_salt() -> str | None:
    """Return what ``BAM_SALT`` says, or the text of the file that it names; None if it says nothing.

    Raises
    ------
    ValueError
        If it looks like a path and no file is there, or the file is no text in UTF-8.
    """
    value = os.environ.get(VARIABLE, "").strip()
    if os.path.isfile(value):  # unlike Path.is_file it takes a text that is too long for a name
        return decode(Path(value).read_bytes(), f"{value}, which {VARIABLE} names").strip() or None
    if os.sep in value:
        raise InputError(
            f"{VARIABLE} looks like a path, but no file is there: name one, or set a text without {os.sep}."
        )
    return value or None
