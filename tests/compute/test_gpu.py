"""GPUs: each worker process has one of its own."""

import subprocess
import sys

import pytest
import torch

from bam_pipelines.compute import gpu

CLAIM = """
import sys, tempfile
from types import SimpleNamespace
import torch
from bam_pipelines.compute import gpu

tempfile.tempdir = sys.argv[1]
chosen = []
torch.cuda.device_count = lambda: 2
torch.cuda.get_device_properties = lambda index: SimpleNamespace(uuid=f"card-{index}")
torch.cuda.set_device = chosen.append
gpu.become_worker()
try:
    gpu.take_gpu()
    gpu.take_gpu()
    print(chosen, flush=True)
except RuntimeError as error:
    print(error, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def worker(tmp_path):
    started = []

    def start():
        command = [sys.executable, "-c", CLAIM, str(tmp_path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_workers_share_no_gpu_and_a_killed_one_gives_its_own_back(worker):
    first, chosen = worker()
    assert chosen == "[0, 0]"  # for each thread that asks
    assert worker()[1] == "[1, 1]"
    assert worker()[1] == "all 2 GPUs are in use by other workers: set compute.workers to auto or to fewer."
    first.kill()
    first.wait()
    assert worker()[1] == "[0, 0]"


def test_the_main_process_claims_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: pytest.fail("a GPU was claimed"))
    assert gpu.take_gpu() == torch.device("cuda")
