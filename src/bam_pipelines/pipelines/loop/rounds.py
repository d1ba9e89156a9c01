"""One process a round: in a second session of one process everything would be logged to the first one's MLflow run."""

import subprocess
import sys

from bam_pipelines.pipelines.places import project_folder


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
    """
    for number in range(1, rounds + 1):
        print(f"loop: round {number} of {rounds} of this call", flush=True)
        failed = subprocess.run(round_command(env, params), cwd=project_folder(), check=False).returncode
        if failed:
            raise RuntimeError(
                f"round {number} of {rounds} of this call failed, for the reason above; the rounds before it are kept, "
                "and `kedro loop run` goes on after them."
            )
