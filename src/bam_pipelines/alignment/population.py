"""The population of the hierarchical model: what is personal, what is an image's own, and how widely both differ."""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

# where the spreads begin: over people of class biases in logits, of the temperature's logarithm and of the lapse's
# log-odds; over images of what GroupNet misses, in logits
_SPREADS = (0.3, 0.2, 0.5, 1.0)
_LAPSE = 0.02
_LOADING = 0.05  # and of what a way to differ adds to a logit, for each principal component


@dataclass(frozen=True)
class Components:
    """Features as principal components: (φ − centre) @ directions."""

    centre: torch.Tensor
    directions: torch.Tensor

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Return the components (N, C) of features (N, D)."""
        return (features - self.centre) @ self.directions


def principal_components(features: torch.Tensor, number: int) -> Components:
    """Return the leading principal components of features (N, D), all scaled alike, to mean square 1 together."""
    centre = features.mean(dim=0)
    _, _, rows = torch.linalg.svd(features - centre, full_matrices=False)
    directions = rows[:number].T
    spread = ((features - centre) @ directions).square().mean().sqrt().clamp_min(torch.finfo(features.dtype).tiny)
    return Components(centre, directions / spread)


class Population(nn.Module):
    """The model's parameters: what is a person's or an image's own as normal posteriors, standard normal at first.

    Parameters
    ----------
    n_people, n_images
        Whose own values there are.
    rank
        R, ways in which people differ.
    n_classes, n_components
        K, and C principal components of the features.
    generator
        Of the loadings to begin with.
    """

    def __init__(
        self,
        n_people: int,
        n_images: int,
        rank: int,
        n_classes: int,
        n_components: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.rank, self.n_classes = rank, n_classes
        personal = n_people, rank + n_classes + 2
        self.mean = nn.Parameter(torch.zeros(personal))
        self.log_sd = nn.Parameter(torch.full(personal, math.log(0.5)))
        self.image_mean = nn.Parameter(torch.zeros(n_images, n_classes))
        self.image_log_sd = nn.Parameter(torch.full((n_images, n_classes), math.log(0.5)))
        size = rank, n_classes, n_components
        self.loadings = nn.Parameter(_LOADING * torch.randn(size, generator=generator))
        self.loading_log_sd = nn.Parameter(torch.full(size, math.log(_LOADING / 2)))
        self.way_log_spread = nn.Parameter(torch.full((rank, 1, 1), math.log(_LOADING)))
        self.log_spread = nn.Parameter(torch.tensor(_SPREADS).log())
        self.centre = nn.Parameter(torch.tensor([0.0, math.log(_LAPSE / (1 - _LAPSE))]))  # of log temperature and lapse

    def answers(
        self, personal: torch.Tensor, parts: torch.Tensor, logits: torch.Tensor, loadings: torch.Tensor
    ) -> torch.Tensor:
        """Return log-probabilities of answers, (n, K); see :meth:`perceived` for the parameters."""
        return with_guesses(*self.perceived(personal, parts, logits, loadings))

    def perceived(
        self, personal: torch.Tensor, parts: torch.Tensor, logits: torch.Tensor, loadings: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what people see, and how often they guess.

        Parameters
        ----------
        personal
            (n, size), of the person of each trial.
        parts
            (n, C), components of the image's features.
        logits
            (n, K), what all people see in the image.
        loadings
            (R, K, C).

        Returns
        -------
        logits
            (n, K), the person's.
        lapse
            (n,), log-odds of answering at random.
        """
        z, bias, temperature, lapse = self.unpacked(personal)
        ways = (parts @ loadings.flatten(0, 1).T).view(len(parts), self.rank, self.n_classes)
        own = logits + torch.einsum("nr,nrk->nk", z, ways) + bias
        return own * torch.exp(-temperature)[:, None], lapse

    def unpacked(self, personal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return z (n, R), class biases (n, K), log temperatures (n,) and log-odds of lapses (n,)."""
        z, bias, rest = personal.split([self.rank, self.n_classes, 2], dim=1)
        spread = self.log_spread.exp()
        return z, bias * spread[0], self.centre[0] + rest[:, 0] * spread[1], self.centre[1] + rest[:, 1] * spread[2]

    def drawn_people(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw what is personal from the posteriors of people, (n, size)."""
        return _drawn(self.mean[rows], self.log_sd[rows], generator)

    def drawn_images(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw what GroupNet misses in images from their posteriors, logits (n, K)."""
        return self.log_spread[3].exp() * _drawn(self.image_mean[rows], self.image_log_sd[rows], generator)

    def drawn_loadings(self, generator: torch.Generator) -> torch.Tensor:
        """Draw the ways in which people differ from their posterior, (R, K, C)."""
        return _drawn(self.loadings, self.loading_log_sd, generator)

    def divergence(self) -> torch.Tensor:
        """Return the Kullback-Leibler divergence of all posteriors from what is thought before any answer, nats."""
        spread = self.way_log_spread
        own = _divergence(self.mean, self.log_sd) + _divergence(self.image_mean, self.image_log_sd)
        return own + _divergence(self.loadings / spread.exp(), self.loading_log_sd - spread)


def with_guesses(seen: torch.Tensor, lapse: torch.Tensor) -> torch.Tensor:
    """Return log-probabilities of answers, (n, K), from logits (n, K) and log-odds of lapses (n,)."""
    guessed = functional.logsigmoid(lapse) - math.log(seen.shape[1])
    return torch.logaddexp(functional.logsigmoid(-lapse)[:, None] + seen.log_softmax(dim=1), guessed[:, None])


def _drawn(mean: torch.Tensor, log_sd: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return mean + log_sd.exp() * torch.randn(mean.shape, generator=generator)


def _divergence(mean: torch.Tensor, log_sd: torch.Tensor) -> torch.Tensor:
    return 0.5 * ((2 * log_sd).exp() + mean.square() - 1 - 2 * log_sd).sum()
