"""One seed for a run; everything else derives its own from it."""

import hashlib

import numpy as np
import torch


def derive_seed(seed: int, stage: str, *key: object) -> int:
    """Derive the seed of one image, participant, shard or training step.

    Parameters
    ----------
    seed
        The run's seed, ``params:seed``; at least 0.
    stage
        The stage or purpose that draws, so that two stages never share a stream.
    *key
        What is drawn, for example a digit pair and an index. Anything whose ``repr`` is stable.

    Returns
    -------
    int
        A seed in [0, 2**63), the same for the same arguments on every machine.

    Raises
    ------
    ValueError
        If ``seed`` is negative.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}, expected an integer of at least 0.")
    digest = hashlib.sha256(repr((stage, *key)).encode()).digest()
    words = np.frombuffer(digest[:16], dtype="<u4").tolist()
    state = np.random.SeedSequence([seed, *words]).generate_state(2, np.uint32)
    return (int(state[0]) << 31) ^ int(state[1])


def numpy_generator(seed: int, stage: str, *key: object) -> np.random.Generator:
    """Return a numpy generator seeded by :func:`derive_seed`."""
    return np.random.default_rng(derive_seed(seed, stage, *key))


def torch_generator(seed: int, stage: str, *key: object) -> torch.Generator:
    """Return a CPU torch generator seeded by :func:`derive_seed`."""
    return torch.Generator().manual_seed(derive_seed(seed, stage, *key))
