"""Images in tables: as they went in, or an error that names the row."""

import numpy as np
import pandas as pd
import pytest
import torch

from bam_pipelines.images.pixels import stimulus_ids
from bam_pipelines.images.table import image_columns, labelled_images, table_images, table_pixels


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (3, 2, 4, 5), dtype=np.uint8)


@pytest.fixture
def table(pixels):
    return pd.DataFrame(image_columns(pixels))


def test_images_come_back(table, pixels):
    assert table.columns.tolist() == ["stimulus_id", "image", "height", "width", "channels"]
    assert table.loc[0, ["height", "width", "channels"]].tolist() == [4, 5, 2]
    assert table["image"][1].tolist() == pixels[1].flatten().tolist()
    assert table["stimulus_id"].tolist() == stimulus_ids(pixels)
    np.testing.assert_array_equal(table_pixels(table), pixels)
    np.testing.assert_allclose(table_images(table), pixels / 255, atol=1e-7)


def test_images_come_back_from_parquet(table, pixels, tmp_path):
    table.to_parquet(tmp_path / "images.parquet")
    again = table_pixels(pd.read_parquet(tmp_path / "images.parquet"))
    assert again.dtype == np.uint8
    np.testing.assert_array_equal(again, pixels)


def test_images_follow_the_order_of_the_rows(table, pixels):
    np.testing.assert_array_equal(table_pixels(table.iloc[[2, 0]]), pixels[[2, 0]])


def test_labels_come_with_their_images(table):
    images, labels = labelled_images(table.assign(label=np.array([7, 0, 9], np.int8)))
    assert labels.dtype == torch.int64 and labels.tolist() == [7, 0, 9]
    assert images.shape == (3, 2, 4, 5)


def test_an_empty_table_is_refused(table):
    with pytest.raises(ValueError, match="the table holds no images"):
        table_pixels(table.iloc[:0])


def test_a_row_of_another_size_is_named(table):
    table.loc[2, "height"] = 2
    with pytest.raises(ValueError, match=r"row 2: image of size \(2, 2, 5\), expected \(2, 4, 5\) as in row 0"):
        table_pixels(table)


def test_a_row_with_missing_pixels_is_named(table):
    table.at[1, "image"] = table["image"][1][:-1]
    with pytest.raises(ValueError, match=r"row 1: image of 39 pixels, expected 40 for \(2, 4, 5\)"):
        table_pixels(table)
