"""The released variMNIST, in the forms that it is found in."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bam_pipelines.behavior.sharing.release import release_files
from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.images.table import table_pixels
from tests.behavior.ingestion.conftest import pixels


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


def test_a_tensor_may_lack_the_axis_of_channels(take, tmp_path):
    write_release(tmp_path)
    torch.save(torch.from_numpy(pixels(3)[:, 0]), tmp_path / "images.pt")
    assert take("released").trials["stimulus_id"].nunique() == 3


def test_who_has_enough_training_trials_for_a_model_of_their_own_is_counted(take, tmp_path):
    # 100 training trials of one person, 99 of another
    write_release(tmp_path, rows=[f"{person},a.png,0,{person},True" for person in [1] * 100 + [2] * 99])
    report = take("released").report
    assert (report["trials"], report["participants"]) == (199, 2)
    assert report["participants_below_100_training_trials"] == 1


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
