"""Tables of the stage alignment made up for answers that are there, so that the report can be written of any number."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from bam_pipelines.alignment.gain import swap_costs
from bam_pipelines.analysis.agreement import ALL, BINS
from bam_pipelines.analysis.entropy import dirichlet_entropy, plugin_entropy, response_counts
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES

SHARED = ("base", "group")


def made_up_entropies(trials: pd.DataFrame, n_classes: int) -> pd.DataFrame:
    """Return ``alignment_entropy``: people's entropies as they are, models' at random."""
    counts = response_counts(trials, n_classes)
    draw = np.random.default_rng(3)
    splits = trials.drop_duplicates("stimulus_id").set_index("stimulus_id")["split"].astype("str")
    one = pd.DataFrame(
        {
            "stimulus_id": counts.index,
            "split": splits.loc[counts.index].to_numpy(),
            "human_entropy": plugin_entropy(counts.to_numpy()),
            "human_entropy_smoothed": dirichlet_entropy(counts.to_numpy()),
        }
    )
    parts = [
        one.assign(model_entropy=draw.uniform(0, 3, len(one)), level=level, classifier=classifier)
        for classifier, level in product(CLASSIFIER_NAMES, SHARED)
    ]
    return pd.concat(parts, ignore_index=True)


def made_up_scores(people: Sequence[str]) -> pd.DataFrame:
    """Return ``alignment_metrics``: a row a classifier, level, person, data set and bin, scores at random."""
    draw = np.random.default_rng(4)
    kinds = [("trials_test", name) for name in (ALL, *BINS)]
    rows = [
        (classifier, level, person, *kind)
        for classifier, level in product(CLASSIFIER_NAMES, (*SHARED, "individual"))
        for person in (*people, ALL)
        for kind in (kinds if person != ALL or level != "individual" else [*kinds, ("digits_test", ALL)])
    ]
    rows += [(*shared, ALL, "digits_test", ALL) for shared in product(CLASSIFIER_NAMES, SHARED)]
    table = pd.DataFrame(rows, columns=["classifier", "level", "participant_id", "dataset", "entropy_bin"])
    scores = {name: draw.uniform(0, 1, len(table)) for name in ("accuracy", "log_loss", "calibration_error")}
    return table.assign(n_trials=20, **scores)


def made_up_swaps(people: Sequence[str]) -> pd.DataFrame:
    """Return ``alignment_swaps``: each person's model on each person's trials, for each classifier."""
    draw, n = np.random.default_rng(5), len(people)
    names = pd.Categorical(people)
    one = {"model": names.take(np.repeat(range(n), n)), "participant_id": names.take(np.tile(range(n), n))}
    parts = [
        pd.DataFrame(one).assign(
            n_trials=95, accuracy=draw.uniform(0, 1, n * n), log_loss=draw.uniform(0, 2, n * n), classifier=classifier
        )
        for classifier in CLASSIFIER_NAMES
    ]
    return pd.concat(parts, ignore_index=True).astype({"classifier": "category"})


def costs_of(swaps: pd.DataFrame) -> pd.DataFrame:
    """Return ``alignment_swap_costs`` of these swaps."""
    parts = [swap_costs(part).assign(classifier=str(name)) for name, part in swaps.groupby("classifier", observed=True)]
    return pd.concat(parts, ignore_index=True)
