"""Results of an entry in a real MLflow store."""

import pytest
from mlflow.tracking import MlflowClient

from bam_pipelines.hooks.results import log_entry, metrics_of


@pytest.fixture(scope="module")
def client(tmp_path_factory, template):
    folder = tmp_path_factory.mktemp("mlflow")
    (folder / "mlflow.db").write_bytes((template / "mlflow.db").read_bytes())
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    client.create_experiment("trial", artifact_location=(folder / "artifacts").as_uri())
    return client


@pytest.fixture
def run_id(client):
    experiment = client.get_experiment_by_name("trial").experiment_id
    return client.create_run(experiment).info.run_id


METRICS, ARTIFACT = {"mlflow": "metrics"}, {"mlflow": "artifact"}
CHILDREN = {"mlflow": "children", "child": "classifier", "description": "How well it predicts."}


def test_nested_results_become_names_that_mlflow_groups_by_their_first_part():
    assert metrics_of({"accuracy": 0.5, "by_class": {"0": {"n": 3}}, "sure": True}, "vgg") == [
        ("vgg/accuracy", 0.5, 0),
        ("vgg/by_class.0.n", 3.0, 0),
        ("vgg/sure", 1.0, 0),
    ]


def test_a_list_of_numbers_is_a_history():
    assert metrics_of({"loss": [0.5, 0.25]}) == [("loss", 0.5, 0), ("loss", 0.25, 1)]


def test_texts_and_nulls_are_no_metrics():
    assert metrics_of({"name": "vgg", "worst": None, "notes": ["a"]}) == []


def test_metrics_reach_the_run(client, run_id, tmp_path):
    log_entry(client, run_id, "metrics", METRICS, {"loss": [3, 2], "accuracy": 0.5}, tmp_path)
    assert client.get_run(run_id).data.metrics == {"metrics/loss": 2.0, "metrics/accuracy": 0.5}
    assert [(metric.step, metric.value) for metric in client.get_metric_history(run_id, "metrics/loss")] == [
        (0, 3),
        (1, 2),
    ]


def test_more_metrics_than_one_request_takes(client, run_id, tmp_path):
    log_entry(client, run_id, "metrics", METRICS, {"loss": list(range(1001))}, tmp_path)
    assert len(client.get_metric_history(run_id, "metrics/loss")) == 1001


def test_a_file_is_stored_under_its_namespace(client, run_id, tmp_path):
    file = tmp_path / "outcomes.png"
    file.write_bytes(b"picture")
    log_entry(client, run_id, "outcomes", ARTIFACT, None, file)
    log_entry(client, run_id, "round_2.outcomes", ARTIFACT, None, file)
    assert [entry.path for entry in client.list_artifacts(run_id)] == ["outcomes.png", "round_2"]
    assert [entry.path for entry in client.list_artifacts(run_id, "round_2")] == ["round_2/outcomes.png"]


def test_children_are_runs_of_their_own(client, run_id, tmp_path):
    log_entry(client, run_id, "summary", CHILDREN, {"vgg": {"group": {"accuracy": 0.5}}, "mlp": {"n": 3}}, tmp_path)
    parent = client.get_run(run_id)
    filter_string = f"tags.`mlflow.parentRunId` = '{run_id}'"
    children = {run.info.run_name: run for run in client.search_runs([parent.info.experiment_id], filter_string)}
    assert {name: run.data.metrics for name, run in children.items()} == {
        "vgg": {"group/accuracy": 0.5},
        "mlp": {"n": 3.0},
    }
    assert {run.info.status for run in children.values()} == {"FINISHED"}
    assert {run.data.tags["entry"] for run in children.values()} == {"summary"}


def test_children_have_their_parents_parameters_and_tags(client, run_id, tmp_path):
    for number in range(101):  # one more than a request takes
        client.log_param(run_id, f"alignment.p{number}", number)
    client.set_tag(run_id, "simulated", "true")
    log_entry(client, run_id, "summary", CHILDREN, {"lrm": {"n": 1}}, tmp_path)
    parent = client.get_run(run_id)
    (child,) = client.search_runs([parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'")
    assert child.data.params == parent.data.params | {"classifier": "lrm"} and len(child.data.params) == 102
    assert child.data.tags["simulated"] == "true"
    assert child.info.run_name.split(" (")[0] == "lrm"


def test_children_say_what_they_are_and_what_their_run_was_given(client, run_id, tmp_path):
    client.update_run(run_id, name="alignment (method=paper, seed=1)")
    client.set_tag(run_id, "mlflow.note.content", "of the run")
    log_entry(client, run_id, "summary", CHILDREN, {"lrm": {"n": 1}}, tmp_path)
    parent = client.get_run(run_id)
    (child,) = client.search_runs([parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'")
    assert child.info.run_name == "lrm (method=paper, seed=1)"
    assert child.data.tags["mlflow.note.content"] == "lrm of `summary`. How well it predicts."


def test_children_need_a_dict_of_dicts(client, run_id, tmp_path):
    with pytest.raises(ValueError, match="summary: `mlflow: children` needs a dict of dicts"):
        log_entry(client, run_id, "summary", CHILDREN, {"vgg": 0.5}, tmp_path)


def test_another_kind_is_named(client, run_id, tmp_path):
    with pytest.raises(
        ValueError, match="summary: metadata says `mlflow: metric`, expected metrics, artifact or children"
    ):
        log_entry(client, run_id, "summary", {"mlflow": "metric"}, {}, tmp_path)
