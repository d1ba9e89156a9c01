"""A prior whose best denoiser is known in closed form, and small classifiers; nothing here is trained."""

import pytest
import torch
from torch import nn

from bam_pipelines.compute.device import Compute
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification


def make_gaussian_prior(noise, mean, deviation, image_size=4, channels=1):
    """Return the exact denoiser of images whose pixels are independent N(mean, deviation²) in the value range.

    With x = √ᾱ x0 + √(1 − ᾱ) ε, x is N(√ᾱ mean, V), V = ᾱ deviation² + 1 − ᾱ, and by the rule for jointly normal
    variables E[ε | x] = √(1 − ᾱ) (x − √ᾱ mean) / V and E[x0 | x] = mean + √ᾱ deviation² (x − √ᾱ mean) / V.
    """

    class GaussianDenoiser(nn.Module):  # local, so that worker processes get it by value
        def __init__(self):
            super().__init__()
            self.calls = 0
            self.signal = noise.alphas_cumprod()

        def forward(self, noisy, timesteps):
            self.calls += 1
            signal = self.signal[timesteps][:, None, None, None]
            excess = (noisy.double() - signal.sqrt() * mean) / (signal * deviation**2 + 1 - signal)
            expected_noise = (1 - signal).sqrt() * excess
            expected_clean = mean + signal.sqrt() * deviation**2 * excess
            if noise.prediction_type == "epsilon":
                return expected_noise.to(noisy.dtype)
            return (signal.sqrt() * expected_noise - (1 - signal).sqrt() * expected_clean).to(noisy.dtype)

    arguments = {"image_size": image_size, "channels": channels}
    return TrainedNetwork(GaussianDenoiser(), NetworkSpecification("patch_unet", arguments, noise))


def make_linear(weights, biases=0.0):
    """Return a linear network of flattened images with the given weights (K, pixels)."""
    weights = torch.as_tensor(weights, dtype=torch.float32)
    network = nn.Sequential(nn.Flatten(), nn.Linear(weights.shape[1], weights.shape[0]))
    with torch.no_grad():
        network[1].weight.copy_(weights)
        network[1].bias.copy_(torch.as_tensor(biases, dtype=torch.float32).expand(len(weights)))
    return network.eval().requires_grad_(False)


@pytest.fixture
def compute():
    return Compute("cpu", "float32")


@pytest.fixture
def noise():
    return NoiseSpecification("epsilon", "linear", 1000, (-5.0, 5.0))


@pytest.fixture
def gaussian_prior():
    return make_gaussian_prior


@pytest.fixture
def linear():
    return make_linear


@pytest.fixture
def half_detectors():
    """Return three linear logits of 4 x 4 images: bright left half, bright right half, neither."""
    left = torch.zeros(4, 4)
    left[:, :2] = 1.0
    return make_linear(torch.stack([left.flatten(), 1 - left.flatten(), torch.zeros(16)]), [-4.0, -4.0, 0.0])
