"""MLflow's store out of order: the science must go on, and say so."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial

from benchmarks.drills.cluster import free_port
from benchmarks.drills.disk import mount, small_disk
from benchmarks.drills.drill import Bench, Drill, Finding
from benchmarks.drills.projects import Project

_STAGES = "preprocessing", "classifiers"
_DATABASE = "mlflow.db"
_ROOM = 64 * 2**20
# a run of these stages takes 30 s; a store that is not there may cost some attempts
_LIMIT = 240.0


@contextmanager
def _locked(project: Project) -> Iterator[None]:
    with closing(sqlite3.connect(project.folder / _DATABASE, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def _read_only(project: Project) -> Iterator[None]:
    """Let the store lie on a disk that cannot be written: permissions do not keep root from it."""
    place, database = project.folder / "store", project.folder / _DATABASE
    with small_disk(place, _ROOM):
        shutil.copy(database, place / _DATABASE)
        _use_store(project, f"sqlite:///store/{_DATABASE}")
        mount("-o", "remount,ro", str(place))
        yield


@contextmanager
def _unreachable(project: Project) -> Iterator[None]:
    _use_store(project, f"http://127.0.0.1:{free_port()}")
    yield


@contextmanager
def _corrupt(project: Project) -> Iterator[None]:
    database = project.folder / _DATABASE
    database.write_bytes(b"no database" * (database.stat().st_size // 11))
    yield


def _use_store(project: Project, address: str) -> None:
    (project.folder / "conf" / "smoke" / "mlflow.yml").write_text(f"server: {{mlflow_tracking_uri: '{address}'}}\n")


def _attempt(disorder: Callable[[Project], AbstractContextManager[None]], bench: Bench, finding: Finding) -> None:
    project = bench.project()
    finished, own = bench.undisturbed.project.folder / _DATABASE, project.folder / _DATABASE
    with closing(sqlite3.connect(finished)) as source, closing(sqlite3.connect(own)) as target:
        source.backup(target)
    with disorder(project):
        ended = project.run("--pipelines", ",".join(_STAGES), limit=_LIMIT)
    errors = [line for line in ended.output.splitlines() if " ERROR " in line]
    finding.expect_success(ended, "the run")
    finding.expect(any("MLflow" in line for line in errors), "no ERROR in the log says so")
    finding.expect_same(bench.different(project, *_STAGES))
    finding.note(f"{len(errors)} ERROR line{'' if len(errors) == 1 else 's'} in the log")


DRILLS = [
    Drill(
        f"store-{name}",
        f"MLflow's store {fault}",
        "the run ends well with all outputs, and an ERROR in the log",
        partial(_attempt, disorder),
    )
    for name, fault, disorder in (
        ("locked", "locked by another process (BEGIN EXCLUSIVE)", _locked),
        ("missing", "missing: nothing answers at its http address", _unreachable),
        ("read-only", "read-only", _read_only),
        ("corrupt", "corrupt", _corrupt),
    )
]
