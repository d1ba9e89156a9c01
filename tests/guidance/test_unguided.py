"""Samples of the prior alone: as many as asked for, whatever the shards."""

import torch

from bam_pipelines.guidance.unguided import sample_unguided


def test_shards_do_not_matter(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    whole, cut = (sample_unguided(prior, 5, 3, 1, size, compute, seed=1) for size in (5, 2))
    assert whole.shape == (5, 1, 4, 4)
    assert torch.equal(whole, cut)  # this denoiser works pixel by pixel
    assert len({image.numpy().tobytes() for image in whole}) == 5


def test_more_samples_begin_with_the_same_ones(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    few, many = (sample_unguided(prior, n, 3, 1, 4, compute, seed=1) for n in (3, 6))
    assert torch.equal(few, many[:3])


def test_the_seed_decides(gaussian_prior, noise, compute):
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    first, other = (sample_unguided(prior, 2, 3, 1, 2, compute, seed) for seed in (1, 2))
    assert not torch.equal(first, other)


def test_time_travel_narrows_samples(gaussian_prior, noise, compute):
    """With the posterior's own variance each repetition takes a little of it away."""
    prior = gaussian_prior(noise, mean=0.0, deviation=1.0)
    plain, travelled = (sample_unguided(prior, 200, 10, repeats, 100, compute, seed=1) for repeats in (1, 4))
    assert travelled.std() < 0.98 * plain.std()
