"""docs/troubleshooting.md says what is said, word for word."""

import re
import shutil
import sys

import pytest
import torch
from click import ClickException
from kedro.framework.cli.project import run as run_command
from kedro.framework.project import configure_project
from kedro.framework.startup import bootstrap_project

from bam_pipelines import pipeline_registry
from bam_pipelines.compute.faults import not_installed
from bam_pipelines.hooks.faults import fault_sentence
from bam_pipelines.pipelines.behavior.answer_source import SIMULATED
from tests.mistakes import RAISED
from tests.projects import PROJECT, copy_project

PAGE = (PROJECT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[1]
    for line in PAGE.splitlines()
    if line.startswith("| ")
    and (cells := [cell.strip() for cell in line.strip("| ").split(" | ")])[0] != "what you did"
}
# what another test compares with the very words
ELSEWHERE = {
    "The same before there is a study",
    "Kept MLflow's store from a newer MLflow, or damaged it",
    "A data folder that nobody may write to",
    "Pressed Ctrl+C",
    "Gave `--env`, too",
}


def plain(text):
    return " ".join(text.replace("`", "").replace("\\", "").split())


def quotes(cell):
    """Return what a cell quotes: most often one message."""
    return [plain(double or single) for double, single in re.findall("``(.+?)``|`([^`]+)`", cell)]


def says(row, message):
    """Compare a row with a message; what differs from case to case is … there."""
    quoted = (one.removeprefix("Error: ") for one in quotes(ROWS[row]))
    patterns = [".*".join(map(re.escape, one.split("…"))) for one in quoted]
    return any(re.fullmatch(pattern, plain(message)) for pattern in patterns)


def test_the_page_has_a_row_for_each_of_many_mistakes():
    assert len(ROWS) >= 45


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    (folder / "conf" / "local").mkdir(exist_ok=True)
    return folder


@pytest.fixture
def typed(project, monkeypatch):
    """A function from what follows ``kedro run`` to what it says in the end; nothing of it gets to a node."""
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setenv("PYTHONPATH", "")
    bootstrap_project(project)

    def say(*words):
        with pytest.raises(ClickException) as refused:
            run_command.main(list(words), prog_name="kedro run", standalone_mode=False)
        return refused.value.format_message()

    yield say
    pipeline_registry.chosen_source = SIMULATED
    configure_project("bam_pipelines")


COMMANDS = {
    "`--env smok`": ["--env", "smok"],
    "`--pipelines samplin`": ["--pipelines", "samplin"],
    "`--nodes sample_stimul`": ["--nodes", "sample_stimul"],
    "`--from-nodes` a late node `--to-nodes` an early one": [
        "--from-nodes",
        "flag_answers",
        "--to-nodes",
        "split_digits",
    ],
    "`--load-versions stimuli:<version>` of a version that is not there": (
        ["--pipelines", "experiment", "--load-versions", "stimuli:2026-01-01T00.00.00.000Z"]
    ),
    "`--params seed:7`": ["--params", "seed:7"],
    "`--params seed=7, sampling.gallery_size=9`": ["--params", "seed=7,", "sampling.gallery_size=9"],
    "`--params manipulation.margins=[0.1,0.5]`": ["--params", "manipulation.margins=[0.1,0.5]"],
    "`--params sampling.uncertainty.quta=3`": ["--params", "sampling.uncertainty.quta=3"],
    "`--params sampling.uncertainty.quota=two`": ["--params", "sampling.uncertainty.quota=two"],
    "`--pipelines classifiers` before there are digits": ["--pipelines", "classifiers"],
    "`--params prior_root=<folder>` of another folder": (
        ["--pipelines", "preprocessing,classifiers,sampling", "--params", "prior_root=elsewhere"]
    ),
    "`--params compute.device=cuda` without a GPU": ["--params", "compute.device=cuda"],
    "Answers that are elsewhere": ["--pipelines", "behavior", "--params", "behavior.source=jspsych,X.images=conf"],
    "Images that are elsewhere": [
        "--pipelines",
        "behavior",
        "--params",
        "behavior.source=jspsych,X.path=conf,X.images=x",
    ],
    "No salt": ["--pipelines", "behavior", "--params", "behavior.source=jspsych,X.path=conf,X.images=conf"],
}


@pytest.mark.parametrize("row", COMMANDS)
def test_a_command_line_is_answered_as_the_page_says(typed, row, monkeypatch):
    monkeypatch.delenv("BAM_SALT", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    message = typed(*(word.replace("X.", "behavior.sources.jspsych.") for word in COMMANDS[row]))
    assert says(row, message), message


FILES = {
    "A tab in `conf/local/parameters.yml`": ("parameters.yml", b"sampling:\n\tbatch_size: 4\n"),
    "A bracket or quotation mark left open": ("parameters.yml", b"manipulation: {margins: [0.1}\n"),
    "Saved it in another encoding": ("parameters.yml", "seed: 7\n".encode("utf-16")),
    "Called it `conf/local/sampling.yml`": ("sampling.yml", b"sampling: {batch_size: 4}\n"),
}


@pytest.mark.parametrize("row", FILES)
def test_a_file_is_answered_as_the_page_says(typed, project, row):
    name, content = FILES[row]
    file = project / "conf" / "local" / name
    file.write_bytes(content)
    message = typed("--pipelines", "preprocessing")
    file.unlink()
    assert says(row, message), message


def test_without_conf_local_it_is_as_the_page_says(typed, project):
    shutil.rmtree(project / "conf" / "local")
    message = typed("--pipelines", "preprocessing")
    (project / "conf" / "local").mkdir()
    assert says("Removed `conf/local`", message), message


@pytest.mark.parametrize("row", RAISED)
def test_a_fault_is_said_as_the_page_says(tmp_path, row):
    with pytest.raises(Exception) as raised:
        RAISED[row](tmp_path)
    error = raised.value
    message = error.format_message() if isinstance(error, ClickException) else fault_sentence(error) or str(error)
    assert says(row, message), message


def test_windows_is_named():
    message = not_installed(ModuleNotFoundError("No module named 'fcntl'", name="fcntl"))
    assert says("Started it on Windows", message), message


def test_every_row_of_ours_is_compared_with_what_is_said():
    ours = {row for row, cell in ROWS.items() if cell.startswith(("`Error: ", "``Error: "))}
    compared = {*COMMANDS, *FILES, *RAISED, *ELSEWHERE, "Started it on Windows", "Removed `conf/local`"}
    assert ours <= compared
    assert compared <= set(ROWS)


@pytest.mark.parametrize(
    "row",
    [
        "`make run` with an older Python",
        "`make run` on a Debian or Ubuntu without venv",
        "Installed without a network, behind a proxy, or on a full disk",
        "Moved or copied the project's folder with its `.venv`",
    ],
)
def test_make_says_what_the_page_says(row):
    said = plain((PROJECT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv"))
    assert all(part.strip() in said for part in quotes(ROWS[row])[0].split("…"))
