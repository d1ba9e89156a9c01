"""Compare how the next stimuli are chosen: ``python -m benchmarks.loop``, or ``make bench-loop``.

It takes the networks of the newest run in ``data``, and stimuli and GroupNet of ``make bench-alignment``; candidates of
pairs if ``data/.bench/manipulation/candidates.parquet`` has them. Each seed's curves are kept under
``data/.bench/loop``: called again, it goes on where it was.
"""

import argparse
import json
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
import yaml

from bam_pipelines.adaptive.acquisition import Acquisition
from bam_pipelines.adaptive.settings import LoopSettings
from bam_pipelines.alignment.hierarchical import HierarchicalSettings
from bam_pipelines.compute.fingerprint import fingerprint
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
    bench, settings = prepare(chosen.project)
    trials = list(range(0, TRIALS + 1, settings.trials_per_round))
    kept = PROJECT / "data" / ".bench" / "loop"
    curves = {
        (observer, seed): seed_curves(bench, observer, seed, settings, len(trials) - 1, kept)
        for seed in chosen.seeds
        for observer in OBSERVERS
    }
    results = {
        observer: summarise_observer([curves[observer, seed] for seed in chosen.seeds], trials)
        for observer in OBSERVERS
    }
    found = {
        **describe(bench),
        "settings": settings.__dict__,
        "seeds": chosen.seeds,
        "trials": trials,
        "seconds": sum(float(own["seconds"]) for own in curves.values()),
        "observers": results,
    }
    chosen.results.mkdir(exist_ok=True)
    (chosen.results / "loop.json").write_text(json.dumps(found, indent=1) + "\n")
    draw_results(results, trials).savefig(chosen.results / "loop.png", dpi=100)
    for observer, own in results.items():
        print(observer, json.dumps(headline(own)))


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


def headline(found: dict[str, Any]) -> dict[str, Any]:
    """Return each way's trials to what random choice reaches with all."""
    return {arm: own["trials_to_random"] for arm, own in found["expected"]["arms"].items()}


def seed_curves(
    bench: Bench, observer: str, seed: int, settings: LoopSettings, rounds: int, folder: Path
) -> dict[str, np.ndarray]:
    """Run all arms for one kind of people and one seed, or read what was found before.

    Returns
    -------
    dict
        ``{kind}_{arm}`` of :func:`benchmarks.loop.rounds.learning_curves`, ``truth`` (log-loss of who knows the
        probabilities of answers, nats), ``seconds``.
    """
    images = bench.images
    what = fingerprint(settings, rounds, images.table["stimulus_id"].to_list(), images.pool, images.candidates)
    path = folder / f"{observer}_{seed}_{what}.npz"
    if not path.exists():
        began = time.perf_counter()
        scene = bench.scene(observer, seed)
        found: dict[str, Any] = {"truth": _true_loss(scene)}
        for arm in get_args(Acquisition):
            own = learning_curves(scene, replace(settings, acquisition=arm), rounds, seed)
            found |= {f"{kind}_{arm}": values for kind, values in own.items()}
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, **found, seconds=time.perf_counter() - began)
    with np.load(path) as kept:
        return dict(kept)


def summarise_observer(curves: list[dict[str, np.ndarray]], trials: list[int]) -> dict[str, Any]:
    """Summarise the seeds of one kind of people."""
    truth = float(np.mean([own["truth"] for own in curves]))
    found: dict[str, Any] = {}
    for kind in ("expected", "drawn"):
        stacked = {arm: np.stack([own[f"{kind}_{arm}"] for own in curves], axis=1) for arm in ARMS}
        found[kind] = {"arms": summarise(stacked, np.array(trials)), "truth": truth}
    found["best_score"] = {arm: np.mean([own[f"telling_{arm}"] for own in curves], axis=0).tolist() for arm in ARMS}
    return found


def _true_loss(scene: Scene) -> float:
    """Return the mean log-loss, nats, of who knows the probabilities of answers."""
    held = [scene.chances[person, images].astype(np.float64) for person, images in enumerate(scene.held_out)]
    return float(np.mean([-(chances * np.log(chances)).sum(axis=1).mean() for chances in held]))


if __name__ == "__main__":
    main()
