"""A whole Kedro run in a small project, against a real MLflow store."""

import json
import logging
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from bam_pipelines.hooks import tracking
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.hooks.tracking import create_sqlite, resolve_uri


def runs(folder):
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])


def saved(folder):
    return [json.loads(path.read_text()) for path in sorted((folder / "data").rglob("doubled.json")) if path.is_file()]


def test_a_run_is_tracked_and_closed(run, tmp_path):
    run()
    (tracked,) = runs(tmp_path)
    assert mlflow.active_run() is None
    assert (tracked.info.status, tracked.info.run_name) == ("FINISHED", "trial")
    assert tracked.data.params == {"trial.factor": "3", "trial.nested.depth": "2"}
    assert tracked.data.metrics == {"doubled/value": 6.0}
    assert tracked.data.tags["simulated"] == "true"


def test_run_and_session_find_each_other(run, tmp_path):
    run()
    (tracked,) = runs(tmp_path)
    (version,) = (path.name for path in (tmp_path / "data" / "08_reporting" / "doubled.json").iterdir())
    ids = saved(tmp_path)[0]["ids"]
    assert tracked.data.tags["kedro_session_id"] == ids["kedro_session_id"] == version
    assert ids["mlflow_run_id"] == tracked.info.run_id
    assert (ids["mlflow_experiment"], ids["environment"]) == ("trial_base", "base")


def test_a_new_store_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new" / "mlflow.db"

    def begun(engine):
        Path(engine.url.database).write_bytes(b"half a store")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(tracking, "_initialize_tables", begun)
        create_sqlite(f"sqlite:///{path}")
    assert [file.name for file in path.parent.iterdir()] == ["mlflow.db.lock"]

    create_sqlite(f"sqlite:///{path}")
    (found,) = MlflowClient(f"sqlite:///{path}").search_experiments()
    assert sorted(file.name for file in path.parent.iterdir()) == ["mlflow.db", "mlflow.db.lock"]
    assert found.name == "Default"


def test_two_first_runs_at_once_make_one_store(tmp_path, monkeypatch):
    made, waiting = [], threading.Barrier(2)

    def lacks_tables(path, look=tracking._lacks_tables):
        found = look(path)
        if threading.current_thread() not in looked:
            looked.add(threading.current_thread())
            waiting.wait(timeout=30)  # both have seen that there is no store before either makes one
        return found

    looked = set()
    monkeypatch.setattr(tracking, "_lacks_tables", lacks_tables)
    monkeypatch.setattr(tracking, "_make_tables", lambda path: made.append(path.write_bytes(b"a store")))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(create_sqlite, [f"sqlite:///{tmp_path}/mlflow.db"] * 2))
    assert len(made) == 1


def test_a_store_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"somebody's")
    create_sqlite(f"sqlite:///{tmp_path}/mlflow.db")
    create_sqlite("http://127.0.0.1:9")
    assert (tmp_path / "mlflow.db").read_bytes() == b"somebody's"


def test_a_run_says_what_it_is_and_what_it_was_given(run, tmp_path):
    run(parameters={"trial": {"factor": 5}, "compute": {"workers": 1}})
    (tracked,) = runs(tmp_path)
    assert tracked.info.run_name == "trial (factor=5)"
    assert tracked.data.tags["given_parameters"] == "trial.factor=5"
    assert "participants are simulated" in tracked.data.tags["mlflow.note.content"]
    assert tracked.data.tags["kedro_session_id"] in tracked.data.tags["mlflow.note.content"]
    assert tracked.data.tags["kedro_command"] == (
        "kedro run --pipelines trial --params trial.factor=5,compute.workers=1"
    )
    assert not {"runner", "run_id", "runtime_params"} & tracked.data.tags.keys()


def test_an_experiment_is_described_once(run, tmp_path):
    run()
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("trial_base")
    assert "press Compare" in experiment.tags["mlflow.note.content"]
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    client.set_experiment_tag(experiment.experiment_id, "mlflow.note.content", "Our pilot.")
    run()
    assert client.get_experiment_by_name("trial_base").tags["mlflow.note.content"] == "Our pilot."


def test_two_sessions_in_one_process_are_two_runs(run, tmp_path):
    run()
    run(parameters={"trial": {"factor": 5}})
    assert [tracked.data.metrics["doubled/value"] for tracked in runs(tmp_path)] == [10.0, 6.0]


def test_a_failing_run_is_closed_as_failed(run, tmp_path):
    with pytest.raises(ZeroDivisionError):
        run(parameters={"trial": {"factor": 0}})
    assert mlflow.active_run() is None
    assert [tracked.info.status for tracked in runs(tmp_path)] == ["FAILED"]


def test_a_run_without_its_input_leaves_no_trace(run, tmp_path):
    with pytest.raises(RunRefusedError, match="after needs doubled, .*: run `kedro run --pipelines trial` first"):
        run("after")
    assert runs(tmp_path) == []
    assert not (tmp_path / "data").exists()


def test_an_input_that_exists_is_enough(run, tmp_path):
    run()
    run("after")
    assert [tracked.info.status for tracked in runs(tmp_path)] == ["FINISHED", "FINISHED"]


def test_missing_outputs_only(run, tmp_path):
    run()
    run(only_missing=True)
    assert len(saved(tmp_path)) == 1
    with pytest.raises(RunRefusedError, match="trial.factor is 5, there it was 3"):
        run(only_missing=True, parameters={"trial": {"factor": 5}})


def lost(caplog):
    """What was said of a store that could not be used, at once and at the end of the run."""
    said = [record.getMessage() for record in caplog.records if record.name == "bam_pipelines.hooks.tracking"]
    assert [record.levelname for record in caplog.records if "MLflow store" in record.getMessage()] == [
        "ERROR",
        "ERROR",
    ]
    at_once, at_the_end = (text for text in said if "MLflow store" in text)
    assert at_the_end.startswith("This run is not, or not wholly, in the MLflow store: ")
    return at_once


@pytest.fixture
def locked(tmp_path, monkeypatch):
    monkeypatch.setattr(tracking, "_SECONDS_FOR_A_LOCK", 0.01)
    with closing(sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield


@pytest.fixture
def read_only(tmp_path, monkeypatch):
    """A store that nobody can write to: root could, whatever a file's mode is, so SQLite is told."""
    connect = sqlite3.connect

    def reading(path, **options):
        return connect(f"file:{path}?mode=ro", uri=True, **options)

    monkeypatch.setattr(sqlite3, "connect", reading)


@pytest.fixture
def in_no_folder(tmp_path):
    (tmp_path / "mlflow.db").unlink()
    (tmp_path / "mlflow.db").mkdir()


@pytest.fixture
def damaged(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 1000)


@pytest.fixture
def cut(tmp_path):
    (tmp_path / "mlflow.db").write_bytes((tmp_path / "mlflow.db").read_bytes()[:8192])


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("locked", "OperationalError: database is locked"),
        ("read_only", "OperationalError: attempt to write a readonly database"),
        ("in_no_folder", "OperationalError: unable to open database file"),
        ("damaged", "DatabaseError: file is not a database"),
        ("cut", "DatabaseError: database disk image is malformed"),
    ],
)
def test_a_store_that_cannot_be_used_is_said_aloud_and_the_run_goes_on(run, tmp_path, caplog, request, fault, why):
    request.getfixturevalue(fault)
    with caplog.at_level(logging.ERROR, logger="bam_pipelines"):
        run()
    store = f"sqlite:///{tmp_path}/mlflow.db"
    assert lost(caplog) == (
        f"The MLflow store {store} cannot be used, so this run is no longer tracked; its results are in the data "
        f"folder all the same. {why}. Mend the store, or move it away before the next run, which then makes a new one."
    )
    assert saved(tmp_path)[0]["value"] == 6
    assert saved(tmp_path)[0]["ids"]["mlflow_run_id"] is None


def test_a_server_that_is_not_there_holds_no_run_up(run, tmp_path, caplog, monkeypatch):
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"  # MLflow waits 0 and 4 s before them
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    began = time.monotonic()
    with caplog.at_level(logging.ERROR, logger="bam_pipelines"):
        run(store="http://127.0.0.1:9")
    assert time.monotonic() - began < 20
    assert "http://127.0.0.1:9 cannot be used, so this run is no longer tracked" in lost(caplog)
    assert saved(tmp_path)[0]["value"] == 6


def test_a_store_that_dies_during_the_run(run, tmp_path, caplog, monkeypatch):
    def lose(*arguments):
        (tmp_path / "mlflow.db").write_bytes(b"no database" * 1000)
        raise_again(*arguments)

    raise_again = tracking.log_entry
    monkeypatch.setattr(tracking, "log_entry", lose)
    with caplog.at_level(logging.ERROR, logger="bam_pipelines"):
        run()
    assert "cannot be used, so this run is no longer tracked" in lost(caplog)
    assert saved(tmp_path)[0]["ids"]["mlflow_run_id"] is not None
    assert mlflow.active_run() is None


def test_a_run_that_lost_its_store_for_a_while_says_so_there(run, tmp_path, caplog, monkeypatch):
    def lose(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracking, "log_entry", lose)
    with caplog.at_level(logging.ERROR, logger="bam_pipelines"):
        run()
    (tracked,) = runs(tmp_path)
    assert tracked.info.status == "FINISHED"
    assert tracked.data.tags["tracking_lost"] == "OSError: [Errno 28] No space left on device"
    assert "No space left on device" in lost(caplog)


def test_a_relative_sqlite_file_lies_in_the_project(tmp_path):
    assert resolve_uri("sqlite:///mlflow.db", tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize("uri", ["sqlite:////somewhere/mlflow.db", "http://127.0.0.1:5000"])
def test_other_stores_are_left_as_they_are(uri):
    assert resolve_uri(uri, Path("/project")) == uri
