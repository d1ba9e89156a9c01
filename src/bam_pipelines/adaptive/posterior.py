"""What answers tell of people: normal approximations at the most likely values, for many people at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bam_pipelines.adaptive.answer_model import AnswerModel, answer_derivatives, own_answer_probabilities

_TRIALS = 1000  # worked on at once: more do not fit into a processor's cache
_STEPS = 200
_EAGER = 15  # steps before what the answers themselves say of the curvature counts too
_HALVINGS = 30
_ENOUGH = 0.25  # share of the growth that a step promises at its begin, which it must bring
_PRECISION = 1e-5  # growth of the log density, nats, below which nobody moves on


@dataclass(frozen=True)
class Asked:
    """The trials of P people, padded to the longest.

    Parameters
    ----------
    images, responses
        int64 (P, n).
    given
        bool (P, n): which are trials.
    """

    images: torch.Tensor
    responses: torch.Tensor
    given: torch.Tensor

    def take(self, people: slice) -> "Asked":
        """Return the trials of some people."""
        return Asked(self.images[people], self.responses[people], self.given[people])


@dataclass(frozen=True)
class Posterior:
    """Normal distributions of what is personal.

    Parameters
    ----------
    mean
        float64 (P, size): the most likely values.
    covariance
        float64 (P, size, size): inverse of the expected information, answers and prior together.
    """

    mean: torch.Tensor
    covariance: torch.Tensor

    def samples(self, person: int, n: int, generator: torch.Generator) -> torch.Tensor:
        """Draw n values of one person, (n, size); each beside its mirror image, which makes means less noisy."""
        half = torch.randn(n - n // 2, self.mean.shape[1], generator=generator, dtype=self.mean.dtype)
        standard = torch.cat([half, -half[: n // 2]])
        drawn: torch.Tensor = self.mean[person] + standard @ torch.linalg.cholesky(self.covariance[person]).T
        return drawn


def padded(images: Sequence[np.ndarray], responses: Sequence[np.ndarray]) -> Asked:
    """Bring each person's images and responses, int64 (n_i,), into one table."""
    longest = max((len(own) for own in images), default=0)
    places, answers = (np.zeros((len(images), longest), dtype=np.int64) for _ in range(2))
    given = np.zeros(places.shape, dtype=bool)
    for person, (shown, answered) in enumerate(zip(images, responses, strict=True)):
        places[person, : len(shown)] = shown
        answers[person, : len(shown)] = answered
        given[person, : len(shown)] = True
    return Asked(torch.from_numpy(places), torch.from_numpy(answers), torch.from_numpy(given))


def fit_posterior(model: AnswerModel, asked: Asked, start: torch.Tensor | None = None) -> Posterior:
    """Find the most likely values of all people by Fisher scoring, and the information there.

    Parameters
    ----------
    model
        Of the images.
    asked
        Trials.
    start
        (P, size), where to begin: what was found of fewer trials. The population's mean if None.

    Returns
    -------
    Posterior
        Without a trial, the population.

    Raises
    ------
    FloatingPointError
        If someone's values are not found.

    References
    ----------
    MacKay 1992, "A practical Bayesian framework for backpropagation networks", Neural Computation 4: Laplace's
    approximation. The expected information stands for the Hessian: it is positive definite whatever was answered.
    """
    n_people, n_trials = asked.images.shape
    begin = torch.zeros(n_people, model.size, dtype=model.logits.dtype) if start is None else start
    together = max(1, _TRIALS // max(1, n_trials))
    parts = [
        _fit_some(model, asked.take(slice(first, first + together)), begin[first : first + together])
        for first in range(0, n_people, together)
    ]
    return Posterior(torch.cat([mean for mean, _ in parts]), torch.cat([covariance for _, covariance in parts]))


def _fit_some(model: AnswerModel, asked: Asked, start: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return means and covariances."""
    values = start.clone()
    for number in range(_STEPS):
        gradient, information, scores = _gradient_and_information(model, asked, values)
        # answers that nobody expected bend the density more than is expected: there, full steps go to and fro
        bent = information if number < _EAGER else information + scores.transpose(1, 2) @ scores
        step = torch.linalg.solve(bent, gradient)
        promised = (step * gradient).sum(dim=1)
        arrived = promised < _PRECISION
        if arrived.all():
            return values, torch.linalg.inv(information)
        # who has arrived stays, so that nobody depends on who else is fitted
        step = torch.where(arrived[:, None], 0.0, step)
        values = values + step * _step_length(model, asked, values, step, promised)[:, None]
    raise FloatingPointError(f"what is personal was not found in {_STEPS} steps.")


def log_density(model: AnswerModel, asked: Asked, personal: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of the posterior's density at (P, size) but for a constant, (P,)."""
    probabilities = own_answer_probabilities(model, asked.images, personal)
    likely = probabilities.gather(2, asked.responses[..., None])[..., 0].log()
    return (likely * asked.given).sum(dim=1) - 0.5 * personal.square().sum(dim=1)


def _gradient_and_information(
    model: AnswerModel, asked: Asked, personal: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return :func:`log_density`'s gradient (P, size), its expected curvature, negated, and each trial's gradient."""
    probabilities, derivatives = answer_derivatives(model, asked.images, personal)
    answered = asked.responses[..., None]
    likely = probabilities.gather(2, answered)
    slopes = derivatives.gather(2, answered[..., None].expand(-1, -1, -1, model.size))[:, :, 0]
    scores = slopes / likely * asked.given[..., None]
    information = fisher_information(probabilities, derivatives * asked.given[..., None, None])
    prior = torch.eye(model.size, dtype=information.dtype)
    return scores.sum(dim=1) - personal, information + prior, scores


def fisher_information(probabilities: torch.Tensor, derivatives: torch.Tensor) -> torch.Tensor:
    """Return what answers to images tell of people together, Σ_n Σ_k ∂p_nk ∂p_nkᵀ / p_nk: (P, size, size)."""
    rooted = (derivatives / probabilities.sqrt()[..., None]).flatten(1, 2)
    return rooted.transpose(1, 2) @ rooted


def _step_length(
    model: AnswerModel, asked: Asked, values: torch.Tensor, step: torch.Tensor, promised: torch.Tensor
) -> torch.Tensor:
    """Halve each person's step until the density grows enough, after Armijo; return by how much, (P,)."""
    before = log_density(model, asked, values)
    length = torch.ones_like(before)
    for _ in range(_HALVINGS):
        grown = log_density(model, asked, values + length[:, None] * step) - before
        short = grown < _ENOUGH * length * promised - _PRECISION
        if not short.any():
            break
        length = torch.where(short, length / 2, length)
    return length
