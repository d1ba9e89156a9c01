"""A tiny observer, 8 x 8 images and hand-written tables; nothing here comes from a model or a person."""

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from torch import nn

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.images.table import image_columns

N_CLASSES = 3
CONF = Path(__file__).parents[2] / "conf" / "base" / "behavior" / "parameters.yml"


class TinyObserver(nn.Module):
    """Features are the means of three rows of the image; a bright row k looks like class k."""

    def __init__(self, sharpness=12.0):
        super().__init__()
        self.head = nn.Linear(N_CLASSES, N_CLASSES)
        with torch.no_grad():
            self.head.weight.copy_(sharpness * torch.eye(N_CLASSES))
            self.head.bias.copy_(torch.tensor([0.0, 0.25, -0.25]))

    def features(self, images):
        return images[:, 0, :N_CLASSES].mean(-1)

    def forward(self, images):
        return self.head(self.features(images))


def row_image(levels, mark):
    """An 8 x 8 image with three rows of the given levels, told apart from others by two marked pixels."""
    image = np.zeros((1, 8, 8), dtype=np.uint8)
    image[0, :N_CLASSES] = np.array(levels)[:, None]
    image[0, 7, :2] = divmod(mark, 256)
    return image


@pytest.fixture
def observer():
    return TinyObserver().eval()


@pytest.fixture
def digits():
    """60 clear digits: row k at full brightness for label k."""
    labels = np.arange(60) % N_CLASSES
    pixels = np.stack([row_image(255 * np.eye(N_CLASSES)[label], index) for index, label in enumerate(labels)])
    return pd.DataFrame({"label": labels.astype("int8"), **image_columns(pixels)})


@pytest.fixture
def stimuli():
    """40 ambiguous stimuli: two rows about equally bright."""
    draw = np.random.default_rng(5)
    pixels, targets = [], []
    for index in range(40):
        first, second = draw.permutation(N_CLASSES)[:2]
        levels = np.zeros(N_CLASSES)
        levels[[first, second]] = 110 + draw.integers(-20, 21, 2)
        pixels.append(row_image(levels, 1000 + index))
        targets.append((first, second))
    table = natural_stimuli(pd.DataFrame({"label": 0, **image_columns(np.stack(pixels))})).drop(columns="label")
    return table.assign(
        strategy="uncertainty",
        source="base",
        method="paper",
        target_1=[int(first) for first, _ in targets],
        target_2=[int(second) for _, second in targets],
        model_1="vgg",
        seed=2**62 + 1,
        judge_score=0.75,
        p1_target_1=0.5,
        p1_target_2=0.5,
    )


# parameters of params:behavior that differ from conf/base, whatever is tuned there
PARAMETERS = {
    "classes": [str(label) for label in range(N_CLASSES)],
    "participants": {
        "population": "varied",
        "n_participants": 4,
        "n_clusters": 2,
        "cluster_sd": 0.5,
        "person_sd": 0.5,
        "bias_sd": 0.5,
        "temperature_median": 1.0,
        "temperature_log_sd": 0.2,
        "lapse_mean": 0.02,
        "lapse_concentration": 50,
        "drift_mean": 0.0,
        "drift_sd": 0.0,
    },
    "session": {
        "stimuli_per_participant": None,
        "catch_share": 0.05,
        "minimum_catch": 12,
        "catch_pool": 20,
        "clear_share": 1.0,
        "repeat_share": 0.1,
        "second_round_repeat_share": 0.0,
        "repeat_gap": 20,
    },
    "response_time": {
        "non_decision_ms": 350,
        "undecided_ms": 1000,
        "person_log_sd": 0.15,
        "fixation_ms": 500,
    },
    "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
    "quality": {
        "catch_accuracy": 0.75,
        "minimum_catch_answered": 10,
        "shortest_rt_ms": 150,
        "longest_rt_ms": 10000,
        "completion": 0.8,
        "rt_deviation": None,
        "longest_run": None,
        "response_entropy_bits": None,
        "clear_repeat_agreement": None,
        "minimum_clear_repeats": 2,
        "blur_events": None,
    },
}


def make_parameters(**groups):
    conf = yaml.safe_load(CONF.read_text())["behavior"]
    of_conf = {name: conf[name] for name in ("source", "sources", "max_reject_share", "private", "sharing")}
    parameters = of_conf | copy.deepcopy(PARAMETERS)  # a test may take something out
    for group, changes in groups.items():
        parameters[group] = {**parameters[group], **changes} if isinstance(changes, dict) else changes
    return parameters


@pytest.fixture
def parameters_of():
    return make_parameters


@pytest.fixture
def settings_of():
    return lambda **groups: behavior_settings(make_parameters(**groups))


def make_trials(rows):
    """Build a valid trial table from dicts that state only what matters; trial_index counts per participant."""
    defaults = {
        "dataset_id": "simulated",
        "participant_id": "a",
        "task": "digit",
        "round": 1,
        "session": 1,
        "block": None,
        "phase": "main",
        "stimulus_id": "0" * 16,
        "repetition": 0,
        "response": 1,
        "response_modality": "keyboard",
        "rt_ms": 500.0,
        "expected_response": None,
        "split": "none",
        "include": True,
        "exclude_reason": "",
        "started_at_ms": None,
    }
    counts = {}
    complete = []
    for row in rows:
        row = {**defaults, **row}
        index = counts[row["participant_id"]] = counts.get(row["participant_id"], -1) + 1
        row.setdefault("trial_index", index)
        row.setdefault("is_catch", row["phase"] == "catch")
        row.setdefault("row_id", f"{row['participant_id']}-{row['session']}-{row['trial_index']}")
        complete.append(row)
    return pd.DataFrame(complete)


@pytest.fixture
def trials_of():
    return make_trials
