"""`kedro experiment serve` as it is typed, and killed."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, DatasetError

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.cli import cli
from bam_pipelines.datasets import AtomicDataset
from bam_pipelines.datasets.atomic import VersionError

PROJECT = Path(__file__).parents[3]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def serve(study, tmp_path):
    """A function that starts the command and waits until it listens; what it started is killed at the end."""
    started = []

    def begin(port):
        command = [sys.executable, "-m", "kedro", "experiment", "serve", "--port", str(port)]
        command += ["--study", str(study), "--answers", str(tmp_path / "answers")]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl+C"):
                return process, "".join(said)
        pytest.fail(f"it ended: {''.join(said)}")

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def post(port, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("nobody listens")


def test_a_killed_server_has_lost_nothing_that_it_confirmed(serve, study, answers, tmp_path):
    port = free_port()
    process, said = serve(port)
    assert "Study digits, 4 lists, 0 places taken so far." in said
    assert re.search(rf"experimenter: http://127.0.0.1:{port}/status\?key=\S{{16,}}\n", said)
    begin = {
        "token": None,
        "outside_id": None,
        "design_id": json.loads((study / "design.json").read_text())["design_id"],
    }
    places = [post(port, "start", begin) for _ in range(3)]
    confirmed = []
    for place, last in zip(places, random.Random(0).sample((1, 2, 3), 3), strict=True):
        for block in range(last):
            records = answers(place["list"], block)
            sent = {"token": place["token"], "session": 1, "block": block, "records": records}
            assert post(port, "blocks", sent)["stored"]
            confirmed += records
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, said = serve(port)
    assert "3 places taken so far" in said
    files = sorted((tmp_path / "answers").glob("*.jsonl"))
    assert [json.loads(line) for file in files for line in file.read_text().splitlines()] == confirmed
    again = post(port, "start", {**begin, "token": places[0]["token"]})
    assert again["list"] == places[0]["list"] and again["session"] == 2


def test_who_ends_it_by_ctrl_c_reads_of_no_failure(serve, study):
    port = free_port()
    process, _ = serve(port)
    design_id = json.loads((study / "design.json").read_text())["design_id"]
    post(port, "start", {"token": None, "outside_id": None, "design_id": design_id})
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert process.stdout.read() == ""


@pytest.mark.parametrize("token", [[], ["--access-token", "short"]])
def test_others_are_not_let_in_without_a_token(token):
    found = CliRunner().invoke(cli, ["experiment", "serve", "--host", "0.0.0.0", *token])
    assert found.exit_code == 1
    assert "listening on 0.0.0.0 lets others in: give an --access-token of at least 16 characters" in found.output


@pytest.fixture
def in_project(monkeypatch):
    """What `kedro` does before it calls a command of the project."""
    monkeypatch.chdir(PROJECT)
    bootstrap_project(PROJECT)


@pytest.mark.usefixtures("in_project")
def test_a_port_that_is_taken_is_named(study, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        options = ["--port", port, "--study", str(study), "--answers", str(tmp_path)]
        found = CliRunner().invoke(cli, ["experiment", "serve", *options])
    assert found.exit_code == 1
    assert (
        f"port {port} on 127.0.0.1 cannot be used" in found.output and "choose another one with --port" in found.output
    )


@pytest.mark.usefixtures("in_project")
def test_a_folder_without_a_study_is_named(tmp_path):
    options = ["--port", str(free_port()), "--study", str(tmp_path), "--answers", str(tmp_path)]
    found = CliRunner().invoke(cli, ["experiment", "serve", *options])
    assert found.exit_code == 1
    assert "holds no study that can be read" in found.output


def absent(*_):
    raise DatasetError("no version")


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize(
    "options, command",
    [
        ([], "kedro run --pipelines experiment"),
        (["--env", "smoke"], "kedro run --env smoke --pipelines experiment"),
        (["--env", "smoke", "--round", "2"], "kedro run --env smoke --pipelines second_study"),
    ],
)
def test_who_has_no_study_is_told_how_to_build_it(monkeypatch, options, command):
    monkeypatch.setattr(AtomicDataset, "filepath", property(absent))
    found = CliRunner().invoke(cli, ["experiment", "serve", *options])
    assert found.exit_code == 1
    assert f"there is no study yet: run `{command}` first." in found.output


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize("options", [["serve"], ["links", "--ids", "pyproject.toml", "--address", "http://127.0.0.1/"]])
def test_a_damaged_study_is_named(monkeypatch, options):
    def damaged(self):
        raise VersionError("study.html is damaged: restore it.")

    monkeypatch.setenv("BAM_SALT", "a salt for tests")
    monkeypatch.setattr(AtomicDataset, "checked_path", damaged)
    found = CliRunner().invoke(cli, ["experiment", *options])
    assert (found.exit_code, found.output) == (1, "Error: study.html is damaged: restore it.\n")


@pytest.mark.usefixtures("in_project")
def test_links_lead_people_to_their_lists(tmp_path, monkeypatch):
    salt = "a salt for tests"
    monkeypatch.setenv("BAM_SALT", salt)
    people = ["5f0abc77de", "60aa11bb22"]
    places = pd.DataFrame({"list": [1, 2], "participant_id": [Pseudonyms(salt).of(one) for one in reversed(people)]})
    monkeypatch.setattr(DataCatalog, "load", lambda self, name, version=None: {"round_2.study_places": places}[name])
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join([*people, "nobody"]))
    options = ["--ids", str(ids), "--address", "http://127.0.0.1:8000/"]
    found = CliRunner().invoke(cli, ["experiment", "links", *options])
    assert found.output.splitlines() == [
        "5f0abc77de\thttp://127.0.0.1:8000/?list=2&PROLIFIC_PID=5f0abc77de",
        "60aa11bb22\thttp://127.0.0.1:8000/?list=1&PROLIFIC_PID=60aa11bb22",
    ]
    guarded = [*options[:3], "http://lab.example:8000/?access=a-secret"]
    found = CliRunner().invoke(cli, ["experiment", "links", *guarded])
    assert "\thttp://lab.example:8000/?access=a-secret&list=2&PROLIFIC_PID=5f0abc77de\n" in found.output
    monkeypatch.setenv("BAM_SALT", "another salt")
    found = CliRunner().invoke(cli, ["experiment", "links", *options])
    assert found.exit_code == 1 and "none of the 3 ids has a list in the second study" in found.output
    monkeypatch.delenv("BAM_SALT")
    found = CliRunner().invoke(cli, ["experiment", "links", *options])
    assert found.exit_code == 1 and "BAM_SALT is not set" in found.output


@pytest.mark.usefixtures("in_project")
def test_links_to_a_study_of_the_loop(tmp_path, monkeypatch):
    salt = "a salt for tests"
    monkeypatch.setenv("BAM_SALT", salt)
    places = pd.DataFrame({"list": [7], "participant_id": [Pseudonyms(salt).of("5f0abc77de")]})
    monkeypatch.setattr(DataCatalog, "load", lambda self, name, version=None: {"loop_study_places": places}[name])
    (tmp_path / "ids.txt").write_text("5f0abc77de")
    options = ["--loop", "--ids", str(tmp_path / "ids.txt"), "--address", "http://127.0.0.1:8000/"]
    found = CliRunner().invoke(cli, ["experiment", "links", *options])
    assert found.output == "5f0abc77de\thttp://127.0.0.1:8000/?list=7&PROLIFIC_PID=5f0abc77de\n"


@pytest.mark.usefixtures("in_project")
def test_who_has_no_second_study_is_told_how_to_build_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BAM_SALT", "a salt for tests")
    monkeypatch.setattr(DataCatalog, "load", absent)
    ids = tmp_path / "ids.txt"
    ids.write_text("5f0abc77de")
    options = ["--env", "smoke", "--ids", str(ids), "--address", "http://127.0.0.1:8000/"]
    found = CliRunner().invoke(cli, ["experiment", "links", *options])
    assert found.exit_code == 1
    assert "no second study yet: run `kedro run --env smoke --pipelines second_study` first." in found.output


def test_the_command_is_there_where_it_is_typed():
    assert os.environ.get("MLFLOW_DISABLE_TELEMETRY") == "true"
    command = [sys.executable, "-m", "kedro", "experiment", "serve", "--help"]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "Serve a study on this machine" in found.stdout
