"""What few answers say of true probabilities: Dirichlet-multinomial and beta-binomial models over images or pairs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import beta

from bam_pipelines.analysis.outcomes import OUTCOMES, outcome_of_shares
from bam_pipelines.compute.seeds import numpy_generator

# of a + b + …: above, units do not differ as far as anyone can see; below, each is all or nothing
CONCENTRATIONS = (1e-2, 1e4)
_ALIKE = 0.99 * CONCENTRATIONS[1]  # the fit ends at its bound
_POSTERIOR_DRAWS = 400
_INTERVAL_DRAWS = 2000


@dataclass(frozen=True)
class Population:
    """A Dirichlet distribution of units' probabilities.

    Parameters
    ----------
    mean
        (K,), population mean of each kind, sums to 1.
    concentration
        Sum of the Dirichlet's parameters, :data:`CONCENTRATIONS`: about as many answers of a unit as the population
        is worth.
    """

    mean: np.ndarray
    concentration: float

    @property
    def alpha(self) -> np.ndarray:
        """The Dirichlet's parameters, (K,)."""
        alpha: np.ndarray = self.mean * self.concentration
        return alpha


def fit_population(counts: np.ndarray) -> Population | None:
    """Fit a Dirichlet-multinomial by maximum likelihood; with two kinds it is a beta-binomial.

    Parameters
    ----------
    counts
        int, (N, K): answers of each unit by kind; units without an answer say nothing.

    Returns
    -------
    Population or None
        None where no unit has an answer, or all answers of all units are of one kind.
    """
    counts = np.asarray(counts, dtype=np.float64)
    counts = counts[counts.sum(axis=1) > 0]
    total = counts.sum(axis=0)
    kinds = np.flatnonzero(total)
    if len(kinds) < 2:
        return None
    distinct, weight = np.unique(counts[:, kinds], axis=0, return_counts=True)
    start = np.append(np.log(total[kinds] / total.sum()), np.log(5.0))
    bounds = [(-12.0, 12.0)] * len(kinds) + [tuple(np.log(CONCENTRATIONS))]
    found = minimize(lambda x: -_likelihood(distinct, weight, _unpack(x)), start, method="L-BFGS-B", bounds=bounds)
    fitted = _unpack(found.x)
    mean = np.zeros(counts.shape[1])
    mean[kinds] = fitted.mean
    return Population(mean, fitted.concentration)


def _unpack(parameters: np.ndarray) -> Population:
    shares = np.exp(parameters[:-1] - parameters[:-1].max())
    return Population(shares / shares.sum(), float(np.exp(parameters[-1])))


def _likelihood(counts: np.ndarray, weight: np.ndarray, population: Population) -> float:
    alpha, total = population.alpha, population.concentration
    each = (gammaln(counts + alpha) - gammaln(alpha)).sum(axis=1)
    return float(weight @ (each + gammaln(total) - gammaln(counts.sum(axis=1) + total)))


def true_outcomes(counts: np.ndarray, seed: int) -> dict[str, Any]:
    """Estimate which share of images are success, bias or failure by their true probabilities.

    With six answers an image, one dissenter makes a success of it; here each image's probabilities are drawn from their
    posterior, and the thresholds are applied to those.

    Parameters
    ----------
    counts
        int, (N, 3): answers that are the first target, the second, another.
    seed
        The run's seed.

    Returns
    -------
    dict
        ``outcomes``: outcome to the expected share; ``intervals``: outcome to ``low`` and ``high``, 95 %, of that share
        in other images of such answers, the population taken as known; ``concentration`` and ``mean`` (first target,
        second, another) of the population; all None where it cannot be fitted, or answers do not tell images apart:
        all would then have the population's probabilities, and be of one outcome.

    Notes
    -----
    The population is one Dirichlet distribution, and what it takes for granted matters most where an image has few
    answers.
    """
    population = fit_population(counts)
    if population is None or population.concentration > _ALIKE:
        nothing = dict.fromkeys(OUTCOMES), dict.fromkeys(("target_1", "target_2", "other"))
        ends = {name: dict.fromkeys(("low", "high")) for name in OUTCOMES}
        return {"outcomes": nothing[0], "intervals": ends, "concentration": None, "mean": nothing[1]}
    generator = numpy_generator(seed, "shrinkage/true outcomes")
    distinct, weight = np.unique(counts, axis=0, return_counts=True)
    draws = generator.standard_gamma(distinct + np.maximum(population.alpha, 1e-6), (_POSTERIOR_DRAWS, *distinct.shape))
    shares = draws / draws.sum(axis=2, keepdims=True)
    named = outcome_of_shares(shares[..., 0], shares[..., 1])
    chances = {name: (named == name).mean(axis=0) for name in OUTCOMES}
    expected = {name: float(chance @ weight / weight.sum()) for name, chance in chances.items()}
    mean = dict(zip(("target_1", "target_2", "other"), population.mean.tolist(), strict=True))
    return {
        "outcomes": expected,
        "intervals": _intervals(chances, weight, numpy_generator(seed, "shrinkage/intervals")),
        "concentration": population.concentration,
        "mean": mean,
    }


def _intervals(
    chances: dict[str, np.ndarray], weight: np.ndarray, generator: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Draw images, and for each of them whether it has an outcome; (distinct,) chances of as many images as weight."""
    n = int(weight.sum())
    images = generator.multinomial(n, weight / n, _INTERVAL_DRAWS)
    ends = {}
    for name, chance in chances.items():
        low, high = np.quantile(generator.binomial(images, chance).sum(axis=1) / n, (0.025, 0.975))
        ends[name] = {"low": float(low), "high": float(high)}
    return ends


def shrunken_shares(
    successes: np.ndarray, trials: np.ndarray, confidence: float = 0.95
) -> tuple[Population | None, dict[str, np.ndarray]]:
    """Estimate each unit's share by a beta-binomial model over units.

    Parameters
    ----------
    successes, trials
        int, (N,).
    confidence
        Coverage of the intervals, 0 to 1; of the posterior given the population, which is taken as known.

    Returns
    -------
    population
        Mean of successes first; see :func:`fit_population`.
    estimates
        ``estimate``, ``low``, ``high``, each (N,); NaN where there is no population.
    """
    population = fit_population(np.column_stack([successes, trials - successes]))
    if population is None:
        return None, {name: np.full(len(trials), np.nan) for name in ("estimate", "low", "high")}
    a, b = successes + population.alpha[0], trials - successes + population.alpha[1]
    low, high = (beta.ppf((1 + sign * confidence) / 2, a, b) for sign in (-1, 1))
    return population, {"estimate": a / (a + b), "low": low, "high": high}
