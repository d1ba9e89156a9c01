"""Targets that a user knows of images."""

import pandas as pd
import pytest

from bam_pipelines.behavior.readers.targets import Targets, read_targets, with_targets

CLASSES = ["cat", "dog", "cow"]
HEADER = "file,target_1,target_2\n"


@pytest.fixture
def read(tmp_path):
    """A function from a text to the targets that a file of it holds."""

    def read_text(text):
        (tmp_path / "t.csv").write_text(text)
        return read_targets(tmp_path / "t.csv", CLASSES).pairs

    return read_text


def test_classes_are_names_or_numbers(read):
    text = "note,file,target_2,target_1\nx,a.png,dog,Cat\n,b.png,0,2\n"
    assert read(text) == {"a.png": (0, 1), "b.png": (2, 0)}


def test_names_that_are_numbers_are_names(tmp_path):
    (tmp_path / "t.csv").write_text(f"{HEADER}a.png,1,2\n")
    assert read_targets(tmp_path / "t.csv", ["1", "2"]).pairs == {"a.png": (0, 1)}


@pytest.mark.parametrize(
    "row", ["a.png,cat,cat", "a.png,cat,3", "a.png,cat,", ",cat,dog", "b.png,cat,dog\nb.png,cat,dog", "a.png,cat,-1"]
)
def test_a_line_that_does_not_fit_is_named(read, row):
    line = 2 + row.count("\n")
    with pytest.raises(ValueError, match=f"t.csv, line {line}: .* two different classes of cat, dog, cow"):
        read(HEADER + row)


def test_a_line_of_another_length_is_named(read):
    with pytest.raises(ValueError, match=r"t.csv, line 2: found 2 cells, expected 3; correct or remove it"):
        read(f"{HEADER}a.png,cat\n")


def test_a_missing_column_is_named(read):
    with pytest.raises(ValueError, match=r"t.csv: found no column target_2, expected file, target_1, target_2"):
        read("file,target_1\na.png,cat\n")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"t.csv: there is no such file, expected a CSV"):
        read_targets(tmp_path / "t.csv", CLASSES)


def test_images_get_the_targets_of_their_names(tmp_path):
    stimuli = pd.DataFrame({"stimulus_id": ["s", "t", "u"]})
    targets = Targets(tmp_path / "t.csv", {"a.png": (0, 1), "b.png": (1, 2), "unseen.png": (0, 2)})
    found = with_targets(stimuli, {"a.png": "s", "run 1\\b.png": "t", "again/b.png": "t", "c.png": "u"}, targets)
    assert found["target_1"].tolist()[:2] == [0, 1] and found["target_2"].tolist()[:2] == [1, 2]
    assert found[["target_1", "target_2"]].iloc[2].isna().all()


def test_equal_images_with_different_targets_are_named(tmp_path):
    targets = Targets(tmp_path / "t.csv", {"a.png": (0, 1), "b.png": (1, 2)})
    with pytest.raises(ValueError, match=r"found \(1, 2\) for b.png, whose equal has \(0, 1\)"):
        with_targets(pd.DataFrame({"stimulus_id": ["s"]}), {"a.png": "s", "b.png": "s"}, targets)


def test_targets_of_none_of_the_images_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"t.csv: found targets of none of the images; .* such as 'a.png'"):
        with_targets(pd.DataFrame({"stimulus_id": ["s"]}), {"a.png": "s"}, Targets(tmp_path / "t.csv", {"a": (0, 1)}))
