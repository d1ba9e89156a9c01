"""Compare individual models: ``python -m benchmarks.alignment``, or ``make bench-alignment``.

It takes the networks of the newest run in ``data``. Stimuli, GroupNets and the paper's models are kept under
``data/.bench``: called again, it goes on where it was. Nothing else should run meanwhile.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from bam_pipelines.alignment.baselines import score_baselines
from bam_pipelines.alignment.clusters import compare_clusters, describe_clusters
from bam_pipelines.alignment.evaluation import cross_predictions, shown_images
from bam_pipelines.alignment.hierarchical import HierarchicalSettings, fit_hierarchical_each
from bam_pipelines.alignment.individual_files import read_individuals, write_individuals
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.learning_curve import learning_curve
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.behavior.observers import as_observer
from bam_pipelines.compute.workers import open_workers, resolve_workers
from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_probabilities
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from benchmarks.alignment.arms import (
    Fitted,
    drawn_people,
    group_network,
    newcomers,
    our_models,
    paper_models,
    with_few_trials,
)
from benchmarks.alignment.measures import (
    RESAMPLES,
    checked_figures,
    chosen_people,
    measure,
    of_group,
    true_predictions,
)
from benchmarks.alignment.picture import draw_results
from benchmarks.alignment.population import Population, bench_population, bench_stimuli
from benchmarks.alignment.published_style import published_style
from benchmarks.sampling.networks import load_run

PROJECT = Path(__file__).parents[2]
RESULTS = PROJECT / "benchmarks" / "results"
ARMS = ("group", "paper", "ours")
CHEAP = ("mlp", "lrm")
# the paper's method takes most of the time: on the costly classifiers it is fitted in the calibrated population alone
POPULATIONS = {"varied": CLASSIFIER_NAMES, "doubled": ("vgg", *CHEAP), "identical": ("vgg", *CHEAP)}
FOCUS = "vgg"
FEW = 60
TIMED_AGAIN = 4
SIZES = (25, 50, 100, 200)
CLUSTERS = (2, 4, 8, 16)


def main() -> None:
    """Fit what is missing, measure, print, store."""
    torch.set_num_threads(2)
    run, parameters = load_run(PROJECT)
    with open_workers(resolve_workers(parameters["compute"])):
        _measure_all(run, parameters)


def _measure_all(run: dict[str, Any], parameters: dict[str, Any]) -> None:
    folder = PROJECT / "data" / ".bench" / "alignment"
    stimuli = bench_stimuli(run, parameters, folder)
    settings = HierarchicalSettings(**parameters["alignment"]["hierarchical"])
    results: dict[str, Any] = {"settings": settings.__dict__, "precision": "float32", "populations": {}}
    for name, classifiers in POPULATIONS.items():
        population = bench_population(name, stimuli, run, parameters)
        bench = Bench(population, run, settings, folder / name)
        results["populations"][name] = {classifier: bench.measure(classifier) for classifier in classifiers}
        results["populations"][name]["differences"] = bench.differences()
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "alignment.json").write_text(json.dumps(results | _headline(results), indent=1) + "\n")
    draw_results(results["populations"]).savefig(RESULTS / "alignment.png", dpi=100)
    print(json.dumps(_headline(results), indent=1))


class Bench:
    """What is measured in one population."""

    def __init__(
        self, population: Population, run: dict[str, Any], settings: HierarchicalSettings, folder: Path
    ) -> None:
        self.population, self.run, self.settings, self.folder = population, run, settings, folder
        self.data, self.digits = population.data, labelled_images(run["mnist_train"])
        self.observer = run["observer_network"]
        features = our_models(self.observer, self.data, settings).models
        true = true_predictions(
            self.data, population.participants, as_observer(self.observer.network), features.participant_ids
        )
        self.ceilings = {"true_features": cross_predictions(features, self.data), "true_probabilities": true}

    def measure(self, classifier: str) -> dict[str, Any]:
        """Measure all methods on one classifier."""
        data, people = self.data, drawn_people(self.data, classifier)
        group = self._group(classifier)
        ours = our_models(group, data, self.settings)
        calibrated = our_models(group, data, replace(self.settings, rank=0)).models
        everyone = cross_predictions(ours.models, data)
        shown = shown_images(ours.models.participant_ids, data)
        group_arm = of_group(everyone, class_probabilities(group.network, data.images[shown]))
        arms = {"group": group_arm, "calibrated": cross_predictions(calibrated, data), "ours": everyone}
        found: dict[str, Any] = {
            "everyone": measure({**arms, **self.ceilings}),
            "baselines": score_baselines(group, data, everyone, shown),
            "checked": checked_figures(self.run[f"classifier_{classifier}"], group, data, everyone),
            "seconds_per_participant": {"ours": ours.seconds_per_participant},
        }
        same = {name: chosen_people(arm, people) for name, arm in arms.items()}
        same["with_60_trials"] = cross_predictions(with_few_trials(group, data, people, self.settings, FEW), data)
        added = newcomers(group, data, people, self.settings)
        found["seconds_per_participant"]["newcomer"] = added.seconds_per_participant
        same["newcomers"] = cross_predictions(added.models, data)
        if self.population.name == "varied" or classifier in CHEAP:
            path = self.folder / f"paper_{classifier}"
            paper = _kept(path, lambda: paper_models(group, data, self.digits, people))
            # what was kept may have been fitted beside other work: some are timed again, in the same call as ours
            again = paper_models(group, data, self.digits, people[:TIMED_AGAIN]).seconds_per_participant
            found["seconds_per_participant"] |= {"paper": paper.seconds_per_participant, "paper_again": again}
            same["paper"] = cross_predictions(paper.models, data)
        found["same_people"] = measure(same)
        if classifier in CHEAP:
            base = self.run[f"classifier_{classifier}"]
            found["published_style"] = published_style(base, data, self.digits, people, self.folder)
        return found

    def differences(self) -> dict[str, Any]:
        """Draw VGG's learning curve, and compare its clusters with the truth."""
        data, group = self.data, self._group(FOCUS)
        people = data.participants(1)

        def fit(parts: Sequence[TrialData]) -> list[IndividualModels]:
            fits = fit_hierarchical_each([(group, part) for part in parts], people, self.settings, 0, "fewer trials")
            return [one.models for one in fits]

        (models,), shared = fit([data]), class_probabilities(group.network, data.images)
        curve = learning_curve(fit, models, data, shared, SIZES, 0, RESAMPLES)
        clustering = describe_clusters(fit, models, data, CLUSTERS, 0, RESAMPLES)
        truth = compare_clusters(clustering.people, self.population.participants, 0)
        return {"learning_curve": curve.to_dict("list"), "clusters": clustering.summary, "truth": truth}

    def _group(self, classifier: str) -> TrainedNetwork:
        return group_network(self.run[f"classifier_{classifier}"], self.data, self.digits, self.folder)


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
    found = [results["populations"]["varied"][name] for name in CLASSIFIER_NAMES]
    seconds = {
        arm: fmean(one["seconds_per_participant"][arm] for one in found)
        for arm in ("paper", "paper_again", "ours", "newcomer")
    }
    measures = {
        key: {arm: _mean([one["same_people"][key][arm] for one in found]) for arm in (*ARMS, "ours_less_paper")}
        for key in ("accuracy", "log_loss")
    }
    gains = {
        arm: {
            key: _mean([one["same_people"]["individual_gain"][arm][key] for one in found])
            for key in ("log_loss", "accuracy")
        }
        for arm in ARMS
    }
    ratio = min(seconds["paper"], seconds["paper_again"]) / seconds["ours"]
    return {"time_per_participant_ratio": ratio, "seconds": seconds, **measures, "individual_gain": gains}


def _mean(estimates: list[dict[str, float]]) -> dict[str, float]:
    """Average estimates and, as the same people and images lie under all of them, their intervals' ends."""
    return {key: float(np.mean([estimate[key] for estimate in estimates])) for key in ("value", "low", "high")}


if __name__ == "__main__":
    main()
