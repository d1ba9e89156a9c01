"""Pixels: type, range and names."""

import hashlib

import numpy as np
import pytest
import torch

from bam_pipelines.images.pixels import from_range, stimulus_ids, to_range, to_uint8, to_unit


def test_every_value_comes_back():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    images = to_unit(pixels)
    assert images.dtype == torch.float32 and images.min() == 0 and images.max() == 1
    torch.testing.assert_close(images.flatten(), torch.arange(256) / 255)
    np.testing.assert_array_equal(to_uint8(images), pixels)


def test_gray_images_get_a_channel():
    assert to_unit(np.zeros((2, 3, 5), np.uint8)).shape == (2, 1, 3, 5)
    assert to_unit(np.zeros((2, 3, 5, 7), np.uint8)).shape == (2, 3, 5, 7)


def test_values_are_rounded_and_clipped():
    # 1.4/255 and 1.6/255 round to 1 and 2; −0.2 and 1.3 are clipped
    assert to_uint8(torch.tensor([1.4 / 255, 1.6 / 255, -0.2, 1.3])).tolist() == [1, 2, 0, 255]


def test_arrays_need_not_be_contiguous():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)[:, :, ::-1]
    np.testing.assert_array_equal(to_uint8(to_unit(pixels)), pixels)
    assert stimulus_ids(pixels) == stimulus_ids(pixels.copy())


def test_a_tensor_does_not_share_memory_with_its_pixels():
    pixels = np.zeros((1, 1, 2, 2), np.uint8)
    to_unit(pixels)[:] = 1.0
    assert pixels.max() == 0


@pytest.mark.parametrize("pixels", [np.zeros((1, 2, 2)), np.zeros((1, 2, 2), np.int64)])
def test_other_types_are_refused(pixels):
    with pytest.raises(ValueError, match=f"images are {pixels.dtype}, expected uint8 in 0 to 255"):
        to_unit(pixels)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"images have shape \(4, 4\), expected"):
        to_unit(np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="images hold values that are not finite"):
        to_uint8(torch.tensor([0.5, value]))


def test_ranges_by_hand():
    images = torch.tensor([0.0, 0.25, 1.0])
    # 0.25 of the way from −1 to 3 is 0
    assert to_range(images, (-1.0, 3.0)).tolist() == [-1.0, 0.0, 3.0]
    assert from_range(torch.tensor([-1.0, 0.0, 3.0]), (-1.0, 3.0)).tolist() == images.tolist()


def test_ids_by_hand():
    pixels = np.array([[[[0, 1], [2, 255]]], [[[9, 9], [9, 9]]]], dtype=np.uint8)
    expected = [hashlib.sha256(b"1x2x2:" + content).hexdigest()[:16] for content in (b"\x00\x01\x02\xff", b"\t" * 4)]
    assert stimulus_ids(pixels) == expected


def test_the_shape_is_part_of_the_id():
    content = np.arange(4, dtype=np.uint8)
    shapes = [(1, 1, 2, 2), (1, 1, 1, 4), (1, 1, 4, 1), (1, 4, 1, 1)]
    assert len({stimulus_ids(content.reshape(shape))[0] for shape in shapes}) == 4


@pytest.mark.parametrize("pixels", [np.zeros((1, 1, 2, 2)), np.zeros((1, 2, 2), np.uint8)])
def test_ids_are_of_uint8_images_only(pixels):
    with pytest.raises(ValueError, match=r"expected uint8 \(N, C, H, W\)"):
        stimulus_ids(pixels)
