"""A run that ends by a fault of its surroundings says so in one sentence, without a traceback."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from click import ClickException
from kedro.framework.hooks import hook_impl

from bam_pipelines.compute.durable import is_full
from bam_pipelines.compute.faults import Fault, InputError, not_installed
from bam_pipelines.hooks.refusal import RunFailedError, RunInterruptedError, RunRefusedError

logger = logging.getLogger(__name__)

# who advises to go on from the nodes that have not run, or to repeat the command
_RUNNERS = tuple(f"kedro.runner.{name}_runner" for name in ("sequential", "parallel", "thread"))
# what torch says where numpy raises a MemoryError
_NO_MEMORY_TEXT = "can't allocate memory"
_AGAIN = "what was finished is kept, run again to go on"


class FaultHook:
    """Turn what a person can mend into the last line that the command prints; the traceback is logged at DEBUG."""

    def __init__(self) -> None:
        self._advice = _Advice()

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Listen to what Kedro advises after an error."""
        for name in _RUNNERS:
            logging.getLogger(name).addFilter(self._advice)
        self._advice.wrong = False

    @hook_impl
    def on_node_error(self, error: Exception) -> None:
        """Know whether what Kedro advises, to go on from the node that failed, would fail again."""
        self._advice.wrong = any(isinstance(one, InputError) for one in (error, error.__cause__))

    @hook_impl(trylast=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the sentence, after every other hook has seen the error.

        Raises
        ------
        RunFailedError
            If the error is a fault, or comes from a full disk, full memory or a file that cannot be opened.
        """
        sentence = fault_sentence(error)
        if sentence is not None:
            logger.debug("The run failed", exc_info=error)
            raise RunFailedError(sentence) from error


class _Advice(logging.Filter):
    """Keeps from view what Kedro advises after a fault of input, whose own sentence says what to do."""

    wrong = False

    def filter(self, record: logging.LogRecord) -> bool:
        return not (self.wrong and record.levelno == logging.WARNING and "nodes" in record.getMessage())


@contextmanager
def said_in_a_sentence() -> Iterator[None]:
    """Make a sentence of what a person can mend before a run begins, and of Ctrl+C; later there is :class:`FaultHook`.

    Raises
    ------
    RunRefusedError
        If a fault is met inside.
    RunInterruptedError
        If Ctrl+C is pressed.
    """
    try:
        yield
    except ClickException:
        raise
    except KeyboardInterrupt as error:
        raise RunInterruptedError(
            "Ctrl+C has ended this run; what it saved and its finished shards are kept: run the same command again to "
            "go on, a first run with --only-missing-outputs."
        ) from error
    except Exception as error:
        if (sentence := fault_sentence(error)) is None:
            raise
        raise RunRefusedError(sentence) from error


def fault_sentence(error: BaseException | None) -> str | None:
    """Return what is to be said of an error that a person can mend, or that was raised from one; None of any other."""
    # what is not finite is ours alone to raise, and its text says what to lower
    if error is None or isinstance(error, Fault | FloatingPointError):
        return None if error is None else str(error)
    # kedro's catalog raises its own error from ours
    if (inner := fault_sentence(error.__cause__)) is not None:
        return inner
    if is_full(error):
        return f"no space left on a disk: {error}; make room and run again."
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("bam_pipelines"):
        return not_installed(error)
    if isinstance(error, FileNotFoundError | PermissionError):
        named = f"{error.filename} cannot be opened ({error.strerror}): mend that and run again."
        return str(error) if error.filename is None else named
    return _memory_sentence(error)


def _memory_sentence(error: BaseException) -> str | None:
    reason = " ".join(str(error).split()).split(". ")[0].rstrip(".") or type(error).__name__
    if isinstance(error, torch.OutOfMemoryError):
        return (
            f"the GPU's memory is full ({reason}): end what else uses it, lower the batch_size of the stage that "
            f"failed, or give --params compute.device=cpu; {_AGAIN}."
        )
    full = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
    if full or (isinstance(error, RuntimeError) and _NO_MEMORY_TEXT in str(error)):
        return (
            f"memory is full ({reason}): give --params compute.workers=1, lower the batch_size of the stage that "
            f"failed, or end other programs; {_AGAIN}."
        )
    return None
