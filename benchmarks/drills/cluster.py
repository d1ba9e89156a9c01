"""The scheduler of a cluster killed and started again while a run uses it."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.drills.artifacts import kept
from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.drills.processes import Command
from benchmarks.drills.projects import Project
from benchmarks.drills.workers import before_sampling, expect_resumed, until_amid_sampling

_HOST = "127.0.0.1"
_STOP = 180.0


@contextmanager
def cluster(project: Project, port: int, workers: int = 2) -> Iterator[Command]:
    """Start a scheduler and workers that only this machine reaches; yield the scheduler's command."""
    address = f"tcp://{_HOST}:{port}"
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", _HOST, "--port", str(port)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--host", _HOST]
    worker += ["--nworkers", str(workers), "--nthreads", "1", "--local-directory", str(project.folder / "workers")]
    # without a dashboard they serve their state to all networks all the same
    local = ["--no-dashboard", "--dashboard-address", f"{_HOST}:0"]
    with project.command([*scheduler, *local]) as command:
        command.until(lambda: _listens(port), 60, "a scheduler that listens")
        with project.command([*worker, *local]) as serving:
            serving.until(lambda: serving.output.count("Registered to") >= workers, 90, "workers that are registered")
            yield command


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((_HOST, port)) == 0


def _scheduler_killed(bench: Bench, finding: Finding) -> None:
    project, port = before_sampling(bench), free_port()
    parameters = {"compute.backend": "dask", "compute.workers": "auto", "compute.scheduler": f"tcp://{_HOST}:{port}"}
    with cluster(project, port) as scheduler, project.start("--pipelines", "sampling", parameters=parameters) as run:
        until_amid_sampling(run, project)
        before = kept(project.data)
        scheduler.kill(everything=False)
        code = run.wait(_STOP)
        finding.expect(code != 0, "the run ended well without a scheduler")
        finding.expect_words(run.output, "dask")
        finding.expect(not (orphans := run.left_over()), f"{len(orphans)} processes are left over")
    finding.expect_kept(before, project)
    with cluster(project, port):
        expect_resumed(bench, project, finding, parameters)


DRILLS = [
    Drill(
        "scheduler",
        "the dask scheduler killed (-9) in the middle of sampling, and started again at the same address",
        "the run ends with a sentence, finished shards stay, and running again gives the undisturbed run's stimuli",
        _scheduler_killed,
    )
]
