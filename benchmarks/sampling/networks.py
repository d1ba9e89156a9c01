"""The networks of the benchmark: those of the default run that guide, and others that only measure."""

from contextlib import closing
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from bam_pipelines.analysis.stimulus_measures import Witnesses
from bam_pipelines.guidance.methods import Guides
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.recognition import FeatureNetwork
from bam_pipelines.networks.registry import read_network, write_network
from bam_pipelines.pipelines.classifiers.nodes import train_all_classifiers
from benchmarks.sampling.arms import Task

# of the bystanders: another one than a run's, which is 0 and up
BYSTANDER_SEED = 1_000_003
TABLES = ("mnist_train", "mnist_validation", "mnist_test")
NETWORKS = (
    "diffusion_prior",
    "digit_judge",
    "independent_judge",
    "feature_network",
    "observer_network",
    "individual_vgg",
)


def load_run(project: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read tables and networks of the newest default run, and its parameters.

    Raises
    ------
    kedro.io.DatasetError
        If there was no whole run; ``kedro run`` makes one.
    """
    bootstrap_project(project)
    with closing(KedroSession.create(project)) as session:
        context = session.load_context()
        names = (*TABLES, *NETWORKS, *(f"classifier_{name}" for name in CLASSIFIER_NAMES))
        return {name: context.catalog.load(name) for name in names}, dict(context.params)


def bystanders(run: dict[str, Any], parameters: dict[str, Any], folder: Path) -> list[TrainedNetwork]:
    """Train one classifier of each architecture with a seed of its own, or read it if that was done before."""
    trained = []
    for name in CLASSIFIER_NAMES:
        path = folder / f"bystander_{name}.safetensors"
        if not path.exists():
            train, validation, test = (run[table] for table in TABLES)
            options, compute = parameters["classifiers"][name], parameters["compute"]
            made = train_all_classifiers(train, validation, test, {name: options}, compute, BYSTANDER_SEED)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_network(made[name], path)
        trained.append(read_network(path))
    return trained


def two_people(run: dict[str, Any]) -> tuple[str, str]:
    """Return the first two participants that have an individual VGG."""
    first, second = sorted(run["individual_vgg"].participant_ids)[:2]
    return first, second


def guides_of(task: Task, run: dict[str, Any]) -> Guides:
    """Return the networks that guide a task."""
    if task.kind == "individual":
        classifiers = [run["individual_vgg"].network(name) for name in task.classifiers]
    else:
        classifiers = [run[f"classifier_{name}"].network for name in task.classifiers]
    return Guides(run["diffusion_prior"], classifiers, run["digit_judge"].network)


def witnesses(run: dict[str, Any], beside: list[TrainedNetwork]) -> Witnesses:
    """Put together what only measures; the test digits are those that no network saw."""
    feature_network = run["feature_network"].network
    assert isinstance(feature_network, FeatureNetwork)
    return Witnesses(
        [trained.network for trained in beside],
        run["independent_judge"].network,
        feature_network,
        run["diffusion_prior"],
        table_images(run["mnist_test"]),
        table_images(run["mnist_train"]),
    )
