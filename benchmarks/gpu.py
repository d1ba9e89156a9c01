"""What a GPU adds: `python -m benchmarks.gpu` samples, trains, and lets a worker process choose the GPU.

Needs a GPU that torch sees; takes the networks in data/ and the bundled digits, some minutes. The results, among them
one thread of the same machine's processor for comparison, are stored in benchmarks/results/gpu.json.
"""

import json
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.seeds import derive_seed, numpy_generator
from bam_pipelines.compute.workers import Workers, open_workers
from bam_pipelines.guidance.acceptance import AcceptanceRule, assess
from bam_pipelines.guidance.cells import uncertainty_cells
from bam_pipelines.guidance.fast import FastSettings
from bam_pipelines.guidance.methods import FastMethod, Guides
from bam_pipelines.guidance.sampling import SamplingPlan, sample_stimuli
from bam_pipelines.images.digits import bundled_digits
from bam_pipelines.images.pixels import to_uint8, to_unit
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifier_training import train_classifiers
from bam_pipelines.networks.diffusion_training import DiffusionTraining, PriorTrainer
from bam_pipelines.networks.registry import read_network
from bam_pipelines.networks.training import TrainingSettings

PROJECT = Path(__file__).parents[1]
RESULTS = PROJECT / "benchmarks" / "results" / "gpu.json"
SHAPE = {"image_size": 28, "channels": 1, "n_classes": 10}
SETTINGS = FastSettings(start=0.6, steps=10, log_odds=7.0, step_limit=0.03, corrections=6, starts=7)
RULE = AcceptanceRule("uncertainty", 0.4, None, 0.5)
PAIRS = list(combinations(range(10), 2))
TRAININGS = {
    "vgg": TrainingSettings(6, 4000, 64, 1e-3, "cosine"),
    "vit": TrainingSettings(8, 4000, 32, 5e-4, "cosine"),
}
PRIOR_STEPS = 60
ARMS = (
    (Compute("cpu", "float32"), 45),
    *((Compute("cuda", precision), n) for precision in ("float32", "bfloat16") for n in (45, 1440)),
    (Compute("cuda", "bfloat16", compiled=True), 1440),
)


def main() -> None:
    """Measure, print, store after each part."""
    found: dict[str, Any] = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__}
    classifiers, found["training_seconds"] = trained()
    _store(found)
    found["prior_steps_per_second"] = {
        precision: prior_speed(Compute("cuda", precision)) for precision in ("float32", "bfloat16")
    }
    _store(found)
    found["worker"] = compared_with_worker(classifiers)
    _store(found)
    found["sampling"] = []
    for compute, n in ARMS:
        found["sampling"].append(sampling_speed(compute, n, classifiers["vgg"]))
        _store(found)


def _store(found: dict[str, Any]) -> None:
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found)[-400:], flush=True)


def trained() -> tuple[dict[str, TrainedNetwork], dict[str, float]]:
    """Train classifiers on 4,000 bundled digits with the default settings, each timed."""
    order = numpy_generator(0, "bench/gpu/split").permutation(5000)  # the digits lie class by class
    digits = bundled_digits().take(order)
    images, labels = to_unit(digits.pixels), torch.from_numpy(digits.labels).long()
    train, validation = (images[:4000], labels[:4000]), (images[4000:], labels[4000:])
    made, seconds = {}, {}
    for name, settings in TRAININGS.items():
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as working:
            tasks = {name: (NetworkSpecification(name, SHAPE), settings)}
            fits = train_classifiers(tasks, train, validation, Compute("cuda", "auto"), 0, Path(working))
        seconds[name] = time.perf_counter() - began
        made[name] = fits[name][0]
    return made, seconds


def prior_speed(compute: Compute) -> float:
    """Return optimiser steps a second of the prior's training, batches of 128."""
    settings = DiffusionTraining(PRIOR_STEPS, 128, 8e-4, 300, 0.999, 1.0, 1000)
    specification = committed("diffusion_prior").specification
    images = to_unit(bundled_digits().pixels)
    for steps in (5, PRIOR_STEPS):  # the first ones warm up
        trainer = PriorTrainer(specification, _with_steps(settings, steps), compute, 0)
        began = time.perf_counter()
        trainer.fit(images, None)
    return PRIOR_STEPS / (time.perf_counter() - began)


def _with_steps(settings: DiffusionTraining, steps: int) -> DiffusionTraining:
    return DiffusionTraining(**(settings.__dict__ | {"steps": steps}))


def committed(name: str) -> TrainedNetwork:
    """Read the newest network of a name that lies in the project's data."""
    return read_network(sorted((PROJECT / "data" / "06_models" / f"{name}.safetensors").glob("*/*.safetensors"))[-1])


def sampling_speed(compute: Compute, n: int, classifier: TrainedNetwork) -> dict[str, Any]:
    """Time one batch of ``n`` proposals, after another one that warms up, and count what is accepted."""
    networks = [committed("diffusion_prior"), classifier, committed("digit_judge")]
    prior, guide, judge = (TrainedNetwork(one.network.to(compute.device), one.specification) for one in networks)
    if compute.compiled:
        for one in (prior, guide, judge):
            one.network.compile()
    guides, method = Guides(prior, [guide.network], judge.network), FastMethod(SETTINGS, bundled_digits(), 0.0)
    targets = torch.tensor((PAIRS * (n // len(PAIRS)))[:n])
    torch.set_num_threads(1)
    for repeat in range(2):
        seeds = [derive_seed(0, "bench/gpu", repeat, index) for index in range(n)]
        if compute.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        pixels = to_uint8(method.sample(guides, seeds, targets, RULE, compute))
        seconds = time.perf_counter() - began
    assessed = assess(
        to_unit(pixels).to(compute.device), targets.to(compute.device), guides.classifiers, guides.judge, RULE
    )
    peak = torch.cuda.max_memory_allocated() / 2**30 if compute.device.type == "cuda" else None
    return {
        "device": compute.device.type,
        "precision": compute.wanted_precision,
        "compiled": compute.compiled,
        "batch_size": n,
        "seconds": seconds,
        "accepted": float(assessed.accepted.mean()),
        "stimuli_per_second": float(assessed.accepted.sum()) / seconds,
        "peak_gib": peak,
    }


def compared_with_worker(classifiers: dict[str, TrainedNetwork]) -> dict[str, Any]:
    """Sample the same stimuli in this process and in a worker process that takes the GPU; compare the images."""
    method = FastMethod(SETTINGS, bundled_digits(), 0.0)
    plan = SamplingPlan(method, RULE, 5, 48, "base", 0, "bench/gpu")
    cells = uncertainty_cells(list(classifiers), 10, 20, 1, 0)
    networks = classifiers, committed("diffusion_prior"), committed("digit_judge")
    tables = []
    for workers in (Workers(), Workers("dask", 1)):
        with tempfile.TemporaryDirectory() as working, open_workers(workers):
            tables.append(sample_stimuli(cells, *networks, plan, Compute("cuda", "float32"), Path(working))[0])
    return _difference(*tables)


def _difference(one: pd.DataFrame, other: pd.DataFrame) -> dict[str, Any]:
    pixels = [np.stack(table["image"].to_list()).astype(int) for table in (one, other)]
    same = len(one) == len(other)
    return {
        "stimuli": [len(one), len(other)],
        "largest_pixel_difference": int(np.abs(pixels[0] - pixels[1]).max()) if same else None,
        "identical": bool(same and (pixels[0] == pixels[1]).all()),
    }


if __name__ == "__main__":
    main()
