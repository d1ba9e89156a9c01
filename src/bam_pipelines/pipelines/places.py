"""Where things lie that are no catalog entries, and how what lies there is made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.utils import find_kedro_project

from bam_pipelines.compute.paths import seen_from


def project_folder() -> Path:
    """Return the project's root, or the present folder outside of a project."""
    return Path(find_kedro_project(Path.cwd()) or Path.cwd())


def named_path(text: str) -> Path:
    """Return the file or folder that a parameter names: absolute, from ``~``, or seen from the project's root."""
    return seen_from(project_folder(), text)


def run_command(env: str | None, pipelines: str) -> str:
    """Return what to type to run pipelines in a configuration environment, None for the default one."""
    return f"kedro run {f'--env {env} ' if env else ''}--pipelines {pipelines}"


def working_folder(compute: Mapping[str, Any], node: str) -> Path:
    """Return the folder of a node's finished shards: ``compute.working_folder``, seen from the project's root.

    It outlives the node: the hook :class:`~bam_pipelines.hooks.UnfinishedWorkHook` removes it once the run's outputs
    are saved.
    """
    return named_path(compute["working_folder"]) / node
