"""The benchmark's arithmetic by hand: rates, ratios, chosen stimuli, counted costs, its table and pictures."""

import numpy as np
import pytest
import torch
from torch import nn

from bam_pipelines.compute.device import Compute
from bam_pipelines.guidance.acceptance import AcceptanceRule
from bam_pipelines.guidance.methods import Guides, PaperMethod
from bam_pipelines.guidance.sampler import SamplerSettings
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification
from benchmarks.sampling.arms import Arm, Task, arms, tasks
from benchmarks.sampling.costs import cost_of_image
from benchmarks.sampling.pictures import picture_grid
from benchmarks.sampling.repeats import Repeat, run_repeat, targets_of
from benchmarks.sampling.summary import acceptance_by_pair, accepted_per_second, ratio_with_interval, stimuli_of
from benchmarks.sampling.table import markdown_table

TASK = Task("uncertainty", ("vgg",), AcceptanceRule("uncertainty", 0.01, None, 0.5))


def repeat_of(accepted, seconds, warm=0.0, targets=None, first=0):
    n = len(accepted)
    pixels = np.zeros((n, 1, 4, 4), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(first, first + n)
    return {
        "pixels": pixels,
        "targets": np.array(targets or [(0, 1)] * n),
        "accepted": np.array(accepted, dtype=bool),
        "probabilities": np.full((n, 2), 0.5),
        "seconds": np.array(seconds),
        "warm_seconds": np.array(warm),
    }


def test_a_rate_spreads_the_warm_up_over_twenty_thousand():
    repeats = [repeat_of([1, 1, 0], 3.0, warm=4000.0), repeat_of([1, 1, 1], 2.0, warm=4000.0)]
    assert accepted_per_second(repeats) == pytest.approx(5 / (5.0 + 4000 * 5 / 20_000))


def test_equal_repeats_leave_no_doubt_about_their_ratio():
    slow, fast = [repeat_of([1, 1], 20.0)] * 3, [repeat_of([1, 1], 0.5)] * 3
    assert ratio_with_interval(slow, fast) == pytest.approx({"value": 40.0, "low": 40.0, "high": 40.0})


def test_an_interval_reaches_over_repeats_that_differ():
    slow, fast = [repeat_of([1, 1], 20.0)] * 3, [repeat_of([1, 1], seconds) for seconds in (0.4, 0.5, 0.8)]
    found = ratio_with_interval(slow, fast)
    assert found["value"] == pytest.approx(6 / 1.7 / 0.1)
    assert 24.9 < found["low"] < 35 < found["high"] < 50.1


def test_six_accepted_stimuli_of_a_digit_pair_are_measured_and_no_double():
    one = repeat_of([1, 0, 1, 1, 1], 1.0, targets=[(0, 1), (0, 1), (1, 0), (0, 1), (2, 1)])
    again = repeat_of([1, 1, 1, 1, 1, 1], 1.0, targets=[(0, 1)] * 6, first=2)  # the first two are doubles
    pixels, targets, probabilities = stimuli_of([one, again])
    assert pixels[:, 0, 0, 0].tolist() == [0, 2, 3, 4, 5, 6, 7]
    assert targets[3].tolist() == [2, 1]
    assert len(probabilities) == 7


def test_acceptance_of_a_digit_pair_counts_both_directions():
    one = repeat_of([1, 0, 1, 0], 1.0, targets=[(0, 1), (1, 0), (2, 1), (0, 1)])
    assert acceptance_by_pair([one]) == pytest.approx({"0-1": 1 / 3, "1-2": 1.0})


class Layer(nn.Module):
    """A denoiser of one matrix: 256 multiplications an image."""

    def __init__(self):
        super().__init__()
        self.matrix = nn.Linear(16, 16, bias=False)

    def forward(self, noisy, timesteps):
        return self.matrix(noisy.flatten(1)).reshape(noisy.shape)


@pytest.fixture
def guides():
    torch.manual_seed(0)
    noise = NoiseSpecification("epsilon", "linear", 100, (0.0, 1.0))
    prior = TrainedNetwork(Layer(), NetworkSpecification("patch_unet", {"channels": 1, "image_size": 4}, noise))
    classifier = nn.Sequential(nn.Flatten(), nn.Linear(16, 10)).eval().requires_grad_(False)
    judge = nn.Sequential(nn.Flatten(), nn.Linear(16, 1)).eval().requires_grad_(False)
    nn.init.zeros_(judge[1].weight)
    nn.init.ones_(judge[1].bias)
    return Guides(prior, [classifier], judge)


def test_costs_are_counted_not_timed(guides):
    arm = Arm(TASK, PaperMethod(SamplerSettings(3, 2, 0.1), 10.0, None, 0.0), False, "paper")
    cost = cost_of_image(arm, guides)
    assert (cost["evaluations"], cost["guided_evaluations"]) == (6, 6)
    # forward and backward through denoiser (256), classifier (160) and judge (16)
    assert cost["macs"] == 6 * 2 * (256 + 160 + 16)


def test_a_repeat_is_kept_and_its_proposals_are_those_of_every_arm(guides, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.sampling.repeats.WORKERS", 1)
    arm = Arm(TASK, PaperMethod(SamplerSettings(2, 1, 0.1), 10.0, None, 0.0), False, "paper")
    found = run_repeat(arm, guides, tmp_path, Repeat(0))
    assert found["targets"].tolist() == targets_of(0).tolist()
    assert found["accepted"].any()
    assert found["seconds"] > 0
    again = run_repeat(arm, guides, tmp_path, Repeat(0))
    assert again["seconds"] == found["seconds"]  # read, not done again
    assert run_repeat(arm, guides, tmp_path, Repeat(1))["pixels"].tolist() != found["pixels"].tolist()


def test_arms_of_a_task():
    chosen = tasks(("a", "b"), 1.0)
    assert [task.key for task in chosen] == [
        "uncertainty-vgg",
        "uncertainty-vit",
        "uncertainty-lrm",
        "controversial-vgg+cornet",
        "individual-a+b",
    ]
    listed = [arm for task in chosen[:2] for arm in arms(task, None, None, bfloat16=True)]
    names = ["paper", "paper_faithful", "paper_same_precision", "fast", "paper", "fast"]
    assert [arm.name for arm in listed] == names
    assert [arm.compute == Compute("cpu", "float32") for arm in listed] == [
        name in ("paper", "paper_faithful") for name in names
    ]


def test_the_table_has_a_row_an_arm_and_the_ratio():
    number = {"value": 0.5, "low": 0.25, "high": 0.75}
    arm = {
        "n": 7,
        "accepted_per_second": 3.0,
        "acceptance": number,
        "per_accepted": {"evaluations": 20.0, "guided_evaluations": 12.0, "macs": 3e9},
    }
    summary = {
        "accepted_per_second_ratio": {"value": 25.0, "low": 20.0, "high": 30.0},
        "compared_with": "paper",
        "arms": {"paper": arm, "fast": arm},
    }
    table = markdown_table({"uncertainty": {"classifiers": {"vgg": summary}}}).splitlines()
    assert table[2].startswith("| uncertainty, vgg | paper | 7 | 3.00 | 20 | 3 | 0.500 (0.250 to 0.750) |")
    assert table[-1] == ("- uncertainty, vgg: 25.0 times (20.0 to 30.0) the accepted stimuli a second of paper")


def test_pictures_stand_below_their_digit_pair(tmp_path):
    pixels = np.full((3, 1, 28, 28), 255, dtype=np.uint8)
    targets = np.array([(6, 0), (1, 7), (0, 1)])
    picture_grid({"uncertainty-vgg-paper": (pixels, targets)}, tmp_path / "grid.png")
    assert (tmp_path / "grid.png").read_bytes()[:4] == b"\x89PNG"
