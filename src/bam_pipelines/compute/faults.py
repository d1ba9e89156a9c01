"""What goes wrong outside the program and is said in one sentence."""

import sys


class Fault(Exception):
    """A fault that a person can mend: its text names what is wrong and what to do, and no traceback is needed."""


class InputError(Fault, ValueError):
    """A file, a parameter or an earlier result cannot be used as it is; a ValueError to who uses the science alone."""


def not_installed(error: ModuleNotFoundError) -> str:
    """Say that a package is missing from the Python that runs: most often another environment's than the project's."""
    if error.name == "fcntl":
        return "the project runs on Linux and macOS: on Windows run it in WSL, where it is the same as on Linux."
    return (
        f"{error.name} is not installed for {sys.executable}, which runs this: activate the project's environment "
        "(`source .venv/bin/activate`), or install the project in this one (`pip install -c constraints.txt -e .`)."
    )
