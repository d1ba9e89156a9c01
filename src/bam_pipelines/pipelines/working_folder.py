"""Where unfinished work of a run lies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.utils import find_kedro_project


def working_folder(compute: Mapping[str, Any], node: str) -> Path:
    """Return the folder of a node's finished shards: ``compute.working_folder``, seen from the project's root.

    It outlives the node: the hook :class:`~bam_pipelines.hooks.UnfinishedWorkHook` removes it once the run's outputs
    are saved.
    """
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    return Path(project) / compute["working_folder"] / node
