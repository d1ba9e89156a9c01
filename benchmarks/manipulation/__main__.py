"""Measure how customised stimuli part people: ``python -m benchmarks.manipulation``, or ``make bench-manipulation``.

It takes the networks of the newest run in ``data``, and the stimuli and GroupNets of ``make bench-alignment``, which it
makes if they are not there. Candidates are kept under ``data/.bench/manipulation``; called again, it goes on from them.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from bam_pipelines.analysis.pair_tests import DIRECTED
from bam_pipelines.analysis.pairs import pair_outcomes
from bam_pipelines.behavior.observers import as_observer
from bam_pipelines.behavior.rounds import second_round
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.compute.workers import open_workers, resolve_workers
from bam_pipelines.images.table import table_images
from benchmarks.alignment.population import Population, bench_population, bench_stimuli
from benchmarks.manipulation.choice import KNOWN, best_of_cells, with_truth
from benchmarks.manipulation.measures import balanced, describe, estimate, same_digit_pairs
from benchmarks.manipulation.picture import draw_results
from benchmarks.manipulation.pools import PAIRING_SEED, Pools, sample_pools, timed_sampling
from benchmarks.sampling.networks import load_run

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks" / "results"
# unordered digit pairs a pair of people, and controls
POPULATIONS: dict[str, tuple[int, list[str]]] = {
    "varied": (3, ["swapped", "bias_only", "group", "none"]),
    "identical": (2, ["swapped"]),
    "doubled": (1, []),
}
STEPS = 6


def main() -> None:
    """Sample what is missing, let simulated people answer, measure, store."""
    torch.set_num_threads(2)
    run, parameters = load_run(PROJECT)
    with open_workers(resolve_workers(parameters["compute"])):
        _measure_all(run, parameters)


def _measure_all(run: dict[str, Any], parameters: dict[str, Any]) -> None:
    bench = PROJECT / "data" / ".bench"
    stimuli = bench_stimuli(run, parameters, bench / "alignment")
    results: dict[str, Any] = {"populations": {}}
    for name, (digit_pairs, controls) in POPULATIONS.items():
        population = bench_population(name, stimuli, run, parameters)
        folders = bench / "alignment", bench / "manipulation"
        pools = sample_pools(population, run, parameters, digit_pairs, controls, folders)
        results["populations"][name] = measure(pools, population, run, parameters)
        if name == "varied":
            _keep_candidates(pools.stimuli, bench / "manipulation" / "candidates.parquet")
            results["sampling_time"] = timed_sampling(pools, run, parameters)
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "manipulation.json").write_text(json.dumps(results | _headline(results), indent=1) + "\n")
    draw_results(results["populations"]).savefig(RESULTS / "manipulation.png", dpi=100)
    print(json.dumps(_headline(results), indent=1))


def _keep_candidates(stimuli: pd.DataFrame, path: Path) -> None:
    """Keep accepted customised candidates for ``make bench-loop``."""
    if not path.exists():
        kept = stimuli[(stimuli["source"] == "individual") & stimuli["accepted"]]
        kept.drop(columns="accepted").reset_index(drop=True).to_parquet(path)


def measure(pools: Pools, population: Population, run: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Choose from the candidates as the stage does, and by the truth; let both members of each pair answer."""
    observer = as_observer(run["observer_network"].network)
    known = with_truth(pools.stimuli, pools.pairs, population.participants, observer)
    pairs = pools.pairs["pair_id"].tolist()
    # biases part two people in one direction only, and models of identical people hardly at all: what came nearest
    nearest = (known["source"] == "bias_only") | (population.name == "identical")
    asked = known[known["accepted"] | nearest]
    chosen = best_of_cells(asked, "predicted")
    answered = _answers(chosen, pools, population, run, parameters)
    by_source = {name: table for name, table in answered.groupby("source")}
    even = by_source | {"individual": balanced(by_source["individual"])}
    pool = known[known["source"] == "individual"]
    return {
        "stimuli": chosen.groupby("source").size().to_dict(),
        "asked": {name: _asked(known, name) for name in DIRECTED if name in by_source},
        "answers": describe(even, "net", pairs),
        "answers_of_all": describe(by_source, "net", pairs),
        "probabilities": describe(even, "true", pairs),
        "probabilities_of_all": describe(by_source, "true", pairs),
        "success": describe(by_source, "success", pairs),
        "targeted_ratio": {
            name: estimate([table.assign(one=1.0)[table["success"] == 1]], "targeted", pairs, "mean")
            for name, table in by_source.items()
        },
        "oracle_share": _oracle_shares(pool, pairs),
        "by_predicted": _by_predicted(pool, pairs),
        "bias": _by_bias(known, by_source, pairs),
        "naturalness": _naturalness(chosen, run, pairs),
    }


def _answers(
    chosen: pd.DataFrame, pools: Pools, population: Population, run: dict[str, Any], parameters: dict[str, Any]
) -> pd.DataFrame:
    settings = behavior_settings(parameters["behavior"])
    observer = as_observer(run["observer_network"].network)
    stimuli = chosen.drop(columns=["accepted", *KNOWN])
    shown = second_round(
        stimuli, pools.pairs, run["mnist_test"], observer, population.participants, settings, PAIRING_SEED
    )
    outcomes = pair_outcomes(shown.trials, shown.stimuli, pools.pairs)
    targeted, opposite = (outcomes["direction"] == way for way in ("targeted", "opposite"))
    found = outcomes[["stimulus_id"]].assign(
        net=targeted.astype(float) - opposite, targeted=targeted.astype(float), success=(targeted | opposite) * 1.0
    )
    return chosen.merge(found, on="stimulus_id", validate="one_to_one")


def _asked(known: pd.DataFrame, source: str) -> dict[str, int]:
    table = known[known["source"] == source]
    cells = ["pair_id", "target_1", "target_2"]
    return {
        "candidates": len(table),
        "accepted": int(table["accepted"].sum()),
        "cells": len(table.drop_duplicates(cells)),
        "filled_cells": len(table[table["accepted"]].drop_duplicates(cells)),
    }


def _oracle_shares(pool: pd.DataFrame, pairs: list[str]) -> dict[str, Any]:
    """Compare what the models choose with what the truth does: of accepted candidates, and of all in every cell."""
    shares = {}
    for name, candidates in (("accepted", pool[pool["accepted"]]), ("all_candidates", pool)):
        ours, oracle = best_of_cells(candidates, "predicted"), best_of_cells(candidates, "true")
        shares[name] = {
            "ours": estimate([ours], "true", pairs, "mean"),
            "oracle": estimate([oracle], "true", pairs, "mean"),
            "share": estimate([ours, oracle], "true", pairs, "ratio"),
        }
    return shares


def _by_predicted(pool: pd.DataFrame, pairs: list[str]) -> list[dict[str, Any]]:
    """Return N in steps of what the individual models predict, over all candidates."""
    steps = pd.qcut(pool["predicted"], STEPS, duplicates="drop")
    return [
        {"predicted": float(part["predicted"].mean()), "true": estimate([part], "true", pairs, "mean")}
        for _, part in pool.groupby(steps, observed=True)
    ]


def _by_bias(known: pd.DataFrame, answered: dict[str, pd.DataFrame], pairs: list[str]) -> dict[str, Any]:
    """Return N of customised stimuli in the direction in which biases alone part the two, and against it."""
    if "bias_only" not in answered:
        return {}
    able = known[(known["source"] == "bias_only") & known["accepted"]]
    cells = set(zip(able["pair_id"], able["target_1"], able["target_2"], strict=True))
    against = {(pair, second, first) for pair, first, second in cells}
    found = {}
    for source in ("individual", "bias_only"):
        table = answered[source]
        own = list(zip(table["pair_id"], table["target_1"], table["target_2"], strict=True))
        for way, chosen in (("along", cells), ("against", against)):
            rows = table[[cell in chosen for cell in own]]
            found[f"{source}_{way}"] = {
                "answers": estimate([rows], "net", pairs, "mean"),
                "probabilities": estimate([rows], "true", pairs, "mean"),
            }
    return found


def _naturalness(chosen: pd.DataFrame, run: dict[str, Any], pairs: list[str]) -> dict[str, Any]:
    """Return the share of stimuli that a judge with no part in sampling takes for digits, by source."""
    judge = run["independent_judge"].network
    with torch.no_grad():
        scores = torch.cat([judge(batch)[:, 0] for batch in table_images(chosen).split(500)]).numpy()
    judged = chosen.assign(natural=(scores > 0.5) * 1.0, score=scores)
    tables = {name: table for name, table in judged.groupby("source")}
    ours = tables["individual"]
    found: dict[str, Any] = {}
    for name, table in tables.items():
        found[name] = {column: estimate([table], column, pairs, "mean") for column in ("natural", "score")}
        if name != "individual":
            both = [ours, same_digit_pairs(ours, table)]
            found[name]["customised_less_this"] = {
                column: estimate(both, column, pairs, "difference") for column in ("natural", "score")
            }
    return found


def _loop() -> dict[str, Any] | None:
    """Return what ``make bench-loop`` stored of the trials that EPIG needs."""
    path = RESULTS / "loop.json"
    if not path.exists():
        return None
    observers = json.loads(path.read_text())["observers"]
    return {
        name: {kind: found[kind]["arms"]["epig"]["trials_to_random"] for kind in ("expected", "drawn")}
        for name, found in observers.items()
    }


def _headline(results: dict[str, Any]) -> dict[str, Any]:
    found = results["populations"]["varied"]
    null = results["populations"].get("identical", {})
    return {
        "net_directed_success": found["answers"]["net_directed_success"],
        "difference": {name: found["answers"]["difference"].get(name) for name in ("swapped", "bias_only")},
        "oracle_share": found["oracle_share"]["accepted"]["share"],
        "null_population": null.get("answers_of_all", {}).get("net_directed_success", {}).get("individual"),
        "targeted_ratio": found["targeted_ratio"]["individual"],
        "trials_to_match_random_400": _loop(),
    }


if __name__ == "__main__":
    main()
