"""How well models of each level predict people's choices on test trials, and keep naming digits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.networks.classification import class_logits, class_probabilities, classification_metrics

EVERYONE = "all"


def entropy_bin(bits: np.ndarray) -> np.ndarray:
    """Name the bin of human entropies, in bits: ``zero`` (0), ``low`` (up to 1), ``high`` (above 1)."""
    return np.select([bits <= 0, bits <= 1], ["zero", "low"], "high")


def evaluate_shared(
    network: nn.Module, data: TrialData, human_entropy: pd.Series, digits: tuple[torch.Tensor, torch.Tensor]
) -> list[dict[str, Any]]:
    """Score one model that stands for everyone: BaseNet or GroupNet.

    Parameters
    ----------
    network
        In eval mode.
    data
        Trials; only the test ones are used.
    human_entropy
        Bits, by ``stimulus_id``, of at least the test stimuli.
    digits
        Test digits: images and labels.

    Returns
    -------
    list of dict
        Rows with ``participant_id``, ``dataset`` (trials_test or digits_test), ``entropy_bin``, ``n_trials``,
        ``accuracy``, ``log_loss``: each participant and everyone, by entropy bin, and the digits.
    """
    logits = class_logits(network, data.images)
    rows = data.rows("test")
    scored = _scored(data, rows, logits[data.stimulus[rows]], human_entropy)
    return [*_trial_rows(scored), *_pooled_rows(scored), _digit_row(EVERYONE, network, digits)]


def evaluate_individuals(
    networks: Mapping[str, nn.Module],
    data: TrialData,
    human_entropy: pd.Series,
    digits: tuple[torch.Tensor, torch.Tensor],
) -> list[dict[str, Any]]:
    """Score each participant's model on that participant's test trials; rows as in :func:`evaluate_shared`.

    The row of everyone pools the trials, each scored by the model of its own participant.
    """
    parts, digit_rows = [], []
    for participant_id, network in tqdm(networks.items(), desc="individual models on test trials", mininterval=1.0):
        rows = data.rows("test", participant_id)
        logits = class_logits(network, data.images)
        parts.append(_scored(data, rows, logits[data.stimulus[rows]], human_entropy))
        digit_rows.append(_digit_row(participant_id, network, digits))
    scored = pd.concat(parts, ignore_index=True)
    return [*_trial_rows(scored), *_pooled_rows(scored), *digit_rows]


def model_entropies(network: nn.Module, data: TrialData, human_entropy: pd.Series) -> pd.DataFrame:
    """Return the entropy of a model's probabilities beside people's on the test stimuli.

    Returns
    -------
    pandas.DataFrame
        ``stimulus_id``, ``split``, ``model_entropy`` and ``human_entropy`` in bits.
    """
    shown = np.unique(data.stimulus[data.rows("test")])
    probabilities = class_probabilities(network, data.images[shown])
    logarithms = np.log2(np.maximum(probabilities, np.finfo(np.float64).tiny))
    ids = [data.stimulus_ids[index] for index in shown]
    return pd.DataFrame(
        {
            "stimulus_id": ids,
            "split": "test",
            "model_entropy": -(probabilities * logarithms).sum(axis=1),
            "human_entropy": _aligned(human_entropy, ids),
        }
    )


def _aligned(human_entropy: pd.Series, ids: list[str]) -> np.ndarray:
    missing = sorted(set(ids) - set(human_entropy.index))
    if missing:
        raise ValueError(f"human entropy lacks {len(missing)} stimuli, {missing[0]} first.")
    return human_entropy.loc[ids].to_numpy(dtype=np.float64)


def _scored(data: TrialData, rows: np.ndarray, logits: torch.Tensor, human_entropy: pd.Series) -> pd.DataFrame:
    responses = data.response[rows]
    log_probabilities = torch.log_softmax(logits.double(), dim=1)
    ids = [data.stimulus_ids[index] for index in data.stimulus[rows]]
    return pd.DataFrame(
        {
            "participant_id": data.participant[rows],
            "entropy_bin": entropy_bin(_aligned(human_entropy, ids)),
            "correct": (logits.argmax(dim=1) == responses).numpy(),
            "log_loss": -log_probabilities.gather(1, responses[:, None])[:, 0].numpy(),
        }
    )


def _trial_rows(scored: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for participant_id, own in scored.groupby("participant_id"):
        rows.append(_row(str(participant_id), EVERYONE, own))
        rows += [_row(str(participant_id), str(name), part) for name, part in own.groupby("entropy_bin")]
    return rows


def _pooled_rows(scored: pd.DataFrame) -> list[dict[str, Any]]:
    bins = [_row(EVERYONE, str(name), part) for name, part in scored.groupby("entropy_bin")]
    return [_row(EVERYONE, EVERYONE, scored), *bins]


def _row(participant_id: str, bin_name: str, scored: pd.DataFrame) -> dict[str, Any]:
    return {
        "participant_id": participant_id,
        "dataset": "trials_test",
        "entropy_bin": bin_name,
        "n_trials": len(scored),
        "accuracy": float(scored["correct"].mean()),
        "log_loss": float(scored["log_loss"].mean()),
    }


def _digit_row(participant_id: str, network: nn.Module, digits: tuple[torch.Tensor, torch.Tensor]) -> dict[str, Any]:
    metrics = classification_metrics(class_logits(network, digits[0]), digits[1])
    common = {"participant_id": participant_id, "dataset": "digits_test", "entropy_bin": EVERYONE}
    return {**common, "n_trials": len(digits[0]), **metrics}
