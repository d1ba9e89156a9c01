"""The denoiser: shape, locality of images, conditioning on the step."""

import pytest
import torch

from bam_pipelines.networks.denoiser import PatchUNet


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PatchUNet(8, 2, block_channels=(16, 32), attention_head_width=8).eval().requires_grad_(False)


@pytest.fixture
def noisy():
    return torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))


def test_output_has_the_shape_of_the_input(network, noisy):
    assert network(noisy, torch.tensor([0, 10, 999])).shape == noisy.shape


def test_an_image_is_denoised_at_its_own_step(network, noisy):
    together = network(noisy, torch.tensor([3, 500, 3]))
    alone = torch.cat([network(noisy[i : i + 1], torch.tensor([step])) for i, step in enumerate((3, 500, 3))])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
    assert (network(noisy, torch.tensor([500] * 3)) - together)[[0, 2]].abs().max() > 1e-3


def test_patches_are_seen_side_by_side(network):
    # 2 channels of 2 x 2 pixels: 8 maps of 4 x 4
    assert network.unet.config.in_channels == network.unet.config.out_channels == 8
    assert network.unet.config.sample_size == 4


def test_the_gradient_reaches_every_pixel(network, noisy):
    leaf = noisy.clone().requires_grad_(True)
    network(leaf, torch.tensor([5, 5, 5]))[0].square().sum().backward()
    assert (leaf.grad[0] != 0).all() and (leaf.grad[1:] == 0).all()


def test_attention_is_not_fused(network, noisy):
    """Its backward pass would take a quarter of a guided evaluation; see the denoiser."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        network(noisy, torch.tensor([5, 5, 5]))
    called = {event.key for event in profile.key_averages()}
    assert "aten::bmm" in called
    assert not [name for name in called if "scaled_dot_product" in name]


@torch.no_grad()
def test_an_image_of_any_size_gets_a_margin_that_is_cut_off_again():
    """10 is no multiple of 4, which two blocks of patches of 2 take: 12 is."""
    network = PatchUNet(10, 2, block_channels=(16, 32), attention_head_width=8).eval()
    assert network.unet.config.sample_size == 6
    images = torch.randn(3, 2, 10, 10, generator=torch.Generator().manual_seed(1))
    whole = torch.zeros(3, 2, 12, 12)
    whole[:, :, :10, :10] = images
    steps = torch.tensor([0, 10, 999])
    predicted = network(images, steps)
    network.margin = 0
    torch.testing.assert_close(predicted, network(whole, steps)[:, :, :10, :10], rtol=0, atol=0)
