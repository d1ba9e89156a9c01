"""Compare how the next stimuli are chosen: ``python -m benchmarks.loop``, or ``make bench-loop``.

It takes the networks of the newest run in ``data``, and stimuli and GroupNet of ``make bench-alignment``; candidates of
pairs if ``data/.bench/manipulation/candidates.parquet`` has them.
"""

import argparse
import json
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from bam_pipelines.adaptive.settings import LoopSettings
from bam_pipelines.alignment.hierarchical import HierarchicalSettings
from bam_pipelines.images.table import labelled_images
from benchmarks.alignment.arms import group_network
from benchmarks.alignment.population import bench_population, bench_stimuli
from benchmarks.loop.people import Bench, Scene, bench_images, describe
from benchmarks.loop.picture import draw_results
from benchmarks.loop.rounds import learning_curves
from benchmarks.loop.summary import summarise
from benchmarks.sampling.networks import load_run

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks" / "results"
ARMS = ("random", "epig", "bald", "entropy")
OBSERVERS = ("simulator", "well_specified")
SEEDS = 5
TRIALS = 400


def main() -> None:
    """Run, print, store."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--project", type=Path, default=PROJECT, help="whose data are taken")
    options.add_argument("--results", type=Path, default=RESULTS, help="folder of loop.json and loop.png")
    options.add_argument("--seeds", type=int, nargs="+", default=list(range(SEEDS)))
    chosen = options.parse_args()
    torch.set_num_threads(1)
    began = time.perf_counter()
    bench, settings = prepare(chosen.project)
    trials = list(range(0, TRIALS + 1, settings.trials_per_round))
    results: dict[str, Any] = {}
    for observer in OBSERVERS:
        results[observer] = measure(bench, observer, settings, trials, chosen.seeds)
        found = {
            **describe(bench),
            "settings": settings.__dict__,
            "seeds": chosen.seeds,
            "trials": trials,
            "seconds": time.perf_counter() - began,
            "observers": results,
        }
        chosen.results.mkdir(exist_ok=True)
        (chosen.results / "loop.json").write_text(json.dumps(found, indent=1) + "\n")
        print(
            observer,
            json.dumps({arm: one["trials_to_random"] for arm, one in results[observer]["expected"]["arms"].items()}),
        )
    draw_results(results, trials).savefig(chosen.results / "loop.png", dpi=100)


def prepare(project: Path) -> tuple[Bench, LoopSettings]:
    """Read or make everything that all seeds share."""
    run, parameters = load_run(project)
    folder = project / "data" / ".bench"
    stimuli = bench_stimuli(run, parameters, folder / "alignment")
    population = bench_population("varied", stimuli, run, parameters)
    digits = labelled_images(run["mnist_train"])
    group = group_network(run["classifier_vgg"], population.data, digits, folder / "alignment" / "varied")
    people = population.participants["participant_id"].to_list()
    images = bench_images(stimuli, people, folder / "manipulation" / "candidates.parquet")
    settings = HierarchicalSettings(**parameters["alignment"]["hierarchical"])
    return Bench(population, images, group, run["observer_network"], settings), loop_settings()


def loop_settings() -> LoopSettings:
    """Read the defaults of the stage loop."""
    parameters = yaml.safe_load((PROJECT / "conf" / "base" / "loop" / "parameters.yml").read_text())["loop"]
    return LoopSettings(**{field.name: parameters[field.name] for field in fields(LoopSettings)})


def measure(bench: Bench, observer: str, settings: LoopSettings, trials: list[int], seeds: list[int]) -> dict[str, Any]:
    """Run all arms for one kind of people."""
    rounds = len(trials) - 1
    curves: dict[str, list[dict[str, np.ndarray]]] = {arm: [] for arm in ARMS}
    truth = []
    for seed in seeds:
        scene = bench.scene(observer, seed)
        truth.append(_true_loss(scene))
        for arm in ARMS:
            curves[arm].append(learning_curves(scene, replace(settings, acquisition=arm), rounds, seed))
    found: dict[str, Any] = {}
    for kind in ("expected", "drawn"):
        stacked = {arm: np.stack([one[kind] for one in own], axis=1) for arm, own in curves.items()}
        found[kind] = {"arms": summarise(stacked, np.array(trials)), "truth": float(np.mean(truth))}
    found["best_score"] = {
        arm: np.mean([one["telling"] for one in own], axis=0).tolist() for arm, own in curves.items()
    }
    return found


def _true_loss(scene: Scene) -> float:
    """Return the mean log-loss, nats, of who knows the probabilities of answers."""
    held = [scene.chances[person, images].astype(np.float64) for person, images in enumerate(scene.held_out)]
    return float(np.mean([-(chances * np.log(chances)).sum(axis=1).mean() for chances in held]))


if __name__ == "__main__":
    main()
