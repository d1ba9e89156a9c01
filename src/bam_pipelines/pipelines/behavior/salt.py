"""The secret of the pseudonyms: from the environment only, for parameters are logged."""

import os
from pathlib import Path

VARIABLE = "BAM_SALT"


def read_salt() -> str | None:
    """Return what ``BAM_SALT`` says, or the text of the file that it names; None if it says nothing.

    Raises
    ------
    ValueError
        If it looks like a path and no file is there.
    """
    value = os.environ.get(VARIABLE, "").strip()
    if os.sep not in value and not Path(value).is_file():
        return value or None
    if not Path(value).is_file():
        raise ValueError(
            f"{VARIABLE} looks like a path, but no file is there: name one, or set a text without {os.sep}."
        )
    return Path(value).read_text(encoding="utf-8").strip() or None
