"""The benchmark's stimuli and simulated participants: made once, kept under ``data/.bench/alignment``."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.alignment.trial_data import TrialData, trial_data
from bam_pipelines.behavior.assignments import assign_balanced
from bam_pipelines.behavior.clear_digits import choose_clear_digits
from bam_pipelines.behavior.observers import as_observer, draw_participants
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.behavior.simulator import simulate_trials
from bam_pipelines.behavior.splits import assign_splits
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.sampling.nodes import sample_boundary_stimuli

STIMULI, PEOPLE, EACH, CATCH_POOL = 5_000, 246, 474, 120
UNCERTAINTY_QUOTA, CONTROVERSIAL_QUOTA = 12, 3


@dataclass(frozen=True)
class Population:
    """Simulated participants, their answers, and what they looked at.

    Parameters
    ----------
    name
        identical, varied (the calibrated one) or doubled.
    participants
        True parameters.
    data
        Their answers, by split.
    """

    name: str
    participants: pd.DataFrame
    data: TrialData


def bench_stimuli(run: dict[str, Any], parameters: dict[str, Any], folder: Path) -> pd.DataFrame:
    """Sample the stimuli with the default sampler on all five classifiers, or read them."""
    path = folder / "stimuli.parquet"
    if not path.exists():
        options = copy.deepcopy(parameters["sampling"])
        options["uncertainty"] |= {"digit_pairs": None, "quota": UNCERTAINTY_QUOTA}
        options["controversial"] |= {"digit_pairs": None, "quota": CONTROVERSIAL_QUOTA}
        options["unguided"]["digit_pairs"] = 0
        classifiers = {name: run[f"classifier_{name}"] for name in CLASSIFIER_NAMES}
        networks = run["diffusion_prior"], run["digit_judge"]
        stimuli, _ = sample_boundary_stimuli(
            *networks, run["mnist_train"], options, parameters["compute"], parameters["seed"], **classifiers
        )
        chosen = np.sort(np.random.default_rng(0).permutation(len(stimuli))[:STIMULI])
        folder.mkdir(parents=True, exist_ok=True)
        stimuli.iloc[chosen].reset_index(drop=True).to_parquet(path)
    return pd.read_parquet(path)


def bench_population(name: str, stimuli: pd.DataFrame, run: dict[str, Any], parameters: dict[str, Any]) -> Population:
    """Let as many simulated participants as the paper had answer as often as they did."""
    options = copy.deepcopy(parameters["behavior"])
    options["participants"] |= {"population": name, "n_participants": PEOPLE}
    options["session"] |= {"stimuli_per_participant": EACH, "catch_pool": CATCH_POOL}
    settings = behavior_settings(options)
    observer = as_observer(run["observer_network"].network)
    seed = parameters["seed"]
    session = settings.session
    catch = choose_clear_digits(run["mnist_test"], observer, session.catch_pool, session.clear_share, seed, 1)
    head = observer.head
    people = draw_participants(PEOPLE, head.in_features, head.out_features, settings.participants, seed)
    assigned = assign_balanced(people["participant_id"].to_list(), stimuli, EACH, seed)
    trials = simulate_trials(stimuli, catch, observer, people, assigned, settings, seed)
    shares = {split: float(share) for split, share in options["splits"].items()}
    return Population(name, people, trial_data(assign_splits(trials, shares, seed), stimuli, head.out_features))
