"""jsPsych's files as they come with the project: https://www.jspsych.org, MIT licence."""

import hashlib
import json
from pathlib import Path

from bam_pipelines.compute.faults import InputError

FOLDER = Path(__file__).parent / "vendor"
LIST = "vendored.json"
LICENCE = "LICENSE.txt"


def vendored_files() -> dict[str, bytes]:
    """Read the scripts, in the order in which a page must load them, and their licence, which comes last.

    Returns
    -------
    dict
        Content by file name.

    Raises
    ------
    ValueError
        If a file's checksum is not that of ``vendored.json``.
    """
    files = {}
    for entry in json.loads((FOLDER / LIST).read_text(encoding="utf-8")):
        content = (FOLDER / entry["file"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise InputError(
                f"{FOLDER / entry['file']} is not {entry['package']} {entry['version']} as vendored.json knows it: "
                "install the project again, or run `make vendor`."
            )
        files[entry["file"]] = content
    return {**files, LICENCE: (FOLDER / LICENCE).read_bytes()}
