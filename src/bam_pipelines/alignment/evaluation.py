"""How well models of each level predict people's choices on test trials, and keep naming digits."""

from collections.abc import Sequence
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

ALL = "all"
_CALIBRATION_BINS = 10


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
        ``accuracy``, ``log_loss``, ``calibration_error``: each participant and everyone, by entropy bin, and the
        digits; see :func:`calibration_error`.
    """
    logits = class_logits(network, data.images)
    rows = data.rows("test")
    scored = _scored(data, rows, logits[data.stimulus[rows]].double().log_softmax(dim=1), human_entropy)
    digit_row = _digit_row(ALL, class_logits(network, digits[0]), digits[1])
    return [*_trial_rows(scored), *_pooled_rows(scored), digit_row]


def calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """Return how far confidence and accuracy lie apart, the expected calibration error.

    Parameters
    ----------
    confidence
        (N,), probabilities of the most likely answers, 0 to 1.
    correct
        bool, (N,): whether they were given.

    Returns
    -------
    float
        Mean over trials of the distance between accuracy and mean confidence in a trial's bin, one of ten of equal
        width, 0 to 1. Too large where trials are few: each bin's accuracy is then mostly chance.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017.
    """
    place = np.minimum((confidence * _CALIBRATION_BINS).astype(np.int64), _CALIBRATION_BINS - 1)
    differences = np.bincount(place, confidence - correct, minlength=_CALIBRATION_BINS)
    return float(np.abs(differences).sum() / len(confidence))


def cross_predictions(models: IndividualModels, data: TrialData) -> CrossedTrials:
    """Let every individual model predict the test trials of all who have one.

    A model predicts with its participant's lapse: (1 − λ) softmax(logits) + λ / K.

    Raises
    ------
    ValueError
        If someone with a model has no test trial.
    """
    everyone = tqdm(
        models.logits(data.images[shown_images(models.participant_ids, data)]),
        "individual models on test trials",
        len(models.participant_ids),
        mininterval=1.0,
    )
    predicted = [_with_lapse(logits.double().softmax(dim=1).numpy(), models.lapse(name)) for name, logits in everyone]
    return crossed_trials(models.participant_ids, np.stack(predicted), data)


def crossed_trials(participant_ids: Sequence[str], probabilities: np.ndarray, data: TrialData) -> CrossedTrials:
    """Set predictions of the images of :func:`shown_images`, (P, S, K), beside the test trials of those P people."""
    rows = _test_rows(participant_ids, data)
    shown = shown_images(participant_ids, data)
    number = {name: index for index, name in enumerate(participant_ids)}
    person = np.array([number[name] for name in data.participant[rows].tolist()], dtype=np.int64)
    stimulus = np.searchsorted(shown, data.stimulus[rows])
    return CrossedTrials(participant_ids, probabilities, person, stimulus, data.response[rows].numpy())


def shown_images(participant_ids: Sequence[str], data: TrialData) -> np.ndarray:
    """Return the images of these people's test trials, sorted indices into ``data.images``, int (S,)."""
    shown: np.ndarray = np.unique(data.stimulus[_test_rows(participant_ids, data)])
    return shown


def _test_rows(participant_ids: Sequence[str], data: TrialData) -> np.ndarray:
    rows = data.rows("test")
    return rows[np.isin(data.participant[rows], list(participant_ids))]


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
    scored = _scored(data, _test_rows(models.participant_ids, data), logarithms, human_entropy)
    digit_rows = [_digit_row(participant_id, logits, digits[1]) for participant_id, logits in models.logits(digits[0])]
    return [*_trial_rows(scored), *_pooled_rows(scored), *digit_rows]


def model_entropies(network: nn.Module, data: TrialData, human: pd.DataFrame) -> pd.DataFrame:
    """Return the entropy of a model's probabilities beside people's on all stimuli of the trials.

    Parameters
    ----------
    network
        In eval mode.
    data
        Trials.
    human
        Bits, by ``stimulus_id``: ``human_entropy`` of the observed shares and ``human_entropy_smoothed``, less biased.

    Returns
    -------
    pandas.DataFrame
        ``stimulus_id``, ``split``, ``model_entropy``, and ``human``'s two columns.
    """
    shown, first = np.unique(data.stimulus, return_index=True)
    probabilities = class_probabilities(network, data.images[shown])
    logarithms = np.log2(np.maximum(probabilities, np.finfo(np.float64).tiny))
    ids = [data.stimulus_ids[index] for index in shown]
    return pd.DataFrame(
        {
            "stimulus_id": ids,
            "split": data.split[first],
            "model_entropy": -(probabilities * logarithms).sum(axis=1),
            **{name: _aligned(human[name], ids) for name in ("human_entropy", "human_entropy_smoothed")},
        }
    )


def _aligned(human_entropy: pd.Series, ids: list[str]) -> np.ndarray:
    missing = sorted(set(ids) - set(human_entropy.index))
    if missing:
        raise ValueError(f"human entropy lacks {len(missing)} stimuli, {missing[0]} first.")
    return np.asarray(human_entropy.loc[ids].to_numpy(dtype=np.float64))


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
            "confidence": log_probabilities.max(dim=1).values.exp().numpy(),
        }
    )


def _trial_rows(scored: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for participant_id, own in scored.groupby("participant_id"):
        rows.append(_row(str(participant_id), ALL, own))
        rows += [_row(str(participant_id), str(name), part) for name, part in own.groupby("entropy_bin")]
    return rows


def _pooled_rows(scored: pd.DataFrame) -> list[dict[str, Any]]:
    bins = [_row(ALL, str(name), part) for name, part in scored.groupby("entropy_bin")]
    return [_row(ALL, ALL, scored), *bins]


def _row(participant_id: str, bin_name: str, scored: pd.DataFrame) -> dict[str, Any]:
    return {
        "participant_id": participant_id,
        "dataset": "trials_test",
        "entropy_bin": bin_name,
        "n_trials": len(scored),
        "accuracy": float(scored["correct"].mean()),
        "log_loss": float(scored["log_loss"].mean()),
        "calibration_error": calibration_error(scored["confidence"].to_numpy(), scored["correct"].to_numpy()),
    }


def _digit_row(participant_id: str, logits: torch.Tensor, labels: torch.Tensor) -> dict[str, Any]:
    common = {"participant_id": participant_id, "dataset": "digits_test", "entropy_bin": ALL}
    confidence, named = (values.numpy() for values in logits.double().softmax(dim=1).max(dim=1))
    error = calibration_error(confidence, named == labels.numpy())
    scores = classification_metrics(logits, labels)
    return {**common, "n_trials": len(labels), **scores, "calibration_error": error}
