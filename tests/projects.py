"""A copy of the project, and commands in it as a user types them."""

import os
import subprocess
import sys

from benchmarks.drills.projects import PROJECT, copy_project

__all__ = ["PROJECT", "copy_project", "kedro"]


def kedro(folder, *arguments, **variables):
    """Run a command of Kedro in a copy, and return what it printed."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"} | variables
    command = [sys.executable, "-m", "kedro", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
