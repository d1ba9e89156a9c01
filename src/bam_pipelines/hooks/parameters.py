"""The configuration is checked as a whole before anything of a run is written."""

import logging
import os
from pathlib import Path
from typing import cast

import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.io.core import DatasetError, is_parameter
from kedro.pipeline import Pipeline

from bam_pipelines.compute.checked import Problem
from bam_pipelines.hooks.config_files import (
    entries_of,
    environments_of,
    files_of,
    left_out,
    misnamed_files,
    nearest,
    shared_data,
    shown_path,
)
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.pipelines.parameters import parameter_problems

logger = logging.getLogger(__name__)

# what `--params` may say beside parameters: the catalog reads it
_FOR_THE_CATALOG = frozenset({"prior_root"})


class ParameterHook:
    """Refuse a run whose parameters, catalog or data folder cannot be used, with everything that is wrong."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the configuration stands; other commands than a run are not hindered by it."""
        self._context = context

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Check parameters, catalog entries and folders.

        Raises
        ------
        RunRefusedError
            Naming each parameter, its file and what was expected.
        """
        loader = cast(OmegaConfigLoader, self._context.config_loader)
        parameters = {key: value for key, value in loader["parameters"].items() if key not in _FOR_THE_CATALOG}
        used = {name.removeprefix("params:").split(".")[0] for name in pipeline.inputs() if is_parameter(name)}
        problems = [placed(problem, loader) for problem in parameter_problems(parameters, used)]
        problems += _unknown_entries(loader) + misnamed_files(loader)
        problems += _unusable_entries(sorted(pipeline.datasets()), catalog)
        if not problems:
            problems = _unusable_folders(Path(self._context.project_path), loader)
        if problems:
            raise RunRefusedError(told(problems))
        for sentence in (left_out(loader), shared_data(loader)):
            if sentence is not None:
                logger.warning(sentence)


def told(problems: list[str]) -> str:
    """Return sentences as one message."""
    if len(problems) == 1:
        return problems[0]
    return "\n  ".join([f"{len(problems)} things in the configuration cannot be used:", *problems])


def placed(problem: Problem, loader: OmegaConfigLoader) -> str:
    """Return a problem's sentence with the place where its parameter stands, if that can be found."""
    place = place_of(problem.name, loader)
    return f"{problem.name} ({place}) {problem.text}" if place else str(problem)


def place_of(name: str, loader: OmegaConfigLoader) -> str | None:
    """Return where a parameter stands: ``--params``, or file and line of the environment that wins.

    Parameters
    ----------
    name
        Dotted.
    loader
        What has read it.
    """
    keys = name.split(".")
    given: object = loader.runtime_params
    for key in keys:
        given = given.get(key, _ABSENT) if isinstance(given, dict) else _ABSENT
    if given is not _ABSENT:
        return "--params"
    for env in environments_of(loader):
        for file in files_of(loader, "parameters", env):
            line = _line_of(keys, yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
            if line is not None:
                return f"{shown_path(file)}, line {line}"
    return None


_ABSENT = object()


def _line_of(keys: list[str], node: yaml.Node | None) -> int | None:
    """Return the line of a key below a node, counted from 1."""
    if not isinstance(node, yaml.MappingNode):
        return None
    for name, value in node.value:
        if name.value == keys[0]:
            return name.start_mark.line + 1 if len(keys) == 1 else _line_of(keys[1:], value)
    shared = (value for name, value in node.value if name.tag == "tag:yaml.org,2002:merge")
    return next((line for value in shared if (line := _line_of(keys, value)) is not None), None)


def _unknown_entries(loader: OmegaConfigLoader) -> list[str]:
    """Name entries of an environment's catalog that base does not have: no node would ever use them."""
    env, base = environments_of(loader)[0], loader.base_env
    known = {key for file in files_of(loader, "catalog", base) for key in entries_of(file)}
    return [
        f"{shown_path(file)}: {key} is no entry of the catalog; {nearest(key, known)}"
        for file in files_of(loader, "catalog", env)
        for key in entries_of(file)
        if key not in known and not key.startswith("_")
    ]


def _unusable_entries(names: list[str], catalog: CatalogProtocol) -> list[str]:
    """Make every dataset of the run; Kedro would make an output's when it is saved, after all the work."""
    problems = []
    for name in names:
        try:
            catalog.get(name)
        except DatasetError as error:
            problems.append(f"catalog entry {name} cannot be used: {' '.join(str(error).split())}")
    return problems


def _unusable_folders(project: Path, loader: OmegaConfigLoader) -> list[str]:
    """Name folders that a run writes to and that cannot be made."""
    folders = {
        "globals.yml: data_root": loader["globals"]["data_root"],
        "compute.working_folder": loader["parameters"]["compute"]["working_folder"],
    }
    problems = []
    for name, folder in folders.items():
        path = project / folder
        there = next(place for place in (path, *path.parents) if place.exists())
        if not there.is_dir():
            problems.append(f"{name} is {folder}, but {shown_path(there)} is a file; expected a folder, or none yet.")
        elif not os.access(there, os.W_OK | os.X_OK):
            problems.append(f"{name} is {folder}, but nothing can be written to {shown_path(there)}; allow it.")
        elif not os.access(there, os.R_OK):
            problems.append(f"{name} is {folder}, but nothing can be read in {shown_path(there)}; allow it.")
    return problems
