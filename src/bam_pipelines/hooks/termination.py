"""SIGTERM, with which a cluster ends a job's time: a run ends in order, and soon."""

import atexit
import logging
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from types import FrameType
from typing import Any

import psutil
from kedro.framework.hooks import hook_impl

logger = logging.getLogger(__name__)

# what a shell says of a process that SIGTERM ended
EXIT_CODE = 128 + signal.SIGTERM
# Clusters send SIGKILL after half a minute or so.
_SECONDS_TO_END_IN_ORDER = 5.0
_SENTENCE = (
    "SIGTERM has ended this run; what it saved and its finished shards are kept: run the same command again to go on, "
    "a first run with --only-missing-outputs"
)


class TerminationHook:
    """Turn SIGTERM into an exit of the process while a run is on.

    Unlike an error, an exit is caught by nobody on its way: what is being written or computed is dropped and worker
    processes end, as ``with`` and ``finally`` have it. Whatever has not ended soon is killed.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._ending = False
        # what is registered first is called last: after whatever the libraries that a run imports do at the exit
        atexit.register(self._leave_at_once)

    @hook_impl(wrapper=True)
    def before_pipeline_run(self) -> Generator[None, object, object]:
        """Listen to SIGTERM, before anything else sees the run; only a process's main thread can."""
        self._ending = False
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._end)
        try:
            return (yield)
        except BaseException:
            self._restore()
            raise

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Leave SIGTERM to whom it belonged."""
        self._restore()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Leave SIGTERM to whom it belonged."""
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
            self._before = None

    def _end(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        # `timeout` and clusters may send it twice
        if not self._ending:
            self._ending = True
            # said at the exit: here it might interrupt the writing of another line
            atexit.register(logger.warning, _SENTENCE)
            threading.Thread(target=_end_for_sure, args=(_SECONDS_TO_END_IN_ORDER,), daemon=True).start()
            raise SystemExit(EXIT_CODE)

    def _leave_at_once(self) -> None:
        """Spare the interpreter taking all of torch and MLflow apart, which may need ten seconds."""
        if self._ending:
            # joins workers and frees what they shared, as it would have been called after this
            multiprocessing.util._exit_function()  # type: ignore[attr-defined]
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(EXIT_CODE)


def _end_for_sure(seconds: float) -> None:
    """Kill the workers that are left after a while, and then the process."""
    time.sleep(seconds)
    for child in psutil.Process().children(recursive=True):
        child.kill()
    time.sleep(seconds / 2)
    os.write(2, f"{_SENTENCE}; the process had to be killed.\n".encode())
    os._exit(EXIT_CODE)
