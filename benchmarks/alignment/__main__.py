"""Compare individual models: ``python -m benchmarks.alignment``, or ``make bench-alignment``.

It takes the networks of the newest run in ``data``. Stimuli, GroupNets and the paper's models are kept under
``data/.bench``: called again, it goes on where it was. Nothing else should run meanwhile.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bam_pipelines.alignment.evaluation import cross_predictions
from bam_pipelines.alignment.gain import CrossedTrials
from bam_pipelines.alignment.hierarchical import HierarchicalSettings
from bam_pipelines.alignment.individuals import read_individuals, write_individuals
from bam_pipelines.behavior.observers import as_observer
from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_probabilities
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from benchmarks.alignment.arms import Fitted, drawn_people, group_network, our_models, paper_models
from benchmarks.alignment.measures import chosen_people, measure, of_group, true_predictions
from benchmarks.alignment.population import POPULATIONS, Population, bench_population, bench_stimuli
from benchmarks.sampling.networks import load_run

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks" / "results"


def main() -> None:
    """Fit what is missing, measure, print, store."""
    torch.set_num_threads(2)
    run, parameters = load_run(PROJECT)
    folder = PROJECT / "data" / ".bench" / "alignment"
    stimuli = bench_stimuli(run, parameters, folder)
    settings = HierarchicalSettings(**parameters["alignment"]["hierarchical"])
    results: dict[str, Any] = {"settings": settings.__dict__, "precision": "float32", "populations": {}}
    for name in POPULATIONS:
        population = bench_population(name, stimuli, run, parameters)
        ceilings = _ceilings(population, run["observer_network"], settings)
        found = {
            classifier: _one_classifier(classifier, population, ceilings, run, settings, folder / name)
            for classifier in CLASSIFIER_NAMES
        }
        results["populations"][name] = found
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "alignment.json").write_text(json.dumps(results | _headline(results), indent=1) + "\n")
    print(json.dumps(_headline(results), indent=1))


def _ceilings(
    population: Population, observer: TrainedNetwork, settings: HierarchicalSettings
) -> dict[str, CrossedTrials]:
    """Predict by our method on the simulator's own features, and by its true probabilities."""
    data = population.data
    same_estimator = cross_predictions(our_models(observer, data, settings).models, data)
    true = true_predictions(data, population.participants, as_observer(observer.network), same_estimator)
    return {"true_features": same_estimator, "true_probabilities": true}


def _one_classifier(
    classifier: str,
    population: Population,
    ceilings: dict[str, CrossedTrials],
    run: dict[str, Any],
    settings: HierarchicalSettings,
    folder: Path,
) -> dict[str, Any]:
    data, digits = population.data, labelled_images(run["mnist_train"])
    group = group_network(run[f"classifier_{classifier}"], data, digits, folder)
    people = drawn_people(data, classifier)
    paper = _kept(folder / f"paper_{classifier}", lambda: paper_models(group, data, digits, people))
    ours = our_models(group, data, settings)
    everyone = cross_predictions(ours.models, data)
    arms = {"paper": cross_predictions(paper.models, data), "ours": chosen_people(everyone, people)}
    shared = class_probabilities(group.network, data.images[np.unique(data.stimulus[data.rows("test")])])
    group_arm = of_group(everyone, shared)
    return {
        "seconds_per_participant": {"paper": paper.seconds_per_participant, "ours": ours.seconds_per_participant},
        "same_people": measure({"group": chosen_people(group_arm, people), **arms}),
        "everyone": measure({"group": group_arm, "ours": everyone, **ceilings}),
    }


def _kept(path: Path, fit: Callable[[], Fitted]) -> Fitted:
    """Return what was fitted before, or fit and keep it with the time that it took."""
    weights, seconds = path.with_suffix(".safetensors"), path.with_suffix(".json")
    if not seconds.exists():
        fitted = fit()
        write_individuals(fitted.models, weights)
        seconds.write_text(json.dumps(fitted.seconds_per_participant))
    return Fitted(read_individuals(weights), json.loads(seconds.read_text()))


def _headline(results: dict[str, Any]) -> dict[str, Any]:
    """Return what the calibrated population says over the five classifiers."""
    found = list(results["populations"]["varied"].values())
    seconds = {arm: float(np.mean([one["seconds_per_participant"][arm] for one in found])) for arm in ("paper", "ours")}
    measures = {
        key: {arm: _mean([one["same_people"][key][arm] for one in found]) for arm in ("group", "paper", "ours")}
        for key in ("accuracy", "log_loss")
    }
    gains = {
        arm: {
            key: _mean([one["same_people"]["individual_gain"][arm][key] for one in found])
            for key in ("log_loss", "accuracy")
        }
        for arm in ("group", "paper", "ours")
    }
    ratio = seconds["paper"] / seconds["ours"]
    return {"time_per_participant_ratio": ratio, "seconds": seconds, **measures, "individual_gain": gains}


def _mean(estimates: list[dict[str, float]]) -> dict[str, float]:
    """Average estimates and, as the same people and images lie under all of them, their intervals' ends."""
    return {key: float(np.mean([estimate[key] for estimate in estimates])) for key in ("value", "low", "high")}


if __name__ == "__main__":
    main()
