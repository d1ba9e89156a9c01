"""A user's own images: every way in which the file can be wrong is one sentence."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bam_pipelines.images.archive import archive_digits

DRAW = np.random.default_rng(0)
GREY = DRAW.integers(0, 256, (6, 8, 8), dtype=np.uint8)
COLOUR = DRAW.integers(0, 256, (6, 9, 9, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def write(tmp_path):
    """A function from arrays to a file of them."""

    def make(**arrays):
        np.savez(tmp_path / "own.npz", **arrays)
        return tmp_path / "own.npz"

    return make


def test_grey_images_are_of_one_channel(write):
    digits = archive_digits(write(images=GREY, labels=LABELS), 3)
    np.testing.assert_array_equal(digits.pixels[:, 0], GREY)
    assert digits.labels.tolist() == LABELS.tolist()


def test_colours_are_moved_before_rows_and_columns(write):
    digits = archive_digits(write(images=COLOUR, labels=LABELS.astype(np.int64)), 3)
    assert digits.pixels.shape == (6, 3, 9, 9)
    for image, row, column, colour in ((0, 1, 2, 0), (5, 8, 0, 2), (3, 4, 4, 1)):
        assert digits.pixels[image, colour, row, column] == COLOUR[image, row, column, colour]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": GREY}, "holds images but no labels, expected what numpy.savez"),
        ({"x": GREY, "y": LABELS}, "holds x, y but no images and no labels, expected"),
        ({"images": GREY / 255, "labels": LABELS}, "images are float64, expected uint8 from 0 to 255"),
        ({"images": GREY.reshape(6, 64), "labels": LABELS}, r"images have shape \(6, 64\), expected \(N, H, W\) or"),
        ({"images": GREY[:0], "labels": LABELS[:0]}, r"images have shape \(0, 8, 8\), expected .* N at least 1"),
        ({"images": GREY[:, None], "labels": LABELS}, r"shape \(6, 1, 8, 8\), expected \(N, H, W, C\) with C of 1"),
        ({"images": GREY[:, :7], "labels": LABELS}, "images are 7 x 8 pixels, expected squares of at least 8 x 8"),
        ({"images": GREY[:, :7, :7], "labels": LABELS}, "images are 7 x 7 pixels, expected squares of at least 8 x 8"),
        (
            {"images": GREY, "labels": LABELS[:5]},
            r"labels are int64 of shape \(5,\), expected integers of shape \(6,\)",
        ),
        ({"images": GREY, "labels": LABELS / 1}, "labels are float64 of shape"),
        ({"images": GREY, "labels": LABELS + 1}, "row 2 has label 3, expected 0 to 2: the places of preprocessing.cl"),
        ({"images": GREY, "labels": LABELS - 1}, "row 0 has label -1, expected 0 to 2"),
        ({"images": GREY[[0, 1, 2, 3, 1, 5]], "labels": LABELS}, "rows 1 and 4 are the same image; keep the rows"),
        ({"images": np.array([None] * 6), "labels": LABELS}, "cannot be read as an .npz file of arrays without pickle"),
    ],
)
def test_what_is_wrong_is_named(write, arrays, message):
    with pytest.raises(ValueError, match=message) as refused:
        archive_digits(write(**arrays), 3)
    assert str(refused.value).startswith(str(write(**arrays)))


def test_the_remedy_for_repeats_helps(write):
    images, labels = GREY[[0, 1, 2, 3, 1, 5]], LABELS
    kept = np.unique(images, axis=0, return_index=True)[1]
    assert len(archive_digits(write(images=images[kept], labels=labels[kept]), 3).labels) == 5


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"own.npz: there is no such file. Write it with numpy.savez.*--params "
    ):
        archive_digits(tmp_path / "own.npz", 3)


def test_more_than_fits_is_not_unpacked(write, monkeypatch):
    monkeypatch.setattr("bam_pipelines.images.archive._LARGEST", 500)
    with pytest.raises(ValueError, match="own.npz: unpacks to more than 500 bytes, expected fewer or smaller images"):
        archive_digits(write(images=GREY, labels=LABELS), 3)


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path):
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "|u1", "fortran_order": False, "shape": (10**15, 8, 8)})
    with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
        archive.writestr("images.npy", array.getvalue())
        archive.writestr("labels.npy", array.getvalue())
    with pytest.raises(ValueError, match="own.npz: cannot be read as an .npz file"):
        archive_digits(tmp_path / "own.npz", 3)


@given(st.binary(max_size=60) | st.integers(0, 800).map(lambda cut: _WHOLE[:cut]))
def test_any_bytes_are_named(tmp_path, content):
    (tmp_path / "own.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"own.npz: "):
        archive_digits(tmp_path / "own.npz", 3)


def _whole():
    content = io.BytesIO()
    np.savez(content, images=GREY, labels=LABELS)
    return content.getvalue()


_WHOLE = _whole()
