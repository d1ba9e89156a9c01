"""The method that is chosen in conf is the one that samples."""

import numpy as np
import pytest

from bam_pipelines.guidance.fast import FastSettings
from bam_pipelines.guidance.methods import FastMethod, MethodSettings, PaperMethod, PaperSettings, build_method
from bam_pipelines.guidance.sampler import SamplerSettings
from bam_pipelines.images.digits import Digits

FAST = FastSettings(start=0.6, steps=5, log_odds=1.0, step_limit=0.05, corrections=4, starts=2)
PAPER = PaperSettings(steps=7, repeats=3, guidance_scale=0.2, judge_weight=0.4)


@pytest.fixture
def digits():
    return Digits(np.zeros((2, 1, 4, 4), dtype=np.uint8), np.array([0, 1], dtype=np.uint8))


def test_fast(digits):
    method = build_method(MethodSettings("fast", FAST, PAPER), digits, 2.0)
    assert isinstance(method, FastMethod) and method.name == "fast"
    assert (method.settings, method.reference_weight) == (FAST, 2.0) and method.digits is digits


def test_paper(digits):
    method = build_method(MethodSettings("paper", FAST, PAPER), digits, 2.0)
    assert isinstance(method, PaperMethod) and method.name == "paper"
    assert method.settings == SamplerSettings(7, 3, 0.2)
    assert (method.judge_weight, method.reference_weight) == (0.4, 2.0) and method.digits is digits
