"""Answers to a study of ours, as jsPsych and JATOS store them."""

import json
import zipfile

import pandas as pd
import pytest

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.images.table import image_columns
from tests.behavior.ingestion.conftest import SALT, pixels, settings_of


@pytest.fixture
def ours():
    """Stimuli of a study of ours."""
    table = pd.DataFrame(image_columns(pixels(2, seed=1)))
    nothing = dict.fromkeys(
        ["target_1", "target_2", "model_1", "model_2", "pair_id", "margin", "seed", "judge_score", "source_index"]
        + [f"p{model}_target_{target}" for model in (1, 2) for target in (1, 2)]
    )
    return table.assign(strategy="unguided", source="none", method="none", **nothing)


def jspsych_rows(ours, person="PROLIFIC77"):
    common = {"trial_type": "html-multi-response", "prolific_pid": person, "response_source": "keyboard"}
    return [
        {"trial_type": "instructions", "trial_index": 0, "prolific_pid": person},
        common | {"trial_index": 3, "stimulus_id": ours["stimulus_id"][0], "keyboard_response": "7", "rt": 612},
        common | {"trial_index": 6, "stimulus_id": ours["stimulus_id"][1], "keyboard_response": "1", "rt": 431},
        {"event": "blur", "time": 3, "trial": 1},
    ]


def test_jspsych_names_our_stimuli(take, tmp_path, ours):
    (tmp_path / "PROLIFIC77.json").write_text(json.dumps(jspsych_rows(ours)))
    (tmp_path / "other.json").write_text(json.dumps(jspsych_rows(ours, "PROLIFIC78")[:2]))
    found = take("jspsych", known=ours)
    person = Pseudonyms(SALT).of("PROLIFIC77")
    own = found.trials[found.trials["participant_id"] == person]
    assert own["stimulus_id"].tolist() == ours["stimulus_id"].tolist()
    assert own["response"].tolist() == [7, 1]
    assert own["row_id"].tolist() == [f"{person}-1-3", f"{person}-1-6"]
    assert found.stimuli["stimulus_id"].tolist() == ours["stimulus_id"].tolist()
    blurs = found.sittings.set_index("participant_id")["blur_events"]
    assert blurs[person] == 1
    assert pd.isna(blurs[Pseudonyms(SALT).of("PROLIFIC78")])
    assert found.report["records_that_are_no_trials"] == 2
    assert "PROLIFIC7" not in "".join(table.to_csv() for table in found[:4]) + json.dumps(found.report)


@pytest.mark.parametrize(("indent", "said"), [(None, "record 3: response 'x'"), (1, "response 'x'")])
def test_records_of_one_line_are_told_apart_by_their_number(take, tmp_path, ours, indent, said):
    rows = jspsych_rows(ours)[1:3]
    bad = {**rows[0], "keyboard_response": "x", "trial_index": 99}
    (tmp_path / "a.json").write_text(json.dumps([*rows, bad], indent=indent))
    (reason,) = take("jspsych", known=ours).rejects["reason"]
    assert reason.startswith(said)


def test_answers_of_two_rounds_are_read_by_themselves(take, tmp_path, ours):
    first = [{**row, "round": 1, "planned_trials": 30} for row in jspsych_rows(ours)[1:3]]
    second = [{**row, "round": 2} for row in jspsych_rows(ours)[1:3]]
    (tmp_path / "a.json").write_text(json.dumps(first))
    silent = [{**row, "round": 1} for row in jspsych_rows(ours, "PROLIFIC78")[1:3]]
    (tmp_path / "b.json").write_text(json.dumps(silent))
    found = take("jspsych", known=ours).sittings["planned_trials"]
    assert sorted(found.fillna(0)) == [0, 30]
    (tmp_path / "c.json").write_text(json.dumps(second))
    with pytest.raises(ValueError, match=r"c.json, line 1: found round 2 among answers of round 1, expected one round"):
        take("jspsych", known=ours)


def test_later_rounds_lie_beside_the_first():
    settings = settings_of("jspsych")
    assert settings.of_round(1) == settings
    assert settings.of_round(2).path == "data/01_raw/jspsych_round_2"


def test_files_without_a_persons_name_go_by_their_own(take, tmp_path, ours):
    rows = [{key: value for key, value in row.items() if key != "prolific_pid"} for row in jspsych_rows(ours)[1:3]]
    (tmp_path / "ann.json").write_text(json.dumps(rows))
    (tmp_path / "ann_interactions.json").write_text(json.dumps(jspsych_rows(ours)[3:]))
    found = take("jspsych", known=ours)
    assert set(found.trials["participant_id"]) == {Pseudonyms(SALT).of("ann")}
    assert found.sittings["blur_events"].tolist() == [1]


def test_two_files_of_a_person_are_two_sessions_and_a_copy_is_none(take, tmp_path, ours):
    rows = jspsych_rows(ours)[1:3]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    (tmp_path / "b.json").write_text(json.dumps(rows[:1]))
    (tmp_path / "copy of a.json").write_text(json.dumps(rows))
    found = take("jspsych", known=ours)
    assert found.trials[["session", "trial_index", "repetition"]].to_numpy().tolist() == [
        [1, 3, 0],
        [1, 6, 0],
        [2, 3, 1],
    ]
    assert found.report["duplicate_files"] == 1


def test_a_file_that_is_cut_off_hides_its_name_and_keeps_what_can_be_read(take, tmp_path, ours):
    (tmp_path / "a.json").write_text(json.dumps(jspsych_rows(ours)[1:3]))
    (tmp_path / "5f3c2a9b.json").write_text('[{"trial_type": "html')
    found = take("jspsych", known=ours)
    assert len(found.trials) == 2
    assert found.rejects["file"].tolist() == [f"{Pseudonyms(SALT).of('5f3c2a9b')}.json"]


def test_a_stimulus_that_nobody_knows_is_rejected(take, tmp_path, ours):
    rows = jspsych_rows(ours)[1:3]
    rows[1]["stimulus_id"] = "0123456789abcdef"
    (tmp_path / "a.json").write_text(json.dumps(rows))
    found = take("jspsych", known=ours)
    reason = found.rejects["reason"].item()
    assert reason.startswith("no image for '0123456789abcdef', expected one among the newest study's stimuli")
    assert "--load-versions" in reason  # nobody is to take good answers to an older study away


def test_an_archive_of_jatos(take, tmp_path, ours):
    results = [
        {"id": 1, "workerId": 41, "componentResults": [{"id": 5, "path": "/study_result_1/comp_result_5"}]},
        {"id": 2, "workerId": 42, "componentResults": [{"id": 6, "path": "/study_result_2/comp_result_6"}]},
    ]
    rows = [{key: value for key, value in row.items() if key != "prolific_pid"} for row in jspsych_rows(ours)]
    with zipfile.ZipFile(tmp_path / "results.jzip", "w") as archive:
        archive.writestr("metadata.json", json.dumps({"data": [{"studyResults": results}]}))
        archive.writestr("study_result_1/comp_result_5/data.txt", json.dumps(rows))
    found = take("jatos", known=ours)
    assert set(found.trials["participant_id"]) == {Pseudonyms(SALT).of("41")}
    assert found.rejects["reason"].tolist() == ["metadata.json names this member, the archive lacks it"]


def test_outside_ids_need_a_salt(take, tmp_path, ours):
    (tmp_path / "a.json").write_text(json.dumps(jspsych_rows(ours)))
    with pytest.raises(ValueError, match="set the environment variable BAM_SALT to a secret text"):
        take("jspsych", known=ours, salt=None)
