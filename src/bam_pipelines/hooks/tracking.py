"""MLflow: kedro-mlflow's hook, with what this project logs, and without its power to stop a run."""

import atexit
import fcntl
import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import mlflow
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig
from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine
from mlflow.tracking import MlflowClient

from bam_pipelines.compute.durable import write_whole
from bam_pipelines.hooks.descriptions import EXPERIMENT, SILENT, run_name, run_tags
from bam_pipelines.hooks.results import log_entry

# of a class in kedro-mlflow mlflow says, whatever the filters are, that it lacks type hints: nobody can mend that here
with warnings.catch_warnings(record=True):
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

logger = logging.getLogger(__name__)
for _chatty in ("alembic", "kedro_mlflow", "mlflow"):
    # set here because both packages set their own level when they are imported, over conf/logging.yml
    logging.getLogger(_chatty).setLevel(logging.WARNING)
# it logs what it raises, with a traceback, and what it raises is said below
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)

# MLflow would try again for four minutes; read when a request is made, so whoever sets them has the last word
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")

_SQLITE = "sqlite:///"
_SECONDS_FOR_A_LOCK = 10.0


class TrackingHook(MlflowHook):
    """Open an MLflow run for a Kedro run, log parameters and results, close it.

    The store is first touched when a pipeline runs. If it cannot be used, an error is logged, once more at the end,
    and the run goes on without it.
    """

    _lost: str | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read mlflow.yml, a relative SQLite file taken from the project's folder, without touching the store."""
        self._context = context
        self.run_id = None
        settings = context.config_loader["mlflow"]
        server = settings["server"]
        server["mlflow_tracking_uri"] = resolve_uri(server["mlflow_tracking_uri"], Path(context.project_path))
        kept = settings["tracking"].get("experiment", {}).get("create_experiment_kwargs") or {}
        if "artifact_location" in kept:
            kept["artifact_location"] = resolve_folder(kept["artifact_location"], Path(context.project_path))
        # or kedro-mlflow opens the run once more for every node, and each time is to be closed
        settings["tracking"].setdefault("run", {})["nested"] = False
        context.config_loader["mlflow"] = settings
        self.mlflow_config = KedroMlflowConfig.model_validate(settings)
        context.__setattr__("mlflow", self.mlflow_config)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Connect to the store, open the run and tag it."""
        self._is_mlflow_enabled, self._lost = True, None
        # a run that is open when the process ends was interrupted; MLflow itself would call it finished
        atexit.register(self._close, "KILLED")
        with self._store():
            create_sqlite(self.mlflow_config.server.mlflow_tracking_uri)
            check_sqlite(self.mlflow_config.server.mlflow_tracking_uri, _SECONDS_FOR_A_LOCK)
            super().after_context_created(self._context)
            named = self.mlflow_config.tracking.run
            named.name = named.name or run_name(run_params)
            told = {name: value for name, value in run_params.items() if name not in SILENT}
            super().before_pipeline_run(told, pipeline, catalog)
            if self._is_mlflow_enabled:
                mlflow.set_tags(run_tags(run_params, self._context.params))
                self._describe_experiment()
                logger.info("MLflow run %s of %s", self.run_id, self.mlflow_config.tracking.experiment.name)

    @hook_impl
    def before_node_run(self, node: Node, catalog: CatalogProtocol, inputs: dict[str, Any], is_async: bool) -> None:
        """Log the node's parameters."""
        if self._is_mlflow_enabled:
            with self._store():
                super().before_node_run(node, catalog, inputs, is_async)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: object) -> None:
        """Log what the entry's metadata asks for."""
        dataset = self._catalog.get(dataset_name)
        metadata = getattr(dataset, "metadata", None) or {}
        if "mlflow" in metadata and self._is_mlflow_enabled and self.run_id is not None:
            with self._store():
                client = MlflowClient(self.mlflow_config.server.mlflow_tracking_uri)
                log_entry(client, self.run_id, dataset_name, metadata, data, dataset.saved_path())

    @hook_impl
    def after_catalog_created(self, catalog: CatalogProtocol) -> None:
        """Keep the catalog, whose entries say what is logged."""
        self._catalog = catalog

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Close every MLflow run that is still open."""
        self._close("FINISHED")

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Close every MLflow run that is still open, as failed."""
        self._close("FAILED")

    def _describe_experiment(self) -> None:
        """Say what the runs of an experiment are, where nobody has said it."""
        tags = self.mlflow_config.tracking.experiment._experiment.tags
        if new := {name: value for name, value in EXPERIMENT.items() if name not in tags}:
            mlflow.set_experiment_tags(new)

    def _close(self, status: str) -> None:
        atexit.unregister(self._close)
        with self._store():
            while mlflow.active_run() is not None:
                mlflow.end_run(status)
            if self._lost is not None and self.run_id is not None:
                mlflow.MlflowClient().set_tag(self.run_id, "tracking_lost", self._lost)
        if self._lost is not None:
            logger.error("This run is not, or not wholly, in the MLflow store: %s", self._lost)
        self.run_id = None

    @contextmanager
    def _store(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # whatever MLflow, its database and its server raise: no science is lost by it
            self._is_mlflow_enabled = False
            if self._lost is None:
                self._lost = _reason(error)
                logger.error(
                    "The MLflow store %s cannot be used, so this run is no longer tracked; its results are in the data "
                    "folder all the same. %s. Mend the store, or move it away before the next run, which then makes a "
                    "new one.",
                    self.mlflow_config.server.mlflow_tracking_uri,
                    self._lost.rstrip("."),
                )


def _reason(error: BaseException) -> str:
    """Name what an error comes from in the end: a database's or a server's own words."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def create_sqlite(uri: str) -> None:
    """Make a SQLite store that is not there yet, whole or not at all: MLflow can never open one that it began.

    Parameters
    ----------
    uri
        An MLflow tracking URI; any but a file of SQLite's that is absent or empty is passed over.

    Raises
    ------
    OSError, sqlite3.Error
        If it cannot be written.
    """
    path = _sqlite_file(uri)
    if path is None or not _lacks_tables(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as alone:
        # of two first runs at once the second would put its store in the place of the one that the first has open
        fcntl.flock(alone, fcntl.LOCK_EX)
        if _lacks_tables(path):
            write_whole(path, _make_tables)


def _lacks_tables(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _make_tables(path: Path) -> None:
    engine: Any = create_sqlalchemy_engine(f"{_SQLITE}{path}")  # type: ignore[no-untyped-call]
    try:
        # a client would make them, too, but it keeps what it opened, for as long as the process lives
        _initialize_tables(engine)  # type: ignore[no-untyped-call]
    finally:
        engine.dispose()


def _sqlite_file(uri: str) -> Path | None:
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) and "?" not in uri else None


def check_sqlite(uri: str, seconds: float) -> None:
    """Look whether a SQLite store can be written to; MLflow would try to open it for most of an hour.

    Parameters
    ----------
    uri
        An MLflow tracking URI; any but a file of SQLite's is passed over.
    seconds
        How long to wait for another process that holds its lock.

    Raises
    ------
    OSError, sqlite3.Error
        If it is locked, read-only, damaged or cannot be opened.
    """
    path = _sqlite_file(uri)
    if path is not None:
        with closing(sqlite3.connect(path, timeout=seconds, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            # a number that is there for programs to use as they like, written as it is: only a write shows who may
            (number,) = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {number}")
            database.execute("ROLLBACK")


def resolve_uri(uri: str, project: Path) -> str:
    """Take a relative SQLite file from the project's folder instead of the working directory.

    Parameters
    ----------
    uri
        An MLflow tracking URI; any but a relative ``sqlite:///`` is returned as it is.
    project
        The project's folder.
    """
    if not uri.startswith(_SQLITE) or uri.startswith(f"{_SQLITE}/"):
        return uri
    return f"{_SQLITE}{project.resolve() / uri.removeprefix(_SQLITE)}"


def resolve_folder(location: str, project: Path) -> str:
    """Take a relative folder from the project's folder instead of the working directory; a URI is returned as it is."""
    return location if ":" in location else str(project.resolve() / location)
