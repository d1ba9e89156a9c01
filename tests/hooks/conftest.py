"""A small Kedro project in an empty folder, with this project's hooks and one stage."""

import mlflow
import pytest
import sklearn  # noqa: F401 - before MLflow's import hooks, which Python warns of when a run has set them
from kedro.framework.project import configure_project, pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import node, pipeline

PARAMETERS = """
seed: 0
compute: {backend: sequential, workers: 1, scheduler: null, device: cpu, working_folder: data/.shards}
behavior: {source: simulated}
trial: {factor: 3, nested: {depth: 2}}
"""
CATALOG = """
doubled:
  type: bam_pipelines.datasets.AtomicDataset
  filepath: ${globals:data_root}/08_reporting/doubled.json
  versioned: true
  dataset: json.JSONDataset
  metadata: {mlflow: metrics}
"""
MLFLOW = """
server: {mlflow_tracking_uri: "STORE"}
tracking:
  experiment: {name: "trial_${globals:environment}", create_experiment_kwargs: {artifact_location: mlruns}}
  params: {dict_params: {flatten: true}}
"""


def double(options, ids):
    if options["factor"] == 0:
        raise ZeroDivisionError("factor is 0")
    return {"value": 2 * options["factor"], "ids": dict(ids, artifacts=dict(ids["artifacts"]))}


STAGES = {
    "trial": pipeline([node(double, ["params:trial", "run_identity"], "doubled", name="double")]),
    "after": pipeline([node(lambda doubled: {"value": 1}, "doubled", "tripled", name="triple")]),
}


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Return a folder whose MLflow store has its tables already, which take seconds to make."""
    folder = tmp_path_factory.mktemp("template")
    mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()
    return folder


@pytest.fixture
def run(tmp_path, monkeypatch, template):
    """Return a function that runs the small project, each time in a session of its own."""
    for name, text in (
        ("parameters", PARAMETERS),
        ("catalog", CATALOG),
        ("globals", "data_root: data\nenvironment: base\n"),
    ):
        file = tmp_path / "conf" / "base" / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "conf" / "local").mkdir()
    (tmp_path / "mlflow.db").write_bytes((template / "mlflow.db").read_bytes())
    monkeypatch.chdir(tmp_path)  # kedro-viz writes where it is run
    configure_project("bam_pipelines")
    monkeypatch.setattr(pipelines, "_content", STAGES)
    monkeypatch.setattr(pipelines, "_is_data_loaded", True)
    monkeypatch.setattr(pipelines, "set_requested", lambda names: None)
    # the small project has parameters of its own
    monkeypatch.setattr("bam_pipelines.hooks.parameters.parameter_problems", lambda parameters, used: [])

    def run_pipeline(name="trial", store="sqlite:///mlflow.db", parameters=None, only_missing=False):
        (tmp_path / "conf" / "base" / "mlflow.yml").write_text(MLFLOW.replace("STORE", store))
        with KedroSession.create(project_path=tmp_path, runtime_params=parameters) as session:
            return session.run(pipeline_names=[name], only_missing_outputs=only_missing)

    yield run_pipeline
    while mlflow.active_run() is not None:
        mlflow.end_run()
