"""How many people and stimuli a second round needs to find an effect of a given size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Ge, Interval, Len, MultipleOf
from scipy.stats import norm

from bam_pipelines.analysis.crossed_counts import CrossedCounts, crossed_counts
from bam_pipelines.analysis.pair_groups import MOST_EXACT, sign_patterns
from bam_pipelines.analysis.pair_intervals import matched_terms
from bam_pipelines.analysis.pair_measures import NET, SCORES, measure, ratio
from bam_pipelines.analysis.pair_tests import CUSTOMISED, PRIMARY
from bam_pipelines.analysis.simulated_rounds import Answering, RoundDesign, net_before_cutting, simulated_round
from bam_pipelines.compute.checked import CheckedSettings, Count, NotNegative, read_settings
from bam_pipelines.compute.seeds import numpy_generator

LEVEL = 0.05
TESTS = ("randomisation", "groups")
TABLE_COLUMNS = ["effect", "test", "groups", "pairs", "images", "simulations", "power", "error"]


@dataclass(frozen=True)
class PowerSettings(CheckedSettings):
    """What is asked.

    Parameters
    ----------
    effects
        Differences in net directed success, customised less swapped, above 0.
    groups
        Numbers of groups of people, ascending.
    group_size
        People in a group, all of them paired, at least 2.
    images
        Stimuli that a pair sees, half of them customised and half of a swapped pair; multiples of 4.
    digit_pairs
        Unordered digit pairs at most.
    simulations
        Simulated rounds of the most groups; there are more of fewer groups.
    permutations
        Sign patterns with more than 14 groups.
    wanted
        Power to reach, 0 to 1.
    assumed_success, assumed_spread
        Success, and standard deviation of pairs' net directed success, before any answer was seen.
    worth_stimuli, worth_pairs
        Number of stimuli and pairs that these assumptions are worth beside what was measured.
    """

    effects: Annotated[Sequence[Annotated[float, Interval(gt=0, lt=1)]], Len(1)]
    groups: Annotated[Sequence[Annotated[int, Ge(2)]], Len(1)]
    group_size: Annotated[int, Ge(2)]
    images: Annotated[Sequence[Annotated[Count, MultipleOf(4)]], Len(1)]
    digit_pairs: Count
    simulations: Annotated[int, Ge(10)]
    permutations: Annotated[int, Ge(99)]
    wanted: Annotated[float, Interval(gt=0, lt=1)]
    assumed_success: Annotated[float, Interval(gt=0, lt=1)]
    assumed_spread: NotNegative
    worth_stimuli: Count
    worth_pairs: Count


def power_settings(parameters: Mapping[str, Any]) -> PowerSettings:
    """Read ``params:power``; a SettingsError names everything that is wrong."""
    return read_settings(PowerSettings, "power", parameters)


def measured_answering(outcomes: pd.DataFrame, settings: PowerSettings) -> dict[str, Any]:
    """Measure success and the spread of pairs on customised stimuli, pulled towards what is assumed.

    Parameters
    ----------
    outcomes
        Pair table; without customised stimuli only what is assumed is left.
    settings
        What is assumed, and how much that is worth.

    Returns
    -------
    dict
        ``stimuli`` and ``pairs`` measured; ``success``, ``net_directed_success`` and ``spread`` (standard deviation of
        the pairs' net directed success beyond what their numbers of stimuli explain) as measured, None with too few
        for it; ``expected_success`` and ``expected_spread`` after pulling.
    """
    crossed = crossed_counts(outcomes)
    shown = crossed.of(CUSTOMISED) if CUSTOMISED in crossed.sources else np.zeros((0, 1, 1, 2, 4), dtype=np.int64)
    counts = shown.sum(axis=(1, 2, 3))
    counts = counts[counts.sum(axis=1) > 0]
    n, pairs = counts.sum(axis=1), len(counts)
    stimuli = int(n.sum())
    found = measure(counts.sum(axis=0))
    success, net = (float(found[name]) if stimuli else None for name in ("success", NET))
    variance = None
    if pairs > 1 and success is not None and net is not None:
        noise = float(((success - net**2) / n).mean())
        variance = max(float(measure(counts)[NET].var(ddof=1)) - noise, 0.0)
    freedom = pairs - 1 if variance is not None else 0
    pulled = settings.worth_pairs * settings.assumed_spread**2 + freedom * (variance or 0.0)
    expected = settings.worth_stimuli * settings.assumed_success + stimuli * (success or 0.0)
    return {
        "stimuli": stimuli,
        "pairs": pairs,
        "success": success,
        "net_directed_success": net,
        "spread": None if variance is None else variance**0.5,
        "expected_success": expected / (settings.worth_stimuli + stimuli),
        "expected_spread": (pulled / (settings.worth_pairs + freedom)) ** 0.5,
    }


def power_table(measured: Mapping[str, Any], settings: PowerSettings, seed: int) -> pd.DataFrame:
    """Simulate second rounds of every size, and count how often each test finds the effect at 5 %.

    Parameters
    ----------
    measured
        From :func:`measured_answering`. Success and spread are the same for both sources.
    settings
        What is asked.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        ``effect``; ``test``: randomisation of the source within pair and digit pair, a claim about these people, by the
        normal distribution that its permutations have; or signs of groups, a claim about people; ``groups``, ``pairs``,
        ``images`` a pair, ``simulations``, ``power`` and its Monte Carlo standard ``error``. No row of an effect that
        is not below the expected success, for net directed success cannot exceed success.
    """
    rows = []
    possible = [effect for effect in settings.effects if effect < measured["expected_success"]]
    for images in settings.images:
        design = _design(images, max(settings.groups) * settings.simulations, settings)
        for effect in possible:
            answering = _answering(measured, effect)
            drawn = simulated_round(design, answering, numpy_generator(seed, "power", images, effect))
            above, variance, difference = _by_group(drawn)
            sizes = {"effect": effect, "images": 4 * design.digit_pairs * design.each}
            for groups in settings.groups:
                n = len(above) // groups
                of_rounds = [part[: n * groups].reshape(n, groups) for part in (above, variance, difference)]
                found = _found(of_rounds[0], of_rounds[1], of_rounds[2], settings, seed)
                pairs = groups * len(design.members) // design.groups
                shown = sizes | {"groups": groups, "pairs": pairs, "simulations": n}
                rows += [{**shown, "test": test, **_share(hits)} for test, hits in zip(TESTS, found, strict=True)]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS).sort_values(
        ["effect", "test", "images", "groups"], ignore_index=True
    )


def _share(hits: np.ndarray) -> dict[str, float]:
    power = float(hits.mean())
    return {"power": power, "error": (power * (1 - power) / len(hits)) ** 0.5}


def _design(images: int, groups: int, settings: PowerSettings) -> RoundDesign:
    each = ceil(images / 4 / settings.digit_pairs)
    return RoundDesign(groups, settings.group_size, round(images / 4 / each), each)


def _answering(measured: Mapping[str, Any], effect: float) -> Answering:
    success, spread = measured["expected_success"], measured["expected_spread"]
    net = {CUSTOMISED: net_before_cutting(effect, success, spread), PRIMARY: 0.0}
    # a pair's spread is that of two people; what pairs answer instead of a success makes no difference here
    return Answering(net, success, (1 - success) / 2, spread / 2**0.5)


def _by_group(drawn: CrossedCounts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each group's sum of the randomisation test, its variance under permutation, and its difference of N."""
    ours, theirs = drawn.matched(CUSTOMISED, PRIMARY)
    numerator, weight = matched_terms(ours, theirs, SCORES[NET])
    pooled = ours + theirs
    n = pooled.sum(axis=-1)
    mean = ratio(pooled @ SCORES[NET], n)
    spread = pooled @ SCORES[NET] ** 2 - n * mean**2  # sum of squares around the stratum's mean
    variance = weight * ratio(spread, n - 1)
    summed = [drawn.by_group(part.sum(axis=(1, 2))) for part in (numerator, variance, weight)]
    return summed[0], summed[1], ratio(summed[0], summed[2])


def _found(
    above: np.ndarray, variance: np.ndarray, difference: np.ndarray, settings: PowerSettings, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tell whether each test finds the effect in each round, (rounds, groups) to (rounds,)."""
    z = ratio(above.sum(axis=1), np.sqrt(variance.sum(axis=1)))
    groups = difference.shape[1]
    signs = sign_patterns(groups, settings.permutations, numpy_generator(seed, "power/signs", groups))
    extreme = (np.abs(difference @ signs.T) >= np.abs(difference.sum(axis=1, keepdims=True)) - 1e-9).sum(axis=1)
    p = extreme / len(signs) if groups <= MOST_EXACT else (1 + extreme) / (1 + len(signs))
    return np.abs(z) >= norm.ppf(1 - LEVEL / 2), p <= LEVEL


def power_summary(table: pd.DataFrame, measured: Mapping[str, Any], settings: PowerSettings) -> dict[str, Any]:
    """Name the smallest second round that reaches the wanted power.

    Parameters
    ----------
    table
        From :func:`power_table`.
    measured
        From :func:`measured_answering`.
    settings
        What was asked.

    Returns
    -------
    dict
        ``measured``; ``wanted``; ``smallest``: effect to test to ``groups``, ``pairs``, ``images``, ``power`` and
        ``error`` of the round with the fewest answers in all, None where none of the grid reaches it.
    """
    reached = table[table["power"] >= settings.wanted]
    reached = reached.assign(answers=reached["pairs"] * reached["images"]).sort_values(["answers", "groups"])
    smallest: dict[str, dict[str, Any]] = {}
    for effect in sorted(settings.effects):
        of_effect = reached[reached["effect"] == effect]
        smallest[f"{effect:g}"] = {test: _sizes(of_effect[of_effect["test"] == test]) for test in sorted(TESTS)}
    return {"measured": dict(measured), "wanted": settings.wanted, "smallest": smallest}


def _sizes(rows: pd.DataFrame) -> dict[str, float] | None:
    if rows.empty:
        return None
    first = rows.iloc[0]
    sizes = {name: int(first[name]) for name in ("groups", "pairs", "images")}
    return sizes | {name: float(first[name]) for name in ("power", "error")}
