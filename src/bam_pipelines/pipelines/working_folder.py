"""Where unfinished work of a run lies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.utils import find_kedro_project


def working_folder(compute: Mapping[str, Any], stage: str) -> Path:
    """Return the folder of a stage's finished shards: ``compute.working_folder``, seen from the project's root."""
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    return Path(project) / compute["working_folder"] / stage
