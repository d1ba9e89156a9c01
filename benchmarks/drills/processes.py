"""Commands whose processes can all be found and ended, whoever started them in between."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

# in the environment of everything that a command starts, in a session of its own or not
_MARK = "BAM_DRILL"
_numbers = count()
_living: set["Command"] = set()
_ending = Event()
# of a hundredth of a second: more than a process needs to wait
_WORKING_TICKS = 4
# a log line, a warning's line, and the line of code that Python shows below a warning
_ASIDE = re.compile(r"\d\d:\d\d:\d\d |.*\.py:\d+: \w*Warning|  \S|$")


class DrillError(Exception):
    """A drill cannot go on: what it waited for did not happen."""


class Command:
    """A command that runs beside a drill; leaving the context ends every process that came of it.

    Parameters
    ----------
    arguments, folder
        What runs, and where.
    log
        File that takes what it prints.
    variables
        What its environment has beside the drill's own.
    """

    def __init__(
        self, arguments: Sequence[str], folder: Path, log: Path, variables: dict[str, str] | None = None
    ) -> None:
        if _ending.is_set():
            raise DrillError("the drills are being ended")
        self._token = f"{_MARK}={os.getpid()}-{next(_numbers)}"
        self._log = log
        environment = os.environ | (variables or {}) | dict([self._token.split("=")])
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._begin = time.monotonic()
        _living.add(self)

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(everything=True)
        self._process.wait()
        _living.discard(self)

    @property
    def main(self) -> int:
        """The id of the process that was started."""
        return self._process.pid

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begin

    @property
    def output(self) -> str:
        """What was printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def running(self) -> bool:
        """Say whether the process that was started still runs."""
        return self._process.poll() is None

    def wait(self, seconds: float) -> int:
        """Return the exit code, negative for a signal.

        Raises
        ------
        DrillError
            If the command still runs after ``seconds``.
        """
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DrillError(f"the command still ran after {seconds:.0f} s") from None

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something that must happen while the command runs.

        Raises
        ------
        DrillError
            If the command ended first, or it took longer than ``seconds``.
        """
        end = time.monotonic() + seconds
        while not condition():
            if not self.running():
                raise DrillError(f"the command ended before {what}: {last_words(self.output)}")
            if time.monotonic() > end:
                raise DrillError(f"no {what} within {seconds:.0f} s")
            time.sleep(0.05)

    def left_over(self) -> list[int]:
        """Return the ids of living processes that came of the command, but for the first one."""
        token = self._token.encode()
        return [pid for pid in _pids() if pid != self.main and token in _environment(pid)]

    def kill(self, everything: bool) -> None:
        """End the process that was started, or every process that came of it, by SIGKILL: none can prepare for it."""
        if self.running():
            self._process.kill()
        while everything and (others := self.left_over()):
            for pid in others:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


def end_commands() -> None:
    """End every command of this process and let none begin: the drills themselves are to end."""
    _ending.set()
    for command in list(_living):
        command.kill(everything=True)


def ending() -> bool:
    """Say whether commands were ended by :func:`end_commands`, and not by a drill."""
    return _ending.is_set()


def at_work(pids: Sequence[int], seconds: float = 0.3) -> int | None:
    """Watch processes for some time; return the one that worked most, None if none did at all."""
    before = {pid: _processor_ticks(pid) for pid in pids}
    time.sleep(seconds)
    worked = {pid: _processor_ticks(pid) - ticks for pid, ticks in before.items()}
    busiest = max(pids, key=lambda pid: worked[pid], default=None)
    return busiest if busiest is not None and worked[busiest] >= _WORKING_TICKS else None


def last_words(output: str) -> str:
    """Return what a failed command says to its user: the last error's message, however many lines it has.

    Parameters
    ----------
    output
        Everything that it printed; log lines and warnings after the error are no part of it. Without an error the last
        line counts.
    """
    lines = output.rstrip().splitlines()
    while lines and _ASIDE.match(lines[-1]):
        lines.pop()
    for place in range(len(lines) - 1, -1, -1):
        head, colon, rest = lines[place].partition(": ")
        name = head.rpartition(".")[2]
        if colon and name.isidentifier() and name.endswith(("Error", "Exception", "Interrupt")):
            return "\n".join([rest, *lines[place + 1 :]]).strip()
    return lines[-1].strip() if lines else ""


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    """Return ``name=value`` of a process; nothing of one that has ended, is a zombie or someone else's."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


def _processor_ticks(pid: int) -> int:
    with suppress(OSError):
        fields: list[Any] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0
