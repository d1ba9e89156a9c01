"""Diffusion facts: schedules against diffusers, predictions against their own definition."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler

from bam_pipelines.networks.noise import NoiseSpecification, add_noise, predicted_clean, training_target


@pytest.mark.parametrize("beta_schedule", ["linear", "squaredcos_cap_v2"])
@pytest.mark.parametrize("steps", [10, 1000])
def test_schedules_are_those_of_diffusers(beta_schedule, steps):
    found = NoiseSpecification("epsilon", beta_schedule, steps, (-1, 1)).alphas_cumprod()
    reference = DDPMScheduler(num_train_timesteps=steps, beta_schedule=beta_schedule).alphas_cumprod
    assert found.dtype == torch.float64 and found.shape == (steps,)
    # diffusers multiplies in float32: 1,000 roundings of 6e-8
    torch.testing.assert_close(found, reference.double(), rtol=1e-4, atol=1e-9)


def test_the_linear_schedule_by_hand():
    # β = .0001, .01005, .02: ᾱ = .9999, .9999 · .98995 = .989851005, .989851005 · .98 = .9700539849
    found = NoiseSpecification("epsilon", "linear", 3, (-1, 1)).alphas_cumprod()
    np.testing.assert_allclose(found, [0.9999, 0.989851005, 0.9700539849], rtol=1e-12)


def test_signal_only_falls():
    for beta_schedule in ("linear", "squaredcos_cap_v2"):
        signal = NoiseSpecification("epsilon", beta_schedule, 1000, (-1, 1)).alphas_cumprod()
        assert (signal.diff() < 0).all() and 0 < signal[-1] < 1e-3 and signal[0] > 0.999


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
def test_predicted_clean_inverts_the_training_target(prediction_type):
    generator = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 20, 1, 4, 4, generator=generator, dtype=torch.float64)
    signal = torch.linspace(0.001, 0.999, 20, dtype=torch.float64)[:, None, None, None]
    noisy = add_noise(clean, noise, signal)
    target = training_target(clean, noise, signal, prediction_type)
    torch.testing.assert_close(predicted_clean(noisy, target, signal, prediction_type), clean, rtol=0, atol=1e-13)


def test_targets_by_hand():
    clean, noise, signal = torch.tensor(2.0), torch.tensor(-1.0), torch.tensor(0.64)
    assert add_noise(clean, noise, signal).item() == pytest.approx(0.8 * 2 - 0.6)
    assert training_target(clean, noise, signal, "epsilon").item() == -1.0
    assert training_target(clean, noise, signal, "v_prediction").item() == pytest.approx(-0.8 - 0.6 * 2)


def test_velocity_is_that_of_diffusers():
    scheduler = DDPMScheduler(beta_schedule="linear")
    generator = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 5, 1, 4, 4, generator=generator)
    timesteps = torch.tensor([0, 200, 500, 800, 999])
    signal = NoiseSpecification("v_prediction", "linear", 1000, (-1, 1)).alphas_cumprod()[timesteps].float()
    signal = signal[:, None, None, None]
    expected = scheduler.get_velocity(clean, noise, timesteps)
    torch.testing.assert_close(training_target(clean, noise, signal, "v_prediction"), expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(
        add_noise(clean, noise, signal), scheduler.add_noise(clean, noise, timesteps), rtol=0, atol=1e-4
    )


def test_a_specification_comes_back_from_json_values():
    noise = NoiseSpecification("v_prediction", "linear", 100, (0, 1))
    assert noise.to_dict()["value_range"] == [0.0, 1.0]
    assert NoiseSpecification(**noise.to_dict()) == noise


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"prediction_type": "sample"}, "prediction_type is 'sample', expected epsilon or v_prediction"),
        ({"beta_schedule": "sigmoid"}, "beta_schedule is 'sigmoid', expected linear or squaredcos_cap_v2"),
        ({"value_range": (1, 1)}, r"value_range is \[1, 1\], expected low and high with low < high"),
    ],
)
def test_impossible_facts_are_refused(changed, message):
    facts = {"prediction_type": "epsilon", "beta_schedule": "linear", "steps": 10, "value_range": (-1, 1)}
    with pytest.raises(ValueError, match=message):
        NoiseSpecification(**{**facts, **changed})
