"""A run whose configuration cannot be used is refused, with everything that is wrong and where it stands."""

import mlflow
import pytest
from kedro.config import OmegaConfigLoader

from bam_pipelines.compute.checked import Problem
from bam_pipelines.hooks.parameters import place_of, told
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.settings import CONFIG_LOADER_ARGS

BASE = """\
trial: &shared
  factor: 3
  nested: {depth: 2, width: 1}
other:
  <<: *shared
  factor: 4
"""


@pytest.fixture
def loader(tmp_path, monkeypatch):
    for name, text in (
        ("base/trial/parameters.yml", BASE),
        ("local/parameters.yml", "trial:\n  nested:\n    depth: 5\n"),
    ):
        file = tmp_path / "conf" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    return OmegaConfigLoader(str(tmp_path / "conf"), runtime_params={"trial": {"given": 1}}, **CONFIG_LOADER_ARGS)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("trial.given", "--params"),
        ("trial.nested.depth", "conf/local/parameters.yml, line 3"),
        ("trial.nested.width", "conf/base/trial/parameters.yml, line 3"),
        ("other.factor", "conf/base/trial/parameters.yml, line 6"),
        ("other.nested.depth", "conf/base/trial/parameters.yml, line 3"),
        ("trial.nowhere", None),
    ],
)
def test_the_place_of_a_parameter_is_where_its_value_comes_from(loader, name, place):
    assert place_of(name, loader) == place


def test_one_problem_is_a_sentence_and_several_are_a_list():
    assert told(["a is 1, expected 2."]) == "a is 1, expected 2."
    assert told(["a is 1.", "b is 2."]) == "2 things in the configuration cannot be used:\n  a is 1.\n  b is 2."


def left_behind(tmp_path):
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    return (tmp_path / "data").exists(), len(runs)


def test_a_refused_run_leaves_no_trace(run, tmp_path, monkeypatch):
    asked = []

    def problems(parameters, used):
        asked.append((parameters["trial"]["factor"], used))
        return [Problem("trial.factor", "is 0, expected 1."), Problem("trial.fctor", "is unknown.")]

    monkeypatch.setattr("bam_pipelines.hooks.parameters.parameter_problems", problems)
    with pytest.raises(RunRefusedError) as refused:
        run(parameters={"trial": {"factor": 0}, "prior_root": "elsewhere"})
    assert asked == [(0, {"trial"})]
    assert str(refused.value) == (
        "2 things in the configuration cannot be used:\n"
        "  trial.factor (--params) is 0, expected 1.\n  trial.fctor is unknown."
    )
    assert left_behind(tmp_path) == (False, 0)


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        (
            "doubld: {type: json.JSONDataset, filepath: x}",
            "conf/local/catalog.yml: doubld is no entry of the catalog; did",
        ),
        ("doubled: {type: json.JSONDataset, filepth: x}", "catalog entry doubled cannot be used: .*'filepth'"),
    ],
)
def test_an_output_that_could_not_be_saved_is_noticed_before(run, tmp_path, catalog, message):
    (tmp_path / "conf" / "local" / "catalog.yml").write_text(catalog)
    with pytest.raises(RunRefusedError, match=message):
        run()
    assert left_behind(tmp_path) == (False, 0)


def test_a_data_folder_that_is_a_file_is_named(run, tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(RunRefusedError, match="globals.yml: data_root is data, but data is a file; expected a folder"):
        run()
    assert left_behind(tmp_path) == (True, 0)
