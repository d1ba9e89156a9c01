"""Shards: results in order, each on one thread, whatever the number of workers."""

import pytest
import torch

from bam_pipelines.compute.device import torch_threads
from bam_pipelines.compute.shards import run_shards


def test_results_keep_the_order_of_the_shards():
    assert run_shards(lambda shard: [2 * value for value in shard], [[3], [1, 2], []], 1, "doubling") == [
        [6],
        [2, 4],
        [],
    ]


def test_workers_give_the_same_results_on_one_thread_each():
    def describe(shard):
        return shard**2, torch.get_num_threads()

    with torch_threads(2):
        alone, helped = (run_shards(describe, [3, 1, 2], workers, "squares") for workers in (1, 2))
        assert torch.get_num_threads() == 2
    assert alone == helped == [(9, 1), (1, 1), (4, 1)]


def test_nothing_to_do_is_no_error():
    assert run_shards(len, [], 2, "nothing") == []


def test_an_error_in_a_shard_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        run_shards(lambda shard: 1 / shard, [1, 0], 1, "dividing")
