"""Two people whose models read different rows, and the stimuli that are made to part them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from bam_pipelines.alignment.individuals import WholeNetworks
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.registry import build_network
from bam_pipelines.pipelines.manipulation.nodes import sample_customised_stimuli

CONF = Path(__file__).parents[3] / "conf" / "base" / "manipulation" / "parameters.yml"
LRM = NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": 3})


def row_weights(rows):
    """Logits are twelve times the mean brightness of the rows."""
    weight = torch.zeros(3, 8, 8)
    for label, row in enumerate(rows):
        weight[label, row] = 12 / 8
    return {"1.weight": weight.flatten(1), "1.bias": torch.zeros(3)}


@pytest.fixture
def individuals():
    states = {name: row_weights([0, 1, 2]) for name in ("s001", "s003")}
    states |= {name: row_weights([3, 4, 5]) for name in ("s002", "s004")}
    return {name: WholeNetworks(LRM, states if name == "lrm" else {}) for name in CLASSIFIER_NAMES}


@pytest.fixture
def options():
    base = yaml.safe_load(CONF.read_text())["manipulation"]
    sizes = {"classifier": "lrm", "n_groups": 1, "group_size": 2, "digit_pairs": 3, "max_proposals": 8}
    return base | sizes | {"margins": [1.0], "controls": []}


BIASES = {"rank": 2, "components": 4, "steps": 20, "batch_size": 24, "learning_rate": 0.05}


def answered(stimuli):
    """S001 calls everything a 0 and s002 a 1."""
    splits = np.repeat(["train", "validation", "test"], [12, 6, 6])
    rows = [
        {"participant_id": name, "stimulus_id": image, "split": split, "response": answer}
        for name, answer in (("s001", 0), ("s002", 1))
        for image, split in zip(stimuli["stimulus_id"], splits, strict=True)
    ]
    trials = pd.DataFrame(rows).assign(task="digit", phase="main", include=True, round=1, session=1, trial_index=0)
    return trials.assign(row_id=range(len(trials))).astype({"response": "Int8"}), stimuli.drop(columns="label")


@pytest.fixture
def pairs():
    return pd.DataFrame({"pair_id": ["s001xs002"], "participant_1": ["s001"], "participant_2": ["s002"]})


@pytest.fixture
def customise(tiny_prior, tiny_judge, tiny_digits, options, tiny_samplers, compute, individuals):
    """A function from pairs and changed options to stimuli and acceptance."""

    group = build_network(LRM, seed=0)
    group.load_state_dict(row_weights([0, 1, 2]))
    models = {f"individual_{name}": one for name, one in individuals.items()}
    models |= {f"group_{name}": TrainedNetwork(group.eval().requires_grad_(False), LRM) for name in individuals}

    def sample(pairs, **changes):
        return sample_customised_stimuli(
            pairs,
            *answered(tiny_digits(24, seed=7)),
            tiny_prior,
            tiny_judge,
            tiny_digits(30),
            options | tiny_samplers | changes,
            BIASES,
            compute,
            0,
            **models,
        )

    return sample


@pytest.fixture(params=["fast", "paper"])
def customised(customise, pairs, request):
    return customise(pairs, method=request.param)
