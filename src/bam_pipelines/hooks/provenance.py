"""The ids of a run and of what it read and wrote, as a dataset that a report can take."""

import subprocess
from typing import Any

import mlflow
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, MemoryDataset
from kedro.io.core import AbstractVersionedDataset

RUN_IDENTITY = "run_identity"


class ProvenanceHook:
    """Offer the dataset ``run_identity`` to every node.

    It is a dict of ``kedro_session_id``, ``environment``, ``mlflow_experiment`` and ``mlflow_run_id`` (None when
    MLflow is not used), ``git_revision`` (None outside a checkout), and ``artifacts``: the version of each entry that
    the run has read or written so far.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the experiment's name stands."""
        self._context: Any = context  # with what kedro-mlflow's hook adds to it

    @hook_impl
    def after_catalog_created(self, catalog: CatalogProtocol, save_version: str) -> None:
        """Add ``run_identity`` to the catalog."""
        self._catalog = catalog
        self._identity: dict[str, Any] = {
            "kedro_session_id": save_version,
            "environment": "base",
            "mlflow_experiment": None,
            "mlflow_run_id": None,
            "git_revision": _git_revision(),
            "artifacts": {},
        }
        # assigned, not copied: a node sees what was loaded after this input, too
        catalog[RUN_IDENTITY] = MemoryDataset(self._identity, copy_mode="assign")

    @hook_impl(trylast=True)
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Fill in the environment and the MLflow run that was started for this run."""
        self._identity["environment"] = environment_name(run_params.get("env"))
        run = mlflow.active_run()
        if run is not None:
            self._identity["mlflow_run_id"] = run.info.run_id
            # from conf, not from the store, which may have gone since
            self._identity["mlflow_experiment"] = self._context.mlflow.tracking.experiment.name

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str) -> None:
        """Note the version that was read."""
        dataset = self._catalog[dataset_name]
        # what an earlier run may have left has no version where it left nothing
        if isinstance(dataset, AbstractVersionedDataset) and (version := dataset.resolve_load_version()):
            self._identity["artifacts"][dataset_name] = version

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Note the version that was written."""
        dataset = self._catalog[dataset_name]
        if isinstance(dataset, AbstractVersionedDataset):
            self._identity["artifacts"][dataset_name] = dataset.resolve_save_version()


def environment_name(env: str | None) -> str:
    """Return the environment as a user names it: without ``--env``, Kedro says ``local`` or nothing."""
    return "base" if env in (None, "local") else env


def _git_revision() -> str | None:
    """Return the commit that is checked out, with ``-dirty`` where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None
