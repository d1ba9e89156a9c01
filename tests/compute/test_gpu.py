"""GPUs: each worker process has one of its own."""

import subprocess
import sys

import pytest
import torch

from bam_pipelines.compute import gpu

CLAIM = """
import sys, tempfile
from types import SimpleNamespace

tempfile.tempdir = sys.argv[1]
chosen = []
# a stand-in with two cards, which needs no seconds to import
cards = SimpleNamespace(
    device_count=lambda: 2,
    get_device_properties=lambda index: SimpleNamespace(uuid=f"card-{index}"),
    set_device=chosen.append,
)
sys.modules["torch"] = SimpleNamespace(cuda=cards, device=str, use_deterministic_algorithms=lambda *_, **__: None)
from bam_pipelines.compute import gpu

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
    monkeypatch.setattr(gpu, "_same_bits", lambda: None)
    assert gpu.take_gpu() == torch.device("cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
def test_a_gpu_gives_the_same_bits_each_time():
    place = gpu.take_gpu()
    images, kernel = (torch.rand(64, 8, 28, 28, generator=torch.Generator().manual_seed(0)) for _ in range(2))

    def gradient():
        weight = kernel[:32, :, :3, :3].clone().to(place).requires_grad_(True)
        torch.nn.functional.conv2d(images.to(place), weight).square().sum().backward()
        return weight.grad.cpu()

    first = gradient()
    assert all(torch.equal(gradient(), first) for _ in range(20))
