"""Classifiers for the bench: five architectures, trained for a moment on bundled digits, kept in ``data/.bench``."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from kedro.config import OmegaConfigLoader

from bam_pipelines.compute.device import Compute
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.images.digits import Digits, bundled_digits
from bam_pipelines.images.pixels import to_unit
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifier_training import train_classifiers
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.registry import read_network, write_network
from bam_pipelines.networks.training import TrainingSettings
from benchmarks.scale.watch import PROJECT

FOLDER = PROJECT / "data" / ".bench" / "scale"
TRAINED, EPOCHS = 4_000, 3
_SHAPE = {"image_size": 28, "channels": 1, "n_classes": 10}


def parameters(environment: str = "base") -> dict[str, Any]:
    """Return the parameters of an environment."""
    loader = OmegaConfigLoader(
        str(PROJECT / "conf"),
        environment,
        base_env="base",
        default_run_env=environment,
        merge_strategy={"parameters": "soft"},
    )
    found: dict[str, Any] = loader["parameters"]
    return found


def shuffled_digits() -> Digits:
    """Return the bundled digits in random order; as they come they lie class by class."""
    return bundled_digits().take(numpy_generator(0, "bench/scale/split").permutation(len(bundled_digits().labels)))


def kept_in_git(name: str) -> TrainedNetwork:
    """Read a network that comes with the project."""
    found = sorted((PROJECT / "data" / "06_models" / f"{name}.safetensors").glob("2000*/*.safetensors"))
    return read_network(found[0])


def classifiers(folder: Path = FOLDER / "classifiers") -> dict[str, TrainedNetwork]:
    """Train the classifiers, or read them if that was done before; how long it took is no measurement."""
    paths = {name: folder / f"{name}.safetensors" for name in CLASSIFIER_NAMES}
    if not all(path.exists() for path in paths.values()):
        digits = shuffled_digits()
        images, labels = to_unit(digits.pixels), torch.from_numpy(digits.labels).long()
        settings = TrainingSettings(EPOCHS, TRAINED, 64, 1e-3, "cosine")
        tasks = {name: (NetworkSpecification(name, _SHAPE), settings) for name in map(str, CLASSIFIER_NAMES)}
        halves = (images[:TRAINED], labels[:TRAINED]), (images[TRAINED:], labels[TRAINED:])
        with tempfile.TemporaryDirectory() as working:
            made = train_classifiers(tasks, *halves, Compute("cpu", "auto"), 0, Path(working))
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in paths.items():
            write_network(made[name][0], path)
    return {name: read_network(path) for name, path in paths.items()}
