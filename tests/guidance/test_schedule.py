"""The sampler's steps against DDPM's formulas by hand and against diffusers."""

import pytest
import torch
from diffusers import DDPMScheduler

from bam_pipelines.guidance.schedule import SamplingSchedule, build_schedule
from bam_pipelines.networks.noise import NoiseSpecification


def specification(beta_schedule="linear", steps=1000):
    return NoiseSpecification("epsilon", beta_schedule, steps, (-1.0, 1.0))


@pytest.fixture
def two_steps():
    signal = torch.tensor([0.36, 0.64], dtype=torch.float64)
    return SamplingSchedule(torch.tensor([1, 0]), signal, torch.tensor([0.64, 1.0], dtype=torch.float64))


def test_two_steps_by_hand(two_steps):
    # β = 1 − ᾱ_t/ᾱ_s: 1 − .36/.64 = .4375 and 1 − .64/1 = .36
    torch.testing.assert_close(two_steps.beta, torch.tensor([0.4375, 0.36], dtype=torch.float64))
    # σ² = β (1 − ᾱ_s) / (1 − ᾱ_t): .4375 · .36 / .64 = .24609375 and .36 · 0 / .36 = 0
    torch.testing.assert_close(two_steps.sigma.square(), torch.tensor([0.24609375, 0.0], dtype=torch.float64))
    assert len(two_steps) == 2


def test_posterior_mean_by_hand(two_steps):
    noisy, clean = torch.tensor([2.0]), torch.tensor([1.0])
    # clean: √.64 · .4375 / .64 = .546875; noisy: √(.36/.64) · (1 − .64) / (1 − .36) = .75 · .5625 = .421875
    # .546875 · 1 + .421875 · 2 = 1.390625
    torch.testing.assert_close(two_steps.posterior_mean(0, noisy, clean), torch.tensor([1.390625]))
    # after the last step ᾱ_s = 1: the mean is the clean image itself
    torch.testing.assert_close(two_steps.posterior_mean(1, noisy, clean), clean)


def test_the_posterior_is_that_of_two_normal_variables():
    # x_s = √.64 x0 + √.36 z and x_t = √(.36/.64) x_s + √.4375 z' with x0 known: by Bayes' rule for normal variables the
    # precisions add, 1/.36 + (.36/.64)/.4375, and the mean is the precision-weighted sum
    schedule = SamplingSchedule(
        torch.tensor([0]), torch.tensor([0.36], dtype=torch.float64), torch.tensor([0.64], dtype=torch.float64)
    )
    clean, noisy, decay = 0.3, -1.2, (0.36 / 0.64) ** 0.5
    variance = 1 / (1 / 0.36 + decay**2 / 0.4375)
    mean = variance * (0.8 * clean / 0.36 + decay * noisy / 0.4375)
    found = schedule.posterior_mean(0, torch.tensor(noisy, dtype=torch.float64), torch.tensor(clean))
    assert found.item() == pytest.approx(mean, rel=1e-6)
    assert schedule.sigma.item() ** 2 == pytest.approx(variance, rel=1e-12)


def test_steps_are_spaced_from_the_noisiest():
    assert build_schedule(specification(steps=10), 5).timesteps.tolist() == [9, 7, 5, 3, 1]
    # 10, 6.67, 3.33 rounded to 10, 7, 3, less one
    assert build_schedule(specification(steps=10), 3).timesteps.tolist() == [9, 6, 2]
    assert build_schedule(specification(steps=10), 10).timesteps.tolist() == list(range(9, -1, -1))
    assert build_schedule(specification(), 50).timesteps.tolist() == list(range(999, 0, -20))


@pytest.mark.parametrize("steps", [1, 3, 7, 49, 50, 333, 999])
def test_every_number_of_steps_gives_that_many_different_ones(steps):
    schedule = build_schedule(specification(), steps)
    assert len(schedule) == steps
    assert (schedule.timesteps.diff() < 0).all()
    assert schedule.timesteps[0] == 999 and schedule.timesteps[-1] >= 0
    assert schedule.signal.dtype == torch.float64
    torch.testing.assert_close(schedule.next_signal[:-1], schedule.signal[1:], rtol=0, atol=0)
    assert schedule.next_signal[-1] == 1 and schedule.sigma[-1] == 0


@pytest.mark.parametrize("steps", [0, 1001])
def test_impossible_numbers_of_steps_are_refused(steps):
    with pytest.raises(ValueError, match=f"steps is {steps}, expected 1 to 1000"):
        build_schedule(specification(), steps)


@pytest.mark.parametrize("beta_schedule", ["linear", "squaredcos_cap_v2"])
def test_one_step_is_that_of_diffusers(beta_schedule):
    schedule = build_schedule(specification(beta_schedule), 50)
    reference = DDPMScheduler(beta_schedule=beta_schedule, timestep_spacing="trailing", clip_sample=False)
    reference.set_timesteps(50)
    assert schedule.timesteps.tolist() == reference.timesteps.tolist()
    noisy, output = torch.randn(2, 1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    for step in (1, 25, 48, 49):
        timestep = schedule.timesteps[step]
        expected = reference.step(output, timestep, noisy, generator=torch.Generator().manual_seed(1))
        added = torch.randn(noisy.shape, generator=torch.Generator().manual_seed(1)) * schedule.sigma[step].item()
        found = schedule.posterior_mean(step, noisy, expected.pred_original_sample) + added
        # diffusers computes its schedule in float32: ᾱ near 0 and 1 − ᾱ near 0 keep 4 digits
        torch.testing.assert_close(found, expected.prev_sample, rtol=2e-4, atol=2e-4)
