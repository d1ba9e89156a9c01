"""The same result whatever the backend and the number of workers."""

from functools import partial

from benchmarks.drills.drill import Bench, Drill, Finding, NotTriedError
from benchmarks.drills.projects import backends

_VARIANTS = (("loky", 1), ("loky", 2), ("dask", 1), ("dask", 2), ("dask", 4))


def needs_backend(backend: str) -> None:
    """Stop a drill for whose backend this project's configuration has no place.

    Raises
    ------
    NotTriedError
        If there is none.
    """
    if backend not in backends():
        raise NotTriedError("pending: conf/base/parameters.yml has no compute.backend yet")


def _attempt(backend: str, workers: int, bench: Bench, finding: Finding) -> None:
    needs_backend(backend)
    project = bench.project()
    ended = project.run(parameters={"compute.backend": backend, "compute.workers": workers})
    finding.expect(ended.code == 0, f"the run ended with {ended.code}")
    if ended.code:
        finding.expect_words(ended.output)
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
