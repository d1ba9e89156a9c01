"""Every way in which an IDX file can be wrong has its own sentence."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from bam_pipelines.images.idx import read_idx

# two images of 2 x 3 pixels: magic 0, 0, type 8 (unsigned byte), 3 dimensions; then 2, 2, 3; then 12 bytes
PIXELS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
CONTENT = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 2, 3) + PIXELS.tobytes()


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="images"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / "images"

    return write_file


def test_images_come_out_in_their_shape(write):
    images = read_idx(write(CONTENT), 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, PIXELS)


def test_labels_have_one_dimension(write):
    np.testing.assert_array_equal(read_idx(write(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])), 1), [7, 9])


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_gzipped_is_as_good(write, name):
    path = write(gzip.compress(CONTENT), name)
    np.testing.assert_array_equal(read_idx(path, 3, hashlib.md5(CONTENT).hexdigest()), PIXELS)


def test_the_array_can_be_changed(write):
    pixels = read_idx(write(CONTENT), 3)
    pixels[0] = 0
    assert not pixels[0].any()


def test_neither_file_is_there(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"images: neither this file nor images\.gz exists.*preprocessing\.folder="
    ):
        read_idx(tmp_path / "images", 3)


def test_truncated_in_the_header(write):
    with pytest.raises(ValueError, match="images: truncated at offset 9, expected a header of 16 bytes"):
        read_idx(write(CONTENT[:9]), 3)


def test_truncated_in_the_pixels(write):
    with pytest.raises(ValueError, match="images: truncated: ends at offset 27, expected 28 for shape 2 x 2 x 3"):
        read_idx(write(CONTENT[:-1]), 3)


def test_too_long(write):
    with pytest.raises(ValueError, match="images: too long: ends at offset 29, expected 28"):
        read_idx(write(CONTENT + b"\0"), 3)


def test_a_size_beyond_any_file_is_truncated_too(write):
    # 2^32 - 1 to the third overflows 64 bits
    with pytest.raises(ValueError, match="images: truncated: ends at offset 28"):
        read_idx(write(bytes([0, 0, 8, 3]) + b"\xff" * 12 + PIXELS.tobytes()), 3)


def test_another_type(write):
    with pytest.raises(ValueError, match="images: bytes 00000d03 at offset 0, expected 00000803"):
        read_idx(write(bytes([0, 0, 0x0D, 3]) + CONTENT[4:]), 3)


def test_no_idx_file_at_all(write):
    with pytest.raises(ValueError, match="images: bytes 89504e47 at offset 0, expected 00000803"):
        read_idx(write(b"\x89PNG" + CONTENT[4:]), 3)


def test_labels_where_images_are_expected(write):
    with pytest.raises(ValueError, match="images: 1 dimensions at offset 3, expected 3"):
        read_idx(write(bytes([0, 0, 8, 1]) + CONTENT[4:]), 3)


def test_another_checksum(write):
    other = CONTENT[:-1] + b"\xff"
    found, expected = hashlib.md5(other).hexdigest(), hashlib.md5(CONTENT).hexdigest()
    with pytest.raises(ValueError, match=f"images: MD5 of the uncompressed bytes is {found}, expected {expected}"):
        read_idx(write(other), 3, expected)


def test_a_truncated_file_is_called_so_even_with_a_checksum(write):
    with pytest.raises(ValueError, match="images: truncated: ends at offset 20"):
        read_idx(write(CONTENT[:20]), 3, hashlib.md5(CONTENT).hexdigest())


@pytest.mark.parametrize("cut", [slice(0, -9), slice(0, 5)])
def test_a_truncated_gzip_stream(write, cut):
    path = write(gzip.compress(CONTENT)[cut], "images.gz")
    with pytest.raises(ValueError, match=r"images\.gz: the gzip stream of \d+ bytes is truncated or damaged"):
        read_idx(path, 3)


@pytest.mark.parametrize("place", [10, 14, -6])
def test_a_damaged_gzip_stream(write, place):
    zipped = bytearray(gzip.compress(CONTENT))
    zipped[place] ^= 0xFF
    with pytest.raises(ValueError, match=r"images\.gz: the gzip stream of \d+ bytes is truncated or damaged"):
        read_idx(write(bytes(zipped), "images.gz"), 3)
