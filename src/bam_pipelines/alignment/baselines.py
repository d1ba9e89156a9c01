"""Baselines that individual models must beat: what the nearest image got, and confusions of what the group sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn.neighbors import NearestNeighbors

from bam_pipelines.alignment.gain import CrossedTrials
from bam_pipelines.alignment.heads import head_features
from bam_pipelines.alignment.trial_data import Split, TrialData
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.classification import class_probabilities

Scores = dict[str, dict[str, float]]

_SMOOTHINGS = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
_STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_ITERATIONS = 30
_KEPT_APART = 1e-3  # what a class is mistaken for before any answer, so that no answer is impossible


def score_baselines(group: TrainedNetwork, data: TrialData, crossed: CrossedTrials, shown: np.ndarray) -> Scores:
    """Score the baselines on the test trials of those who have an individual model.

    Parameters
    ----------
    group
        GroupNet.
    data
        Everyone's trials.
    crossed, shown
        Of :func:`~bam_pipelines.alignment.evaluation.cross_predictions` and
        :func:`~bam_pipelines.alignment.evaluation.shown_images`.

    Returns
    -------
    dict
        ``accuracy`` and ``log_loss`` (nats) of ``nearest_exemplar``, of ``dawid_skene``, and of
        ``dawid_skene_transductive``, which alone knows what others answered to the test images.
    """
    features = head_features(group.network, data.images)
    shared = class_probabilities(group.network, data.images)
    people = list(crossed.participant_ids)
    confusions = fit_confusions(shared, data)
    own = crossed.person, crossed.stimulus
    test = data.rows("test")
    theirs = np.isin(data.participant[test], people)
    probabilities = {
        "nearest_exemplar": nearest_exemplar(features, data, people, shown, shared.shape[1])[own],
        "dawid_skene": confusions.answers(shared[shown], people)[own],
        "dawid_skene_transductive": transductive_probabilities(shared, data, confusions)[theirs],
    }
    return {name: _scores(values, crossed.response) for name, values in probabilities.items()}


def _scores(probabilities: np.ndarray, response: np.ndarray) -> dict[str, float]:
    chosen = probabilities[np.arange(len(response)), response]
    return {
        "accuracy": float((probabilities.argmax(axis=1) == response).mean()),
        "log_loss": float(-_logarithms(chosen).mean()),
    }


def nearest_exemplar(
    features: torch.Tensor, data: TrialData, participant_ids: Sequence[str], shown: np.ndarray, n_classes: int
) -> np.ndarray:
    """Predict that people answer as they did to the training image that looks most alike.

    Parameters
    ----------
    features
        (S, D), of all images of ``data``, for example of :func:`~bam_pipelines.alignment.heads.head_features`.
    data
        Everyone's trials.
    participant_ids
        Whose answers to predict; each with a training and a validation trial.
    shown
        int, (M,): the images of ``data`` to predict answers to.
    n_classes
        Number of alternatives K.

    Returns
    -------
    numpy.ndarray
        (P, M, K): one answer with 1 − ε, and ε spread over all K, the same for everyone and chosen on validation
        trials.
    """
    answers = [_nearest_answers(features, data, name, shown) for name in participant_ids]
    right = np.concatenate(
        [
            _nearest_answers(features, data, name, data.stimulus[rows]) == data.response[rows].numpy()
            for name in participant_ids
            for rows in [data.rows("validation", name)]
        ]
    )
    miss = _SMOOTHINGS / n_classes
    losses = -(right.mean() * np.log(1 - _SMOOTHINGS + miss) + (1 - right.mean()) * np.log(miss))
    smoothing = _SMOOTHINGS[losses.argmin()]
    return np.asarray((1 - smoothing) * np.eye(n_classes)[np.stack(answers)] + smoothing / n_classes)


def _nearest_answers(features: torch.Tensor, data: TrialData, name: str, images: np.ndarray) -> np.ndarray:
    rows = data.rows("train", name)
    nearest = NearestNeighbors(n_neighbors=1).fit(features[data.stimulus[rows]].numpy())
    found = nearest.kneighbors(features[images].numpy(), return_distance=False)[:, 0]
    answers: np.ndarray = data.response[rows].numpy()[found]
    return answers


@dataclass(frozen=True)
class Confusions:
    """What people answer where the group sees a class.

    Parameters
    ----------
    participant_ids
        Of P people.
    matrices
        (P, K, K): [person, class, answer], rows sum to 1.
    strength
        As how many answers to each class the average of all people counts.
    """

    participant_ids: Sequence[str]
    matrices: np.ndarray
    strength: float

    def answers(self, shared: np.ndarray, participant_ids: Sequence[str]) -> np.ndarray:
        """Return probabilities of answers, (P', M, K), where GroupNet gives ``shared``, (M, K)."""
        places = [list(self.participant_ids).index(name) for name in participant_ids]
        return np.asarray(np.einsum("mc,pcy->pmy", shared, self.matrices[places]))


def fit_confusions(shared: np.ndarray, data: TrialData) -> Confusions:
    """Fit everyone's confusion matrix to training trials, by the rule of Dawid and Skene with GroupNet as the prior.

    What is seen in an image is hidden: GroupNet's probabilities before, those times the likelihood of all its answers
    after them. Matrices are drawn to the average of all people, as much as validation trials say.

    Parameters
    ----------
    shared
        (S, K): GroupNet's probabilities of all images of ``data``.
    data
        Everyone's trials.

    Returns
    -------
    Confusions
        Of all people with a training trial.

    References
    ----------
    A. P. Dawid, A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied
    Statistics 28 (1979).
    """
    people = sorted(set(data.participant[data.rows("train")].tolist()))
    fits = [_fit_confusions(shared, data, people, strength) for strength in _STRENGTHS]
    return min(fits, key=lambda fit: _validation_loss(shared, data, fit))


def _fit_confusions(shared: np.ndarray, data: TrialData, people: Sequence[str], strength: float) -> Confusions:
    n_people, n_classes = len(people), shared.shape[1]
    stimulus, person, response = _trials(data, people, "train")
    # (P K, S): how often a person gave an answer to an image
    given = csr_array(
        (np.ones(len(stimulus)), (person * n_classes + response, stimulus)), (n_people * n_classes, len(shared))
    )
    matrices = np.repeat((1 - _KEPT_APART) * np.eye(n_classes)[None] + _KEPT_APART / n_classes, n_people, axis=0)
    for _ in range(_ITERATIONS):
        by_answer = np.log(matrices).transpose(0, 2, 1).reshape(-1, n_classes)
        seen = softmax(_logarithms(shared) + given.T @ by_answer, axis=1)
        counts = (given @ seen).reshape(n_people, n_classes, n_classes).transpose(0, 2, 1)
        common = counts.sum(axis=0) + _KEPT_APART
        matrices = counts + strength * common / common.sum(axis=1, keepdims=True)
        matrices /= matrices.sum(axis=2, keepdims=True)
    return Confusions(people, matrices, strength)


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    logarithms: np.ndarray = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    return logarithms


def _trials(data: TrialData, people: Sequence[str], split: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = data.rows(split)
    rows = rows[np.isin(data.participant[rows], list(people))]
    return data.stimulus[rows], np.searchsorted(people, data.participant[rows]), data.response[rows].numpy()


def _validation_loss(shared: np.ndarray, data: TrialData, fit: Confusions) -> float:
    stimulus, person, response = _trials(data, fit.participant_ids, "validation")
    chosen = np.einsum("nc,nc->n", shared[stimulus], fit.matrices[person, :, response])
    return float(-_logarithms(chosen).mean())


def transductive_probabilities(shared: np.ndarray, data: TrialData, fit: Confusions) -> np.ndarray:
    """Predict the answers of the test trials, where others' answers to the same images are known.

    Parameters
    ----------
    shared
        (S, K): GroupNet's probabilities of all images of ``data``.
    data, fit
        Trials, and everyone's confusions; whoever has none there is taken for the average of all people.

    Returns
    -------
    numpy.ndarray
        (N, K), of ``data.rows("test")``: what is seen comes from GroupNet and from the answers of all others.
    """
    rows = data.rows("test")
    stimulus, response = data.stimulus[rows], data.response[rows].numpy()
    known = {name: index for index, name in enumerate(fit.participant_ids)}
    matrices = np.concatenate([fit.matrices, fit.matrices.mean(axis=0, keepdims=True)])
    own = matrices[[known.get(name, len(known)) for name in data.participant[rows].tolist()]]
    said = np.log(own[np.arange(len(rows)), :, response])
    logarithms = _logarithms(shared)
    np.add.at(logarithms, stimulus, said)
    # someone who answered an image twice must not be told by their other answer
    people = np.unique(data.participant[rows], return_inverse=True)[1]
    _, mine = np.unique(np.column_stack([people, stimulus]), axis=0, return_inverse=True)
    told = np.zeros((len(rows), said.shape[1]))
    np.add.at(told, mine, said)
    seen = softmax(logarithms[stimulus] - told[mine], axis=1)
    probabilities: np.ndarray = np.einsum("nc,ncy->ny", seen, own)
    return probabilities
