"""The main process killed at random moments, with and without its workers."""

import time
from functools import partial

from bam_pipelines.compute.seeds import numpy_generator
from benchmarks.drills.artifacts import kept
from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.drills.projects import LIMIT

MOMENTS = 8
_SEED = 0


def moments(seconds: float, number: int = MOMENTS) -> list[float]:
    """Draw moments of a run, in order: from 0 to how many ``seconds`` it takes undisturbed."""
    drawn: list[float] = sorted(numpy_generator(_SEED, "drills", "kills").uniform(0, seconds, number).tolist())
    return drawn


def _attempt(number: int, bench: Bench, finding: Finding) -> None:
    whole = _with_workers(number)
    moment = moments(bench.undisturbed.seconds)[number]
    project = bench.project()
    with project.start(parameters={"compute.workers": 2}) as command:
        while command.running() and command.seconds < moment:
            time.sleep(0.02)
        finding.expect(command.running(), f"the run ended before {moment:.0f} s")
        before = kept(project.data)
        command.kill(everything=whole)
        finding.expect_kept(before, project)
        finding.note(f"killed after {moment:.1f} of {bench.undisturbed.seconds:.0f} s")
        finding.note(f"{len(before.outputs)} files and {sum(before.stimuli.values())} stimuli in shards were there")
        # what is left of the killed run may still be at work
        ended = project.run("--only-missing-outputs", parameters={"compute.workers": 2}, limit=LIMIT)
        if orphans := command.left_over():
            finding.note(f"{len(orphans)} of its processes outlived the main one until the end of the second run")
    finding.expect_success(ended, "completing it")
    finding.expect_kept(before, project, finished=True)
    finding.expect_same(bench.different(project))


def _with_workers(number: int) -> bool:
    return number % 2 == 0


DRILLS = [
    Drill(
        f"killed-{number + 1}",
        f"main process {'and its workers' if _with_workers(number) else 'alone'} killed (-9) at random moment "
        f"{number + 1} of {MOMENTS}",
        "`--only-missing-outputs` completes it, and every file is that of the undisturbed run",
        partial(_attempt, number),
    )
    for number in range(MOMENTS)
]
