"""The commands that users type, in a fresh copy of the project."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bam_pipelines.pipeline_registry import STAGES

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def kedro(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    for name in ("conf", "src"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder / name)

    def run(*arguments, **variables):
        environment = {**os.environ, "PYTHONPATH": str(folder / "src"), **variables}
        command = [sys.executable, "-m", "kedro", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    run.folder = folder
    return run


def test_a_stage_without_its_inputs_stops_with_one_sentence(kedro):
    result = kedro("run", "--pipelines", "classifiers", "--env", "smoke")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        "Error: classifiers needs mnist_test, mnist_train, mnist_validation, which do not exist yet: "
        "run `kedro run --pipelines preprocessing --env smoke` first."
    )
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
    # the other two are in no default run; what stage judgments makes is shown with the prior that learns from it
    assert set(graph["layers"]) == set(STAGES) - {"judgments", "release"}
    assert {pipeline["id"] for pipeline in graph["pipelines"]} >= {"__default__", "preprocessing", "prior", "reporting"}
    identity = next(node["id"] for node in graph["nodes"] if node["name"] == "mnist_test")
    shown = json.loads((kedro.folder / "build" / "api" / "nodes" / identity).read_text())
    assert shown["preview_type"] == "TablePreview"
    assert shown["preview"]["data"][0][shown["preview"]["columns"].index("image")] == "784 values"
