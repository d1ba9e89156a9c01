"""The commands that users type, in a fresh copy of the project."""

import json
from pathlib import Path

import pytest

from bam_pipelines.pipeline_registry import STAGES
from tests.projects import copy_project
from tests.projects import kedro as run_kedro

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def kedro(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)

    def run(*arguments, **variables):
        return run_kedro(folder, *arguments, **variables)

    run.folder = folder
    return run


def test_a_stage_without_its_inputs_stops_with_one_sentence(kedro):
    result = kedro("run", "--pipelines", "classifiers", "--env", "smoke")
    assert result.returncode == 1
    (said,) = result.stderr.splitlines()  # no library warns of what users cannot mend
    assert said == (
        "Error: classifiers needs mnist_test, mnist_train, mnist_validation, which do not exist yet: "
        "run `kedro run --pipelines preprocessing --env smoke` first."
    )
    assert not (kedro.folder / "mlflow.db").exists()


def test_a_run_of_wrong_parameters_stops_with_a_sentence_each(kedro):
    own = kedro.folder / "conf" / "local" / "parameters.yml"
    own.parent.mkdir(exist_ok=True)
    own.write_text("sampling:\n  batch_size: -1\n  uncertainty: {quota: two}\n")
    before = {path: path.stat().st_mtime_ns for path in (kedro.folder / "data").rglob("*")}
    result = kedro("run", "--pipelines", "preprocessing", "--params", "sampling.uncertainty.quta=3")
    own.unlink()
    assert result.returncode == 1
    assert result.stderr.splitlines()[-4:] == [
        "Error: 3 things in the configuration cannot be used:",
        "  sampling.batch_size (conf/local/parameters.yml, line 2) is -1, expected an integer of at least 1.",
        "  sampling.uncertainty.quta (--params) is unknown; did you mean sampling.uncertainty.quota?",
        "  sampling.uncertainty.quota (conf/local/parameters.yml, line 3) is 'two', expected an integer of at least 1.",
    ]
    assert "Traceback" not in result.stderr
    assert not (kedro.folder / "mlflow.db").exists()
    assert {path: path.stat().st_mtime_ns for path in (kedro.folder / "data").rglob("*")} == before


def test_a_loop_without_a_first_round_stops_with_one_sentence(kedro):
    result = kedro("loop", "run", "--rounds", "2", "--env", "smoke")
    assert result.returncode == 1
    *_, why, last = result.stderr.splitlines()
    assert why.startswith("Error: loop needs group_cornet, ") and why.endswith(" --env smoke` first.")
    assert last.startswith("Error: round 1 of 2 of this call failed, for the reason above")
    assert "Traceback" not in result.stderr
    assert not (kedro.folder / "mlflow.db").exists()


def test_the_older_spelling_works_and_kedro_viz_shows_the_result(kedro):
    result = kedro("run", "--pipeline", "preprocessing", "--env", "smoke")
    assert result.returncode == 0, result.stderr
    (summary,) = (kedro.folder / "data" / "smoke" / "08_reporting" / "mnist_summary.json").glob("*/mnist_summary.json")
    assert json.loads(summary.read_text())["test"]["n"] == 200
    assert (kedro.folder / "mlflow.db").exists()

    result = kedro("viz", "build", "--include-previews", KEDRO_ENV="smoke")  # it has no --env
    assert result.returncode == 0, result.stderr
    graph = json.loads((kedro.folder / "build" / "api" / "main").read_text())
    # what judgments makes is shown with the prior that learns from it, a second round's answers with manipulation
    assert set(graph["layers"]) == set(STAGES) - {"judgments", "manipulation_analysis"}
    assert {pipeline["id"] for pipeline in graph["pipelines"]} >= {"__default__", "preprocessing", "prior", "reporting"}
    identity = next(node["id"] for node in graph["nodes"] if node["name"] == "mnist_test")
    shown = json.loads((kedro.folder / "build" / "api" / "nodes" / identity).read_text())
    assert shown["preview_type"] == "TablePreview"
    assert shown["preview"]["data"][0][shown["preview"]["columns"].index("image")] == "784 values"
