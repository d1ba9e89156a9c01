"""Every notebook runs from beginning to end, and is kept without its outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_there_is_a_notebook():
    assert [path.name for path in NOTEBOOKS] == ["first_look.ipynb"]


def test_no_outputs_are_kept(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_the_text_says_that_participants_are_simulated(notebook):
    assert "simulated" in notebook.cells[0].source


def test_it_runs_and_shows_what_it_promises(notebook, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # a kernel has its own, which shows figures
    resources = {"metadata": {"path": str(NOTEBOOKS[0].parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 3  # digits, stimuli, answers
    tables = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert any("accepted" in table for table in tables)
    assert any("s001" in table and "s003" in table for table in tables)
