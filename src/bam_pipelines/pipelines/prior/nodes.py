"""Nodes of the prior stage."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from bam_pipelines.analysis.gallery import digit_sheet
from bam_pipelines.analysis.judge_quality import judge_quality
from bam_pipelines.analysis.naturalness import sample_quality
from bam_pipelines.compute.checked import read_settings
from bam_pipelines.compute.device import resolve_compute, torch_threads
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import derive_seed, numpy_generator
from bam_pipelines.guidance.unguided import sample_unguided
from bam_pipelines.images.corruption import observe
from bam_pipelines.images.table import labelled_images, table_images
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classification import class_logits, classification_metrics, train_classifier
from bam_pipelines.networks.diffusion_training import PriorTrainer
from bam_pipelines.networks.judging import Family, train_judge
from bam_pipelines.networks.recognition import FeatureNetwork
from bam_pipelines.networks.registry import build_network, read_network
from bam_pipelines.networks.training import PassSettings, history_columns
from bam_pipelines.pipelines.places import named_path
from bam_pipelines.pipelines.prior.settings import (
    DiffusionPriorSettings,
    DigitJudgeSettings,
    IndependentJudgeSettings,
    JudgeQualitySettings,
    QualitySettings,
)


def train_prior(
    train: pd.DataFrame, options: dict[str, Any], compute: dict[str, Any], seed: int
) -> tuple[TrainedNetwork, dict[str, list[float]]]:
    """Train the denoiser, from its last checkpoint if there is one; the loss is averaged over 50 steps.

    ``options["initial_weights"]`` names the weights of an earlier training to go on from, or is None.
    """
    resources = resolve_compute(compute)
    settings = read_settings(DiffusionPriorSettings, "prior.diffusion_prior", options)
    images = table_images(train)
    arguments = {"image_size": images.shape[-1], "channels": images.shape[1], **vars(settings.denoiser)}
    specification = NetworkSpecification("patch_unet", arguments, settings.noise)
    start = None if settings.initial_weights is None else read_network(named_path(settings.initial_weights))
    with torch_threads(resources.threads):
        trainer = PriorTrainer(specification, settings.training, resources, seed, start)
        trained = trainer.fit(images, named_path(settings.checkpoint))
    losses = pd.Series(trainer.losses)
    return trained, {"loss": losses.groupby(losses.index // 50).mean().tolist()}


def train_digit_judge(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    judgments: pd.DataFrame | None,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> tuple[TrainedNetwork, dict[str, Any]]:
    """Train the judge that guides: a small VGG, on corrupted digits and, if ``source`` says so, people's judgments."""
    settings = read_settings(DigitJudgeSettings, "prior.digit_judge", options)
    _check_judgments(settings.source, judgments)
    size, channels = int(train["height"].iloc[0]), int(train["channels"].iloc[0])
    arguments = {"image_size": size, "channels": channels, "n_outputs": 1, **vars(settings.architecture)}
    specification = NetworkSpecification("vgg_judge", arguments)
    used = judgments if settings.source == "judgments" else None
    return _train_judge(
        specification, "noise", {"train": train, "validation": validation}, used, settings, compute, seed
    )


def _check_judgments(source: str, judgments: pd.DataFrame | None) -> None:
    if source == "judgments" and (judgments is None or judgments.empty):
        raise InputError(
            "prior.digit_judge.source is judgments, but digit_judgments is empty: run `kedro run --pipelines "
            "behavior,judgments` on people's answers first."
        )


def train_independent_judge(
    train: pd.DataFrame, validation: pd.DataFrame, options: dict[str, Any], compute: dict[str, Any], seed: int
) -> tuple[TrainedNetwork, dict[str, Any]]:
    """Train the judge that only measures: another architecture, another family of corruptions."""
    settings = read_settings(IndependentJudgeSettings, "prior.independent_judge", options)
    specification = NetworkSpecification("strided_judge", {"channels": int(train["channels"].iloc[0])})
    return _train_judge(
        specification, "shape", {"train": train, "validation": validation}, None, settings, compute, seed
    )


def _train_judge(
    specification: NetworkSpecification,
    family: Family,
    digits: dict[str, pd.DataFrame],
    judgments: pd.DataFrame | None,
    settings: IndependentJudgeSettings,
    compute: dict[str, Any],
    seed: int,
) -> tuple[TrainedNetwork, dict[str, Any]]:
    resources = resolve_compute(compute)
    judged = None
    if judgments is not None:
        judged = table_images(judgments), torch.tensor(judgments["share_digit"].to_numpy(dtype=np.float32))
    with torch_threads(resources.threads):
        fit = train_judge(
            build_network(specification, derive_seed(seed, "judge/weights", family)),
            {name: table_images(table) for name, table in digits.items()},
            family,
            settings.adversarial,
            settings.training,
            resources,
            derive_seed(seed, "judge/training", family),
            judged,
        )
    metrics = {"n_human_judgments": 0 if judged is None else len(judged[0])}
    return TrainedNetwork(fit.network, specification), metrics | history_columns(fit)


def train_recogniser(
    name: str,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> tuple[TrainedNetwork, dict[str, Any]]:
    """Train the feature network on digits as they are, or the observer network on deformed, blurred, noisy ones."""
    resources = resolve_compute(compute)
    images, labels = labelled_images(train)
    specification = NetworkSpecification(name, {"channels": images.shape[1], "n_classes": int(labels.max()) + 1})
    with torch_threads(resources.threads):
        fit = train_classifier(
            build_network(specification, derive_seed(seed, name, "weights")),
            (images, labels),
            labelled_images(validation),
            read_settings(PassSettings, f"prior.{name}", options).over(len(images)),
            resources,
            derive_seed(seed, name, "training"),
            observe if name == "observer_network" else None,
            description=name.replace("_", " "),
        )
        test_images, test_labels = labelled_images(test)
        scores = classification_metrics(class_logits(fit.network, test_images), test_labels)
    metrics = {f"test_{key}": value for key, value in scores.items()}
    return TrainedNetwork(fit.network, specification), metrics | history_columns(fit)


def measure_prior(
    prior: TrainedNetwork,
    feature_network: TrainedNetwork,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> tuple[dict[str, float], Figure]:
    """Measure unguided samples against test digits that no network saw, and show a hundred of them."""
    settings = read_settings(QualitySettings, "prior.quality", options)
    n = settings.n_samples
    samples = _unguided(prior, n, settings, compute, seed)
    real, other = (
        table_images(table.iloc[numpy_generator(seed, "prior/quality", key).permutation(len(table))[:n]])
        for key, table in (("test", test), ("validation", validation))
    )
    if not isinstance(feature_network.network, FeatureNetwork):
        raise InputError(
            f"feature_network is a {feature_network.specification.architecture}; expected feature_network."
        )
    quality = sample_quality(samples, real, other, feature_network.network, settings.k)
    return quality, digit_sheet(samples[:100], 10)


def _unguided(prior: TrainedNetwork, n: int, how: QualitySettings, compute: dict[str, Any], seed: int) -> torch.Tensor:
    return sample_unguided(prior, n, how.steps, how.repeats, how.batch_size, resolve_compute(compute), seed)


def measure_judges(
    digit_judge: TrainedNetwork,
    independent_judge: TrainedNetwork,
    prior: TrainedNetwork,
    test: pd.DataFrame,
    quality: dict[str, Any],
    options: dict[str, Any],
    compute: dict[str, Any],
    seed: int,
) -> dict[str, dict[str, float]]:
    """Validate both judges on damage the other one learned from, on the prior's samples and against attacks."""
    settings = read_settings(JudgeQualitySettings, "prior.judge_quality", options)
    n = settings.n_images
    samples = _unguided(prior, n, read_settings(QualitySettings, "prior.quality", quality), compute, seed)
    real = table_images(test.iloc[numpy_generator(seed, "prior/judges").permutation(len(test))[:n]])
    judges = {"digit_judge": digit_judge.network, "independent_judge": independent_judge.network}
    unseen: dict[str, Family] = {"digit_judge": "shape", "independent_judge": "noise"}
    return {
        name: judge_quality(
            judges[name],
            next(other for key, other in judges.items() if key != name),
            family,
            real,
            samples,
            settings.climb,
            settings.accepted_above,
            seed,
        )
        for name, family in unseen.items()
    }
