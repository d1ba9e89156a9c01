"""People's answers through the stage, as a user runs it; nothing that is written says who they are."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from tests.projects import copy_project, kedro
from tests.psych_ds_rules import psych_ds_problems

PEOPLE = ("5f3c2a9b77e1", "ann@example.org", "W-1029384756")
SALT = "a secret of the test"


def write_study(folder):
    """A folder of jsPsych files, one a person and named by them, with images; one file is cut off."""
    draw = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    for index in range(12):
        Image.fromarray(draw.integers(0, 256, (28, 28), dtype=np.uint8)).save(folder / "images" / f"{index}.png")
    (folder / "answers").mkdir()
    for person in PEOPLE:
        rows = [
            {"trial_type": "image-button-response", "trial_index": 2 * index, "stimulus": f"img/{index}.png"}
            | {"rt": int(draw.integers(400, 900)), "response": int(draw.integers(10))}
            | {"PROLIFIC_PID": person, "note": f"seen by {person}" if index == 3 else None, "worker": person}
            for index in range(12)
        ]
        rows[5]["response"] = 42
        (folder / "answers" / f"{person}.json").write_text(json.dumps([*rows, {"event": "blur", "trial": 1}]))
    (folder / "answers" / "6ffe88120a1c.json").write_text('[{"trial_type": "image-button')


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    write_study(folder / "study")
    source = "behavior.sources.jspsych"
    values = f"behavior.source=jspsych,{source}.path=study/answers,{source}.images=study/images"
    run = ("run", "--pipelines", "behavior", "--params", f"{values},behavior.max_reject_share=0.2")
    return folder, lambda salt=SALT: kedro(folder, *run, BAM_SALT=salt), run


@pytest.fixture(scope="module")
def answered(stage):
    folder, run, _ = stage
    result = run()
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return folder, result


def entry(folder, layer, name):
    (path,) = (folder / "data" / layer / name).glob(f"*/{name}")
    return path


def test_without_a_salt_the_run_stops_with_one_sentence(stage):
    _, run, _ = stage
    result = run("")
    assert result.returncode == 1
    assert "set the environment variable BAM_SALT" in result.stdout + result.stderr


def test_the_tables_are_there(answered):
    folder, _ = answered
    trials = pd.read_parquet(entry(folder, "03_primary", "trials.parquet"))
    assert len(trials) == 33
    assert set(trials["participant_id"]) == {Pseudonyms(SALT).of(person) for person in PEOPLE}
    rejects = pd.read_parquet(entry(folder, "02_intermediate", "rejects.parquet"))
    assert rejects["reason"].str.contains("response '42', expected 0 to 9").sum() == 3
    assert rejects["reason"].str.contains("cut off").sum() == 1
    participants = pd.read_parquet(entry(folder, "03_primary", "participants.parquet"))
    assert participants["blur_events"].tolist() == [1, 1, 1]


def test_the_folder_to_share_keeps_the_rules(answered):
    folder, _ = answered
    assert psych_ds_problems(entry(folder, "08_reporting", "psych_ds")) == []


def test_no_outside_id_is_in_anything_that_was_written_or_shown(answered):
    folder, result = answered
    written = [path for path in folder.rglob("*") if path.is_file() and "study" not in path.relative_to(folder).parts]
    texts = {"what was shown": (result.stdout + result.stderr).encode()}
    for path in written:
        texts[str(path)] = path.read_bytes()
        if path.suffix == ".parquet":  # compressed
            texts[str(path)] += pd.read_parquet(path).drop(columns="image", errors="ignore").to_csv().encode()
        assert not [person for person in PEOPLE if person in str(path)]
    hits = {
        (name, person)
        for name, text in texts.items()
        for person in (*PEOPLE, "6ffe88120a1c")
        if person.encode() in text
    }
    assert hits == set()
    assert SALT.encode() not in b"".join(texts.values())
