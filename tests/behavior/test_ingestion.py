"""Each source from files written by hand to tables."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.config import OmegaConfigLoader
from PIL import Image

from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.behavior.sharing.release import release_files
from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.images.table import image_columns, table_pixels
from bam_pipelines.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"
SALT = "a secret of the test"


def settings_of(source, env="base", **changes):
    loader = OmegaConfigLoader(str(CONF), env=env, **{**CONFIG_LOADER_ARGS, "default_run_env": "base"})
    parameters = loader["parameters"]["behavior"]
    parameters["sources"][source] |= changes
    return behavior_settings(parameters).sources[source]


@pytest.fixture
def take(tmp_path):
    """A function from a source and what differs from conf to what is read from the test's folder."""

    def read(source, env="base", known=None, share=0.5, salt=SALT, n_classes=10, **changes):
        settings = settings_of(source, env, **{"path": ".", **changes})
        return ingest(source, settings, tmp_path, salt, known, share, n_classes)

    return read


def pixels(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 1, 4, 4), dtype=np.uint8)


def write_release(root, pictures=False, rows=None):
    root.mkdir(parents=True, exist_ok=True)
    rows = rows or [
        "1,round2_dataset/uncertainty/a.png,0,7,True",
        "1,round2_dataset/controversial/b.png,1,3.0,1",
        "2,round2_dataset/uncertainty/a.png,0,1,No",
        "2,round2_dataset/controversial/c.png,2,1,yes",
    ]
    (root / "df_DigitRecog.csv").write_text("\n".join(["subject_id,stimulus,stimulus_id,response,is_train", *rows, ""]))
    if not pictures:
        torch.save(torch.from_numpy(pixels(3)).float() / 255, root / "images.pt")
    for name, image in zip(("uncertainty/a.png", "controversial/b.png", "controversial/c.png"), pixels(3), strict=True):
        if pictures:
            path = root / "dataset_PNG" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[0]).save(path)


@pytest.mark.parametrize("root", ["", "variMNIST", "varMNIST", "variMNIST/varMNIST"])
@pytest.mark.parametrize("pictures", [False, True], ids=["tensor", "pictures"])
def test_the_release_in_both_image_forms_and_all_roots(take, tmp_path, root, pictures):
    write_release(tmp_path / root, pictures)
    found = take("released", salt=None)
    trials = found.trials
    ids = stimulus_ids(pixels(3))
    assert trials["participant_id"].tolist() == ["1", "1", "2", "2"]
    assert trials["stimulus_id"].tolist() == [ids[0], ids[1], ids[0], ids[2]]
    assert trials["response"].tolist() == [7, 3, 1, 1]
    assert trials["split"].tolist() == ["train", "train", "test", "train"]
    assert trials["extra_stimulus_id"].tolist() == ["0", "1", "0", "2"]
    table = found.stimuli.set_index("stimulus_id")
    assert table.loc[ids, "strategy"].tolist() == ["uncertainty", "controversial", "controversial"]
    np.testing.assert_array_equal(table_pixels(table.loc[ids]), pixels(3))
    assert table["target_1"].isna().all()
    assert found.report["stimuli_in_both_splits"] == 1
    assert found.report["participants_below_100_training_trials"] == 2


def test_rows_of_the_release_that_cannot_be_used_are_reported_with_their_line(take, tmp_path):
    write_release(
        tmp_path, rows=["1,uncertainty/a.png,0,7,True", "1,uncertainty/a.png,99,3,True", "1,x/b.png,1,eleven,True"]
    )
    found = take("released", share=0.9)
    assert len(found.trials) == 1
    assert found.rejects[["line", "reason"]].to_numpy().tolist() == [
        [4, "response 'eleven', expected 0 to 9"],
        [3, "no image for '99', expected one in images.pt"],
    ]


def test_a_row_that_names_no_image_is_rejected(take, tmp_path):
    write_release(tmp_path, rows=["1,uncertainty/a.png,0,7,True", "1,uncertainty/b.png,,3,True"])
    found = take("released")
    assert len(found.trials) == 1
    assert found.rejects["line"].tolist() == [3]


def test_a_tensor_without_the_column_that_points_into_it(take, tmp_path):
    write_release(tmp_path)
    (tmp_path / "df_DigitRecog.csv").write_text("subject_id,stimulus,response,is_train\n1,a.png,7,True\n")
    with pytest.raises(ValueError, match="found no column stimulus_id, which says where in images.pt"):
        take("released")


def test_a_tensor_file_runs_no_code(take, tmp_path):
    write_release(tmp_path)

    class Harmful:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was here",))

    torch.save({"images": Harmful()}, tmp_path / "images.pt")
    with pytest.raises(ValueError, match="images.pt: cannot be read as one tensor"):
        take("released")
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"a": 1}, "found dict, expected a tensor"),
        (None, "found NoneType, expected a tensor"),
        (torch.full((2, 1, 4, 4), 7.0), "expected uint8 or"),
    ],
)
def test_a_tensor_file_of_something_else(take, tmp_path, content, sentence):
    write_release(tmp_path)
    torch.save(content, tmp_path / "images.pt")
    with pytest.raises(ValueError, match=sentence):
        take("released")


@pytest.mark.parametrize("content", [b"", b"no tensor", b"PK\x03\x04"], ids=["empty", "text", "half a zip"])
def test_a_file_that_is_no_tensor(take, tmp_path, content):
    write_release(tmp_path)
    (tmp_path / "images.pt").write_bytes(content)
    with pytest.raises(ValueError, match="images.pt: cannot be read as one tensor"):
        take("released")


def test_a_release_that_is_not_there(take, tmp_path):
    with pytest.raises(ValueError, match="found none of df_DigitRecog.csv, variMNIST/df_DigitRecog.csv"):
        take("released")


def test_what_was_exported_is_read_as_the_same_trials(take, tmp_path):
    write_release(tmp_path)
    first = take("released")
    (tmp_path / "images.pt").unlink()
    for name, content in release_files(first.trials, first.stimuli).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    again = take("released")
    same = ["participant_id", "stimulus_id", "response", "split"]
    pd.testing.assert_frame_equal(again.trials[same], first.trials[same])
    order = first.stimuli["stimulus_id"]
    pd.testing.assert_frame_equal(
        again.stimuli.set_index("stimulus_id").loc[order], first.stimuli.set_index("stimulus_id").loc[order]
    )


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


def test_how_many_trials_were_planned_is_added_up_over_rounds(take, tmp_path, ours):
    first = [{**row, "round": 1, "planned_trials": 30} for row in jspsych_rows(ours)[1:3]]
    second = [{**row, "round": 2, "planned_trials": 12} for row in jspsych_rows(ours)[1:3]]
    silent = [{**row, "round": 2} for row in jspsych_rows(ours, "PROLIFIC78")[1:3]]
    for name, rows in (("a", first), ("b", second), ("c", silent)):
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    sittings = take("jspsych", known=ours).sittings.set_index("participant_id")["planned_trials"]
    assert sittings[Pseudonyms(SALT).of("PROLIFIC77")] == 42
    assert pd.isna(sittings[Pseudonyms(SALT).of("PROLIFIC78")])


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
    assert found.rejects["reason"].tolist() == ["no image for '0123456789abcdef', expected one among the stimuli"]


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


def test_too_many_bad_records_stop_everything(take, tmp_path):
    (tmp_path / "t.csv").write_text("participant,image,response\na,x,1\na,y,99\n")
    with pytest.raises(
        ValueError,
        match=r"1 of 2 records cannot be used, more than behavior.max_reject_share of 0.4; the first: t.csv, line 3",
    ):
        take("table", share=0.4)
    assert len(take("table", share=0.5).trials) == 1


def test_a_table_of_another_study(take, tmp_path):
    for index, image in enumerate(pixels(2)):
        Image.fromarray(image[0]).save(tmp_path / f"{index}.png")
    (tmp_path / "t.csv").write_text("\ufeffSubject,Image,Response,RT\r\nann,0.png,1,412\r\nann,1.png,4,380\r\n")
    found = take("table", images=".")
    assert found.trials["stimulus_id"].tolist() == stimulus_ids(pixels(2))
    assert found.stimuli["strategy"].tolist() == ["natural"] * 2
    assert found.trials["rt_ms"].tolist() == [412, 380]


def test_without_images_names_stand_in(take, tmp_path):
    (tmp_path / "t.csv").write_text("subject,image,response\na,cat1,1\na,cat2,4\nb,cat1,4\n")
    found = take("table")
    assert found.trials["extra_stimulus"].tolist() == ["cat1", "cat2", "cat1"]
    first, second, third = found.trials["stimulus_id"]
    assert first == third != second
    assert found.stimuli.empty
    assert found.report["trials_without_an_image"] == 3


def test_the_raw_answers_of_cifar10h(take, tmp_path):
    (tmp_path / "cifar10h-raw.csv").write_text(
        "annotator_id,trial_index,image_filename,true_category,chosen_category,true_label,chosen_label,"
        "cifar10_test_test_idx,is_attn_check,reaction_time\n"
        "0,0,cat_s_1.png,cat,cat,3,3,17,0,1285\n"
        "0,1,truck_s_2.png,truck,automobile,9,1,-99999,1,1044\n"
        "0,2,dog_s_3.png,dog,dog,5,5,4,0,-38\n"
    )
    found = take("table", "cifar10h")
    assert found.trials["response"].tolist() == [3, 1]
    assert found.trials["phase"].tolist() == ["main", "catch"]
    assert found.trials["expected_response"].tolist() == [pd.NA, 9]
    assert found.trials["rt_ms"].tolist() == [1285, 1044]
    assert found.rejects[["line", "reason"]].to_numpy().tolist() == [[4, "rt '-38', expected a number above 0"]]


def golan_rows(trial, ratings, subject="Exp1_S01"):
    return [f"{subject},img{trial},0,{category},{rating},900,1500,{trial}" for category, rating in enumerate(ratings)]


def test_ten_rows_a_trial_of_golan(take, tmp_path):
    clear, tie = [0, 0, 0, 0.75, 0, 0, 0, 0.25, 0, 0], [0, 0, 0, 0.5, 0, 0, 0, 0.5, 0, 0]
    rows = golan_rows(5, clear) + golan_rows(6, tie) + golan_rows(7, clear)[:9]
    header = "subject_code,image,image_repetition,response_category,category_rating,first_reaction_rt,rt,trial"
    (tmp_path / "t.csv").write_text("\n".join([header, *rows, ""]))
    found = take("table", "golan2020")
    assert found.trials["participant_id"].tolist() == ["Exp1S01"] * 2
    assert found.trials["trial_index"].tolist() == [5, 6]
    assert found.trials["response"].iloc[0] == 3
    assert pd.isna(found.trials["response"].iloc[1])
    assert [float(found.trials[f"extra_rating_{number}"].iloc[0]) for number in range(10)] == clear
    (reject,) = found.rejects.to_dict("records")
    assert (reject["line"], reject["reason"]) == (22, "found no rating for each of 10 classes, expected one")


def test_sessions_of_model_vs_human(take, tmp_path):
    header = "subj,{session},trial,rt,object_response,category,condition,imagename"
    for number, name in ((1, "Session"), (2, "session")):
        (tmp_path / f"s{number}.csv").write_text(
            f"{header.format(session=name)}\nsubject-01,{number},1,0.63,dog,cat,c,0001_x.png\n"
            f"subject-01,{number},2,NaN,na,cat,c,0002_x.png\n"
        )
    trials = take("table", "modelvshuman", n_classes=16).trials
    assert trials["session"].tolist() == [1, 1, 2, 2]
    assert trials["response"].fillna(-1).tolist() == [10, -1, 10, -1]
    assert trials["rt_ms"].fillna(-1).tolist() == [630, -1, 630, -1]
