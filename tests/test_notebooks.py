"""Every notebook runs from beginning to end, and is kept with what it showed."""

import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
# pictures that each shows at least
PICTURES = {
    "comparing_alignments": 4,
    "designing_a_manipulation": 3,
    "first_look": 3,
    "stimuli_and_answers": 4,
}
LARGEST = 1_000_000  # bytes


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(notebook):
    """Count what code cells show, by kind: image/png for example, and error."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    kinds = [kind for output in outputs for kind in output.get("data", {output["output_type"]: None})]
    return Counter(kinds)


def test_there_are_four_notebooks():
    assert [path.stem for path in NOTEBOOKS] == sorted(PICTURES)


def test_the_text_says_that_participants_are_simulated(notebook):
    assert "simulated" in notebook.cells[0].source


def test_one_idea_a_cell(notebook):
    for cell in notebook.cells:
        assert len(cell.source.splitlines()) <= 35, cell.source


def test_pictures_are_kept_as_they_came_when_all_cells_ran_in_order(path, notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    assert shown(notebook)["error"] == 0
    assert not [output for cell in code(notebook) for output in cell.outputs if output.get("name") == "stderr"]
    assert shown(notebook)["image/png"] >= PICTURES[path.stem]
    assert path.stat().st_size < LARGEST


def test_what_is_kept_names_no_place_on_a_machine(path):
    assert re.findall(r"/(?:home|tmp|root|Users|work)/[^\\\"]*", path.read_text(encoding="utf-8")) == []


@pytest.fixture(scope="module")
def results(smoke_project):
    """The project with the results of a smoke run, and a second alignment in MLflow: the first by another name."""
    client = MlflowClient(f"sqlite:///{smoke_project.untouched / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("bam_pipelines_smoke").experiment_id
    runs = client.search_runs([experiment])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run is not parent]
    copied = repeat_run(client, parent, {}, "calibrated")
    for child in children:
        repeat_run(client, child, {"mlflow.parentRunId": copied}, "calibrated")
    return smoke_project.untouched


def repeat_run(client, run, tags, method):
    new = client.create_run(run.info.experiment_id, tags=run.data.tags | tags, run_name=run.info.run_name).info.run_id
    parameters = run.data.params | {"alignment.method": method}
    client.log_batch(new, [Metric(name, value, 0, 0) for name, value in run.data.metrics.items()])
    client.log_batch(new, params=[Param(name, value) for name, value in parameters.items()])
    client.set_terminated(new)
    return new


@pytest.fixture(scope="module")
def kernel(results):
    """One kernel for all notebooks, because it takes seconds to import torch, Kedro and MLflow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND", raising=False)  # a kernel has its own, which shows figures
        patch.setenv("KEDRO_ENV", "smoke")
        patch.setenv("PYTHONPATH", str(results / "src"))
        resources = {"metadata": {"path": str(results)}}
        client = NotebookClient(nbformat.v4.new_notebook(), timeout=300, kernel_name="python3", resources=resources)
        with client.setup_kernel(cwd=str(results)):
            yield client


def test_it_runs_and_shows_what_it_promises(path, notebook, kernel):
    for cell in code(notebook):
        cell.outputs = []
    # no variable of another notebook is left
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    kernel.nb = notebook
    kernel.execute(cleanup_kc=False)
    assert shown(notebook)["image/png"] >= PICTURES[path.stem]
    pages = [output.get("data", {}).get("text/html", "") for cell in code(notebook) for output in cell.outputs]
    assert any("<table" in page for page in pages)
