"""IDX files of every size, and one that unpacks without an end."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bam_pipelines.images.idx import read_idx


@given(st.lists(st.integers(0, 5), min_size=3, max_size=3), st.booleans(), st.integers(0, 2**32 - 1))
def test_images_of_every_size_come_back(tmp_path, shape, zipped, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    content = bytes([0, 0, 8, 3]) + struct.pack(">3I", *shape) + pixels.tobytes()
    (tmp_path / "images").write_bytes(gzip.compress(content) if zipped else content)
    np.testing.assert_array_equal(read_idx(tmp_path / "images", 3), pixels)


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda rest: bytes([0, 0, 8, 3]) + rest))
def test_any_bytes_are_read_or_named(tmp_path, content):
    (tmp_path / "images").write_bytes(content)
    try:
        assert read_idx(tmp_path / "images", 3).ndim == 3
    except ValueError as error:
        assert "images: " in str(error)


def test_a_stream_that_unpacks_to_more_than_any_digits_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("bam_pipelines.images.idx._LARGEST", 10_000)
    (tmp_path / "images").write_bytes(gzip.compress(bytes(10_001)))
    with pytest.raises(ValueError, match=r"images: \d+ bytes hold more than 10000, expected a file of digits"):
        read_idx(tmp_path / "images", 3)
