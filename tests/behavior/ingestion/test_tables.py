"""Tables of other studies."""

import pandas as pd
import pytest
from PIL import Image

from bam_pipelines.images.pixels import stimulus_ids
from tests.behavior.ingestion.conftest import pixels


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


def test_targets_of_a_table_s_images(take, tmp_path):
    for index, image in enumerate(pixels(2)):
        Image.fromarray(image[0]).save(tmp_path / f"{index}.png")
    (tmp_path / "t.csv").write_text("participant,image,response\nann,0.png,1\nann,1.png,4\n")
    (tmp_path / "known").mkdir()
    (tmp_path / "known" / "targets.txt").write_text("file,target_1,target_2\n1.png,4,9\n7.png,1,2\n")
    found = take("table", images=".", targets="known/targets.txt").stimuli.set_index("stimulus_id")
    without, with_some = stimulus_ids(pixels(2))
    assert found.loc[with_some, ["target_1", "target_2"]].tolist() == [4, 9]
    assert found.loc[without, ["target_1", "target_2"]].isna().all()


def test_names_without_endings_are_told(take, tmp_path):
    (tmp_path / "images").mkdir()
    Image.fromarray(pixels(1)[0, 0]).save(tmp_path / "images" / "a.png")
    rows = "b,a.png,1\nb,a.png,1\na,a,1\n"
    (tmp_path / "t.csv").write_text(f"participant,image,response\n{rows}")
    reason = "no image for 'a', expected one in images; there is a.png: write names with their endings"
    assert take("table", images="images").rejects["reason"].tolist() == [reason]


def test_the_first_of_bad_records_is_the_first_in_the_file(take, tmp_path):
    (tmp_path / "images").mkdir()
    # images are looked for when answers have been read
    (tmp_path / "t.csv").write_text("participant,image,response\nb,nowhere.png,1\na,y.png,99\n")
    with pytest.raises(ValueError, match="the first: t.csv, line 2: no image for"):
        take("table", share=0.1, images="images")


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
