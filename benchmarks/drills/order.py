"""Two runs at once, and a clock that was set back."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.drills.artifacts import kept
from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.drills.projects import node_inputs
from benchmarks.drills.workers import before_sampling, until_amid_sampling

_SAMPLING = "--pipelines", "sampling"
_BACK = timedelta(days=2)
_VERSION = "%Y-%m-%dT%H.%M.%S.000Z"


def _two_runs(bench: Bench, finding: Finding) -> None:
    project = before_sampling(bench)
    with project.start(*_SAMPLING) as first:
        until_amid_sampling(first, project)
        second = project.run(*_SAMPLING)
        finding.expect(first.running(), "the first run had ended before the second")
        finding.expect(second.code != 0, "the second run was not refused")
        if second.code:
            finding.expect_words(second.output)
        code = first.wait(120)
        finding.expect(code == 0, f"the first run ended with {code}")
    finding.expect_same(bench.different(project, "sampling"))


def faketime_library() -> Path | None:
    """Return the library that shows processes another time, if it is installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return found[0] if found else None


def _clock_set_back(bench: Bench, finding: Finding) -> None:
    entry, reader = "mnist_train", "preprocessing.summarise_digits"
    project, library = bench.project(node_inputs(reader)), faketime_library()
    before, newest = kept(project.data), project.newest(entry).parent
    variables = {}
    if library is None:
        future = newest.with_name((datetime.now(UTC) + _BACK).strftime(_VERSION))
        newest.rename(future)
        finding.note("libfaketime is not installed: a version was given a name in the future instead")
    else:
        variables = {
            "LD_PRELOAD": os.fspath(library),
            "FAKETIME": f"-{_BACK.days}d",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        finding.note(f"the clock was {_BACK.days} days back (libfaketime)")
    ended = project.run("--nodes", reader, variables=variables)
    finding.expect(ended.code != 0, "the run was not refused")
    if ended.code:
        finding.expect_words(ended.output, "clock")
    finding.expect(kept(project.data) == before, "results were written all the same")
    if library is None:
        future.rename(newest)
    again = project.run("--nodes", reader)
    finding.expect(again.code == 0, f"with the right time it ended with {again.code}")


DRILLS = [
    Drill(
        "two-runs",
        "a second run begun in the same data folder",
        "the second is refused in a sentence, the first ends well with the undisturbed run's stimuli",
        _two_runs,
    ),
    Drill(
        "clock",
        "clock set back behind the newest version",
        "the run is refused in a sentence and writes nothing; with the right time it ends well",
        _clock_set_back,
    ),
]
