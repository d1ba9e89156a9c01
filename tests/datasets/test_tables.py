"""Several tables as one, and what an earlier run may have left."""

import pandas as pd
import pytest
from kedro.io.core import DatasetError, Version

from bam_pipelines.datasets import AtomicDataset, EarlierDataset

FIRST, SECOND = "2000-01-01T00.00.00.000Z", "2026-01-01T00.00.00.000Z"
TABLES = {"plan": pd.DataFrame({"round": [1, 1]}), "metrics": pd.DataFrame({"log_loss": [0.5]})}


def entry(folder, kind=AtomicDataset, save=FIRST, load=None):
    return kind(
        filepath=str(folder / "state"), dataset="bam_pipelines.datasets.TablesDataset", version=Version(load, save)
    )


def test_tables_come_back_by_name(tmp_path):
    entry(tmp_path).save(TABLES)
    found = entry(tmp_path).load()
    assert sorted(found) == ["metrics", "plan"]
    assert all(found[name].equals(TABLES[name]) for name in TABLES)


def test_a_save_that_fails_leaves_the_version_before_it(tmp_path):
    entry(tmp_path).save(TABLES)
    broken = {"plan": TABLES["plan"].assign(round=2), "metrics": "no table"}
    with pytest.raises(DatasetError):
        entry(tmp_path, save=SECOND).save(broken)
    assert entry(tmp_path).load()["plan"]["round"].tolist() == [1, 1]
    assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == ["metrics.parquet", "plan.parquet"]


def test_nothing_was_left(tmp_path):
    earlier = entry(tmp_path, EarlierDataset)
    assert earlier.exists()
    assert earlier.load() is None
    assert earlier.resolve_load_version() is None


def test_the_newest_version_was_left(tmp_path):
    for version, rounds in ((FIRST, 1), (SECOND, 2)):
        entry(tmp_path, save=version).save({"plan": pd.DataFrame({"round": [rounds]})})
    earlier = entry(tmp_path, EarlierDataset)
    assert earlier.load()["plan"]["round"].tolist() == [2]
    assert earlier.resolve_load_version() == SECOND


def test_half_a_version_is_nothing(tmp_path):
    (tmp_path / f"state.partial-{FIRST}" / "state").mkdir(parents=True)
    assert entry(tmp_path, EarlierDataset).load() is None


def test_what_was_left_is_not_written(tmp_path):
    with pytest.raises(DatasetError, match="read under this name and written under another one"):
        entry(tmp_path, EarlierDataset).save(TABLES)
