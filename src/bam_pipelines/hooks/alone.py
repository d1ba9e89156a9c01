"""One run at a time in a data folder."""

import fcntl
import logging
import os
import socket
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from bam_pipelines.compute.durable import is_full, write_error
from bam_pipelines.datasets.atomic import AtomicDataset
from bam_pipelines.hooks.refusal import RunRefusedError

logger = logging.getLogger(__name__)

LOCK = ".lock"


class AloneHook:
    """Hold a lock on the data folder while a run writes there.

    The operating system lets go of it when the process ends, however it ends.
    """

    _held: IO[str] | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the run's data folder stands."""
        self._context = context

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Take the lock; remove what a run that was killed had begun to write.

        Raises
        ------
        RunRefusedError
            If another run holds it, or the folder cannot be written to.
        """
        root = Path(self._context.project_path) / self._context.config_loader["globals"]["data_root"]
        self._release()
        self._held = take_lock(root, run_params["run_id"])
        if self._held is not None:
            for name in sorted(pipeline.all_outputs()):
                dataset = catalog.get(name)
                if isinstance(dataset, AtomicDataset) and root in dataset.saved_path().parents:
                    dataset.discard_unfinished()

    @hook_impl(specname="before_pipeline_run", wrapper=True)
    def release_if_refused(self) -> Generator[None, object, object]:
        """Let go of the lock if another hook refuses the run."""
        try:
            return (yield)
        except BaseException:
            self._release()
            raise

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Let go of the lock."""
        self._release()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Let go of the lock."""
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


def take_lock(root: Path, session_id: str) -> IO[str] | None:
    """Lock a data folder for this process.

    Parameters
    ----------
    root
        The folder; made if absent.
    session_id
        The run's Kedro session, for the message that another run gets.

    Returns
    -------
    file or None
        Holds the lock until it is closed; None where the file system has no locks, which is said aloud.

    Raises
    ------
    RunRefusedError
        If another process holds the lock, or the folder cannot be written to.
    """
    path = root / LOCK
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise RunRefusedError(str(write_error(path, error))) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate(0)
        since = datetime.now().astimezone().isoformat(" ", "seconds")
        file.write(f"process {os.getpid()} on {socket.gethostname()}, session {session_id}, since {since}")
        file.flush()
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read() or "it has just begun"
        file.close()
        raise RunRefusedError(
            f"another run writes to {root} ({holder}): wait until it has ended, or end it, and run again."
        ) from error
    except OSError as error:
        file.close()
        if is_full(error):
            raise RunRefusedError(str(write_error(path, error))) from error
        logger.warning(
            "%s cannot be locked (%s), so nothing keeps a second run from writing to %s: start none before this one "
            "has ended.",
            path,
            error.strerror,
            root,
        )
        return None
    return file
