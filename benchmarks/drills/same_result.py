"""The same result whatever the backend and the number of workers."""

from functools import partial

from benchmarks.drills.drill import Bench, Drill, Finding

_VARIANTS = (("loky", 1), ("loky", 2), ("dask", 1), ("dask", 2), ("dask", 4))


def _attempt(backend: str, workers: int, bench: Bench, finding: Finding) -> None:
    project = bench.project()
    ended = project.run(parameters={"compute.backend": backend, "compute.workers": workers})
    finding.expect_success(ended, "the run")
    finding.expect_same(bench.different(project))
    finding.note(f"{len(bench.undisturbed.digests())} files compared")


DRILLS = [
    Drill(
        f"same-{backend}-{workers}",
        f"none: backend {backend}, {workers} worker{'s' if workers > 1 else ''}",
        "every file is that of the sequential run, bit for bit",
        partial(_attempt, backend, workers),
    )
    for backend, workers in _VARIANTS
]
