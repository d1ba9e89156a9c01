"""The folder for others keeps the rules, and each rule is noticed when it is broken."""

import io
import json
from dataclasses import replace

import pandas as pd
import pytest

from bam_pipelines.behavior.schemas import validate_participants, validate_trials
from bam_pipelines.behavior.sharing.psych_ds import psych_ds_files
from bam_pipelines.behavior.sharing.settings import SharingSettings
from tests.psych_ds_rules import psych_ds_problems

SETTINGS = SharingSettings(study="bam", name="Answers", description="What people saw.")


@pytest.fixture
def tables(trials_of):
    trials = validate_trials(
        trials_of([{}, {"response": None}, {"task": "judgment", "response": 1}]).assign(extra_device="phone")
    )
    participants = pd.DataFrame({"participant_id": ["a"], "n_trials": [3], "include": [True], "exclude_reason": [""]})
    missing = dict.fromkeys(["catch_accuracy", "lapse", "repeat_agreement", "median_rt_ms", "blur_events"])
    return trials, validate_participants(participants.assign(**missing))


@pytest.fixture
def folder(tables, tmp_path):
    for name, text in psych_ds_files(*tables, SETTINGS, simulated=False).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_folder_keeps_the_rules(folder):
    assert psych_ds_problems(folder) == []


def test_a_file_a_task_and_one_of_the_participants(tables):
    files = psych_ds_files(*tables, SETTINGS, simulated=False)
    assert {name for name in files if name.startswith("data/")} == {
        "data/study-bam_task-digit_data.csv",
        "data/study-bam_task-judgment_data.csv",
        "data/study-bam_table-participants_data.csv",
    }
    digits = pd.read_csv(io.StringIO(files["data/study-bam_task-digit_data.csv"]))
    assert digits["row_id"].tolist() == tables[0]["row_id"][:2].tolist()


def test_every_column_says_what_it_means(tables):
    about = json.loads(psych_ds_files(*tables, SETTINGS, simulated=False)["dataset_description.json"])
    texts = {variable["name"]: variable["description"] for variable in about["variableMeasured"]}
    assert texts["rt_ms"] == "response time from stimulus onset, milliseconds"
    assert texts["extra_device"].startswith("kept from the source")
    assert all(texts.values())


def test_simulated_participants_are_called_so(tables):
    files = psych_ds_files(*tables, SETTINGS, simulated=True)
    about = json.loads(files["dataset_description.json"])
    assert about["name"] == "Answers (simulated participants)"
    assert "(simulated participants)" in about["description"]
    assert "(simulated participants)" in files["README.md"]


def test_a_study_that_cannot_be_part_of_a_name():
    with pytest.raises(ValueError, match="study is 'my-study', expected letters and digits"):
        replace(SETTINGS, study="my-study")


def edit(path, change):
    path.write_text(change(path.read_text()))


def describe(folder, also_measured=(), **changes):
    path = folder / "dataset_description.json"
    about = json.loads(path.read_text()) | changes
    about["variableMeasured"] += [{"name": name} for name in also_measured]
    path.write_text(json.dumps(about))


DIGITS = "data/study-bam_task-digit_data.csv"
BROKEN = {
    "dataset_description.json is missing": lambda folder: (folder / "dataset_description.json").unlink(),
    "dataset_description.json is no JSON": lambda folder: (folder / "dataset_description.json").write_text("{"),
    "dataset_description.json holds no object": lambda folder: (folder / "dataset_description.json").write_text("[]"),
    "description is missing or empty": lambda folder: describe(folder, description=""),
    "@context is 'x', expected schema.org": lambda folder: describe(folder, **{"@context": "x"}),
    "@type is 'Thing', expected 'Dataset'": lambda folder: describe(folder, **{"@type": "Thing"}),
    "variableMeasured names row_id twice": lambda folder: describe(folder, also_measured=["row_id"]),
    "data: holds no CSV file": lambda folder: [path.unlink() for path in (folder / "data").iterdir()],
    "expected a name like study-x": lambda folder: (folder / DIGITS).rename(folder / "data" / "study-a-b_data.csv"),
    "column row_id stands there twice": lambda folder: edit(
        folder / DIGITS, lambda text: text.replace("dataset_id", "row_id", 1)
    ),
    "row 2 has": lambda folder: edit(folder / DIGITS, lambda text: text.replace("\n", "\nx,", 1)),
    "row_id a-1-0 stands there twice": lambda folder: edit(
        folder / DIGITS, lambda text: text.replace("a-1-1,", "a-1-0,")
    ),
    "has no column row_id": lambda folder: edit(folder / DIGITS, lambda text: text.replace("row_id", "id", 1)),
    "column colour is not in variableMeasured": lambda folder: edit(
        folder / DIGITS, lambda text: text.replace("extra_device", "colour", 1)
    ),
    "variableMeasured names taste, which no table has": lambda folder: describe(folder, also_measured=["taste"]),
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_rule_is_named(folder, problem):
    BROKEN[problem](folder)
    assert any(problem in found for found in psych_ds_problems(folder)), psych_ds_problems(folder)


def test_names_stay_readable_in_any_language(tables):
    settings = replace(SETTINGS, name="Réponses", description="人们看到的数字")
    text = psych_ds_files(*tables, settings, simulated=False)["dataset_description.json"]
    assert '"name": "Réponses"' in text and "人们看到的数字" in text
    assert text.startswith('{\n  "@context"') and text.endswith("}\n")
