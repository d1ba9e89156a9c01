"""Freed memory goes back to the system."""

import sys

import numpy as np
import psutil
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
