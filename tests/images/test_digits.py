"""Digits from the bundle and from official files."""

import struct

import numpy as np
import pytest

from bam_pipelines.images.digits import (
    Digits,
    bundled_digits,
    check_classes,
    check_shape,
    count_classes,
    official_digits,
    small_digits,
    without,
)
from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.images.table import table_pixels


def write_official(folder, images, labels, part="train"):
    for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        (folder / name).write_bytes(header + array.astype(np.uint8).tobytes())


IMAGES = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)


def test_the_bundle_holds_500_digits_a_class():
    digits = bundled_digits()
    assert digits.pixels.shape == (5000, 1, 28, 28)
    assert np.bincount(digits.labels).tolist() == [500] * 10


def test_distances_from_the_mean_by_hand():
    """Two digits of class 0 differ in one pixel by 1, each a half from their mean; class 1 has one digit."""
    pixels = np.array([[0, 255], [255, 255], [7, 9]], dtype=np.uint8).reshape(3, 1, 1, 2)
    digits = Digits(pixels, np.array([0, 0, 1], dtype=np.uint8))
    assert digits.distances_from_mean == pytest.approx([0.5, 0.5, 0.0])


def test_the_official_pair_is_read(tmp_path):
    write_official(tmp_path, IMAGES, np.array([2, 0, 1]), part="t10k")
    digits = official_digits(tmp_path, "test", {}, n_classes=3)
    np.testing.assert_array_equal(digits.pixels, IMAGES[:, None])
    assert digits.labels.tolist() == [2, 0, 1]


def test_a_label_out_of_range_is_named(tmp_path):
    write_official(tmp_path, IMAGES, np.array([2, 3, 1]))
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte: row 1 has label 3, expected 0 to 2"):
        official_digits(tmp_path, "train", {}, n_classes=3)


def test_fewer_labels_than_images(tmp_path):
    write_official(tmp_path, IMAGES, np.array([2, 1]))
    with pytest.raises(
        ValueError, match="train-labels-idx1-ubyte: ends before row 2, but .* has 3 images and .* 2 labels"
    ):
        official_digits(tmp_path, "train", {}, n_classes=3)


def test_fewer_images_than_labels(tmp_path):
    write_official(tmp_path, IMAGES[:1], np.array([2, 1]))
    with pytest.raises(
        ValueError, match="train-images-idx3-ubyte: ends before row 1, but .* has 1 images and .* 2 labels"
    ):
        official_digits(tmp_path, "train", {}, n_classes=3)


def test_a_checksum_belongs_to_its_file(tmp_path):
    write_official(tmp_path, IMAGES, np.array([2, 0, 1]))
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte: MD5 of the uncompressed bytes is .*, expected 0123"):
        official_digits(tmp_path, "train", {"train-labels-idx1-ubyte": "0123"}, n_classes=3)


def test_without_leaves_out_what_has_the_same_pixels():
    digits = Digits(IMAGES[:, None], np.array([2, 0, 1]))
    # the label does not matter, the pixels do
    assert without(digits, Digits(IMAGES[1:2, None], np.array([2]))).labels.tolist() == [2, 1]
    assert without(digits, digits).pixels.shape == (0, 1, 2, 2)


def test_a_table_has_one_row_a_digit():
    table = Digits(IMAGES[:, None], np.array([2, 0, 1])).table()
    assert table["label"].dtype == np.int8
    assert table["label"].tolist() == [2, 0, 1]
    np.testing.assert_array_equal(table_pixels(table), IMAGES[:, None])
    assert table["stimulus_id"].tolist() == stimulus_ids(IMAGES[:, None])


def test_classes_are_counted():
    table = Digits(IMAGES[:, None], np.array([2, 0, 2])).table()
    assert count_classes({"train": table[:2], "test": table[2:]}) == {
        "train": {"n": 2, "classes": {"0": 1, "2": 1}},
        "test": {"n": 1, "classes": {"2": 1}},
    }


def test_an_image_in_two_splits_is_named():
    table = Digits(IMAGES[:, None], np.array([2, 0, 2])).table()
    shared = table["stimulus_id"][1]
    with pytest.raises(ValueError, match=f"image {shared} is in train and in test, expected in one only"):
        count_classes({"train": table[:2], "test": table[1:]})


def test_small_digits_span_the_whole_range():
    digits = small_digits()
    assert digits.pixels.shape == (1797, 1, 8, 8)
    assert np.unique(digits.pixels).tolist() == [round(level * 255 / 16) for level in range(17)]
    assert np.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert len(set(stimulus_ids(digits.pixels))) == 1797


def test_a_class_without_training_images_is_named():
    check_classes(np.array([0, 2, 1]), ["cat", "dog", "horse"])
    with pytest.raises(
        ValueError, match="none of the 3 training images is of class 1, 'dog', expected some of each of"
    ):
        check_classes(np.array([0, 2, 0]), ["cat", "dog", "horse"])


@pytest.mark.parametrize("sides", [(8, 9), (9, 8), (7, 7)])
def test_images_that_no_network_takes_are_named(sides):
    check_shape("here", np.zeros((2, 3, 8, 8), dtype=np.uint8))
    with pytest.raises(ValueError, match=f"here: images are {sides[0]} x {sides[1]} pixels, expected squares of at "):
        check_shape("here", np.zeros((2, 3, *sides), dtype=np.uint8))
