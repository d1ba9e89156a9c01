"""A copy of the project, and commands in it as a user types them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
IN_GIT = "2000-01-01T00.00.00.000Z"


def copy_project(folder):
    for name in ("conf", "src"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder / name)
    for version in (PROJECT / "data").glob(f"0*/*/{IN_GIT}"):
        shutil.copytree(version, folder / version.relative_to(PROJECT))


def kedro(folder, *arguments, **variables):
    """Run a command of Kedro in a copy, and return what it printed."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"} | variables
    command = [sys.executable, "-m", "kedro", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
