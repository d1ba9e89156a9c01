"""Freed memory goes back to the system."""

import sys

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bam_pipelines.hooks.memory import MemoryHook


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is glibc's")
def test_what_was_freed_is_given_back():
    def resident():
        return psutil.Process().memory_info().rss

    grown = np.ones(2**24, dtype=np.uint8)
    del grown  # from now on blocks of a few MB are kept
    blocks = [np.ones(2**20, dtype=np.uint8) for _ in range(300)]
    above = np.ones(2**20, dtype=np.uint8)  # so that they are not simply the end of the heap
    before = resident()
    del blocks
    kept = resident()
    MemoryHook().after_node_run()
    assert before - resident() > 200 * 2**20
    assert kept - resident() > 200 * 2**20, "they were given back without the hook: it is not needed any more"
    assert above.all()


@pytest.mark.parametrize("moment", ["after_node_run", "after_dataset_loaded", "after_dataset_saved"])
def test_after_each_step_arrow_is_told_to_give_back(moment, monkeypatch):
    told = []

    class Pool:
        def release_unused(self):
            told.append("release_unused")

    monkeypatch.setattr("bam_pipelines.hooks.memory.pa.default_memory_pool", Pool)
    getattr(MemoryHook(), moment)()
    assert told == ["release_unused"]


def test_what_arrow_took_to_read_a_table_is_given_back(tmp_path):
    rows = np.random.default_rng(0).integers(0, 256, (60_000, 784), dtype=np.uint8)
    table = pa.table({"image": pa.FixedSizeListArray.from_arrays(rows.reshape(-1), 784)})
    pq.write_table(table, tmp_path / "images.parquet")
    del rows, table
    hook = MemoryHook()
    hook.after_dataset_saved()
    held = psutil.Process().memory_info().rss
    pq.read_table(tmp_path / "images.parquet", use_threads=False)  # Arrow's threads give back when they next work
    kept = psutil.Process().memory_info().rss
    hook.after_dataset_loaded()
    assert kept - psutil.Process().memory_info().rss > (kept - held) / 2 > 10 * 2**20
