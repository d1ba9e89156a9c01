"""A stimulus's place on decision boundaries, as residuals in log-odds, and the steps that bring them to zero.

In log-odds, what is asked of an image is nearly linear along its gradient, so one number says how far to go: with the
merit h = ½ Σ r² of the residuals r and its gradient g, h vanishes after a step of length 2h/‖g‖ along −g if the
residuals are linear and parallel.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from bam_pipelines.guidance.objectives import Reference, Strategy, check_guides

# nats that a judge's score short by 1 weighs
JUDGE_NATS = 5.0
# longest correction, Euclidean norm over pixels in [0, 1]: larger ones destroy digits
CORRECTION_LIMIT = 0.3

Residuals = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class BoundaryGoals:
    """What is asked of an image.

    Parameters
    ----------
    log_odds
        Least log-odds of the two targets together over all other classes, for each classifier, nats.
    judge
        Least score of the judge.
    parting
        Only for ``controversial``: least log-odds of each classifier's own target over the other one, nats.
    """

    log_odds: float
    judge: float
    parting: float = 0.0


@dataclass(frozen=True)
class BoundaryResiduals:
    """How far images are from what is asked.

    Parameters
    ----------
    classifiers
        One network for ``uncertainty``, two for ``controversial``; images (N, C, H, W) in [0, 1] to logits (N, K).
    judge
        Images to raw scores (N, 1), about 1 for digits and 0 for non-digits.
    targets
        int64, (N, 2): o1 and o2 of each image.
    strategy
        ``uncertainty`` and ``reference``: the log-odds of o1 over o2 are to be 0; ``controversial``: the first
        classifier is to see o1 rather than o2, the second o2 rather than o1; both are to see no other class.
    goals
        What else is asked.
    reference
        Images to stay near, or None: half the sum of squared residuals then grows by the reference's term.

    Raises
    ------
    ValueError
        If the number of classifiers does not fit the strategy, or a network is in training mode.

    References
    ----------
    Wei et al. 2025, arXiv 2505.03641, for the two kinds of boundary.
    """

    classifiers: Sequence[nn.Module]
    judge: nn.Module
    targets: torch.Tensor
    strategy: Strategy
    goals: BoundaryGoals
    reference: Reference | None = None

    def __post_init__(self) -> None:
        check_guides(self.strategy, self.classifiers, self.judge)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return the residuals of images (N, C, H, W) in [0, 1]: (N, R), nats, 0 where nothing is left to do."""
        logits = [classifier(images).float() for classifier in self.classifiers]
        odds = [target_log_odds(values, self.targets) for values in logits]
        if self.strategy == "controversial":
            own = odds[0], -odds[1]
            odds = [(self.goals.parting - values).clamp_min(0) for values in own]
        rest = [(self.goals.log_odds - log_odds_over_rest(values, self.targets)).clamp_min(0) for values in logits]
        score = self.judge(images).float()[:, 0]
        asked = torch.stack([*odds, *rest, JUDGE_NATS * (self.goals.judge - score).clamp_min(0)], dim=1)
        return asked if self.reference is None else torch.cat([asked, self._away(images, self.reference)], dim=1)

    def _away(self, images: torch.Tensor, reference: Reference) -> torch.Tensor:
        difference = (images - reference.images).float().flatten(1)
        away: torch.Tensor = (2 * reference.weight / difference.shape[1]) ** 0.5 * difference
        return away


def target_log_odds(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return log p(o1)/p(o2), nats, (N,), of logits (N, K) and targets (N, 2)."""
    first, second = logits.gather(1, targets).unbind(dim=1)
    return first - second


def log_odds_over_rest(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the log-odds, nats, (N,), of some classes together over all others.

    Parameters
    ----------
    logits
        Float, (N, K).
    targets
        int64, (N, T) with T below K: the classes, different from one another.
    """
    rest = logits.scatter(1, targets, -torch.inf).logsumexp(dim=1)
    return logits.gather(1, targets).logsumexp(dim=1) - rest


def boundary_step(residuals: torch.Tensor, gradient: torch.Tensor, limit: float) -> torch.Tensor:
    """Return the step that brings linear, parallel residuals to zero, not longer than a limit.

    Parameters
    ----------
    residuals
        Float, (N, R).
    gradient
        Float, (N, C, H, W): of the merit ½ Σ r² with respect to the images.
    limit
        Longest step, Euclidean norm over pixels.

    Returns
    -------
    torch.Tensor
        (N, C, H, W), to be added; zero where the gradient is.

    References
    ----------
    Polyak 1969, "Minimization of unsmooth functionals": step h/‖g‖² for a merit h of known minimum 0; for a square,
    whose gradient vanishes with it, twice that is the Gauss-Newton step.
    """
    norm = gradient.flatten(1).norm(dim=1)
    length = (residuals.square().sum(dim=1) / norm.clamp_min(torch.finfo(norm.dtype).tiny)).clamp_max(limit)
    scale = torch.where(norm > 0, length / norm.clamp_min(torch.finfo(norm.dtype).tiny), 0.0)
    return -scale[:, None, None, None] * gradient


@torch.no_grad()
def correct_images(images: torch.Tensor, residuals: Residuals, corrections: int) -> torch.Tensor:
    """Move images onto the boundary by small steps of the pixels, within [0, 1].

    Parameters
    ----------
    images
        Float, (N, C, H, W) in [0, 1].
    residuals
        Images to residuals (N, R).
    corrections
        Number of steps, each of at most :data:`CORRECTION_LIMIT`. Pixels at the edge of [0, 1] that would leave it
        don't count in a step.

    Returns
    -------
    torch.Tensor
        The same shape, in [0, 1].

    Raises
    ------
    FloatingPointError
        If residuals or gradient are not finite.
    """
    for number in range(corrections):
        left, gradient = residual_gradient(images, residuals, f"correction {number}")
        stuck = ((images <= 0) & (gradient > 0)) | ((images >= 1) & (gradient < 0))
        images = (images + boundary_step(left, gradient.masked_fill(stuck, 0.0), CORRECTION_LIMIT)).clamp(0, 1)
    return images


def residual_gradient(variable: torch.Tensor, residuals: Residuals, where: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return residuals (N, R) and the gradient of ½ Σ r² with respect to ``variable``.

    Raises
    ------
    FloatingPointError
        If either is not finite; ``where`` is named in the message.
    """
    with torch.enable_grad():
        leaf = variable.detach().requires_grad_(True)
        values = residuals(leaf)
        (gradient,) = torch.autograd.grad(values.square().sum() / 2, leaf)
    require_finite(values, "a residual of guidance", where)
    require_finite(gradient, "the gradient of the residuals", where)
    return values.detach(), gradient


def require_finite(values: torch.Tensor, what: str, where: str) -> None:
    """Raise FloatingPointError, naming the image, unless all of ``values``, (N, ...), are finite."""
    bad = ~torch.isfinite(values.reshape(len(values), -1)).all(dim=1)
    if bool(bad.any()):
        raise FloatingPointError(f"{what} is not finite at {where} of image {int(bad.nonzero()[0])} of the batch.")
