"""The vision transformer: patches, positions, class token."""

import pytest
import torch

from bam_pipelines.networks.transformer import VisionTransformer


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VisionTransformer(8, 1, 3, patch_size=4, width=16, depth=2, heads=2).eval()


@torch.no_grad()
def test_every_patch_counts_and_so_does_its_place(network):
    image = torch.zeros(1, 1, 8, 8)
    bright = []
    for top in (0, 4):
        for left in (0, 4):
            changed = image.clone()
            changed[..., top : top + 4, left : left + 4] = 1.0
            bright.append(network(changed))
    answers = torch.cat([network(image), *bright])
    assert (torch.cdist(answers, answers) + torch.eye(5) > 1e-5).all()


@torch.no_grad()
def test_without_positions_the_order_of_patches_is_lost(network):
    network.positions.zero_()
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(image), network(image.roll(4, dims=3)), rtol=0, atol=1e-5)


@torch.no_grad()
def test_the_answer_is_read_from_the_class_token(network):
    # without attention's output nothing of the patches reaches the class token
    for layer in network.encoder.layers:
        layer.self_attn.out_proj.weight.zero_()
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    first, second = network(images)
    torch.testing.assert_close(first, second, rtol=0, atol=1e-6)


def test_attention_is_not_fused_where_gradients_are_taken(network):
    images = torch.rand(2, 1, 8, 8, requires_grad=True)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        network(images).sum().backward()
    called = {event.key for event in profile.key_averages()}
    assert "aten::bmm" in called
    assert not [name for name in called if "flash" in name]


@torch.no_grad()
def test_what_fills_no_patch_stands_on_black():
    """An image of 10 x 10 is one of 12 x 12 with a black margin right and below."""
    network = VisionTransformer(10, 1, 3, patch_size=4, width=16, depth=1, heads=2).eval()
    assert network.positions.shape[1] == 1 + 3 * 3
    images = torch.rand(2, 1, 10, 10, generator=torch.Generator().manual_seed(0))
    whole = torch.zeros(2, 1, 12, 12)
    whole[:, :, :10, :10] = images
    answers = network(images)
    network.margin = 0
    torch.testing.assert_close(answers, network(whole), rtol=0, atol=0)
