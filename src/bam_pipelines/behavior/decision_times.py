"""Response times of a drift diffusion between the answer that is given and its strongest rival."""

from functools import lru_cache

import numpy as np

from bam_pipelines.behavior.participant_settings import ResponseTimeSettings

# unit-free: boundaries at ±1, noise of variance t, drift 0 to 30 in steps of 0.1
_DRIFTS = np.arange(301) / 10
_TIMES = np.geomspace(1e-3, 15, 4000)
_EARLY = 0.4  # below, the series for small times converges faster
_TERMS = np.arange(12)


def draw_response_times(
    evidence: np.ndarray, answers: np.ndarray, settings: ResponseTimeSettings, draw: np.random.Generator
) -> np.ndarray:
    """Draw one participant's response times.

    Evidence wanders between two boundaries with a drift that is proportional to how far the answer's evidence lies from
    its strongest rival's. Of two answers the diffusion then chooses each with the probability that the softmax of
    the evidence gives it, so that answers and times come from one process; of more, only the strongest two race.

    Parameters
    ----------
    evidence
        (N, K), nats: class logits over the participant's temperature.
    answers
        int, (N,): the answer that was given.
    settings
        Times and their spread.
    draw
        The participant's generator.

    Returns
    -------
    numpy.ndarray
        Milliseconds from stimulus onset, (N,), above the non-decision time.

    References
    ----------
    R. Ratcliff, "A theory of memory retrieval", Psychological Review 85 (1978), 59. R. Bogacz et al., "The physics of
    optimal decision making", Psychological Review 113 (2006), 700: times and choices of the diffusion.
    """
    level = np.exp(draw.normal(0, settings.person_log_sd))
    unit_free = draw_passage_times(evidence_gaps(evidence, answers) / 2, draw)
    return np.asarray(level * (settings.non_decision_ms + settings.undecided_ms * unit_free))


def evidence_gaps(evidence: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return how far the answer's evidence lies from the best other class's, (N,), at least 0, nats."""
    rows = np.arange(len(answers))
    rivals = evidence.astype(np.float64, copy=True)
    rivals[rows, answers] = -np.inf
    return np.asarray(np.abs(evidence[rows, answers] - rivals.max(axis=1)))


def draw_passage_times(drifts: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Draw when a Wiener process of given drift first leaves (−1, 1), from 0.

    Parameters
    ----------
    drifts
        (N,), at least 0; rounded to a tenth, above 30 taken as 30.
    draw
        Source of randomness; one uniform number each.

    Returns
    -------
    numpy.ndarray
        (N,), above 0; the mean is tanh(δ) / δ, at drift 0 it is 1.
    """
    rows = np.minimum(np.rint(drifts * 10), len(_DRIFTS) - 1).astype(np.int64)
    uniform = draw.random(len(drifts))
    distributions = _distributions()
    times = np.empty(len(drifts))
    for row in np.unique(rows):
        chosen = rows == row
        times[chosen] = np.interp(uniform[chosen], distributions[row], _TIMES)
    return times


@lru_cache(maxsize=1)
def _distributions() -> np.ndarray:
    """Return the distribution functions of the passage time, (drifts, times).

    With drift δ the density is cosh(δ) exp(−δ² t / 2) times that without drift, of which there are two series.
    """
    odd, signs = 2 * _TERMS + 1, (-1.0) ** _TERMS
    early, late = _TIMES[_TIMES < _EARLY, None], _TIMES[_TIMES >= _EARLY, None]
    small = np.sqrt(2 / (np.pi * early[:, 0] ** 3)) * (signs * odd * np.exp(-(odd**2) / (2 * early))).sum(axis=1)
    large = np.pi / 2 * (signs * odd * np.exp(-(odd**2) * np.pi**2 * late / 8)).sum(axis=1)
    still = np.concatenate([small, large])
    exponent = np.logaddexp(_DRIFTS, -_DRIFTS)[:, None] - np.log(2) - _DRIFTS[:, None] ** 2 * _TIMES / 2
    density = np.exp(exponent) * still
    steps = (density[:, 1:] + density[:, :-1]) / 2 * np.diff(_TIMES)
    cumulative = np.concatenate([np.zeros((len(_DRIFTS), 1)), steps.cumsum(axis=1)], axis=1)
    return np.asarray(cumulative / cumulative[:, -1:])
