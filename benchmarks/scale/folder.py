"""A data folder of the bench's own: the project's conf with another ``data_root``, and stages run in it."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from benchmarks.scale.watch import PROJECT, Watched, watch


@dataclass(frozen=True)
class DataFolder:
    """One environment of the project in a folder of its own.

    Parameters
    ----------
    folder
        Holds ``conf``, ``data`` and MLflow's store.
    environment
        Of the project's conf.
    """

    folder: Path
    environment: str

    @property
    def conf(self) -> Path:
        """Where the copy of the project's conf lies."""
        return self.folder / "conf"

    @property
    def data(self) -> Path:
        """Where stages read and write."""
        return self.folder / "data"

    def prepare(self) -> None:
        """Write the conf anew; data stay."""
        shutil.rmtree(self.conf, ignore_errors=True)
        shutil.copytree(PROJECT / "conf", self.conf, ignore=shutil.ignore_patterns("local"))
        own = {"data_root": str(self.data), "prior_root": str(PROJECT / "data"), "environment": "scale"}
        for name in {"base", self.environment}:
            path = self.conf / name / "globals.yml"
            path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | own))
        tracking = self.conf / "base" / "mlflow.yml"
        store = f"sqlite:///{self.folder / 'mlflow.db'}"
        tracking.write_text(
            tracking.read_text()
            .replace("sqlite:///mlflow.db", store)
            .replace("artifact_location: mlruns", f"artifact_location: {self.folder / 'mlruns'}")
        )

    def run(self, stages: str, parameters: Mapping[str, object], nodes: Sequence[str] = ()) -> Watched:
        """Run stages as a user does, with parameters by their names, or some nodes of them, watched.

        Raises
        ------
        RuntimeError
            If the run fails.
        """
        command = [sys.executable, "-m", "kedro", "run", "--conf-source", str(self.conf), "--env", self.environment]
        command += ["--pipelines", stages]
        if nodes:
            command += ["--nodes", ",".join(nodes)]
        if parameters:
            command += ["--params", ",".join(f"{name}={value}" for name, value in parameters.items())]
        return watch(command, BAM_SALT="a text for benchmarks only", OMP_NUM_THREADS="1")

    def load(self, *names: str) -> list[Any]:
        """Return the newest versions of catalog entries."""
        with closing(self._session()) as session:
            catalog = session.load_context().catalog
            return [catalog.load(name) for name in names]

    def save(self, **entries: object) -> None:
        """Write catalog entries, as a stage would."""
        with closing(self._session()) as session:
            catalog = session.load_context().catalog
            for name, content in entries.items():
                catalog.save(name, content)

    def _session(self) -> KedroSession:
        bootstrap_project(PROJECT)
        return KedroSession.create(PROJECT, env=self.environment, conf_source=str(self.conf))
