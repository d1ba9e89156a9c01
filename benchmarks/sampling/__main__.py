"""Compare the samplers: ``python -m benchmarks.sampling``, or ``make bench-sampling``.

It takes the networks of the newest run in ``data``, trains five bystanders, and lets the arms of each task sample in
turns. Repeats are kept under ``data/.bench``: called again, it goes on where it was. Nothing else should run meanwhile.
"""

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bam_pipelines.analysis.stimulus_measures import Witnesses
from bam_pipelines.compute.device import resolve_compute
from bam_pipelines.compute.shards import Arrays
from bam_pipelines.guidance.fast import FastSettings
from bam_pipelines.guidance.warm_start import table_digits
from benchmarks.sampling.arms import Arm, Task, arms, tasks
from benchmarks.sampling.costs import cost_of_image
from benchmarks.sampling.networks import bystanders, guides_of, load_run, two_people, witnesses
from benchmarks.sampling.pictures import picture_grid
from benchmarks.sampling.repeats import Repeat, run_repeat
from benchmarks.sampling.summary import (
    acceptance_by_pair,
    accepted_per_second,
    measure_arm,
    ratio_with_interval,
    real_digits,
    stimuli_of,
)
from benchmarks.sampling.table import markdown_table

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks" / "results"
WANTED = 270
MOST_REPEATS = 6
LEAST_REPEATS = 3


def main() -> None:
    """Sample what is missing, measure, print, store."""
    torch.set_num_threads(1)
    run, parameters = load_run(PROJECT)
    folder = PROJECT / "data" / ".bench"
    beside = bystanders(run, parameters, folder)
    bfloat16 = resolve_compute(parameters["compute"]).bfloat16
    chosen = tasks(two_people(run), parameters["manipulation"]["margins"][0])
    seen_by = witnesses(run, beside)
    results: dict[str, Any] = {"machine": _machine(bfloat16), "real_digits": real_digits(seen_by)}
    grids: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    by_task: dict[str, Any] = {}
    for task in chosen:
        stage = "manipulation" if task.kind == "individual" else "sampling"
        listed = arms(task, FastSettings(**parameters[stage]["fast"]), table_digits(run["mnist_train"]), bfloat16)
        repeats = _in_turns(listed, run, folder)
        by_task[task.key] = _summary(task, listed, repeats, seen_by, run)
        for arm in listed:
            pixels, targets, _ = stimuli_of(repeats[arm.name])
            grids[arm.key] = pixels, targets
    results |= _by_kind(by_task)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "sampling.json").write_text(json.dumps(results, indent=1) + "\n")
    table = markdown_table(results)
    (RESULTS / "sampling.md").write_text(table)
    picture_grid(grids, RESULTS / "sampling.png")
    print(table)


def _machine(bfloat16: bool) -> dict[str, object]:
    capability = torch.backends.cpu.get_cpu_capability()
    return {"processor": platform.processor() or platform.machine(), "capability": capability, "bfloat16": bfloat16}


def _in_turns(listed: Sequence[Arm], run: dict[str, Any], folder: Path) -> dict[str, list[Arrays]]:
    """Let the arms sample in turns until each has enough stimuli or has spent its repeats."""
    guides = guides_of(listed[0].task, run)
    repeats: dict[str, list[Arrays]] = {arm.name: [] for arm in listed}
    for number in range(MOST_REPEATS):
        accepted = [sum(int(one["accepted"].sum()) for one in done) for done in repeats.values()]
        if number >= LEAST_REPEATS and min(accepted) >= WANTED:
            break
        for arm in listed:
            repeats[arm.name].append(run_repeat(arm, guides, folder, Repeat(number)))
    return repeats


def _summary(
    task: Task,
    listed: Sequence[Arm],
    repeats: dict[str, list[Arrays]],
    seen_by: Witnesses,
    run: dict[str, Any],
) -> dict[str, Any]:
    guides = guides_of(task, run)
    summary: dict[str, Any] = {}
    for arm in listed:
        done = repeats[arm.name]
        numbers = measure_arm(done, task.rule.strategy, seen_by)
        cost = cost_of_image(arm, guides)
        rate = numbers["acceptance"]["value"]
        summary[arm.name] = {
            **numbers,
            "accepted_per_second": accepted_per_second(done),
            "per_accepted": {name: value / rate if rate else None for name, value in cost.items()},
            "acceptance_by_pair": acceptance_by_pair(done),
            "repeats": len(done),
        }
    slow = [name for name in ("paper", "paper_faithful") if name in repeats]
    quickest = max(slow, key=lambda name: accepted_per_second(repeats[name]))
    ratio = ratio_with_interval(repeats[quickest], repeats["fast"])
    return {"accepted_per_second_ratio": ratio, "compared_with": quickest, "arms": summary}


def _by_kind(by_task: dict[str, Any]) -> dict[str, Any]:
    """Bring tasks together by kind; the headline of a kind is its smallest ratio."""
    kinds: dict[str, Any] = {}
    for key, summary in by_task.items():
        kinds.setdefault(key.split("-")[0], {})[key.split("-", 1)[1]] = summary
    results = {}
    for kind, each in kinds.items():
        smallest = min(each, key=lambda name: each[name]["accepted_per_second_ratio"]["value"])
        arms_of = [summary["arms"] for summary in each.values()]
        measures = {
            name: {arm: _mean([one[arm][name] for one in arms_of]) for arm in ("paper", "fast")}
            for name, value in arms_of[0]["fast"].items()
            if isinstance(value, dict) and "value" in value
        }
        ratio = each[smallest]["accepted_per_second_ratio"]
        results[kind] = {"accepted_per_second_ratio": ratio, "smallest": smallest, **measures, "classifiers": each}
    return results


def _mean(numbers: Sequence[dict[str, float]]) -> float:
    return float(np.mean([number["value"] for number in numbers]))


if __name__ == "__main__":
    main()
