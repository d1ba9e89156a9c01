"""Corruptions of digits: two families for two judges that must not share blind spots, and mild ones for observers.

Every function takes images (N, C, H, W) in [0, 1], severities (N,) in [0, 1] where it has any, and a generator, and
returns images of the same shape and range.
"""

import torch
from torch.nn import functional


def noise_blend(images: torch.Tensor, severity: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Blend with uniform pixel noise; at severity 1 nothing of the digit is left."""
    noise = torch.rand(images.shape, generator=generator)
    weight = severity[:, None, None, None]
    return (1 - weight) * images + weight * noise


def pixel_flips(images: torch.Tensor, severity: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Replace a share of the pixels, ``severity``, by black or white at random."""
    replaced = torch.rand(images.shape, generator=generator) < severity[:, None, None, None]
    salt = (torch.rand(images.shape, generator=generator) < 0.5).to(images.dtype)
    return torch.where(replaced, salt, images)


def patch_shuffle(images: torch.Tensor, severity: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Swap patches of a quarter of the side: ``severity`` is the share of patches that change place."""
    n, _, height, width = images.shape
    size = max(1, height // 4)
    patches = functional.unfold(images, size, stride=size)  # (N, C size², patches)
    count = patches.shape[2]
    moved = torch.rand(n, count, generator=generator) < severity[:, None]
    ranks = torch.rand(n, count, generator=generator).masked_fill(~moved, 2.0).argsort(dim=1)
    slots = torch.arange(count).expand(n, -1).masked_fill(~moved, count).sort(dim=1).values
    source = torch.arange(count).repeat(n, 1)
    for row in range(n):
        chosen = int(moved[row].sum())
        source[row, slots[row, :chosen]] = ranks[row, :chosen]
    shuffled = patches.gather(2, source[:, None].expand_as(patches))
    whole = (height // size) * size, (width // size) * size
    result = images.clone()
    result[:, :, : whole[0], : whole[1]] = functional.fold(shuffled, whole, size, stride=size)
    return result


def blur(images: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blur with a Gaussian of standard deviation ``sigma`` pixels."""
    radius = max(1, round(3 * sigma))
    grid = torch.arange(-radius, radius + 1, dtype=images.dtype)
    kernel = torch.exp(-0.5 * (grid / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = images.shape[1]
    rows = functional.conv2d(
        images, kernel.view(1, 1, -1, 1).repeat(channels, 1, 1, 1), padding=(radius, 0), groups=channels
    )
    return functional.conv2d(
        rows, kernel.view(1, 1, 1, -1).repeat(channels, 1, 1, 1), padding=(0, radius), groups=channels
    )


def elastic(images: torch.Tensor, amplitude: torch.Tensor, generator: torch.Generator, grain: int) -> torch.Tensor:
    """Deform elastically.

    Parameters
    ----------
    images
        (N, C, H, W).
    amplitude
        (N,), standard deviation of the displacement in half image sides: 0.1 is 1.4 pixels of 28.
    generator
        Draws the displacements.
    grain
        Number of control points a side; more is finer.

    Returns
    -------
    torch.Tensor
        (N, C, H, W) in [0, 1], black where nothing was.

    References
    ----------
    Simard, Steinkraus, Platt 2003, "Best practices for convolutional neural networks".
    """
    n, _, height, width = images.shape
    coarse = torch.randn(n, 2, grain, grain, generator=generator) * amplitude[:, None, None, None]
    shift = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    identity = functional.affine_grid(torch.eye(2, 3).repeat(n, 1, 1), [n, 1, height, width], align_corners=False)
    return functional.grid_sample(images, identity + shift.permute(0, 2, 3, 1), align_corners=False).clamp(0, 1)


def occlude(images: torch.Tensor, severity: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Black out a rectangle that covers up to a share ``severity`` of the image, at a random place."""
    n, _, height, width = images.shape
    side = severity.sqrt()
    place = torch.rand(n, 2, generator=generator) * (1 - side[:, None])
    rows, columns = torch.arange(height) / height, torch.arange(width) / width
    inside_rows = (rows >= place[:, :1]) & (rows < place[:, :1] + side[:, None])
    inside_columns = (columns >= place[:, 1:]) & (columns < place[:, 1:] + side[:, None])
    hidden = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]
    return images.masked_fill(hidden, 0.0)


def random_strokes(n: int, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    """Draw stroke-like textures that are no digits: ridges of a smooth random field, (n, C, H, W)."""
    channels, height, width = shape
    coarse = torch.randn(n, channels, 6, 6, generator=generator)
    field = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    breadth = 0.15 + 0.35 * torch.rand(n, 1, 1, 1, generator=generator)
    return (1 - (field / breadth) ** 2).clamp(0, 1).sqrt()


def observe(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Deform, blur and add noise mildly, at random: what the observer network is trained on."""
    n = len(images)
    amplitude = 0.08 * torch.rand(n, generator=generator)
    deformed = elastic(images, amplitude, generator, grain=5)
    sharpness = torch.rand(n, 1, 1, 1, generator=generator)
    softened = sharpness * deformed + (1 - sharpness) * blur(deformed, 1.2)
    scale = 0.3 * torch.rand(n, 1, 1, 1, generator=generator)
    return (softened + scale * torch.randn(images.shape, generator=generator)).clamp(0, 1)
