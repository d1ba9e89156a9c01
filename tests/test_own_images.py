"""Images that are no digits, from a user's file to answers and GroupNets: four coloured garments of 12 x 12 pixels."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from bam_pipelines.networks.registry import read_network
from tests.garments import OUTLINES, draw_garments
from tests.projects import copy_project, kedro

CLASSES = list(OUTLINES)[:4]
GLOBALS = {"data_root": "data/own", "prior_root": "data/own", "environment": "own", "classes": CLASSES}
# what comes before individual models
WANTED = "stimulus_gallery,study,behavior_figure,group_mlp"
# beside what conf/smoke changes: as little as passes every stage
PARAMETERS = {
    "preprocessing": {"source": "npz", "file": "own.npz", "n_train": 400, "n_validation": 80, "n_test": 120},
    "prior": {
        "diffusion_prior": {
            "denoiser": {"block_channels": [16, 32], "attention_head_width": 16},
            "training": {"steps": 60, "batch_size": 32, "warmup_steps": 10},
        },
        "digit_judge": {
            "architecture": {"widths": [8, 16], "hidden": 16},
            "training": {"epochs": 1, "samples_per_epoch": 1000, "batch_size": 64},
            "adversarial": {"rounds": 1, "images": 50, "steps": 4},
        },
        "feature_network": {"epochs": 2, "batch_size": 32},
        "observer_network": {"epochs": 4, "batch_size": 32},
    },
    "classifiers": {"vit": {"epochs": 1}, "vgg": {"epochs": 1}, "cornet": {"epochs": 1}},
    "sampling": {
        "judge_threshold": -1.0,
        "fast": {"starts": 2},
        "uncertainty": {"probability": 0.1, "digit_pairs": 3},
    },
    "manipulation": {"judge_threshold": -1.0, "digit_pairs": 2},
    "power": {"digit_pairs": 6},
    "experiment": {"name": "garments", "scale": 8},
}


def write_environment(folder):
    """The user's part: images and an environment, here of smoke's sizes and what garments need."""
    images, labels = draw_garments(600, 12, len(CLASSES), colour=True)
    np.savez(folder / "own.npz", images=images, labels=labels)
    own = folder / "conf" / "own"
    shutil.copytree(folder / "conf" / "smoke", own)
    (own / "globals.yml").write_text(yaml.safe_dump(GLOBALS))
    for section, changes in PARAMETERS.items():
        file = own / section / "parameters.yml"
        file.parent.mkdir(exist_ok=True)
        before = yaml.safe_load(file.read_text())[section] if file.exists() else {}
        file.write_text(yaml.safe_dump({section: merged(before, changes)}))


def merged(before, changes):
    if not isinstance(before, dict) or not isinstance(changes, dict):
        return changes
    return before | {key: merged(before.get(key), value) for key, value in changes.items()}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    write_environment(folder)
    sizes = "compute.threads=1,compute.workers=1"
    run = ("run", "--env", "own", "--pipelines", "prior,__default__", "--to-outputs", WANTED, "--params", sizes)
    result = kedro(folder, *run)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]

    def newest(layer, name):
        (file,) = (folder / "data" / "own" / layer / name).glob(f"*/{name}")
        return file

    return newest


def test_stimuli_are_colour_images_between_the_users_classes(run):
    stimuli = pd.read_parquet(run("03_primary", "stimuli.parquet"))
    assert set(stimuli[["channels", "height", "width"]].itertuples(index=False, name=None)) == {(3, 12, 12)}
    assert set(stimuli["strategy"]) >= {"uncertainty", "unguided"}
    assert stimuli[["target_1", "target_2"]].max(axis=None) == 3
    grey = stimuli["image"].map(lambda image: np.ptp(image.reshape(3, -1), axis=0).max() < 10)
    assert not grey.any()


def test_networks_say_what_they_are_for(run):
    for name in ("classifier_vit", "classifier_vgg", "group_mlp"):
        arguments = read_network(run("06_models", f"{name}.safetensors")).specification.arguments
        assert arguments == {"image_size": 12, "channels": 3, "n_classes": 4}
    prior = read_network(run("06_models", "diffusion_prior.safetensors")).specification.arguments
    assert (prior["image_size"], prior["channels"]) == (12, 3)


def test_people_answer_by_name(run):
    design = json.loads((run("07_model_output", "study") / "design.json").read_text())
    assert (design["labels"], design["keys"]) == (CLASSES, list("1234"))
    trials = pd.read_parquet(run("03_primary", "trials.parquet"))
    assert set(trials["response"].dropna()) <= set(range(4))
