"""Folders are written as a whole and read back."""

import json

import pytest
from kedro.io.core import DatasetError, Version

from bam_pipelines.datasets import AtomicDataset

VERSION = "2026-01-01T00.00.00.000Z"


def entry(folder):
    return AtomicDataset(
        filepath=str(folder / "shared"), dataset="bam_pipelines.datasets.FolderDataset", version=Version(None, VERSION)
    )


def test_text_and_bytes_come_back(tmp_path):
    entry(tmp_path).save({"README.md": "ä\n", "data/a.bin": b"\x00\r\n"})
    assert entry(tmp_path).load() == {"README.md": "ä\n".encode(), "data/a.bin": b"\x00\r\n"}
    assert (tmp_path / "shared" / VERSION / "shared" / "README.md").is_file()
    assert entry(tmp_path).exists()


def test_kedro_viz_is_shown_which_files_there_are(tmp_path):
    entry(tmp_path).save({"README.md": "ä\n", "data/a.bin": b"\x00\r\n"})
    assert json.loads(entry(tmp_path).preview()) == {"number_of_files": 2, "bytes": {"README.md": 3, "data/a.bin": 3}}
    assert json.loads(entry(tmp_path).preview(nfiles=1))["bytes"] == {"README.md": 3}


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_a_path_that_leads_outside_writes_nothing(tmp_path, name):
    with pytest.raises(DatasetError, match="lies outside the folder"):
        entry(tmp_path).save({"a": "1", name: "2"})
    assert list(tmp_path.rglob("*")) == []
