"""Workers: the same results from all of them, and one sentence when they are lost."""

import os
import signal
from functools import partial

import dask
import joblib
import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster

from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.compute.shards import ShardFolder, run_shards
from bam_pipelines.compute.workers import Workers, WorkersLostError, open_workers, resolve_workers

PARAMETERS = {"backend": "loky", "workers": "auto", "scheduler": None, "device": "cpu"}


def work(weights, shard):
    """Something whose last bits would show another number of threads or another order."""
    drawn = torch.rand(300, 300, generator=torch_generator(0, "test", shard))
    return (drawn @ weights).sum(dim=0).numpy(), float(np.linalg.norm(drawn.numpy() @ weights.numpy()))


@pytest.fixture(scope="module")
def cluster():
    """Two workers, which the tests below share: each takes seconds to start."""
    arguments = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "threads_per_worker": 1}
    # a shard that kills its worker is not tried again
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), LocalCluster(n_workers=2, **arguments) as one:
        yield one


def on(cluster):
    return Workers("dask", None, cluster.scheduler_address)


@pytest.fixture(scope="module")
def weights():
    return torch.rand(300, 300, generator=torch_generator(0, "weights"))


@pytest.fixture(scope="module")
def expected(weights):
    return run_shards(partial(work, weights), list(range(5)), "alone")


@pytest.mark.parametrize("kind", ["sequential", "loky", "dask"])
def test_every_worker_gives_the_same_results_bit_for_bit(kind, cluster, weights, expected):
    with open_workers(on(cluster) if kind == "dask" else Workers(kind, 2)):
        found = run_shards(partial(work, weights), list(range(5)), "helped")
    for (sums, norm), (expected_sums, expected_norm) in zip(found, expected, strict=True):
        assert sums.tobytes() == expected_sums.tobytes() and norm == expected_norm


def place(shard):
    return os.getpid(), torch.get_num_threads()


def places(workers, number):
    with open_workers(workers):
        found = run_shards(place, list(range(number)), "places")
    assert {threads for _, threads in found} == {1}
    return {process for process, _ in found}


def test_shards_are_worked_on_where_they_should_be(cluster):
    here = {os.getpid()}
    assert places(Workers(), 8) == places(Workers("loky", 1), 8) == here
    assert len(places(Workers("loky", 2), 20) - here) == 2
    with Client(cluster, set_as_default=False) as client:
        assert places(on(cluster), 20) == set(client.run(os.getpid).values())


def test_a_single_shard_is_sent_to_a_cluster_only(cluster):
    assert places(Workers("loky", 2), 1) == {os.getpid()} != places(on(cluster), 1)


def test_a_single_worker_of_this_machine_can_be_dasks():
    assert places(Workers("dask", 1), 2) != {os.getpid()}


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("bam_pipelines.compute.workers._CONNECT_SECONDS", 0.5)
    lost = pytest.raises(
        WorkersLostError, match="compute.scheduler is tcp://127.0.0.1:9, where no dask scheduler answers"
    )
    with lost, open_workers(Workers("dask", None, "tcp://127.0.0.1:9")):
        pass


def die_at(last, shard):
    if shard == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": np.array(shard**2)}


@pytest.mark.parametrize("kind", ["loky", "dask"])
def test_a_killed_worker_costs_no_finished_shard(tmp_path, kind, cluster):
    workers = on(cluster) if kind == "dask" else Workers(kind, 2)
    kept, shards = ShardFolder(tmp_path), list(range(6))
    message = "finished are kept where the stage keeps any: run again to go on"
    with open_workers(workers), pytest.raises(WorkersLostError, match=message):
        kept.run(partial(die_at, 5), shards, "dying")
    whole = {path.name for path in tmp_path.glob("*.npz")}
    assert kept.path(0).name in whole and kept.path(5).name not in whole
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in whole}
    with open_workers(workers):
        found = kept.run(partial(die_at, None), shards, "living")
    assert [int(one["square"]) for one in found] == [shard**2 for shard in shards]
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in whole} == before


def test_errors_of_the_work_itself_are_passed_on(cluster):
    for workers in (Workers("loky", 2), on(cluster)):
        with open_workers(workers), pytest.raises(ZeroDivisionError):
            run_shards(lambda shard: 1 // shard, [1, 0, 2], "dividing")


def test_parameters_say_who_works():
    cores = joblib.cpu_count()
    for backend in ("sequential", "loky", "dask"):
        assert resolve_workers({**PARAMETERS, "backend": backend}) == Workers(backend, cores)
    assert resolve_workers({**PARAMETERS, "workers": 3}) == Workers("loky", 3)
    there = {"backend": "dask", "scheduler": "tcp://10.0.0.1:8786"}
    assert resolve_workers({**PARAMETERS, **there}) == Workers("dask", None, "tcp://10.0.0.1:8786")


def test_each_gpu_has_one_worker(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_workers({**PARAMETERS, "device": "auto"}) == Workers("loky", 2)
    assert resolve_workers({**PARAMETERS, "workers": 64}) == Workers("loky", 64)
    with pytest.raises(ValueError, match="compute.workers is 3, expected at most 2: each GPU has one worker"):
        resolve_workers({**PARAMETERS, "device": "auto", "workers": 3})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"backend": "ray"}, "compute.backend is 'ray', expected sequential, loky or dask"),
        ({"workers": 0}, "compute.workers is 0, expected auto or an integer of at least 1"),
        ({"workers": True}, "compute.workers is True, expected auto or an integer of at least 1"),
        (
            {"scheduler": "tcp://10.0.0.1:8786"},
            "compute.scheduler is 'tcp://10.0.0.1:8786', expected null, or an address with",
        ),
        (
            {"backend": "dask", "scheduler": "tcp://10.0.0.1:8786", "workers": 2},
            "compute.workers is 2, expected auto: a scheduler's workers",
        ),
    ],
)
def test_impossible_parameters_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        resolve_workers({**PARAMETERS, **changed})


def test_a_scheduler_without_workers_is_named(monkeypatch):
    monkeypatch.setattr("bam_pipelines.compute.workers._WAIT_SECONDS", 1)
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        there = Workers("dask", None, cluster.scheduler_address)
        with pytest.raises(WorkersLostError, match="had no worker for 1 s: start some"), open_workers(there):
            pass
