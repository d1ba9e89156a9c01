"""Seeds: the same everywhere, different for everything that is drawn."""

import hashlib

import numpy as np
import pytest
import torch

from bam_pipelines.compute.seeds import derive_seed, numpy_generator, torch_generator


def test_a_seed_by_hand():
    digest = hashlib.sha256(b"('sampling', 3, 'vgg')").digest()
    words = [int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i in range(4)]
    high, low = np.random.SeedSequence([5, *words]).generate_state(2).tolist()
    assert derive_seed(5, "sampling", 3, "vgg") == high * 2**31 ^ low


def test_a_seed_stays_what_it_was():
    # pinned: stored stimuli are made again from their seeds
    assert derive_seed(0, "sampling", 1) == 709340714249682646


def test_everything_has_a_seed_of_its_own():
    keys = [(seed, stage, *key) for seed in (0, 1) for stage in ("a", "b") for key in ((), (0,), (1,), ("1",), (0, 1))]
    seeds = [derive_seed(*key) for key in keys]
    assert len(set(seeds)) == len(keys)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_many_seeds_do_not_collide():
    assert len({derive_seed(0, "sampling", index) for index in range(5000)}) == 5000


def test_generators_follow_the_seed():
    derived = derive_seed(2, "trial", "P01")
    assert numpy_generator(2, "trial", "P01").random() == np.random.default_rng(derived).random()
    expected = torch.rand(3, generator=torch.Generator().manual_seed(derived))
    assert torch.equal(torch.rand(3, generator=torch_generator(2, "trial", "P01")), expected)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed is -1, expected an integer of at least 0"):
        derive_seed(-1, "sampling")
