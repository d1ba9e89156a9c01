"""Candidates of every source for disjoint pairs of simulated participants: sampled once, kept in a folder."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch

from bam_pipelines.alignment.hierarchical import HierarchicalSettings, fit_hierarchical
from bam_pipelines.alignment.individual_files import read_individuals, write_individuals
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.pairs import group_pairs
from bam_pipelines.analysis.pair_tests import DIRECTED
from bam_pipelines.compute.device import resolve_compute, torch_threads
from bam_pipelines.guidance.acceptance import AcceptanceRule, assess
from bam_pipelines.guidance.methods import UnguidedMethod, build_method
from bam_pipelines.guidance.sampling import SamplingPlan, sample_stimuli
from bam_pipelines.guidance.stimulus_sets import joined_stimuli
from bam_pipelines.guidance.warm_start import table_digits
from bam_pipelines.images.table import labelled_images, table_images
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classifiers import ClassifierName
from bam_pipelines.pipelines.manipulation.designs import UNGUIDED, Design, build_designs
from bam_pipelines.pipelines.manipulation.settings import Control, ManipulationSettings, manipulation_settings
from benchmarks.alignment.arms import CORES, group_network
from benchmarks.alignment.population import Population

CLASSIFIER: ClassifierName = "vgg"
PAIRS, CANDIDATES, MARGIN = 60, 4, 0.25
# of its own, so that no pair was looked at before
PAIRING_SEED = 20_261
TIMED_PAIRS = 2


@dataclass(frozen=True)
class Pools:
    """What was sampled for the pairs of one population.

    Parameters
    ----------
    pairs
        pair_id, participant_1, participant_2, group.
    stimuli
        Stimulus table of all candidates, with ``accepted``: whether both models part by the margin. Every candidate
        passed the judge; of undirected sources all are accepted.
    models, group
        Individual models and GroupNet.
    """

    pairs: pd.DataFrame
    stimuli: pd.DataFrame
    models: IndividualModels
    group: TrainedNetwork


def sample_pools(
    population: Population,
    run: dict[str, Any],
    parameters: dict[str, Any],
    digit_pairs: int,
    controls: list[Control],
    folders: tuple[Path, Path],
) -> Pools:
    """Sample candidates, or read those that are kept.

    Parameters
    ----------
    population
        Whose people.
    run, parameters
        Networks and parameters of a run.
    digit_pairs
        Unordered digit pairs a pair, both directions of each.
    controls
        Beside customised stimuli.
    folders
        Where GroupNets are kept, and where candidates are.
    """
    groups, kept = folders
    group = group_network(
        run[f"classifier_{CLASSIFIER}"], population.data, labelled_images(run["mnist_train"]), groups / population.name
    )
    settings = HierarchicalSettings(**parameters["alignment"]["hierarchical"])
    models, biases = (
        _kept_models(group, population, replace(settings, rank=rank), kept / population.name / f"{name}.safetensors")
        for name, rank in (("models", settings.rank), ("biases", 0))
    )
    people = population.data.participants(1)
    pairs = group_pairs(people, PAIRS, 2, PAIRING_SEED)
    asked = replace(
        manipulation_settings(parameters["manipulation"]),
        classifier=CLASSIFIER, digit_pairs=digit_pairs, quota=CANDIDATES, controls=controls, margins=[MARGIN],
    )  # fmt: skip
    designs = build_designs(pairs, models, biases, group, asked, PAIRING_SEED)
    tables = [_kept(design, run, parameters, asked, kept / population.name) for design in designs]
    return Pools(pairs, joined_stimuli(tables), models, group)


def _kept_models(
    group: TrainedNetwork, population: Population, settings: HierarchicalSettings, path: Path
) -> IndividualModels:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        people = population.data.participants(1)
        with torch_threads(CORES):
            write_individuals(fit_hierarchical(group, population.data, people, settings, 0).models, path)
    return read_individuals(path)


def timed_sampling(pools: Pools, run: dict[str, Any], parameters: dict[str, Any]) -> dict[str, float]:
    """Time the paper's number of customised stimuli a pair, by the stage's own settings, for the first pairs."""
    settings = replace(
        manipulation_settings(parameters["manipulation"]),
        classifier=CLASSIFIER, digit_pairs=45, quota=2, controls=[], margins=[MARGIN],
    )  # fmt: skip
    (design,) = build_designs(pools.pairs.iloc[:TIMED_PAIRS], pools.models, None, pools.group, settings, PAIRING_SEED)
    proposals, batch, candidates = settings.max_proposals, settings.batch_size, settings.candidates
    method = build_method(settings, table_digits(run["mnist_train"]))
    plan = SamplingPlan(method, design.rule, proposals, batch, design.source, PAIRING_SEED, "timed", candidates)
    compute, networks = resolve_compute(parameters["compute"]), (run["diffusion_prior"], run["digit_judge"])
    began = time.perf_counter()
    with TemporaryDirectory() as working:
        stimuli, acceptance = sample_stimuli(design.cells, design.networks, *networks, plan, compute, Path(working))
    seconds = time.perf_counter() - began
    return {
        "pairs": TIMED_PAIRS,
        "asked_a_pair": int(acceptance["quota"].sum()) / TIMED_PAIRS,
        "made_a_pair": len(stimuli) / TIMED_PAIRS,
        "seconds": seconds,
        "minutes_for_18_pairs": seconds / TIMED_PAIRS * 18 / 60,
    }


def _kept(
    design: Design, run: dict[str, Any], parameters: dict[str, Any], settings: ManipulationSettings, folder: Path
) -> pd.DataFrame:
    path = folder / f"{design.source}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _sampled(design, run, parameters, settings, folder).to_parquet(path)
    return pd.read_parquet(path)


def _sampled(
    design: Design, run: dict[str, Any], parameters: dict[str, Any], settings: ManipulationSettings, folder: Path
) -> pd.DataFrame:
    """Propose as many images of each cell as it has candidates, and keep all that the judge accepts."""
    begin = table_digits(run["mnist_train"])
    unguided = design.source == UNGUIDED
    method = UnguidedMethod(settings.fast, begin) if unguided else build_method(settings, begin)
    rule = replace(design.rule, strict=False) if design.source in DIRECTED else design.rule
    # undirected stimuli are not chosen among: one a direction
    cells = design.cells if design.source in DIRECTED else [replace(cell, quota=2) for cell in design.cells]
    proposals = 1 if design.source in DIRECTED else settings.max_proposals
    plan = SamplingPlan(method, rule, proposals, settings.batch_size, design.source, PAIRING_SEED, "bench")
    compute = resolve_compute(parameters["compute"])
    prior, judge = run["diffusion_prior"], run["digit_judge"]
    stimuli, _ = sample_stimuli(cells, design.networks, prior, judge, plan, compute, folder / ".shards")
    return stimuli.assign(accepted=_accepted(stimuli, design.networks, judge, replace(design.rule, strict=True)))


def _accepted(
    stimuli: pd.DataFrame, networks: Mapping[str, TrainedNetwork], judge: TrainedNetwork, rule: AcceptanceRule
) -> np.ndarray:
    passed = np.ones(len(stimuli), dtype=bool)
    if rule.strategy != "controversial":
        return passed
    images = table_images(stimuli)
    targets = torch.from_numpy(stimuli[["target_1", "target_2"]].to_numpy(dtype="int64"))
    for (one, two), rows in stimuli.groupby(["model_1", "model_2"]).indices.items():
        guides = [networks[one].network, networks[two].network]
        passed[rows] = assess(images[rows], targets[rows], guides, judge.network, rule).accepted
    return passed
