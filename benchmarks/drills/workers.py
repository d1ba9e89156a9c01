"""A worker killed in the middle of a shard, the cluster's scheduler killed, and a run that is asked to end."""

import os
import signal
from functools import partial
from typing import Any

from mlflow.tracking import MlflowClient

from benchmarks.drills.artifacts import finished_shards, kept
from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.drills.processes import Command, at_work
from benchmarks.drills.projects import Ended, Project, stage_inputs

_SAMPLING = "--pipelines", "sampling"
_SHARDS = 4
_STOP = 60.0
_ASKED = 15.0
_TERMINATED = 128 + signal.SIGTERM


def before_sampling(bench: Bench) -> Project:
    """Return a project with all that sampling reads."""
    return bench.project(stage_inputs("sampling"))


def until_amid_sampling(command: Command, project: Project) -> None:
    """Wait until some shards are finished; the next ones are then at work."""
    command.until(lambda: len(finished_shards(project.data)) >= _SHARDS, 120, f"{_SHARDS} finished shards")


def expect_resumed(
    bench: Bench, project: Project, finding: Finding, parameters: dict[str, Any] | None = None, *arguments: str
) -> Ended:
    """Run sampling again and expect the undisturbed run's stimuli; return how it ended."""
    ended = project.run(*_SAMPLING, *arguments, parameters=parameters)
    finding.expect_success(ended, "running again")
    finding.expect_same(bench.different(project, "sampling"))
    return ended


def _worker_killed(backend: str, bench: Bench, finding: Finding) -> None:
    parameters = {"compute.backend": backend, "compute.workers": 2}
    project = before_sampling(bench)
    with project.start(*_SAMPLING, parameters=parameters) as command:
        until_amid_sampling(command, project)
        worker = _working(command)
        before = kept(project.data)
        os.kill(worker, signal.SIGKILL)
        code = command.wait(_STOP * 2)
        finding.expect_kept(before, project, finished=code == 0)
        finding.expect(not (orphans := command.left_over()), f"{len(orphans)} processes are left over")
        finding.note(f"{len(before.shards)} shards with {sum(before.stimuli.values())} stimuli were finished")
        if code:
            finding.expect_words(command.output, "worker")
        else:
            finding.note("the run went on without it")
    if code:
        expect_resumed(bench, project, finding, parameters)
    finding.expect_same(bench.different(project, "sampling"))


def _working(command: Command) -> int:
    """Return a worker that is in the middle of a shard; shards too few to share are done in the main process."""
    found: list[int] = []

    def is_at_work() -> bool:
        worker = at_work(command.left_over())
        found.extend([] if worker is None else [worker])
        return bool(found)

    command.until(is_at_work, 60, "a worker at work")
    return found[0]


def _asked_to_end(bench: Bench, finding: Finding) -> None:
    project = before_sampling(bench)
    with project.start(*_SAMPLING, parameters={"compute.workers": 2}) as command:
        until_amid_sampling(command, project)
        before, asked = kept(project.data), command.seconds
        os.kill(command.main, signal.SIGTERM)
        code = command.wait(_STOP)
        finding.note(f"ended {command.seconds - asked:.1f} s after SIGTERM with {code}")
        finding.expect(command.seconds - asked < _ASKED, f"it took longer than {_ASKED:.0f} s")
        # a shell shows a process that a signal ended as 128 and its number
        finding.expect(code in (_TERMINATED, -signal.SIGTERM), f"the exit code is {code}, not {_TERMINATED}")
        finding.expect(not (orphans := command.left_over()), f"{len(orphans)} processes are left over")
    finding.expect_kept(before, project)
    states = sorted({run.info.status for run in tracked_runs(project)})
    finding.expect(bool(states) and "RUNNING" not in states, f"MLflow's runs are {', '.join(states) or 'none'}")
    finding.expect(not list(project.data.glob("0*/*.partial-*")), "a half-written output is left over")
    expect_resumed(bench, project, finding, {"compute.workers": 2})


def tracked_runs(project: Project) -> list[Any]:
    """Return the MLflow runs of a project's smoke environment."""
    client = MlflowClient(f"sqlite:///{project.folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("bam_pipelines_smoke")
    return [] if experiment is None else list(client.search_runs([experiment.experiment_id]))


DRILLS = [
    *(
        Drill(
            f"worker-{backend}",
            f"a worker of {backend} killed (-9) in the middle of a shard",
            "the run ends with a sentence, or goes on without it; finished shards stay, nothing is left running, and "
            "in the end the stimuli are the undisturbed run's",
            partial(_worker_killed, backend),
        )
        for backend in ("loky", "dask")
    ),
    Drill(
        "terminated",
        "SIGTERM in the middle of sampling",
        f"it ends within {_ASKED:.0f} s with {_TERMINATED}, leaves no process, closes its MLflow run, and running "
        "again gives the undisturbed run's stimuli",
        _asked_to_end,
    ),
]
