"""Tables: their types survive, and a preview is plain JSON."""

import json

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.datasets import TableDataset


@pytest.fixture
def stored(tmp_path):
    table = pd.DataFrame(
        {
            "label": np.array([3, 5, 7], dtype=np.int8),
            "image": [np.array([0, 255], dtype=np.uint8)] * 3,
            "response": pd.array([1, None, 2], dtype="Int8"),
            "score": [0.5, np.nan, np.inf],
            "phase": pd.Categorical(["main", "catch", "main"], categories=["practice", "main", "catch"]),
            "include": [True, False, True],
        }
    )
    dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
    dataset.save(table)
    return table, dataset


def test_types_survive(stored):
    table, dataset = stored
    again = dataset.load()
    assert again.dtypes.to_dict() == table.dtypes.to_dict()
    assert again["image"][0].dtype == np.uint8
    pd.testing.assert_frame_equal(again.drop(columns="image"), table.drop(columns="image"))


def test_a_preview_is_json_and_shortens_images(stored):
    preview = stored[1].preview(nrows=2)
    assert json.loads(json.dumps(preview, allow_nan=False)) == preview
    assert preview["columns"] == ["label", "image", "response", "score", "phase", "include"]
    assert preview["data"] == [[3, "2 values", 1, 0.5, "main", True], [5, "2 values", None, None, "catch", False]]


def test_an_infinite_value_is_shown_as_text(stored):
    assert stored[1].preview()["data"][2][3] == "inf"


def test_an_empty_table_has_a_preview(tmp_path):
    dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
    dataset.save(pd.DataFrame({"label": np.array([], dtype=np.int8)}))
    assert dataset.preview() == {"index": [], "columns": ["label"], "data": []}
