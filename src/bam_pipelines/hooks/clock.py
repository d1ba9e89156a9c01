"""The newest version of an entry is the one that is read, so what is written must be the newest."""

from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from bam_pipelines.datasets.atomic import AtomicDataset
from bam_pipelines.hooks.refusal import RunRefusedError


class ClockHook:
    """Compare the versions of a run's entries with the one that it would write."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Refuse the run if an entry has a later version, as after a clock that was set back.

        Raises
        ------
        RunRefusedError
            One sentence with the entry, its version and what to do.
        """
        for name in sorted(pipeline.datasets()):
            dataset = catalog.get(name)
            if isinstance(dataset, AtomicDataset):
                check_newest(name, dataset, run_params["run_id"])


def check_newest(name: str, dataset: AtomicDataset, version: str) -> None:
    """Refuse to write a version that would never be read.

    Parameters
    ----------
    name
        The entry's name.
    dataset
        The entry.
    version
        What a run would write.

    Raises
    ------
    RunRefusedError
        If the entry has a version that is sorted after it.
    """
    newest = max(dataset.versions(), default="")
    if newest > version:
        folder = Path(dataset.saved_path()).parents[1] / newest
        raise RunRefusedError(
            f"{name} has version {newest}, which is later than this run's {version}, so nothing that this run writes "
            f"there would ever be read: set the clock right, or remove {folder} if its date is wrong, and run again."
        )
