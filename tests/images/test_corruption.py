"""Corruptions: what severity 0 and 1 leave, and what each may not change."""

import pytest
import torch

from bam_pipelines.images.corruption import (
    blur,
    elastic,
    noise_blend,
    observe,
    occlude,
    patch_shuffle,
    pixel_flips,
    random_strokes,
)

GRADED = [noise_blend, pixel_flips, patch_shuffle, occlude]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images():
    return torch.rand(6, 2, 8, 8, generator=generator(9))


@pytest.mark.parametrize("corrupt", GRADED)
def test_severity_zero_leaves_the_image(corrupt, images):
    assert torch.equal(corrupt(images, torch.zeros(6), generator()), images)


@pytest.mark.parametrize("corrupt", [noise_blend, pixel_flips, occlude])
def test_severity_one_leaves_nothing(corrupt, images):
    # whatever the image was, the result is the same
    blank = corrupt(torch.zeros_like(images), torch.ones(6), generator())
    assert torch.equal(corrupt(images, torch.ones(6), generator()), blank)


@pytest.mark.parametrize("corrupt", GRADED)
def test_each_image_has_its_own_severity(corrupt, images):
    severity = torch.tensor([0.0, 0.5, 0.0, 1.0, 0.0, 0.9])
    changed = (corrupt(images, severity, generator()) != images).any(dim=(1, 2, 3))
    assert changed.tolist() == [False, True, False, True, False, True]


@pytest.mark.parametrize("corrupt", GRADED)
def test_results_stay_in_range_and_inputs_whole(corrupt, images):
    before = images.clone()
    result = corrupt(images, torch.linspace(0, 1, 6), generator())
    assert result.shape == images.shape and result.dtype == torch.float32
    assert result.min() >= 0 and result.max() <= 1
    assert torch.equal(images, before)


@pytest.mark.parametrize("corrupt", GRADED)
def test_the_generator_decides(corrupt, images):
    first, again, other = (corrupt(images, torch.full((6,), 0.5), generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_noise_is_blended_by_severity():
    images = torch.ones(1, 1, 100, 100)
    found = noise_blend(images, torch.tensor([0.4]), generator())
    # .6 · 1 + .4 u with u uniform: mean .6 + .2, standard error .4 / √12 / 100 = .0012
    assert found.min() >= 0.6
    assert found.mean().item() == pytest.approx(0.8, abs=0.005)


def test_flips_replace_a_share_of_the_pixels():
    images = torch.full((1, 1, 100, 100), 0.5)
    found = pixel_flips(images, torch.tensor([0.3]), generator())
    # 10,000 pixels, standard error √(.3 · .7 / 10⁴) = .0046; half of the replaced ones are white
    assert (found != 0.5).float().mean().item() == pytest.approx(0.3, abs=0.015)
    assert (found == 1).float().mean().item() == pytest.approx(0.15, abs=0.012)
    assert set(found.unique().tolist()) == {0.0, 0.5, 1.0}


def patches_of(image):
    """Return the 2 x 2 patches of an image of 8 x 8 pixels as sorted tuples."""
    return sorted(
        tuple(image[:, top : top + 2, left : left + 2].flatten().tolist())
        for top in range(0, 8, 2)
        for left in range(0, 8, 2)
    )


@pytest.mark.parametrize("severity", [0.3, 1.0])
def test_shuffling_keeps_the_patches(severity, images):
    found = patch_shuffle(images, torch.full((6,), severity), generator())
    assert not torch.equal(found, images)
    for before, after in zip(images, found, strict=True):
        assert patches_of(after) == patches_of(before)


def test_shuffling_moves_about_the_share_asked_for():
    images = torch.rand(200, 1, 8, 8, generator=generator(3))
    found = patch_shuffle(images, torch.full((200,), 0.5), generator())
    moved = (found != images).reshape(200, 4, 2, 4, 2).any(dim=4).any(dim=2).float().mean()
    # half of 16 patches, of which a random permutation leaves one in place on average: (8 − 1) / 16 = .44
    assert moved.item() == pytest.approx(7 / 16, abs=0.03)


def test_pixels_beside_the_last_whole_patch_stay():
    images = torch.rand(1, 1, 9, 9, generator=generator(3))
    found = patch_shuffle(images, torch.ones(1), generator())  # patches of 2: the ninth row and column are no patch's
    assert torch.equal(found[..., 8, :], images[..., 8, :]) and torch.equal(found[..., 8], images[..., 8])
    assert not torch.equal(found, images)


def test_blur_keeps_a_constant_and_darkens_its_border():
    found = blur(torch.full((2, 3, 15, 15), 0.5), 1.0)
    # a kernel of radius 3 that sums to one; outside the image it is black
    torch.testing.assert_close(found[..., 3:-3, 3:-3], torch.full((2, 3, 9, 9), 0.5))
    assert (found[..., 0, :] < 0.4).all()


def test_blur_of_a_point_is_a_normalised_gaussian():
    point = torch.zeros(1, 1, 15, 15)
    point[..., 7, 7] = 1.0
    found = blur(point, 1.0)[0, 0]
    assert found.sum().item() == pytest.approx(1.0, abs=1e-6)
    # exp(−(1² + 2²)/2) of the centre at one row and two columns from it
    assert (found[8, 9] / found[7, 7]).item() == pytest.approx(0.0820850, rel=1e-5)
    torch.testing.assert_close(found, found.T)


def test_channels_are_blurred_apart(images):
    both = blur(images, 1.2)
    torch.testing.assert_close(both[:, 1:], blur(images[:, 1:], 1.2))


def test_no_amplitude_deforms_nothing(images):
    # grid_sample interpolates in float32 between a pixel and itself
    torch.testing.assert_close(elastic(images, torch.zeros(6), generator(), grain=3), images, rtol=0, atol=1e-5)


def test_elastic_deforms_by_the_amplitude(images):
    found = elastic(images, torch.tensor([0.0, 0.01, 0.1, 0.0, 0.5, 0.1]), generator(), grain=3)
    change = (found - images).abs().mean(dim=(1, 2, 3))
    assert 1e-5 < change[1] < change[2] and change[3] < 1e-5
    assert found.min() >= 0 and found.max() <= 1


def test_elastic_shifts_by_half_sides():
    # a single control point shifts the whole image; displacement d half sides is d · 8 / 2 pixels
    image = torch.zeros(1, 1, 8, 8)
    image[..., 4, 4] = 1.0
    drawn = torch.randn(1, 2, 1, 1, generator=generator(5)).flatten()
    found = elastic(image, torch.tensor([0.25]), generator(5), grain=1)[0, 0]
    # x comes first in a sampling grid; the image moves against the grid
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    assert found.sum().item() == pytest.approx(1.0, abs=1e-4)
    assert (found * columns).sum().item() == pytest.approx(4 - drawn[0].item(), abs=1e-3)
    assert (found * rows).sum().item() == pytest.approx(4 - drawn[1].item(), abs=1e-3)


def test_occlusion_blackens_a_rectangle_of_at_most_its_share():
    severity = torch.tensor([0.25, 0.5, 1.0])
    hidden = occlude(torch.ones(3, 1, 40, 40), severity, generator())[:, 0] == 0
    share = hidden.float().mean(dim=(1, 2))
    # sides of .5, .707 and 1; a side of 40 s pixels covers 40 s or up to one more or less
    torch.testing.assert_close(share, severity, rtol=0, atol=0.05)
    for mask in hidden:
        assert mask.sum() == mask.any(dim=0).sum() * mask.any(dim=1).sum()  # a full rectangle


def test_strokes_are_thin_ridges_in_range():
    strokes = random_strokes(20, torch.Size([1, 28, 28]), generator())
    assert strokes.shape == (20, 1, 28, 28)
    assert strokes.min() == 0 and strokes.max() <= 1
    share = (strokes > 0).float().mean(dim=(1, 2, 3))
    assert (share > 0.02).all() and (share < 0.9).all()


def test_observation_is_mild_and_in_range(images):
    found = observe(images, generator())
    assert found.shape == images.shape and found.min() >= 0 and found.max() <= 1
    assert 0 < (found - images).abs().mean() < 0.5
    assert torch.equal(found, observe(images, generator()))
