"""A whole Kedro run in a small project, against a real MLflow store."""

import json
import logging
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.hooks.tracking import resolve_uri, run_tags


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
    assert tracked.data.metrics == {"doubled.value": 6.0}
    assert tracked.data.tags["simulated"] == "true"


def test_run_and_session_find_each_other(run, tmp_path):
    run()
    (tracked,) = runs(tmp_path)
    (version,) = (path.name for path in (tmp_path / "data" / "08_reporting" / "doubled.json").iterdir())
    ids = saved(tmp_path)[0]["ids"]
    assert tracked.data.tags["kedro_session_id"] == ids["kedro_session_id"] == version
    assert ids["mlflow_run_id"] == tracked.info.run_id
    assert (ids["mlflow_experiment"], ids["environment"]) == ("trial_base", "base")


def test_two_sessions_in_one_process_are_two_runs(run, tmp_path):
    run()
    run(parameters={"trial": {"factor": 5}})
    assert [tracked.data.metrics["doubled.value"] for tracked in runs(tmp_path)] == [10.0, 6.0]


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


def test_a_broken_store_is_said_aloud_and_the_run_goes_on(run, tmp_path, caplog):
    store = "sqlite:///conf/base/globals.yml"  # no database
    with caplog.at_level(logging.ERROR, logger="bam_pipelines"):
        run(store=store)
    assert f"The MLflow store {resolve_uri(store, tmp_path)} cannot be used" in caplog.text
    assert saved(tmp_path)[0]["value"] == 6
    assert saved(tmp_path)[0]["ids"]["mlflow_run_id"] is None


def test_a_relative_sqlite_file_lies_in_the_project(tmp_path):
    assert resolve_uri("sqlite:///mlflow.db", tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize("uri", ["sqlite:////somewhere/mlflow.db", "http://127.0.0.1:5000"])
def test_other_stores_are_left_as_they_are(uri):
    assert resolve_uri(uri, Path("/project")) == uri


def test_people_are_not_tagged_as_simulated():
    assert run_tags({"run_id": "1"}, {"behavior": {"source": "jspsych"}}) == {"kedro_session_id": "1"}
