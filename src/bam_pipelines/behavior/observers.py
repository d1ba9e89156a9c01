"""Simulated participants: how they differ, and how likely each answer is to an image."""

from typing import Protocol, cast

import numpy as np
import pandas as pd
import torch
from scipy.special import softmax
from torch import nn

from bam_pipelines.behavior.participant_settings import ParticipantSettings
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator

_BATCH = 256  # images seen at once by the front end; answers do not depend on it beyond rounding


class Observer(Protocol):
    """A perceptual front end, shared by all simulated participants."""

    head: nn.Linear

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (N, D) of images (N, C, H, W) in [0, 1]."""
        ...


def as_observer(network: nn.Module) -> Observer:
    """Check that a network can be a front end.

    Raises
    ------
    ValueError
        If it has no ``features``, or its ``head`` is not a linear layer.
    """
    if not hasattr(network, "features") or not isinstance(getattr(network, "head", None), nn.Linear):
        raise InputError(
            f"{type(network).__name__} cannot be an observer: it lacks features(images) or a linear head; "
            "pass the network of observer_network."
        )
    return cast(Observer, network)


def draw_participants(
    n: int, n_features: int, n_classes: int, settings: ParticipantSettings, seed: int
) -> pd.DataFrame:
    """Draw the true parameters of simulated participants; more people change nobody.

    Log attention is normal around the centre of a hidden cluster, scaled to mean 1 over features, so that people
    differ in what they look at and not in how sure they are; the temperature says the latter.

    Parameters
    ----------
    n
        Number of participants.
    n_features, n_classes
        Features D of the front end and classes K.
    settings
        How much people differ; its ``n_participants`` is not read.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        participant_id (``s001`` ...), cluster (0 to ``n_clusters`` − 1), attention (float64 array of D, above 0, mean
        1), class_bias (float64 array of K, logits), temperature (above 0), lapse (0 to 1), drift (growth of the
        temperature's logarithm in 100 trials).
    """
    rows = [_draw_participant(index, n_features, n_classes, settings, seed) for index in range(n)]
    return pd.DataFrame(rows)


def _draw_participant(
    index: int, n_features: int, n_classes: int, settings: ParticipantSettings, seed: int
) -> dict[str, object]:
    draw = numpy_generator(seed, "behavior/participant", index)
    spread = settings.spread
    cluster = int(draw.integers(settings.n_clusters))
    centre = numpy_generator(seed, "behavior/cluster", cluster).normal(0, spread * settings.cluster_sd, n_features)
    attention = np.exp(centre + draw.normal(0, spread * settings.person_sd, n_features))
    return {
        "participant_id": f"s{index + 1:03d}",
        "cluster": cluster,
        "attention": attention / attention.mean(),
        "class_bias": draw.normal(0, spread * settings.bias_sd, n_classes),
        "temperature": float(
            settings.temperature_median * np.exp(draw.normal(0, spread * settings.temperature_log_sd))
        ),
        "lapse": _draw_lapse(settings, draw),
        "drift": float(draw.normal(settings.drift_mean, spread * settings.drift_sd)),
    }


def _draw_lapse(settings: ParticipantSettings, draw: np.random.Generator) -> float:
    shape = settings.lapse_shape
    return settings.lapse_mean if shape is None else float(draw.beta(*shape))


def observer_features(images: torch.Tensor, observer: Observer) -> np.ndarray:
    """Return the front end's features, float64 (N, D), of images (N, C, H, W) in [0, 1]."""
    with torch.no_grad():
        parts = [observer.features(batch) for batch in images.split(_BATCH)]
    return torch.cat(parts).cpu().numpy().astype(np.float64)


def observer_class_probabilities(images: torch.Tensor, observer: Observer) -> np.ndarray:
    """Return the front end's own class probabilities, float64 (N, K), with no person's parameters in them."""
    weight, offset = _weights(observer.head)
    return np.asarray(softmax(observer_features(images, observer) @ weight.T + offset, axis=1))


def response_probabilities(images: torch.Tensor, observer: Observer, participant: pd.Series) -> np.ndarray:
    """Return how likely a participant gives each answer at the begin of a sitting; see :func:`answer_probabilities`.

    Parameters
    ----------
    images
        float32 (N, C, H, W) in [0, 1].
    observer
        The front end.
    participant
        A row of :func:`draw_participants`.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), rows sum to 1.
    """
    evidence = decision_evidence(observer_features(images, observer), observer.head, participant)
    return answer_probabilities(evidence, participant)


def decision_evidence(features: np.ndarray, head: nn.Linear, participant: pd.Series) -> np.ndarray:
    """Return (W (a ⊙ φ) + b + β) / τ, what a participant decides by.

    Parameters
    ----------
    features
        φ, (N, D).
    head
        W (K, D) and b (K).
    participant
        attention a, class_bias β, temperature τ.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), nats.

    Raises
    ------
    ValueError
        If the participant's attention or biases were drawn for another front end.
    """
    attention, bias = np.asarray(participant["attention"]), np.asarray(participant["class_bias"])
    if (len(bias), len(attention)) != tuple(head.weight.shape):
        raise InputError(
            f"participant {participant['participant_id']}: {len(attention)} attention weights and {len(bias)} biases, "
            f"expected {head.weight.shape[1]} features and {head.weight.shape[0]} classes; draw the participants again."
        )
    weight, offset = _weights(head)
    return np.asarray(((features * attention) @ weight.T + offset + bias) / float(participant["temperature"]))


def answer_probabilities(evidence: np.ndarray, participant: pd.Series) -> np.ndarray:
    """Return (1 − λ) softmax(evidence) + λ / K.

    Parameters
    ----------
    evidence
        (N, K), nats; see :func:`decision_evidence`.
    participant
        lapse λ.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), rows sum to 1.

    References
    ----------
    F. A. Wichmann, N. J. Hill, "The psychometric function: I", Perception & Psychophysics 63 (2001): the lapse rate.
    """
    lapse = float(participant["lapse"])
    return np.asarray((1 - lapse) * softmax(evidence, axis=1) + lapse / evidence.shape[1])


def _weights(head: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    weight, offset = (values.detach().cpu().numpy().astype(np.float64) for values in (head.weight, head.bias))
    return weight, offset
