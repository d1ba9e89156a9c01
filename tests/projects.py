"""A copy of the project, and commands in it as a user types them."""

import os
import subprocess
import sys

from benchmarks.drills.projects import PROJECT, copy_project

__all__ = ["PROJECT", "copy_project", "files", "kedro", "run_smoke"]


def kedro(folder, *arguments, **variables):
    """Run a command of Kedro in a copy, and return what it printed."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"} | variables
    command = [sys.executable, "-m", "kedro", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def run_smoke(folder, *arguments, workers=1, **parameters):
    """Run stages in the smoke environment of a copy, on one thread."""
    values = {"compute.threads": 1, "compute.workers": workers, **parameters}
    texts = ",".join(f"{name}={value}" for name, value in values.items())
    result = kedro(folder, "run", "--env", "smoke", *arguments, "--params", texts)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]


def files(folder):
    """Return every file of a folder, as seen from there."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
