"""Images of a folder as stimuli."""

import numpy as np
import pytest
from PIL import Image

from bam_pipelines.behavior.readers.images import stimuli_of_folder
from bam_pipelines.images.table import table_pixels

GREY, COLOUR = (1, 4, 4), (3, 4, 4)


def write(folder, **images):
    for name, pixels in images.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")


def test_each_file_of_a_folder_is_a_stimulus_once(tmp_path):
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    write(tmp_path, b=pixels[1], a=pixels[0], again=pixels[0])
    stimuli = stimuli_of_folder(tmp_path, GREY)
    assert table_pixels(stimuli)[:, 0].tolist() == pixels.tolist()  # in the order of the names, equal images once
    assert set(stimuli["strategy"]) == {"natural"} and stimuli["target_1"].isna().all()


def test_a_grey_image_among_colours_keeps_its_look(tmp_path):
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    colour = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    write(tmp_path, a=colour, b=grey)
    pixels = table_pixels(stimuli_of_folder(tmp_path, COLOUR))
    assert pixels[0].tolist() == colour.transpose(2, 0, 1).tolist()
    assert all(channel.tolist() == grey.tolist() for channel in pixels[1])


def test_what_lies_hidden_in_a_folder_is_no_stimulus(tmp_path):
    write(tmp_path, a=np.zeros((4, 4), dtype=np.uint8))
    (tmp_path / ".DS_Store").write_bytes(b"not an image")
    (tmp_path / "more").mkdir()
    assert len(stimuli_of_folder(tmp_path, GREY)) == 1


def test_no_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: there is no such folder; put the images there or name"):
        stimuli_of_folder(tmp_path / "nowhere", GREY)


def test_a_folder_without_files_is_named(tmp_path):
    with pytest.raises(ValueError, match="found no files, expected images"):
        stimuli_of_folder(tmp_path, GREY)


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(ValueError, match="notes.txt"):
        stimuli_of_folder(tmp_path, GREY)


@pytest.mark.parametrize(("pixels", "found"), [
    (np.zeros((4, 5)), "4 x 5 pixels in grey, expected 4 x 4 pixels in grey"),
    (np.arange(48).reshape(4, 4, 3), "4 x 4 pixels in colour, expected 4 x 4 pixels in grey"),
])  # fmt: skip
def test_an_image_of_another_size_than_the_digits_is_named(tmp_path, pixels, found):
    write(tmp_path, a=np.zeros((4, 4), dtype=np.uint8), b=pixels.astype(np.uint8))
    with pytest.raises(ValueError, match=f"b.png: found {found} as the digits have"):
        stimuli_of_folder(tmp_path, GREY)
