"""A run that ends by a fault of its surroundings says so in one sentence, without a traceback."""

import logging

from kedro.framework.hooks import hook_impl

from bam_pipelines.compute.durable import is_full
from bam_pipelines.compute.faults import Fault
from bam_pipelines.hooks.refusal import RunFailedError

logger = logging.getLogger(__name__)


class FaultHook:
    """Turn what a person can mend into the last line that the command prints; the traceback is logged at DEBUG."""

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the sentence, after every other hook has seen the error.

        Raises
        ------
        RunFailedError
            If the error is a fault, or comes from a full disk.
        """
        sentence = fault_sentence(error)
        if sentence is not None:
            logger.debug("The run failed", exc_info=error)
            raise RunFailedError(sentence) from error


def fault_sentence(error: BaseException | None) -> str | None:
    """Return what is to be said of an error that is a fault, was raised from one, or says that the disk is full."""
    if error is None or isinstance(error, Fault):
        return None if error is None else str(error)
    # kedro's catalog raises its own error from ours
    if (inner := fault_sentence(error.__cause__)) is not None:
        return inner
    return f"no space left on a disk: {error}; make room and run again." if is_full(error) else None
