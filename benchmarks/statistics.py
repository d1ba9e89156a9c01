"""Calibrate the statistics of second rounds: ``python -m benchmarks.statistics``, or ``make bench-statistics``.

Simulated second rounds with a known effect, or none, are analysed as real ones are: how often do 95 % intervals hold
the truth, how often does each test reject at 5 %? Beside what the project uses stand the usual ways that it does not
use. About twenty minutes on one core.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from tqdm import tqdm

from bam_pipelines.analysis.crossed_counts import CrossedCounts
from bam_pipelines.analysis.mixed_effects import source_odds
from bam_pipelines.analysis.pair_groups import group_test
from bam_pipelines.analysis.pair_intervals import crossed_interval, matched_terms
from bam_pipelines.analysis.pair_measures import NET, SCORES, ratio
from bam_pipelines.analysis.pair_randomisation import direction_test, source_test
from bam_pipelines.analysis.pair_tests import CUSTOMISED, PRIMARY, describe_source
from bam_pipelines.analysis.simulated_rounds import Answering, RoundDesign, simulated_round
from bam_pipelines.compute.seeds import numpy_generator

RESULT = Path(__file__).parent / "results" / "statistics.json"
SIMULATIONS, PERMUTATIONS, BOOTSTRAPS, SEED = 300, 199, 999, 0
FITS = 60  # of these the mixed-effects model is fitted to, which takes longest
EFFECT = 0.06
# 180 stimuli a pair, over two or three sources
DESIGNS = {
    "18 pairs in 6 triads": RoundDesign(6, 3, 45, 1),
    "60 disjoint pairs": RoundDesign(60, 2, 45, 1),
    "18 pairs in 6 triads, three sources": RoundDesign(6, 3, 30, 1),
}


Share = dict[str, float | int]


@dataclass(frozen=True)
class Scenario:
    """What is true of people and stimuli.

    Parameters
    ----------
    answering
        How pairs answer; the sources' net directed success is set by the effect.
    customised_success
        Success of customised stimuli, where it is another.
    kept
        Share of stimuli that were made: customised for either direction, swapped for either.
    """

    answering: Answering
    customised_success: float | None = None
    kept: tuple[float, float, float, float] | None = None


def _people(**spreads: float) -> Answering:
    return Answering({}, **spreads)


SCENARIOS = {
    "all alike": Scenario(_people()),
    "people lean to digits": Scenario(_people(lean_sd=0.05)),
    "people lean, more customised images are ambiguous": Scenario(_people(lean_sd=0.05), customised_success=0.35),
    "people lean, images missing unevenly": Scenario(_people(lean_sd=0.05), kept=(0.9, 0.5, 0.6, 0.9)),
    "models fit some people better, by chance or merit": Scenario(_people(people_sd=0.04)),
    "models fit some people and digits better": Scenario(_people(people_sd=0.03, digits_sd=0.03)),
}

WITH_EFFECT = ("people lean to digits", *list(SCENARIOS)[-2:])


def simulate(design: RoundDesign, scenario: Scenario, effect: float, n_sources: int, key: int) -> CrossedCounts:
    """Draw one second round."""
    generator = numpy_generator(SEED, "benchmarks/statistics", key)
    net = {CUSTOMISED: effect, PRIMARY: 0.0, "bias_only": 0.0}
    answering = replace(scenario.answering, net=dict(list(net.items())[:n_sources]))
    drawn = simulated_round(design, answering, generator)
    counts = drawn.counts.copy()
    if scenario.customised_success is not None:
        more = replace(answering, success=scenario.customised_success, bias=answering.bias - 0.1)
        counts[0] = simulated_round(design, more, generator).counts[0]
    if scenario.kept is not None:
        shares = np.array(scenario.kept).reshape(2, 1, 1, 1, 2, 1)
        counts[:2] = generator.binomial(counts[:2], shares)
    return replace(drawn, counts=counts)


def pigeonhole(numerator: np.ndarray, denominator: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
    """Resample groups and digit pairs at once."""
    groups, digits = (generator.multinomial(n, np.full(n, 1 / n), size=BOOTSTRAPS) for n in numerator.shape)
    sums = [((groups @ table) * digits).sum(axis=1) for table in (numerator, denominator)]
    return _percentiles(ratio(*sums))


def group_bootstrap(values: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
    """Resample groups."""
    return _percentiles(values[generator.integers(len(values), size=(BOOTSTRAPS, len(values)))].mean(axis=1))


def _percentiles(samples: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(samples, [0.025, 0.975])
    return float(low), float(high)


def intervals(crossed: CrossedCounts, key: int) -> dict[str, tuple[float, float]]:
    """Return all 95 % intervals of N and of the difference."""
    generator = numpy_generator(SEED, "benchmarks/statistics/intervals", key)
    cells = crossed.of(CUSTOMISED).sum(axis=(2, 3))
    numerator, weight = matched_terms(*crossed.matched(CUSTOMISED, PRIMARY), SCORES[NET])
    parts = {
        "N": (crossed.by_group(cells @ SCORES[NET]), crossed.by_group(cells.sum(axis=-1))),
        "difference": (crossed.by_group(numerator.sum(axis=2)), crossed.by_group(weight.sum(axis=2))),
    }
    stimuli = describe_source(crossed.of(CUSTOMISED), 0.95)[NET]
    found = {"N, stimuli": (stimuli["low"], stimuli["high"])}
    for name, (above, below) in parts.items():
        both = crossed_interval(above, below)
        by_group = ratio(above.sum(axis=1), below.sum(axis=1))
        people = group_test(by_group, generator, 1)
        found |= {
            f"{name}, groups and digits": (both["low"], both["high"]),
            f"{name}, groups (t)": (people["low"], people["high"]),
            f"{name}, groups and digits resampled (not used)": pigeonhole(above, below, generator),
            f"{name}, groups resampled (not used)": group_bootstrap(by_group, generator),
        }
    return found


def p_values(crossed: CrossedCounts, key: int) -> dict[str, float]:
    """Return the p values of all tests of the difference, and of customised stimuli alone."""
    generator = numpy_generator(SEED, "benchmarks/statistics/tests", key)
    ours, theirs = crossed.matched(CUSTOMISED, PRIMARY)
    by_source = source_test(ours.reshape(-1, 4), theirs.reshape(-1, 4), generator, PERMUTATIONS)["measures"]
    within_pairs = source_test(ours.sum(axis=(1, 2)), theirs.sum(axis=(1, 2)), generator, PERMUTATIONS)["measures"]
    numerator, weight = (terms.sum(axis=(1, 2)) for terms in matched_terms(ours, theirs, SCORES[NET]))
    grouped = ratio(crossed.by_group(numerator), crossed.by_group(weight))
    return {
        "difference, source permuted": by_source[NET]["p"],
        "difference of success, source permuted": by_source["success"]["p"],
        "difference, source permuted within pairs (not used)": within_pairs[NET]["p"],
        "N, direction permuted": direction_test(crossed.of(CUSTOMISED).reshape(-1, 2, 4), generator, PERMUTATIONS)["p"],
        "difference, signs of groups": group_test(grouped, generator, PERMUTATIONS)["p"],
        "difference, signs of pairs (not used)": group_test(ratio(numerator, weight), generator, PERMUTATIONS)["p"],
    }


def odds_reject(crossed: CrossedCounts) -> bool:
    """Tell whether the mixed-effects interval of the odds ratio leaves 1 out."""
    found = source_odds(crossed.counts.sum(axis=(3, 4)), crossed.groups, crossed.sources, CUSTOMISED)
    odds = found["sources"][PRIMARY]
    return bool(odds["low"] > 0 or odds["high"] < 0)


def share(hits: list[bool]) -> Share:
    """Return a share with its 95 % interval (Wilson)."""
    ends = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return {"share": sum(hits) / len(hits), "low": float(ends.low), "high": float(ends.high), "n": len(hits)}


def one_cell(draw: Callable[[int], CrossedCounts], effect: float, simulations: int) -> dict[str, dict[str, Share]]:
    """Analyse simulated rounds: coverage of intervals, and how often each test rejects at 5 %."""
    covered: dict[str, list[bool]] = {}
    rejected: dict[str, list[bool]] = {}
    for key in range(simulations):
        crossed = draw(key)
        for name, (low, high) in intervals(crossed, key).items():
            covered.setdefault(name, []).append(low <= effect <= high)
        for name, p in p_values(crossed, key).items():
            rejected.setdefault(name, []).append(p <= 0.05)
        if key < FITS:
            rejected.setdefault("odds ratio, mixed effects", []).append(odds_reject(crossed))
    return {
        "covered": {name: share(hits) for name, hits in covered.items()},
        "rejected": {name: share(hits) for name, hits in rejected.items()},
    }


def cells() -> Mapping[str, tuple[RoundDesign, Scenario, float, int]]:
    """Name every cell: design, scenario, effect."""
    found = {}
    for design_name, design in DESIGNS.items():
        three = "three" in design_name
        for scenario_name, scenario in SCENARIOS.items():
            for effect in (0.0, EFFECT):
                if (three and scenario_name != "people lean to digits") or (
                    effect and scenario_name not in WITH_EFFECT
                ):
                    continue
                name = f"{design_name}; {scenario_name}; N {effect:g} and 0"
                found[name] = (design, scenario, effect, 3 if three else 2)
    return found


def main() -> None:
    """Simulate every cell, print and store."""
    begun = time.perf_counter()
    found = {
        name: one_cell(partial(simulate, design, scenario, effect, n), effect, SIMULATIONS)
        for name, (design, scenario, effect, n) in tqdm(cells().items())
    }
    settings = {"simulations": SIMULATIONS, "permutations": PERMUTATIONS, "bootstraps": BOOTSTRAPS, "fits": FITS}
    results = {**settings, "seconds": time.perf_counter() - begun, "cells": found}
    RESULT.write_text(json.dumps(results, indent=1) + "\n")
    for name, parts in found.items():
        print(name)
        for part, shares in parts.items():
            for what, value in shares.items():
                print(f"  {part:9} {value['share']:.3f} [{value['low']:.3f}, {value['high']:.3f}]  {what}")


if __name__ == "__main__":
    main()
