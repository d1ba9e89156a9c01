"""MLflow: kedro-mlflow's hook, with what this project logs, and without its power to stop a run."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SQLAlchemyError

from bam_pipelines.hooks.results import log_entry

logger = logging.getLogger(__name__)
for _chatty in ("alembic", "kedro_mlflow", "mlflow"):
    # set here because both packages set their own level when they are imported, over conf/logging.yml
    logging.getLogger(_chatty).setLevel(logging.WARNING)

_SQLITE = "sqlite:///"


class TrackingHook(MlflowHook):
    """Open an MLflow run for a Kedro run, log parameters and results, close it.

    The store is first touched when a pipeline runs. If it cannot be used, an error is logged and the run goes on
    without it.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read mlflow.yml, a relative SQLite file taken from the project's folder, without touching the store."""
        self._context = context
        self.run_id = None
        settings = context.config_loader["mlflow"]
        server = settings["server"]
        server["mlflow_tracking_uri"] = resolve_uri(server["mlflow_tracking_uri"], Path(context.project_path))
        context.config_loader["mlflow"] = settings
        self.mlflow_config = KedroMlflowConfig.model_validate(settings)
        context.__setattr__("mlflow", self.mlflow_config)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Connect to the store, open the run and tag it."""
        self._is_mlflow_enabled = True
        with self._store():
            super().after_context_created(self._context)
            super().before_pipeline_run(run_params, pipeline, catalog)
            if self._is_mlflow_enabled:
                mlflow.set_tags(run_tags(run_params, self._context.params))
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
        kind = (getattr(dataset, "metadata", None) or {}).get("mlflow")
        if kind is not None and self._is_mlflow_enabled and self.run_id is not None:
            with self._store():
                client = MlflowClient(self.mlflow_config.server.mlflow_tracking_uri)
                log_entry(client, self.run_id, dataset_name, kind, data, dataset.saved_path())

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

    def _close(self, status: str) -> None:
        with self._store():
            while mlflow.active_run() is not None:
                mlflow.end_run(status)
        self.run_id = None

    @contextmanager
    def _store(self) -> Iterator[None]:
        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            self._is_mlflow_enabled = False
            logger.error(
                "The MLflow store %s cannot be used, so this run is no longer tracked; its results are in the data "
                "folder all the same. %s: %s",
                self.mlflow_config.server.mlflow_tracking_uri,
                type(error).__name__,
                error,
            )


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


def run_tags(run_params: dict[str, Any], parameters: dict[str, Any]) -> dict[str, str]:
    """Return our tags of an MLflow run: the Kedro session, and whether its participants are simulated."""
    tags = {"kedro_session_id": run_params["run_id"]}
    if parameters.get("behavior", {}).get("source") == "simulated":
        tags["simulated"] = "true"
    return tags
