"""How likely a person's answers are, given what is personal: the hierarchical model with its population held fixed.

A person's own values v = (w, t, l) are standard normal. With a(x) = m(x) + Σ_r w_r B_r(x), the answer y to image x has
probability (1 − λ) softmax(κ_x e^(−t') a(x))_y + λ / K, where t' and the log-odds of λ are linear in t and l. m is what
the average person sees; B_r are combinations of the model's ways to differ and class biases that are independent over
people. κ_x, at most 1, stands for what is not known of the image: what GroupNet misses in it, and how far the ways to
differ are off there. The probabilities are averaged over both as a mean field, which makes logits smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from bam_pipelines.alignment.hierarchical import HierarchicalFit, shared_logits
from bam_pipelines.alignment.population import Population


@dataclass(frozen=True)
class AnswerModel:
    """What a fitted population says of some images.

    Parameters
    ----------
    logits
        (N, K): m, what the average person sees.
    ways
        (N, R, K): B, what each way to differ adds to the logits.
    scale
        (N,): κ, above 0.
    log_temperature, lapse_log_odds
        Mean and standard deviation over people.
    """

    logits: torch.Tensor
    ways: torch.Tensor
    scale: torch.Tensor
    log_temperature: tuple[float, float]
    lapse_log_odds: tuple[float, float]

    @property
    def size(self) -> int:
        """How many values are personal: R + 2."""
        return self.ways.shape[1] + 2

    def take(self, images: torch.Tensor) -> "AnswerModel":
        """Return the model of some images, int64 (n,)."""
        return replace(self, logits=self.logits[images], ways=self.ways[images], scale=self.scale[images])

    def to(self, precision: torch.dtype) -> "AnswerModel":
        """Return the same in another precision."""
        return replace(
            self, logits=self.logits.to(precision), ways=self.ways.to(precision), scale=self.scale.to(precision)
        )


@torch.no_grad()
def answer_model(fit: HierarchicalFit, images: torch.Tensor, stimulus_ids: Sequence[str]) -> AnswerModel:
    """Apply a fitted population to images, in float64.

    Parameters
    ----------
    fit
        The population.
    images
        float32 (N, C, H, W) in [0, 1].
    stimulus_ids
        Of the images. What GroupNet misses is known, as well as answers told, of those that the population was fitted
        to.

    Returns
    -------
    AnswerModel
        Of the N images.

    References
    ----------
    Lu, Ie & Sha 2020, "Mean-field approximation to Gaussian-softmax integral with application to uncertainty
    estimation": κ.
    """
    population = fit.posterior.population
    logits, parts, places = shared_logits(fit.posterior, images, stimulus_ids)
    ways = torch.einsum("nc,rkc->nrk", parts, population.loadings).double()
    biases = (population.log_spread[0].exp().double() * torch.eye(population.n_classes)).expand(len(images), -1, -1)
    every = torch.cat([ways, biases], dim=1)
    mean, covariance = people_moments(population)
    linear = every.shape[1]
    root = torch.linalg.cholesky(covariance[:linear, :linear])
    middle, spread = population.centre.double(), population.log_spread[1:3].exp().double()
    middle, spread = middle + spread * mean[linear:], spread * covariance.diagonal()[linear:].sqrt()
    average = logits.double() + torch.einsum("r,nrk->nk", mean[:linear], every)
    squares = (covariance.diagonal() + mean.square())[: population.rank]
    return AnswerModel(
        average,
        torch.einsum("rq,nrk->nqk", root, every).contiguous(),
        _shrinkage(
            average * torch.exp(-middle[0]), _unknown(population, parts, places, squares) * torch.exp(-2 * middle[0])
        ),
        (middle[0].item(), spread[0].item()),
        (middle[1].item(), spread[1].item()),
    )


def _unknown(population: Population, parts: torch.Tensor, places: torch.Tensor, squares: torch.Tensor) -> torch.Tensor:
    """Return the variance of what is not known of images, float64 (N, K), for people with mean squares (R,)."""
    own = torch.cat([(2 * population.image_log_sd).exp(), torch.ones(1, population.n_classes)])[places].double()
    ways = torch.einsum("nc,rkc->nrk", parts.square(), (2 * population.loading_log_sd).exp()).double()
    return (2 * population.log_spread[3].double()).exp() * own + torch.einsum("r,nrk->nk", squares, ways)


def _shrinkage(scaled: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
    """Return κ, (N,), of scaled logits (N, K) that are normal with independent variances (N, K).

    The variance of a difference of two logits is twice one's, weighted by how likely the classes are.
    """
    weighted = (scaled.softmax(dim=1) * variance).sum(dim=1)
    return 1 / torch.sqrt(1 + torch.pi / 4 * weighted)


@torch.no_grad()
def people_moments(population: Population) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean (size,) and covariance (size, size), float64, of what is personal, over people.

    The fit takes people for standard normal. What it found of them says more: mean and covariance of their posteriors
    together, as if there were also as many standard normal people as there are personal values.
    """
    found, size = population.mean.double(), population.mean.shape[1]
    total = len(found) + size
    mean = found.sum(dim=0) / total
    spread = (found - mean).T @ (found - mean) + (2 * population.log_sd.double()).exp().sum(dim=0).diag()
    return mean, (spread + size * (torch.eye(size) + torch.outer(mean, mean))) / total


def answer_probabilities(model: AnswerModel, personal: torch.Tensor) -> torch.Tensor:
    """Return the probabilities of all answers, (S, N, K), to all images, for each of ``personal`` (S, size)."""
    n, rank, k = model.ways.shape
    w, rest = personal.split([rank, 2], dim=1)
    seen = (w @ model.ways.permute(1, 0, 2).reshape(rank, n * k)).view(len(w), n, k) + model.logits
    return _answers(seen * (model.scale * _cold(model, rest))[..., None], _lapse(model, rest)[..., None])


def own_answer_probabilities(model: AnswerModel, images: torch.Tensor, personal: torch.Tensor) -> torch.Tensor:
    """Return the probabilities (P, n, K) of each person's answers to their own images, int64 (P, n)."""
    w, rest = personal.split([model.ways.shape[1], 2], dim=1)
    seen = torch.einsum("pr,pnrk->pnk", w, model.ways[images]) + model.logits[images]
    return _answers(seen * (model.scale[images] * _cold(model, rest))[..., None], _lapse(model, rest)[..., None])


def answer_derivatives(
    model: AnswerModel, images: torch.Tensor, personal: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return how likely each person's answers to their own images are, and the derivatives.

    Parameters
    ----------
    model
        Of N images.
    images
        int64 (P, n).
    personal
        (P, size).

    Returns
    -------
    probabilities
        (P, n, K).
    derivatives
        (P, n, K, size), of the probabilities by what is personal.
    """
    rank, k = model.ways.shape[1:]
    w, rest = personal.split([rank, 2], dim=1)
    ways = model.ways[images]  # (P, n, R, K)
    cold = (model.scale[images] * _cold(model, rest))[..., None]
    scaled = (model.logits[images] + torch.einsum("pr,pnrk->pnk", w, ways)) * cold
    seen, lapse = scaled.softmax(dim=2), _lapse(model, rest)[..., None]
    inner = torch.cat([ways * cold[..., None], -model.log_temperature[1] * scaled[:, :, None]], dim=2)
    inner = inner - torch.einsum("pnk,pnrk->pnr", seen, inner)[..., None]
    outer = (1 - lapse) * model.lapse_log_odds[1] * lapse * (1 / k - seen)
    derivatives = torch.cat([((1 - lapse) * seen)[:, :, None] * inner, outer[:, :, None]], dim=2)
    return (1 - lapse) * seen + lapse / k, derivatives.transpose(2, 3)


def _answers(scaled: torch.Tensor, lapse: torch.Tensor) -> torch.Tensor:
    # over a few classes that lie side by side, torch's own softmax takes five times as long
    weights = torch.exp(scaled - scaled.amax(dim=2, keepdim=True))
    return weights * ((1 - lapse) / weights.sum(dim=2, keepdim=True)) + lapse / scaled.shape[2]


def _cold(model: AnswerModel, rest: torch.Tensor) -> torch.Tensor:
    """Return what logits are multiplied by, (P, 1)."""
    return torch.exp(-model.log_temperature[0] - model.log_temperature[1] * rest[:, :1])


def _lapse(model: AnswerModel, rest: torch.Tensor) -> torch.Tensor:
    """Return the share of answers given at random, (P, 1)."""
    return torch.sigmoid(model.lapse_log_odds[0] + model.lapse_log_odds[1] * rest[:, 1:])
