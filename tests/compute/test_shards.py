"""Shards: results in order, each on one thread, whatever the number of workers; kept when they are to be."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from bam_pipelines.compute.arrays import read_arrays
from bam_pipelines.compute.device import torch_threads
from bam_pipelines.compute.shards import ShardFolder, run_shards
from bam_pipelines.compute.workers import Workers, open_workers


def test_results_keep_the_order_of_the_shards():
    assert run_shards(lambda shard: [2 * value for value in shard], [[3], [1, 2], []], "doubling") == [
        [6],
        [2, 4],
        [],
    ]


def test_workers_give_the_same_results_on_one_thread_each():
    def describe(shard):
        return shard**2, torch.get_num_threads()

    with torch_threads(2):
        alone = run_shards(describe, [3, 1, 2], "squares")
        with open_workers(Workers("loky", 2)):
            helped = run_shards(describe, [3, 1, 2], "squares")
        assert torch.get_num_threads() == 2
    assert alone == helped == [(9, 1), (1, 1), (4, 1)]


def test_nothing_to_do_is_no_error():
    assert run_shards(len, [], "nothing") == []


def test_an_error_in_a_shard_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        run_shards(lambda shard: 1 / shard, [1, 0], "dividing")


def square(calls):
    def work(shard):
        calls.append(shard)
        return {"square": np.array(shard) ** 2}

    return work


def test_finished_shards_are_read_not_done_again(tmp_path):
    kept, calls = ShardFolder(tmp_path / "shards"), []
    first = kept.run(square(calls), [2, 3], "squares")
    again = ShardFolder(tmp_path / "shards").run(square(calls), [3, 4, 2], "squares")
    assert [int(result["square"]) for result in first] == [4, 9]
    assert [int(result["square"]) for result in again] == [9, 16, 4]
    assert calls == [2, 3, 4]


def test_a_full_disk_is_named_and_what_is_finished_stays(tmp_path, monkeypatch):
    kept, save = ShardFolder(tmp_path), np.savez

    def full(file, **arrays):
        if arrays["square"] > 4:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        save(file, **arrays)

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match=r"\.npz cannot be written: no space left on its disk") as raised:
        kept.run(square([]), [2, 3], "squares")
    assert raised.value.errno == errno.ENOSPC
    assert [file.name for file in tmp_path.iterdir()] == [kept.path(2).name]
    monkeypatch.undo()
    calls = []
    assert [int(result["square"]) for result in kept.run(square(calls), [2, 3], "squares")] == [4, 9]
    assert calls == [3]


def test_a_damaged_shard_is_said_and_done_again(tmp_path, caplog):
    kept, calls = ShardFolder(tmp_path), []
    kept.run(square([]), [2, 3], "squares")
    path = kept.path(3)
    path.write_bytes(path.read_bytes()[:-20])
    assert [int(result["square"]) for result in kept.run(square(calls), [2, 3], "squares")] == [4, 9]
    assert calls == [3] and f"{path} is damaged, so its shard is done again" in caplog.text
    assert int(read_arrays(path)["square"]) == 9


def test_workers_keep_their_shards(tmp_path):
    kept = ShardFolder(tmp_path)
    with open_workers(Workers("loky", 2)):
        kept.run(square([]), [1, 2, 3], "squares")
    assert len(list(tmp_path.glob("*.npz"))) == 3


def test_shards_may_be_left_on_disk(tmp_path):
    kept, calls = ShardFolder(tmp_path / "shards"), []
    files = kept.leave(square(calls), [3, 2], "squares")
    assert files == [kept.path(3), kept.path(2)]
    assert [int(read_arrays(path)["square"]) for path in files] == [9, 4]
    assert kept.leave(square(calls), [2], "squares") == [kept.path(2)]
    assert calls == [3, 2]


SLOW_RUN = """
import sys, time
from pathlib import Path
import numpy as np
from bam_pipelines.compute.shards import ShardFolder
from bam_pipelines.compute.workers import Workers, open_workers

def slowly(shard):
    time.sleep(0.2)
    return {"drawn": np.random.default_rng(shard).random(1000)}

with open_workers(Workers("loky", 2)):
    ShardFolder(Path(sys.argv[1])).run(slowly, list(range(12)), "slow")
"""


def test_a_killed_process_leaves_whole_shards_and_the_next_one_ends_alike(tmp_path):
    command = [sys.executable, "-c", SLOW_RUN]
    killed = subprocess.Popen([*command, tmp_path / "killed"], stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "killed").glob("*.npz"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)  # its workers too
    killed.wait()
    left = {file.name: file.read_bytes() for file in (tmp_path / "killed").glob("*.npz")}
    assert 3 <= len(left) < 12
    subprocess.run([*command, tmp_path / "killed"], stderr=subprocess.DEVNULL, check=True)
    subprocess.run([*command, tmp_path / "whole"], stderr=subprocess.DEVNULL, check=True)
    whole = {file.name: np.load(file)["drawn"].tolist() for file in (tmp_path / "whole").glob("*.npz")}
    ended = {file.name: np.load(file)["drawn"].tolist() for file in (tmp_path / "killed").glob("*.npz")}
    assert ended == whole and len(whole) == 12
    # those that were whole were not written again
    assert all((tmp_path / "killed" / name).read_bytes() == content for name, content in left.items())
