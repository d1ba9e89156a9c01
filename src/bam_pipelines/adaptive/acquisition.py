"""What an answer is expected to tell, in nats, from samples of how likely each answer is."""

from typing import Literal

import torch

Acquisition = Literal["epig", "bald", "entropy", "random"]
_CELLS = 4_000_000  # joint probabilities held at once


def predictive_entropy(probabilities: torch.Tensor) -> torch.Tensor:
    """Return the entropy of answers, (N,) nats, from samples (S, N, K)."""
    return _entropy(probabilities.mean(dim=0))


def bald(probabilities: torch.Tensor) -> torch.Tensor:
    """Return the information that an answer brings on what is personal, (N,) nats, from samples (S, N, K).

    References
    ----------
    Houlsby, Huszár, Ghahramani & Lengyel 2011, "Bayesian active learning for classification and preference learning".
    """
    return predictive_entropy(probabilities) - _entropy(probabilities).mean(dim=0)


def epig(pool: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the information that an answer brings on the answers to target images.

    Parameters
    ----------
    pool, targets
        (S, N, K) and (S, T, K): the same S samples of what is personal, given which answers are independent. Few
        samples make it too large: images that vary seem to vary together by chance.

    Returns
    -------
    torch.Tensor
        (N,), nats: mutual information of the answer and one target's, averaged over targets.

    References
    ----------
    Bickford Smith et al. 2023, "Prediction-oriented Bayesian active learning", AISTATS, equation 8.
    """
    n_samples, _, k = pool.shape
    others = targets.reshape(n_samples, -1)
    alone = predictive_entropy(pool) + predictive_entropy(targets).mean()
    together = []
    for part in pool.split(max(1, _CELLS // (k * others.shape[1])), dim=1):
        joint = part.reshape(n_samples, -1).T @ others / n_samples
        together.append(_surprise(joint).view(part.shape[1], -1).sum(dim=1) / targets.shape[1])
    return alone - torch.cat(together)


def _entropy(probabilities: torch.Tensor) -> torch.Tensor:
    return _surprise(probabilities).sum(dim=-1)


def _surprise(probabilities: torch.Tensor) -> torch.Tensor:
    """Return −p log p, 0 for 0; torch.xlogy takes three times as long."""
    return -probabilities * probabilities.clamp_min(torch.finfo(probabilities.dtype).tiny).log()
