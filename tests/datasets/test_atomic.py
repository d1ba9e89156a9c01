"""The wrapper: versions, and nothing but whole versions."""

import inspect
import os
import pickle
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import AbstractDataset
from kedro.io.core import DatasetError, Version

from bam_pipelines.datasets import AtomicDataset, atomic
from bam_pipelines.datasets.atomic import VersionError
from bam_pipelines.hooks.faults import fault_sentence

FIRST, SECOND = "2000-01-01T00.00.00.000Z", "2026-01-01T00.00.00.000Z"


class HalfWritten(AbstractDataset):
    """Dies in the middle of writing."""

    def __init__(self, filepath):
        self._filepath = Path(filepath)

    def load(self):
        return self._filepath.read_text()

    def save(self, data):
        self._filepath.write_text(data[:3])
        raise OSError("disk full")

    def _describe(self):
        return {}


def table_entry(folder, save=FIRST, load=None, **options):
    return AtomicDataset(
        filepath=str(folder / "counts.parquet"),
        dataset="bam_pipelines.datasets.TableDataset",
        version=Version(load, save),
        **options,
    )


def test_a_version_is_a_folder_and_the_newest_is_read(tmp_path):
    table_entry(tmp_path).save(pd.DataFrame({"n": [1]}))
    table_entry(tmp_path, SECOND).save(pd.DataFrame({"n": [2]}))
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet") if path.is_file()) == [
        f"counts.parquet/{FIRST}/counts.parquet",
        f"counts.parquet/{SECOND}/counts.parquet",
    ]
    assert table_entry(tmp_path).load()["n"].tolist() == [2]
    assert table_entry(tmp_path, load=FIRST).load()["n"].tolist() == [1]
    assert table_entry(tmp_path).filepath == tmp_path / "counts.parquet" / SECOND / "counts.parquet"


def test_saving_a_version_twice_is_refused(tmp_path):
    table_entry(tmp_path).save(pd.DataFrame({"n": [1]}))
    with pytest.raises(DatasetError, match="must not exist if versioning is enabled"):
        table_entry(tmp_path).save(pd.DataFrame({"n": [2]}))
    assert table_entry(tmp_path).load()["n"].tolist() == [1]


def test_a_save_that_dies_half_way_leaves_nothing(tmp_path):
    entry = AtomicDataset(filepath=str(tmp_path / "text"), dataset={"type": HalfWritten}, version=Version(None, FIRST))
    with pytest.raises(DatasetError, match="disk full"):
        entry.save("abcdef")
    assert list(tmp_path.rglob("*")) == []
    assert not entry.exists()


def test_a_save_that_dies_before_the_rename_leaves_the_older_version(tmp_path, monkeypatch):
    table_entry(tmp_path).save(pd.DataFrame({"n": [1]}))

    def full(handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match="disk full"):
        table_entry(tmp_path, SECOND).save(pd.DataFrame({"n": [2]}))
    assert [path.name for path in tmp_path.iterdir()] == ["counts.parquet"]
    assert table_entry(tmp_path).load()["n"].tolist() == [1]


def test_what_a_killed_run_left_is_not_read(tmp_path):
    table_entry(tmp_path).save(pd.DataFrame({"n": [1]}))
    left = tmp_path / f"counts.parquet.partial-{SECOND}" / "counts.parquet"
    left.parent.mkdir()
    left.write_bytes(b"PAR1 half a file")
    assert table_entry(tmp_path).load()["n"].tolist() == [1]


def test_exists_follows_the_file(tmp_path):
    assert not table_entry(tmp_path).exists()
    table_entry(tmp_path).save(pd.DataFrame({"n": [1]}))
    assert table_entry(tmp_path).exists()
    assert not table_entry(tmp_path, load=SECOND).exists()


def test_an_entry_must_be_versioned(tmp_path):
    with pytest.raises(DatasetError, match="add `versioned: true` to it"):
        AtomicDataset(filepath=str(tmp_path / "a.json"), dataset="json.JSONDataset")


def test_an_entry_must_be_on_this_machine():
    with pytest.raises(DatasetError, match="only folders of this machine are written atomically, not s3://"):
        AtomicDataset(filepath="s3://bucket/a.json", dataset="json.JSONDataset", version=Version(None, None))


def test_what_is_the_wrappers_is_not_given_inside(tmp_path):
    with pytest.raises(DatasetError, match="filepath belong beside `dataset:`, not inside it"):
        AtomicDataset(
            filepath=str(tmp_path / "a.json"),
            dataset={"type": "json.JSONDataset", "filepath": "b.json"},
            version=Version(None, None),
        )


def test_kedro_viz_finds_the_preview_of_the_wrapped_dataset(tmp_path):
    entry = table_entry(tmp_path)
    entry.save(pd.DataFrame({"n": [1, 2, 3]}))
    assert inspect.signature(entry.preview).return_annotation.__name__ == "TablePreview"
    assert entry.preview(nrows=2) == {"index": [0, 1], "columns": ["n"], "data": [[1], [2]]}


def test_no_preview_where_the_wrapped_dataset_has_none(tmp_path):
    entry = AtomicDataset(filepath=str(tmp_path / "a"), dataset={"type": HalfWritten}, version=Version(None, FIRST))
    assert not hasattr(entry, "preview")


def test_it_can_go_to_another_process(tmp_path):
    table_entry(tmp_path).save(pd.DataFrame({"n": [1]}))
    assert pickle.loads(pickle.dumps(table_entry(tmp_path))).load()["n"].tolist() == [1]


def test_an_entry_from_a_catalog_file(tmp_path):
    entry = AbstractDataset.from_config(
        "counts",
        {
            "type": "bam_pipelines.datasets.AtomicDataset",
            "filepath": str(tmp_path / "counts.json"),
            "versioned": True,
            "dataset": {"type": "json.JSONDataset", "save_args": {"indent": 2}},
            "metadata": {"mlflow": "metrics"},
        },
        save_version=FIRST,
    )
    entry.save({"n": 1})
    assert entry.filepath.read_text() == '{\n  "n": 1\n}'
    assert entry.metadata == {"mlflow": "metrics"}
    assert "JSONDataset" in repr(entry)


def test_memory_that_is_full_is_no_fault_of_the_file(tmp_path, monkeypatch):
    entry = table_entry(tmp_path)
    entry.save(pd.DataFrame({"n": [1]}))

    def fill(*arguments, **options):
        raise MemoryError("Unable to allocate")

    monkeypatch.setattr(pd, "read_parquet", fill)
    with pytest.raises(DatasetError) as raised:
        entry.load()
    assert not isinstance(raised.value, VersionError)
    assert fault_sentence(raised.value).startswith("memory is full (Unable to allocate): ")


def test_what_may_not_be_opened_is_named(tmp_path, monkeypatch):
    entry = table_entry(tmp_path)
    entry.save(pd.DataFrame({"n": [1]}))
    denied = PermissionError(13, "Permission denied", str(entry.filepath))

    def deny(path):
        raise denied

    with monkeypatch.context() as patched:
        patched.setattr(atomic, "problem", deny)
        with pytest.raises(VersionError, match=rf"{entry.filepath} cannot be opened \(Permission denied\): allow it"):
            entry.load()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(VersionError, match="cannot be read: allow it"):
        entry.versions()
