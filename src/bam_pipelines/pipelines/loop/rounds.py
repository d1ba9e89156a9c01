"""One process a round: in a second session of one process everything would be logged to the first one's MLflow run."""

import signal
import subprocess
import sys

from bam_pipelines.pipelines.places import project_folder

# a run's exit code when SIGTERM ends it, and that of a process that had not begun with its run
_TERMINATED = (128 + signal.SIGTERM, -signal.SIGTERM)


def round_command(env: str | None, params: str | None) -> list[str]:
    """Return the command of one round."""
    options = [*(["--env", env] if env else []), *(["--params", params] if params else [])]
    return [sys.executable, "-m", "kedro", "run", "--pipelines", "loop", *options]


def run_rounds(rounds: int, env: str | None, params: str | None) -> None:
    """Run stage loop so many times; its state is in the catalog alone.

    Parameters
    ----------
    rounds
        At least 1.
    env, params
        As ``kedro run`` takes them.

    Raises
    ------
    RuntimeError
        If a round fails, with what it said last; the rounds before it are kept.
    SystemExit
        If SIGTERM ended a round, which has said so.
    """
    for number in range(1, rounds + 1):
        print(f"loop: round {number} of {rounds} of this call", flush=True)
        failed = _run(round_command(env, params))
        if failed in _TERMINATED:
            raise SystemExit(_TERMINATED[0])
        if failed:
            raise RuntimeError(
                f"round {number} of {rounds} of this call failed, for the reason above; the rounds before it are kept, "
                "and `kedro loop run` goes on after them."
            )


def _run(command: list[str]) -> int:
    """Run a command in the project's folder, pass SIGTERM on to it, and return its exit code."""
    with subprocess.Popen(command, cwd=project_folder()) as process:
        before = signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
        try:
            return process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
