"""GPUs: each worker process has one of its own."""

import subprocess
import sys

import pytest
import torch

from bam_pipelines.compute import gpu
from bam_pipelines.compute.device import Compute
from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.registry import build_network

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
sys.modules["torch"] = SimpleNamespace(cuda=cards, device=str)
from bam_pipelines.compute import gpu

gpu._same_bits = lambda: None

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


SHAPE = {"channels": 1, "n_classes": 10}
ARGUMENTS = {
    **dict.fromkeys(CLASSIFIER_NAMES, {**SHAPE, "image_size": 28}),
    **dict.fromkeys(("feature_network", "observer_network"), SHAPE),
    "strided_judge": {"channels": 1},
    "patch_unet": {"channels": 1, "image_size": 28},
}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("architecture", ARGUMENTS)
def test_a_gpu_gives_the_same_bits_each_time(architecture, precision):
    compute, draw = Compute("cuda", precision), torch.Generator().manual_seed(0)
    network = build_network(NetworkSpecification(architecture, ARGUMENTS[architecture]), seed=0).to(compute.device)
    images = torch.rand(64, 1, 28, 28, generator=draw).to(compute.device).requires_grad_(True)

    steps = [torch.full((64,), 500, device=compute.device)] if architecture == "patch_unet" else []

    def gradients():
        with compute.autocast():
            network.eval()(images, *steps).float().square().sum().backward()
        found = [images.grad.clone(), *(weight.grad.clone() for weight in network.parameters())]
        for changed in (images, *network.parameters()):
            changed.grad = None
        return found

    first = gradients()
    assert all(torch.equal(one, other) for _ in range(10) for one, other in zip(gradients(), first, strict=True))
