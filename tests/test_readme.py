"""Every command that README shows is one that works: it is run, or its options and parameters are checked."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader
from PIL import Image

from bam_pipelines import pipeline_registry
from bam_pipelines.pipelines.behavior.answer_source import SIMULATED, answer_source
from bam_pipelines.pipelines.parameters import parameter_problems
from bam_pipelines.settings import CONFIG_LOADER_ARGS
from tests.readme_commands import commands, options_of

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
PAGES = {"README.md": README} | {
    f"docs/{page.name}": page.read_text(encoding="utf-8") for page in sorted((PROJECT / "docs").glob("*.md"))
}

# Every `kedro run` of README is run by `test_the_commands_run`, but for those of other environments than smoke, whose
# options and parameters are checked, and for these.
END_TO_END = "tests/test_end_to_end.py::test_every_result_is_there_once"
SERVE = "tests/experiment/server/test_command.py::test_a_killed_server_has_lost_nothing_that_it_confirmed"
# command: the test that runs it, or the same stages of the smoke environment with the same choices
ELSEWHERE = {
    "kedro run --params seed=7,sampling.fast.steps=20": END_TO_END,
    # conf/smoke has this method
    "kedro run --pipelines alignment --params alignment.method=paper": END_TO_END,
    "kedro run --pipelines behavior,alignment,reporting --params behavior.participants.population=doubled": END_TO_END,
    "kedro experiment serve": SERVE,
}
# timed by hand; README says when
BY_HAND = {"make run", "make test"}
# what stands for a reader's own files, by parameter, in the folder of the finished smoke run
OWN_FILES = {
    "behavior.sources.jspsych.path": "own/answers.json",
    "behavior.sources.table.path": "own/answers.csv",
    "behavior.sources.table.images": "own/images",
    "behavior.sources.released.path": "own/release",
    "own_stimuli.folder": "own/images",
}
# smaller than conf/smoke has it, for what is slow
SMALLER = {
    # two steps give images that no judge takes for digits
    "sampling.method=paper": (
        "sampling.paper.steps=2,sampling.paper.repeats=1,sampling.max_proposals=1,sampling.judge_threshold=0,"
        "sampling.uncertainty.digit_pairs=1,sampling.unguided.digit_pairs=1"
    ),
    # the end-to-end run fine-tunes a network for each participant
    "behavior.source=jspsych": "alignment.method=calibrated",
}


def named(words):
    return " ".join(words)


COMMANDS = {named(words): words for words in commands(README)}
RUNS = {name: words for name, words in COMMANDS.items() if words[:2] == ["kedro", "run"]}


def test_readme_has_commands():
    assert len(RUNS) >= 5


def test_each_command_is_checked_in_some_way():
    others = {name for name, words in COMMANDS.items() if words[0] != "export"} - set(RUNS)
    assert others <= set(ELSEWHERE) | BY_HAND


def test_nothing_is_checked_that_readme_does_not_show():
    assert set(ELSEWHERE) | BY_HAND <= set(COMMANDS)


@pytest.mark.parametrize("place", sorted(set(ELSEWHERE.values())))
def test_the_tests_that_run_commands_are_there(place):
    file, name = place.split("::")
    assert f"def {name}(" in (PROJECT / file).read_text(encoding="utf-8")


def test_readme_says_when_times_were_taken():
    assert re.search(r"[Ll]ast timed", README)


@pytest.fixture
def stages():
    """A function from parameters to the stages that they choose."""
    before = pipeline_registry.chosen_source

    def of(parameters):
        pipeline_registry.chosen_source = answer_source(parameters["behavior"])
        return pipeline_registry.register_pipelines()

    yield of
    pipeline_registry.chosen_source = before
    assert before == SIMULATED


@pytest.mark.parametrize(("page", "words"), [
    pytest.param(page, words, id=f"{page}: {named(words)}")
    for page, text in PAGES.items() for words in commands(text) if words[:2] == ["kedro", "run"]
])  # fmt: skip
def test_options_and_parameters_are_known(page, words, stages):
    asked = options_of(words)
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    loader = OmegaConfigLoader(str(PROJECT / "conf"), asked["env"], asked["params"], **arguments)
    parameters = loader["parameters"]
    chosen = asked["pipelines"] or ([asked["pipeline"]] if asked["pipeline"] else [])
    known = stages(parameters)
    assert set(chosen) <= set(known)
    nodes = {node.name.split(".")[-1] for name in chosen or ["__default__"] for node in known[name].nodes}
    assert {name for option in ("node_names", "from_nodes", "to_nodes") for name in asked[option]} <= nodes
    # a device is the reader's, and a placeholder no number
    parameters["compute"]["device"] = "auto"
    inputs = {name for one in chosen or ["__default__"] for name in known[one].inputs()}
    used = {name.removeprefix("params:").split(".")[0] for name in inputs if name.startswith("params:")}
    problems = [one for one in parameter_problems(parameters, used) if "'<" not in one.text]
    assert problems == [], page


def as_run(words):
    """Return a command of README as it is run here: in the smoke environment, small, and on files that are there."""
    given = dict(zip(words[2::2], words[3::2], strict=False))
    params = [re.sub("=<[^<>]+>$", "", one) for one in given.get("--params", "").split(",") if one]
    params = [f"{one}={OWN_FILES[one]}" if "=" not in one else one for one in params]
    params += [SMALLER[one] for one in params if one in SMALLER]
    rest = [word for word in words if word not in ("--params", given.get("--params"))]
    rest += [] if "--env" in rest else ["--env", "smoke"]
    return [*rest, "--params", ",".join([*params, "compute.threads=1", "compute.workers=1"])]


def write_own_files(folder):
    """Write a reader's own files: answers as jsPsych's and as a table, the images, and a release."""
    draw = np.random.default_rng(0)
    images = [f"{index}.png" for index in range(30)]
    for place in (folder / "images", folder / "release" / "dataset_PNG"):
        place.mkdir(parents=True)
        for name in images:
            Image.fromarray(draw.integers(0, 256, (28, 28), dtype=np.uint8)).save(place / name)
    rows = [(person, name, int(draw.integers(10))) for person in ("ann", "bob", "cid", "dee") for name in images]
    table = "\n".join(f"{person},{name},{response}" for person, name, response in rows)
    (folder / "answers.csv").write_text(f"participant_id,stimulus,response\n{table}\n")
    released = "\n".join(
        f"{person},{name},{response},{index % 4 > 0}" for index, (person, name, response) in enumerate(rows)
    )
    (folder / "release" / "df_DigitRecog.csv").write_text(f"subject_id,stimulus,response,is_train\n{released}\n")
    records = [
        {"trial_type": "image-button-response", "trial_index": index, "stimulus": name, "rt": 500}
        | {"response": response, "PROLIFIC_PID": person}
        for index, (person, name, response) in enumerate(rows)
    ]
    (folder / "answers.json").write_text(json.dumps(records))


def test_the_commands_run(smoke_project):
    folder = smoke_project.untouched
    write_own_files(folder / "own")
    left = [words for name, words in RUNS.items() if name not in ELSEWHERE]
    typed = [as_run(words) for words in left if options_of(words)["env"] in (None, "smoke")]
    # the first is for the first run in a data folder, before any with other parameters; the others leave few stimuli
    typed.sort(
        key=lambda words: (
            "--only-missing-outputs" not in words,
            "sampling" in words,
            "preprocessing,own_stimuli,experiment" in words,
        )
    )
    environment = os.environ | {"PYTHONPATH": f"{folder / 'src'}{os.pathsep}{PROJECT}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "tests.readme_commands"]
    shown = subprocess.run(
        command, input=json.dumps(typed), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    done = [line for line in shown.stdout.splitlines() if line.startswith("DONE")]
    assert shown.returncode == 0, "\n".join([*done, shown.stdout[-2000:], shown.stderr[-3000:]])
    assert len(done) == len(typed) >= 3
