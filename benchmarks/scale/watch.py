"""A command watched from outside: seconds, and the most memory that it and its children hold at once."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_PERIOD = 0.1  # seconds between two looks
_SHOWN = 2_000  # last characters of a failed command's output
PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Parameters
    ----------
    seconds
        Wall time, imports included.
    peak_gib
        Largest sum of resident memory over the process and all below it, looked at ten times a second; pages that two
        of them share count twice. What the kernel notes as a process's largest is no use: it begins with its parent's.
    """

    seconds: float
    peak_gib: float

    def rounded(self) -> dict[str, float]:
        """Return both for the results' file."""
        return {"seconds": round(self.seconds, 1), "peak_gib": round(self.peak_gib, 3)}


def watch(command: Sequence[str], **variables: str) -> Watched:
    """Run a command of the project to its end.

    Parameters
    ----------
    command
        Program and arguments.
    **variables
        Of the environment, beside this process's.

    Raises
    ------
    RuntimeError
        If it fails; the last of what it printed is in the message.
    """
    with tempfile.TemporaryFile("w+") as printed:
        begin, peak = time.perf_counter(), 0
        process = subprocess.Popen(
            command, cwd=PROJECT, env=_environment(variables), stdout=printed, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                peak = max(peak, tree_memory(process.pid))
                time.sleep(_PERIOD)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        seconds = time.perf_counter() - begin
        if process.returncode:
            printed.seek(0)
            last = printed.read()[-_SHOWN:]
            raise RuntimeError(f"`{' '.join(command)}` ended with code {process.returncode}:\n{last}")
    return Watched(seconds, peak / 2**30)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"} | dict(variables)


def tree_memory(pid: int) -> int:
    """Return the resident memory of a process and of all below it, bytes; 0 once it has ended."""
    try:
        process = psutil.Process(pid)
        return sum(_memory(one) for one in [process, *process.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0
