"""What reading one input came to, and how many inputs came to what."""

import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from kedro.io.core import DatasetError

from bam_pipelines.compute.faults import InputError
from bam_pipelines.experiment.server.places import Refused

# exactly these: any other is shown with a traceback, or says nothing of the file
NAMED = (InputError, FileNotFoundError, DatasetError, Refused)
LONGEST_SECONDS = 20
MOST_MIB = 400
_SHOWN = 500


class TookTooLongError(Exception):
    """Reading one input took longer than :data:`LONGEST_SECONDS`."""


@dataclass
class Outcomes:
    """Counts of one reader.

    Parameters
    ----------
    file
        What an error must name.
    longest
        Seconds that one input may take.
    """

    file: str
    longest: float = LONGEST_SECONDS
    counts: Counter[str] = field(default_factory=Counter)
    crashes: list[dict[str, str]] = field(default_factory=list)
    longest_seconds: float = 0.0

    def take(self, read: Callable[[], object], reproducer: str) -> None:
        """Read one input and count what it came to."""
        memory, begin = _peak_mib(), time.perf_counter()
        problem = ""
        try:
            with time_limit(self.longest):
                read()
            outcome = "valid"
        except NAMED as error:
            outcome = type(error).__name__
            if type(error) not in NAMED or (self.file and self.file not in str(error)):
                problem = f"{outcome} without the file: {error}"
        except Exception as error:
            outcome, problem = type(error).__name__, f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - begin
        self.longest_seconds = max(self.longest_seconds, seconds)
        if _peak_mib() - memory > MOST_MIB:
            problem = problem or f"took {_peak_mib() - memory:.0f} MiB"
        if problem:
            outcome = "crash"
            self.crashes.append({"input": reproducer, "problem": problem[:_SHOWN]})
        self.counts[outcome] += 1


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise a :class:`TookTooLongError` inside when so much time has passed; in the main thread only."""

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise TookTooLongError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
