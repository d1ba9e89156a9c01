"""Nodes of stage calibration."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from bam_pipelines.analysis.outcomes import outcome_of_shares
from bam_pipelines.analysis.published import GUIDANCE_SHARES, PAIR_SHARES, ZERO_ENTROPY_SHARE
from bam_pipelines.behavior.calibration import CalibrationSettings, Panel, calibrate
from bam_pipelines.behavior.observers import as_observer, observer_features
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.checkpoints import TrainedNetwork


def calibrate_participants(
    stimuli: pd.DataFrame,
    observer: TrainedNetwork,
    behavior: dict[str, Any],
    options: dict[str, Any],
    seed: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit the participants of ``params:behavior`` to the published shares, and set both beside each other."""
    guided = stimuli[stimuli["target_1"].notna()]
    eyes = as_observer(observer.network)
    targets = guided[["target_1", "target_2"]].to_numpy(dtype="int64")
    panel = Panel(observer_features(table_images(guided), eyes), targets, eyes.head)
    published = {
        "zero_entropy": ZERO_ENTROPY_SHARE,
        **GUIDANCE_SHARES,
        **{f"pair_{name}": PAIR_SHARES["base"][name] for name in GUIDANCE_SHARES},
    }
    start = behavior_settings(behavior).participants
    settings = read_settings(CalibrationSettings, "calibration", options)
    answers, people = settings.answers_per_image, settings.n_people
    fitted, found = calibrate(panel, start, published, answers, outcome_of_shares, people, seed)
    return asdict(fitted), {name: {"published": published[name], "simulated": found[name]} for name in published}
