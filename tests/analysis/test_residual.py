"""The denoising residual of denoisers whose estimate is known."""

import pytest
import torch
from torch import nn

from bam_pipelines.analysis.residual import denoising_residual
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification

LEVELS = (0.2, 0.4, 0.6)


class ConstantDenoiser(nn.Module):
    """Take every image for the same grey: as noise prediction, (x − √ᾱ · grey) / √(1 − ᾱ)."""

    def __init__(self, noise, grey):
        super().__init__()
        self.signals, self.grey = noise.alphas_cumprod().float(), grey

    def forward(self, noisy, timesteps):
        signal = self.signals[timesteps][:, None, None, None]
        return (noisy - signal.sqrt() * self.grey) / (1 - signal).sqrt()


def constant_prior(grey, value_range):
    noise = NoiseSpecification("epsilon", "squaredcos_cap_v2", 100, value_range)
    return TrainedNetwork(ConstantDenoiser(noise, grey), NetworkSpecification("patch_unet", {}, noise))


@pytest.mark.parametrize(("value_range", "grey"), [((0.0, 1.0), 0.25), ((-1.0, 1.0), -0.5)])
def test_a_known_estimate_gives_its_distance_in_units_of_the_range(value_range, grey):
    images = torch.stack([torch.full((1, 4, 4), value) for value in (0.25, 0.5, 1.0)])
    found = denoising_residual(constant_prior(grey, value_range), images, draws=2, seed=0)
    # the estimate is .25 of the range at every level, whatever the noise
    torch.testing.assert_close(found, torch.tensor([0.0, 0.25, 0.75]), rtol=0, atol=1e-5)


def test_identical_images_get_the_same_noise():
    noise = NoiseSpecification("epsilon", "linear", 100, (-1.0, 1.0))

    class Nothing(nn.Module):  # predicts no noise: the estimate is x / √ᾱ, its error √((1 − ᾱ)/ᾱ) · noise
        def forward(self, noisy, timesteps):
            return torch.zeros_like(noisy)

    prior = TrainedNetwork(Nothing(), NetworkSpecification("patch_unet", {}, noise))
    image = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    found = denoising_residual(prior, image.expand(501, -1, -1, -1), draws=4, seed=1)  # more than a batch
    # sums of another batch size run in another order; other noise would differ by per cents
    torch.testing.assert_close(found[0].expand(501), found, rtol=1e-5, atol=0)
    signals = noise.alphas_cumprod()[[round(level * 99) for level in LEVELS]]
    expected = ((1 - signals) / signals).mean().sqrt() / 2
    # 12 draws of 256 pixels: the standard error of the mean square is about √(2/256/4) = 4 % of the largest level's
    assert found[0].item() == pytest.approx(expected.item(), rel=0.1)
    other = denoising_residual(prior, torch.zeros(1, 1, 16, 16), draws=4, seed=2)
    assert other.item() != found[0].item()
