"""Copies of the project in which faults are tried, and runs in them."""

import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from bam_pipelines.compute.fingerprint import fingerprint
from bam_pipelines.pipeline_registry import register_pipelines
from bam_pipelines.settings import CONFIG_LOADER_ARGS
from benchmarks.drills.processes import Command

PROJECT = Path(__file__).parents[2]
IN_GIT = "2000-01-01T00.00.00.000Z"
# a whole run takes 60 to 140 s where nothing else runs
LIMIT = 900.0


@dataclass(frozen=True)
class Ended:
    """What came of a run: its exit code, and what it printed."""

    code: int
    output: str


@dataclass(frozen=True)
class Project:
    """A copy of the project with a data folder of its own.

    Parameters
    ----------
    folder
        Its root.
    """

    folder: Path

    @property
    def data(self) -> Path:
        """The data folder of the smoke environment."""
        return self.folder / "data" / "smoke"

    def start(
        self, *arguments: str, parameters: dict[str, Any] | None = None, variables: dict[str, str] | None = None
    ) -> Command:
        """Begin ``kedro run --env smoke``; one worker and one thread unless parameters say otherwise."""
        values = {"compute.threads": 1, "compute.workers": 1, **(parameters or {})}
        texts = ",".join(f"{name}={value}" for name, value in values.items())
        command = [sys.executable, "-m", "kedro", "run", "--env", "smoke", *arguments, "--params", texts]
        return self.command(command, variables)

    def command(self, command: list[str], variables: dict[str, str] | None = None) -> Command:
        """Begin any command in the project, with its code."""
        own = {
            "PYTHONPATH": str(self.folder / "src"),
            "OMP_NUM_THREADS": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # the copy is no checkout: reports would show the revision of the one that it lies in
            "GIT_CEILING_DIRECTORIES": str(self.folder.parent),
        }
        number = len(list(self.folder.glob("*.log")))
        return Command(command, self.folder, self.folder / f"{number}.log", own | (variables or {}))

    def run(
        self,
        *arguments: str,
        parameters: dict[str, Any] | None = None,
        variables: dict[str, str] | None = None,
        limit: float = LIMIT,
    ) -> Ended:
        """Do as :meth:`start` does and wait for the end, at most ``limit`` seconds."""
        with self.start(*arguments, parameters=parameters, variables=variables) as command:
            code = command.wait(limit)
            return Ended(code, command.output)

    def newest(self, entry: str) -> Path:
        """Return the file that a run would read of a catalog entry."""
        place = self.folder / entry_path(entry)
        return max(place.glob(f"*/{place.name}"))


def copy_project(folder: Path) -> None:
    """Copy everything that a run needs, but no results."""
    for name in ("conf", "src"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder / name)
    for version in (PROJECT / "data").glob(f"0*/*/{IN_GIT}"):
        shutil.copytree(version, folder / version.relative_to(PROJECT))


def new_project(folder: Path) -> Project:
    """Copy the project to ``folder``, in place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    copy_project(folder)
    return Project(folder)


def copy_entries(source: Project, target: Project, entries: Iterable[str]) -> None:
    """Copy catalog entries, all versions of each, from one project's data to another's."""
    for entry in entries:
        path = entry_path(entry)
        if not (target.folder / path).exists():
            shutil.copytree(source.folder / path, target.folder / path)


@cache
def stages() -> dict[str, Pipeline]:
    """Return every stage by name."""
    return register_pipelines()


@cache
def _catalog() -> DataCatalog:
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    return DataCatalog.from_config(OmegaConfigLoader(str(PROJECT / "conf"), env="smoke", **arguments)["catalog"])


def entry_path(entry: str) -> Path:
    """Return where a catalog entry lies, seen from the project's root."""
    return Path(str(_catalog()[entry]._filepath))  # type: ignore[attr-defined]


def stage_inputs(*names: str) -> set[str]:
    """Return the catalog entries that stages read and do not make themselves."""
    inputs = sum((stages()[name] for name in names), start=Pipeline([])).inputs()
    return {name for name in inputs if name in _catalog() and entry_path(name).is_relative_to("data/smoke")}


def maker(entry: str) -> str:
    """Return the name of the node of the default run that makes a catalog entry."""
    (found,) = [node.name for node in stages()["__default__"].nodes if entry in node.outputs]
    return found


def node_inputs(*nodes: str) -> set[str]:
    """Return the catalog entries that nodes of the default run read and do not make themselves."""
    inputs = stages()["__default__"].only_nodes(*nodes).inputs()
    return {name for name in inputs if name in _catalog() and entry_path(name).is_relative_to("data/smoke")}


def project_fingerprint() -> str:
    """Name the project's code and configuration by their content."""
    files = [path for name in ("conf", "src") for path in sorted((PROJECT / name).rglob("*")) if path.is_file()]
    named = {str(path.relative_to(PROJECT)): path.read_bytes() for path in files if path.suffix != ".pyc"}
    return fingerprint(named)
