"""Counts of second rounds with a known effect, drawn without images or models: for calibration and power."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from bam_pipelines.analysis.crossed_counts import NO_MARGIN, CrossedCounts


@dataclass(frozen=True)
class RoundDesign:
    """Who sees what.

    Parameters
    ----------
    groups, group_size
        Number of groups, and of people in each, all of them paired: 3 makes three pairs, 2 one.
    digit_pairs
        Unordered digit pairs.
    each
        Stimuli of each source, digit pair and direction that a pair sees.
    """

    groups: int
    group_size: int
    digit_pairs: int
    each: int

    @property
    def members(self) -> np.ndarray:
        """The two people of each pair, int (P, 2)."""
        pairs = list(combinations(range(self.group_size), 2))
        return np.array(
            [(g * self.group_size + a, g * self.group_size + b) for g in range(self.groups) for a, b in pairs]
        )


@dataclass(frozen=True)
class Answering:
    """How pairs answer.

    Parameters
    ----------
    net
        Source to its net directed success in the mean over people.
    success, bias
        Shares of both among all answers, together at most 1.
    people_sd
        Standard deviation of what a person adds to a source's net directed success, in all of their pairs: how far the
        models of a person fit, by merit or by chance.
    digits_sd
        The same for digit pairs, over all pairs of people.
    lean_sd
        Standard deviation of a person's lean towards one digit of a digit pair, whatever the stimuli were made for.
    """

    net: Mapping[str, float]
    success: float = 0.25
    bias: float = 0.45
    people_sd: float = 0.0
    digits_sd: float = 0.0
    lean_sd: float = 0.0


def net_before_cutting(net: float, success: float, spread: float) -> float:
    """Return the mean that a pair's N must have before it is cut off at success, for its mean after that to be ``net``.

    Parameters
    ----------
    net
        Above −success and below success.
    success
        Where N is cut off, on both sides, above 0.
    spread
        Standard deviation of N between pairs before, at least 0.

    Returns
    -------
    float
        Of a normal distribution.
    """
    if spread == 0:
        return net

    def missed(mean: float) -> float:
        low, high = (-success - mean) / spread, (success - mean) / spread
        inside = mean * (norm.cdf(high) - norm.cdf(low)) + spread * (norm.pdf(low) - norm.pdf(high))
        return float(inside - success * norm.cdf(low) + success * norm.sf(high) - net)

    reach = success + 40 * spread
    return float(brentq(missed, -reach, reach))


def simulated_round(design: RoundDesign, answering: Answering, generator: np.random.Generator) -> CrossedCounts:
    """Draw the counts of a second round.

    A stimulus is targeted with probability (success + N ± lean) / 2, where the lean counts against one direction what
    it counts for the other, and is cut off where that would leave 0 to success.

    Parameters
    ----------
    design, answering
        Who sees what, and how they answer.
    generator
        Of people and of answers.
    """
    sources = tuple(answering.net)
    members, n_people = design.members, design.groups * design.group_size
    shape = len(sources), len(members), design.digit_pairs
    people = generator.normal(0, answering.people_sd, (len(sources), n_people))
    digits = generator.normal(0, answering.digits_sd, (len(sources), design.digit_pairs))
    leans = generator.normal(0, answering.lean_sd, (n_people, design.digit_pairs))
    net = np.array(list(answering.net.values()))[:, None, None] + people[:, members].sum(axis=2)[..., None]
    net = np.broadcast_to(net + digits[:, None], shape)
    lean = leans[members[:, 0]] - leans[members[:, 1]]
    turned = net[..., None] + lean[None, ..., None] * np.array([1, -1])  # by direction
    turned = np.clip(turned, -answering.success, answering.success)
    rest = np.broadcast_to([answering.bias, 1 - answering.success - answering.bias], (*turned.shape, 2))
    ends = [(answering.success + sign * turned) / 2 for sign in (1, -1)]
    drawn = generator.multinomial(design.each, np.concatenate([np.stack(ends, axis=-1), rest], axis=-1))
    return CrossedCounts(
        sources,
        tuple(f"p{place:04d}" for place in range(len(members))),
        tuple((place, place + 1) for place in range(design.digit_pairs)),  # names only; every pair is its own
        (NO_MARGIN,),
        np.repeat(np.arange(design.groups), len(members) // design.groups),
        drawn[:, :, :, None],
    )
