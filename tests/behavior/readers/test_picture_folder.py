"""Images of a folder as stimuli."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bam_pipelines.behavior.readers.picture_folder import read_picture_folder
from bam_pipelines.behavior.readers.targets import Targets
from bam_pipelines.images.table import table_pixels

GREY, COLOUR = (1, 4, 4), (3, 4, 4)


def write(folder, **images):
    for name, pixels in images.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")


def test_each_file_of_a_folder_is_a_stimulus_once(tmp_path):
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    write(tmp_path, b=pixels[1], a=pixels[0], again=pixels[0])
    stimuli, files = read_picture_folder(tmp_path, GREY)
    assert table_pixels(stimuli)[:, 0].tolist() == pixels.tolist()  # in the order of the names, equal images once
    assert set(stimuli["strategy"]) == {"natural"} and stimuli["target_1"].isna().all()
    assert files["file_name"].tolist() == ["a.png", "again.png", "b.png"]
    assert files["stimulus_id"].tolist() == [stimuli["stimulus_id"][place] for place in (0, 0, 1)]


def test_targets_are_those_of_the_files(tmp_path):
    pixels = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    write(tmp_path, a=pixels[0], b=pixels[1], c=pixels[2])
    targets = Targets(tmp_path / "t.csv", {"c.png": (4, 9), "a.png": (3, 8)})
    stimuli, files = read_picture_folder(tmp_path, GREY, targets)
    assert stimuli[["target_1", "target_2"]].astype("object").to_numpy().tolist() == [[3, 8], [pd.NA, pd.NA], [4, 9]]
    assert files["target_2"].tolist() == [8, pd.NA, 9]
    assert table_pixels(stimuli)[:, 0].tolist() == pixels.tolist()


def test_targets_of_no_image_are_named(tmp_path):
    write(tmp_path, a=np.zeros((4, 4), dtype=np.uint8))
    with pytest.raises(ValueError, match=r"t.csv: found b.png, which is none of the images; correct or remove it"):
        read_picture_folder(tmp_path, GREY, Targets(tmp_path / "t.csv", {"a.png": (3, 8), "b.png": (3, 8)}))


def test_a_grey_image_among_colours_keeps_its_look(tmp_path):
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    colour = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    write(tmp_path, a=colour, b=grey)
    pixels = table_pixels(read_picture_folder(tmp_path, COLOUR).stimuli)
    assert pixels[0].tolist() == colour.transpose(2, 0, 1).tolist()
    assert all(channel.tolist() == grey.tolist() for channel in pixels[1])


def test_what_lies_hidden_in_a_folder_is_no_stimulus(tmp_path):
    write(tmp_path, a=np.zeros((4, 4), dtype=np.uint8))
    (tmp_path / ".DS_Store").write_bytes(b"not an image")
    (tmp_path / "more").mkdir()
    assert len(read_picture_folder(tmp_path, GREY).stimuli) == 1


def test_no_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder; put the images there, or name"):
        read_picture_folder(tmp_path / "nowhere", GREY)


def test_a_folder_without_files_is_named(tmp_path):
    with pytest.raises(ValueError, match="found no files, expected images"):
        read_picture_folder(tmp_path, GREY)


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(ValueError, match=r"notes.txt: cannot be read as an image.* Remove it, or move it elsewhere"):
        read_picture_folder(tmp_path, GREY)


@pytest.mark.parametrize(("pixels", "found"), [
    (np.zeros((4, 5)), "4 x 5 pixels in grey, expected 4 x 4 pixels in grey"),
    (np.arange(48).reshape(4, 4, 3), "4 x 4 pixels in colour, expected 4 x 4 pixels in grey"),
])  # fmt: skip
def test_an_image_of_another_size_than_the_digits_is_named(tmp_path, pixels, found):
    write(tmp_path, a=np.zeros((4, 4), dtype=np.uint8), b=pixels.astype(np.uint8))
    with pytest.raises(ValueError, match=f"b.png: found {found} as the digits have; 1 of 2 images are not so"):
        read_picture_folder(tmp_path, GREY)
