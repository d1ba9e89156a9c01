"""How well models of each level predict people's choices on test trials, and keep naming digits."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from bam_pipelines.alignment.gain import CrossedTrials
from bam_pipelines.alignment.individuals import IndividualModels
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
    scored = _scored(data, rows, logits[data.stimulus[rows]].double().log_softmax(dim=1), human_entropy)
    digit_row = _digit_row(EVERYONE, class_logits(network, digits[0]), digits[1])
    return [*_trial_rows(scored), *_pooled_rows(scored), digit_row]


def cross_predictions(models: IndividualModels, data: TrialData) -> CrossedTrials:
    """Let every individual model predict the test trials of all who have one.

    A model predicts with its participant's lapse: (1 − λ) softmax(logits) + λ / K.

    Raises
    ------
    ValueError
        If someone with a model has no test trial.
    """
    known = _their_test_rows(models, data)
    shown, stimulus = np.unique(data.stimulus[known], return_inverse=True)
    number = {name: index for index, name in enumerate(models.participant_ids)}
    predicted = [
        _with_lapse(logits.double().softmax(dim=1).numpy(), models.lapse(name))
        for name, logits in tqdm(
            models.logits(data.images[shown]), "individual models on test trials", len(number), mininterval=1.0
        )
    ]
    person = np.array([number[name] for name in data.participant[known].tolist()], dtype=np.int64)
    return CrossedTrials(models.participant_ids, np.stack(predicted), person, stimulus, data.response[known].numpy())


def _their_test_rows(models: IndividualModels, data: TrialData) -> np.ndarray:
    rows = data.rows("test")
    return rows[np.isin(data.participant[rows], models.participant_ids)]


def _with_lapse(probabilities: np.ndarray, lapse: float) -> np.ndarray:
    mixed: np.ndarray = (1 - lapse) * probabilities + lapse / probabilities.shape[1]
    return mixed


def evaluate_individuals(
    models: IndividualModels,
    crossed: CrossedTrials,
    data: TrialData,
    human_entropy: pd.Series,
    digits: tuple[torch.Tensor, torch.Tensor],
) -> list[dict[str, Any]]:
    """Score each participant's model on that participant's test trials; rows as in :func:`evaluate_shared`.

    The row of everyone pools the trials, each scored by the model of its own participant. ``crossed`` is of
    :func:`cross_predictions`.
    """
    own = torch.from_numpy(crossed.probabilities[crossed.person, crossed.stimulus])
    logarithms = own.clamp_min(torch.finfo(own.dtype).tiny).log()
    scored = _scored(data, _their_test_rows(models, data), logarithms, human_entropy)
    digit_rows = [_digit_row(participant_id, logits, digits[1]) for participant_id, logits in models.logits(digits[0])]
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


def _scored(
    data: TrialData, rows: np.ndarray, log_probabilities: torch.Tensor, human_entropy: pd.Series
) -> pd.DataFrame:
    responses = data.response[rows]
    ids = [data.stimulus_ids[index] for index in data.stimulus[rows]]
    return pd.DataFrame(
        {
            "participant_id": data.participant[rows],
            "entropy_bin": entropy_bin(_aligned(human_entropy, ids)),
            "correct": (log_probabilities.argmax(dim=1) == responses).numpy(),
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


def _digit_row(participant_id: str, logits: torch.Tensor, labels: torch.Tensor) -> dict[str, Any]:
    common = {"participant_id": participant_id, "dataset": "digits_test", "entropy_bin": EVERYONE}
    return {**common, "n_trials": len(labels), **classification_metrics(logits, labels)}
