"""Samples of the prior alone."""

from collections.abc import Sequence
from functools import partial

import torch

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.seeds import derive_seed
from bam_pipelines.compute.shards import run_shards
from bam_pipelines.guidance.sampler import SamplerSettings, sample_images
from bam_pipelines.networks.checkpoints import TrainedNetwork


def sample_unguided(
    prior: TrainedNetwork, n: int, steps: int, repeats: int, batch_size: int, compute: Compute, seed: int
) -> torch.Tensor:
    """Draw unguided samples.

    Parameters
    ----------
    prior
        A trained denoiser.
    n
        Number of samples.
    steps, repeats
        DDPM steps, and how often each is done (time travel).
    batch_size
        Images a shard.
    compute, seed
        How to sample; each image has a seed of its own.

    Returns
    -------
    torch.Tensor
        float32, (n, C, H, W) in [0, 1].
    """
    seeds = [derive_seed(seed, "unguided", index) for index in range(n)]
    shards = [seeds[start : start + batch_size] for start in range(0, n, batch_size)]
    draw = partial(_draw, prior, SamplerSettings(steps, repeats, 0.0), compute)
    return torch.cat(run_shards(draw, shards, "unguided samples"))


def _draw(prior: TrainedNetwork, settings: SamplerSettings, compute: Compute, seeds: Sequence[int]) -> torch.Tensor:
    return sample_images(prior, seeds, settings, compute, None).images
