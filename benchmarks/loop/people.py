"""The loop benchmark's people: a fitted half of the population, newcomers, what they see and how they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from bam_pipelines.adaptive.answer_model import AnswerModel, answer_model, people_moments
from bam_pipelines.alignment.hierarchical import (
    HierarchicalFit,
    HierarchicalSettings,
    fit_hierarchical,
    shared_logits,
)
from bam_pipelines.behavior.observers import (
    Observer,
    answer_probabilities,
    as_observer,
    decision_evidence,
    observer_features,
)
from bam_pipelines.compute.seeds import numpy_generator, torch_generator
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from benchmarks.alignment.population import Population

NEWCOMERS = 100
# without customised candidates: so many controversial stimuli stand for them
STAND_INS = 400


@dataclass(frozen=True)
class Images:
    """What is shown and predicted.

    Parameters
    ----------
    table
        Stimulus table, every image once.
    pool
        int64: rows that may be shown.
    candidates
        int64 by participant_id: rows of the candidates of the participant's pair.
    customised
        Whether the candidates were sampled for the pairs.
    """

    table: pd.DataFrame
    pool: np.ndarray
    candidates: dict[str, np.ndarray]
    customised: bool


@dataclass(frozen=True)
class Scene:
    """One seed's newcomers before their first trial.

    Parameters
    ----------
    names
        Of the P newcomers.
    model
        What the population fitted to others says of all images.
    chances
        float32 (P, N, K): how likely each answer of each newcomer to each image is.
    pool
        int64: images that may be shown.
    targets, held_out
        int64, one array a newcomer: images that EPIG aims at, and images that predictions are scored on.
    """

    names: list[str]
    model: AnswerModel
    chances: np.ndarray
    pool: np.ndarray
    targets: list[np.ndarray]
    held_out: list[np.ndarray]


def bench_images(stimuli: pd.DataFrame, people: Sequence[str], path: Path) -> Images:
    """Put the pool of boundary stimuli beside the candidates of pairs in the file at ``path``, if there is one."""
    if path.exists():
        return _customised(stimuli, pd.read_parquet(path))
    draw = numpy_generator(0, "bench/loop/stand-ins")
    controversial = np.flatnonzero((stimuli["strategy"] == "controversial").to_numpy())
    chosen = np.sort(draw.permutation(controversial)[:STAND_INS])
    newcomers = sorted(draw.permutation(np.array(people))[:NEWCOMERS].tolist())
    pool = np.setdiff1d(np.arange(len(stimuli)), chosen)
    return Images(stimuli, pool, dict.fromkeys(newcomers, chosen), False)


def _customised(stimuli: pd.DataFrame, candidates: pd.DataFrame) -> Images:
    new = candidates[~candidates["stimulus_id"].isin(stimuli["stimulus_id"])].drop_duplicates("stimulus_id")
    table = pd.concat([stimuli, new[stimuli.columns]], ignore_index=True)
    places = pd.Series(np.arange(len(table)), index=table["stimulus_id"])
    by_person: dict[str, np.ndarray] = {}
    for pair_id, own in candidates.groupby("pair_id", observed=True):
        rows = np.unique(places[own["stimulus_id"]].to_numpy())
        for name in str(pair_id).split("x"):
            by_person[name] = np.union1d(by_person.get(name, rows), rows)
    return Images(table, np.arange(len(stimuli)), by_person, True)


class Bench:
    """What all seeds share: networks and features of all images."""

    def __init__(
        self,
        population: Population,
        images: Images,
        group: TrainedNetwork,
        observer: TrainedNetwork,
        settings: HierarchicalSettings,
    ) -> None:
        self.population, self.images, self.group, self.settings = population, images, group, settings
        self.front_end: Observer = as_observer(observer.network)
        self.pixels = table_images(images.table)
        self.features = observer_features(self.pixels, self.front_end)
        self.newcomers = sorted(images.candidates)

    def scene(self, kind: str, seed: int) -> Scene:
        """Fit the population to everyone but the newcomers and say how these answer."""
        data, ids = self.population.data, self.images.table["stimulus_id"].to_list()
        others = data.take(np.flatnonzero(~np.isin(data.participant, self.newcomers)))
        fit = fit_hierarchical(self.group, others, others.participants(1)[:1], self.settings, seed)
        model = answer_model(fit, self.pixels, ids)
        if kind == "simulator":
            chances = self._simulated()
        else:
            chances = drawn_from_population(fit, self.pixels, ids, len(self.newcomers), seed)
        halves = [_halves(self.images.candidates[name]) for name in self.newcomers]
        targets, held_out = [half[0] for half in halves], [half[1] for half in halves]
        return Scene(self.newcomers, model, chances, self.images.pool, targets, held_out)

    def _simulated(self) -> np.ndarray:
        by_id = self.population.participants.set_index("participant_id", drop=False)
        people = [by_id.loc[name] for name in self.newcomers]
        return np.stack(
            [
                answer_probabilities(decision_evidence(self.features, self.front_end.head, person), person)
                for person in people
            ]
        ).astype(np.float32)


def _halves(candidates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut images into two halves, the same for all who have the same candidates."""
    mixed = numpy_generator(0, "bench/loop/halves", candidates.tolist()).permutation(candidates)
    return np.sort(mixed[::2]), np.sort(mixed[1::2])


@torch.no_grad()
def drawn_from_population(
    fit: HierarchicalFit, images: torch.Tensor, stimulus_ids: list[str], n: int, seed: int
) -> np.ndarray:
    """Draw people, the ways in which they differ and what GroupNet misses; return how they answer, (n, N, K)."""
    generator = torch_generator(seed, "bench/loop/well-specified")
    population = fit.posterior.population
    shared, parts, places = shared_logits(fit.posterior, images, stimulus_ids)
    known = places >= 0
    missed = torch.randn(shared.shape, generator=generator)
    spread = torch.where(known[:, None], population.image_log_sd[places].exp(), 1.0)
    shared = shared + population.log_spread[3].exp() * spread * missed
    mean, covariance = people_moments(population)
    own = mean + torch.randn(n, len(mean), generator=generator, dtype=mean.dtype) @ torch.linalg.cholesky(covariance).T
    loadings = population.drawn_loadings(generator)
    chances = [
        population.answers(one.float().expand(len(parts), -1), parts, shared, loadings).exp().numpy() for one in own
    ]
    return np.stack(chances)


def others_of(population: Population, newcomers: Sequence[str]) -> int:
    """Return how many people the population is fitted to."""
    return len(set(population.participants["participant_id"]) - set(newcomers))


def describe(bench: Bench) -> dict[str, Any]:
    """Say in numbers who and what takes part."""
    held = [len(_halves(rows)[1]) for rows in bench.images.candidates.values()]
    return {
        "newcomers": len(bench.newcomers),
        "fitted_people": others_of(bench.population, bench.newcomers),
        "pool": len(bench.images.pool),
        "held_out_images": float(np.mean(held)),
        "customised_candidates": bench.images.customised,
    }
