"""The prior stage with networks of a few weights, and the table of people's judgments that comes with the project."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog

from bam_pipelines.analysis.judge_quality import judge_quality
from bam_pipelines.images.table import image_columns
from bam_pipelines.networks.checkpoints import NetworkSpecification
from bam_pipelines.networks.diffusion_training import PriorTrainer
from bam_pipelines.networks.registry import write_network
from bam_pipelines.pipelines.prior import create_pipeline
from bam_pipelines.pipelines.prior.nodes import (
    measure_judges,
    measure_prior,
    train_digit_judge,
    train_independent_judge,
    train_prior,
    train_recogniser,
)
from bam_pipelines.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).parents[2]
TRAINING = {"epochs": 1, "samples_per_epoch": 40, "batch_size": 20, "learning_rate": 0.003, "schedule": "constant"}
ADVERSARIAL = {"rounds": 1, "images": 10, "steps": 2, "step_length": 0.1}
JUDGE = {
    "source": "corruptions",
    "architecture": {"widths": [4, 8], "hidden": 8},
    "training": TRAINING,
    "adversarial": ADVERSARIAL,
}


def prior_options(checkpoint, **training):
    return {
        "denoiser": {"patch_size": 2, "block_channels": [16, 16], "layers_per_block": 1, "attention_head_width": 16},
        "noise": {"prediction_type": "v_prediction", "beta_schedule": "linear", "steps": 50, "value_range": [-1, 1]},
        "training": {
            "steps": 5,
            "batch_size": 6,
            "learning_rate": 0.001,
            "warmup_steps": 2,
            "ema_decay": 0.9,
            "gradient_clip": 1.0,
            "checkpoint_every": 2,
            **training,
        },
        "initial_weights": None,
        "checkpoint": str(checkpoint),
    }


def weights(trained):
    return torch.cat([value.flatten().double() for value in trained.network.state_dict().values()])


def test_a_killed_training_goes_on_from_its_checkpoint(tmp_path, tiny_digits, compute, monkeypatch):
    digits, advance, steps = tiny_digits(18), PriorTrainer._advance, []
    whole, losses = train_prior(digits, prior_options(tmp_path / "whole"), compute, 0)

    def killed(trainer, images):
        if trainer.step == 3:
            raise KeyboardInterrupt
        return advance(trainer, images)

    options = prior_options(tmp_path / "folder" / "killed")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(PriorTrainer, "_advance", killed)
        train_prior(digits, options, compute, 0)

    def counted(trainer, images):
        steps.append(trainer.step)
        return advance(trainer, images)

    monkeypatch.setattr(PriorTrainer, "_advance", counted)
    resumed, resumed_losses = train_prior(digits, options, compute, 0)
    assert steps == [2, 3, 4]  # steps 0 and 1 are in the checkpoint
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed_losses["loss"] == pytest.approx(losses["loss"], rel=1e-6)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path, tiny_digits, compute):
    train_prior(tiny_digits(18), prior_options(tmp_path / "checkpoint", steps=2), compute, 0)
    with pytest.raises(ValueError, match="checkpoint belongs to a training with .*remove the file to start again"):
        train_prior(tiny_digits(18), prior_options(tmp_path / "checkpoint", learning_rate=0.1), compute, 0)


def test_the_prior_carries_its_noise_and_the_digits_size(tmp_path, tiny_digits, compute):
    trained, history = train_prior(tiny_digits(18), prior_options(tmp_path / "checkpoint", steps=1), compute, 0)
    assert trained.noise.value_range == (-1, 1)
    assert trained.specification.arguments["image_size"] == 8
    assert len(history["loss"]) == 1


def test_a_training_goes_on_from_weights_that_were_kept(tmp_path, tiny_digits, compute):
    first, _ = train_prior(tiny_digits(18), prior_options(tmp_path / "first", steps=1), compute, 0)
    write_network(first, tmp_path / "prior.safetensors")
    options = prior_options(tmp_path / "second", steps=1, learning_rate=1e-30)
    second, _ = train_prior(
        tiny_digits(18), options | {"initial_weights": str(tmp_path / "prior.safetensors")}, compute, 0
    )
    assert torch.equal(weights(second), weights(first))
    assert [training["learning_rate"] for training in second.specification.notes["trainings"]] == [0.001, 1e-30]


@pytest.fixture
def judgments():
    """The table that comes with the project, through the catalog."""
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    entries = OmegaConfigLoader(str(PROJECT / "conf"), env="base", **arguments)["catalog"]
    entry = entries["digit_judgments"] | {"filepath": str(PROJECT / entries["digit_judgments"]["filepath"])}
    versions = {"digit_judgments": "2000-01-01T00.00.00.000Z"}
    return DataCatalog.from_config({"digit_judgments": entry}, load_versions=versions).load("digit_judgments")


def test_the_projects_table_of_judgments_is_empty_and_typed(judgments):
    assert judgments.empty
    like = pd.DataFrame(image_columns(np.zeros((1, 1, 2, 2), dtype=np.uint8))).assign(share_digit=np.float32(1))
    assert judgments.dtypes.to_dict() == like.dtypes.to_dict()


def test_corruptions_need_no_judgments(tiny_digits, compute, judgments):
    trained, metrics = train_digit_judge(tiny_digits(40), tiny_digits(20, 1), judgments, JUDGE, compute, 0)
    assert metrics["n_human_judgments"] == 0
    assert len(metrics["validation_loss"]) == 1
    assert trained.specification.architecture == "vgg_judge"
    assert trained.network(torch.rand(2, 1, 8, 8)).shape == (2, 1)


def test_a_judge_of_judgments_needs_some(tiny_digits, compute, judgments):
    for source, given, sentence in (
        ("judgments", judgments, "but digit_judgments is empty: run `kedro run"),
        ("judgments", None, "but digit_judgments is empty: run `kedro run"),
        ("both", judgments, "source is 'both'"),
    ):
        with pytest.raises(ValueError, match=sentence):
            train_digit_judge(tiny_digits(40), tiny_digits(20, 1), given, JUDGE | {"source": source}, compute, 0)


def test_peoples_judgments_are_learnt_if_asked_for(tiny_digits, compute):
    white_pixels = np.full((1, 1, 8, 8), 255, dtype=np.uint8)
    options = JUDGE | {
        "source": "judgments",
        "training": TRAINING | {"epochs": 20, "learning_rate": 0.02},
        "adversarial": ADVERSARIAL | {"rounds": 0},
    }
    white = torch.ones(1, 1, 8, 8)
    scores = []
    for share in (0.0, 1.0):
        judged = pd.DataFrame(image_columns(white_pixels)).assign(share_digit=np.float32(share))
        table = pd.concat([judged] * 4, ignore_index=True)
        trained, metrics = train_digit_judge(tiny_digits(40), tiny_digits(20, 1), table, options, compute, 0)
        assert metrics["n_human_judgments"] == 4
        scores.append(trained.network(white).item())
    assert scores[1] > scores[0] + 0.3


def test_the_independent_judge_is_another_architecture(tiny_digits, compute):
    options = {"training": TRAINING, "adversarial": ADVERSARIAL}
    trained, metrics = train_independent_judge(tiny_digits(40), tiny_digits(20, 1), options, compute, 0)
    assert trained.specification.architecture == "strided_judge"
    assert metrics["n_human_judgments"] == 0


@pytest.mark.parametrize("name", ["feature_network", "observer_network"])
def test_networks_that_recognise_are_scored_on_test_digits(name, tiny_digits, compute):
    options = {"epochs": 3, "batch_size": 10, "learning_rate": 0.003, "schedule": "constant"}
    tables = tiny_digits(40), tiny_digits(20, 1), tiny_digits(20, 2)
    trained, metrics = train_recogniser(name, *tables, options, compute, 0)
    assert trained.specification == NetworkSpecification(name, {"channels": 1, "n_classes": 3})
    assert 0 <= metrics["test_accuracy"] <= 1
    assert len(metrics["train_loss"]) == 3


QUALITY = {"n_samples": 12, "steps": 2, "repeats": 2, "batch_size": 5, "k": 2}


def test_samples_are_measured_and_shown(tiny_prior, tiny_digits, compute):
    options = {"epochs": 1, "batch_size": 10, "learning_rate": 0.003, "schedule": "constant"}
    tables = tiny_digits(40), tiny_digits(20, 1), tiny_digits(20, 2)
    features, _ = train_recogniser("feature_network", *tables, options, compute, 0)
    quality, figure = measure_prior(tiny_prior, features, *tables[1:], QUALITY, compute, 0)
    assert {"precision", "recall", "real_precision", "real_recall"} <= set(quality)
    assert all(0 <= value <= 1 for value in quality.values())
    # twelve images in rows of ten, two rows: 2 x 8 pixels and a gap of one
    assert figure.axes[0].images[0].get_array().shape[:2] == (17, 89)


def test_each_judge_is_validated_on_the_others_corruptions(tiny_prior, tiny_digits, compute, monkeypatch):
    judges = [train(tiny_digits(40), tiny_digits(20, 1), compute) for train in (a_digit_judge, an_independent_judge)]
    families = []

    def listening(*arguments):
        families.append(arguments[2])
        return judge_quality(*arguments)

    monkeypatch.setattr("bam_pipelines.pipelines.prior.nodes.judge_quality", listening)
    options = {"n_images": 12, "accepted_above": 0.5, "climb": {"images": 6, "steps": 2, "step_length": 0.1}}
    found = measure_judges(*judges, tiny_prior, tiny_digits(20, 2), QUALITY, options, compute, 0)
    assert families == ["shape", "noise"]
    for scores in found.values():
        assert -1 <= scores["unseen_corruption_spearman"] <= 1
        assert all(0 <= scores[name] <= 1 for name in ("sample_over_real", "fooled", "other_fooled"))


def a_digit_judge(train, validation, compute):
    return train_digit_judge(train, validation, pd.DataFrame(), JUDGE, compute, 0)[0]


def an_independent_judge(train, validation, compute):
    options = {name: JUDGE[name] for name in ("training", "adversarial")}
    return train_independent_judge(train, validation, options, compute, 0)[0]


def test_another_network_cannot_measure(tiny_prior, tiny_digits, compute, row_reader):
    with pytest.raises(ValueError, match="feature_network is a reader; expected feature_network"):
        measure_prior(tiny_prior, row_reader(), tiny_digits(20), tiny_digits(20), QUALITY, compute, 0)


def test_the_stage_makes_the_five_networks_from_digits_and_judgments():
    stage = create_pipeline()
    digits = {"mnist_train", "mnist_validation", "mnist_test"}
    assert {name for name in stage.inputs() if not name.startswith("params:")} == {*digits, "digit_judgments_if_any"}
    networks = {"diffusion_prior", "digit_judge", "independent_judge", "feature_network", "observer_network"}
    assert stage.all_outputs() >= networks | {"prior_quality", "prior_samples", "judge_quality"}
    for node in stage.nodes:  # nothing is trained on test digits
        if node.name in ("train_diffusion_prior", "train_digit_judge", "train_independent_judge"):
            assert "mnist_test" not in node.inputs
