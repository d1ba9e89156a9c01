"""Whether people fall into groups that see alike: by what their models say, and by how models predict others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans
from sklearn.linear_model import RidgeCV
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import cross_val_predict

from bam_pipelines.alignment.evaluation import cross_predictions
from bam_pipelines.alignment.gain import CrossedTrials, bootstrap_interval, swap_matrix
from bam_pipelines.alignment.individuals import IndividualModels
from bam_pipelines.alignment.learning_curve import FitEveryone
from bam_pipelines.alignment.trial_data import TrialData
from bam_pipelines.compute.seeds import derive_seed, numpy_generator

_DIMENSIONS = 16
_FOLDS = 5
_RIDGES = np.logspace(-3, 5, 17)
_CLUSTER = "cluster_of_"


def embed(models: IndividualModels, data: TrialData) -> np.ndarray:
    """Place people by what their models say of the validation images.

    Parameters
    ----------
    models
        P individual models.
    data
        Trials; of the validation split only the images count.

    Returns
    -------
    numpy.ndarray
        float64, (P, at most 16): principal coordinates of log-probabilities less their mean over classes and over
        people; distances are in nats, root mean square over images and classes.
    """
    images = data.images[np.unique(data.stimulus[data.rows("validation")])]
    said = np.stack([logits.double().log_softmax(dim=1).numpy() for _, logits in models.logits(images)])
    said = said - said.mean(axis=2, keepdims=True)
    centred = (said - said.mean(axis=0)).reshape(len(said), -1) / np.sqrt(said[0].size)
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    kept = slice(min(_DIMENSIONS, len(said) - 1))
    coordinates: np.ndarray = left[:, kept] * size[kept]
    return coordinates


def cluster_people(coordinates: np.ndarray, number: int, seed: int) -> np.ndarray:
    """Part people into clusters by k-means, int (P,), 0 to ``number`` − 1."""
    state = derive_seed(seed, "alignment/clusters", number) % 2**32
    labels: np.ndarray = KMeans(number, n_init=10, random_state=state).fit_predict(coordinates)
    return labels


def cluster_swaps(swaps: pd.DataFrame, number: int, seed: int) -> np.ndarray:
    """Part people into clusters whose models predict one another, int (P,).

    How much worse each is predicted by the other's model than by the own one, in nats, is taken for a squared distance,
    as a divergence is; people are placed by it and parted by k-means.

    Parameters
    ----------
    swaps
        Of :func:`bam_pipelines.alignment.gain.swap_matrix`.
    number
        Of clusters.
    seed
        Of k-means.

    Returns
    -------
    numpy.ndarray
        In the order of the first mention of a model.

    References
    ----------
    W. S. Torgerson, "Multidimensional scaling: I. Theory and method", Psychometrika 17 (1952).
    """
    names = swaps["model"].drop_duplicates().to_list()
    losses = swaps.pivot(index="model", columns="participant_id", values="log_loss").loc[names, names].to_numpy()
    excess = losses - np.diag(losses)
    squared = (excess + excess.T) / 2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    kept = slice(-min(_DIMENSIONS, len(names) - 1), None)
    return cluster_people(vectors[:, kept] * np.sqrt(np.maximum(values[kept], 0)), number, seed)


@dataclass(frozen=True)
class Clustering:
    """Where people are placed, and what clusters they form.

    Parameters
    ----------
    people
        ``participant_id``, ``place_1`` and so on (nats, see :func:`embed`), and ``cluster_of_2`` and so on: the cluster
        if there are that many.
    summary
        ``participants``; ``reliability``: the correlation of people's distances between models of two halves of the
        training images, None if nobody differs; ``clusters``, by their number: ``stability``, the adjusted Rand index
        between clusters found in the halves (0 by chance, 1 if the same), ``agreement_with_swaps``, the same between
        clusters by place and by swap matrix, and ``gain``, of :func:`cluster_gain`.
    """

    people: pd.DataFrame
    summary: dict[str, Any]


def describe_clusters(
    fit: FitEveryone,
    models: IndividualModels,
    data: TrialData,
    numbers: Sequence[int],
    seed: int,
    resamples: int,
) -> Clustering:
    """Say how reliable people's places are, and for each number of clusters whether the clusters are anything.

    Parameters
    ----------
    fit
        Makes individual models of each of several parts of the trials, for the same people as ``models``.
    models
        What it makes of all trials.
    data
        All trials.
    numbers
        Of clusters to try, from 2; those are left out that leave fewer than two people a cluster on average, or are
        more than people differ in.
    seed, resamples
        Of halves and intervals.
    """
    crossed = cross_predictions(models, data)
    swaps, n_people = swap_matrix(crossed), len(crossed.participant_ids)
    places = embed(models, data)
    halves = [embed(half, data) for half in fit(split_halves(data, seed))]
    people = pd.DataFrame({f"place_{index + 1}": column for index, column in enumerate(places.T)})
    people.insert(0, "participant_id", list(crossed.participant_ids))
    found = {}
    distinct = min(len(np.unique(one, axis=0)) for one in (places, *halves))
    for number in (k for k in numbers if k <= min(n_people // 2, distinct)):
        labels = cluster_people(places, number, seed)
        in_halves = [cluster_people(half, number, seed) for half in halves]
        found[str(number)] = {
            "stability": float(adjusted_rand_score(*in_halves)),
            "agreement_with_swaps": float(adjusted_rand_score(labels, cluster_swaps(swaps, number, seed))),
            "gain": cluster_gain(crossed, labels, seed, resamples),
        }
        people[f"{_CLUSTER}{number}"] = labels
    return Clustering(
        people, {"participants": n_people, "reliability": _distance_correlation(*halves), "clusters": found}
    )


def _distance_correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    distances = pdist(one), pdist(other)
    if len(distances[0]) < 3 or min(np.ptp(values) for values in distances) == 0:
        return None
    return float(np.corrcoef(*distances)[0, 1])


def split_halves(data: TrialData, seed: int) -> tuple[TrialData, TrialData]:
    """Return the trials twice, each with another half of the training images, and with all that do not train."""
    images = np.unique(data.stimulus[data.rows("train")])
    chosen = numpy_generator(seed, "alignment/halves").permutation(images)[: len(images) // 2]
    first = np.isin(data.stimulus, chosen)
    others = data.split != "train"
    return data.take(np.flatnonzero(first | others)), data.take(np.flatnonzero(~first | others))


def cluster_gain(crossed: CrossedTrials, labels: np.ndarray, seed: int, resamples: int) -> dict[str, float] | None:
    """Measure what a cluster knows of its members: other members' average against all others' average.

    Parameters
    ----------
    crossed
        Predictions of P people's models.
    labels
        Cluster of each, (P,).
    seed, resamples
        Of the interval.

    Returns
    -------
    dict or None
        ``value``, ``low`` and ``high``, nats a trial; None if nobody shares a cluster.
    """
    likelihoods = crossed.likelihoods
    total = likelihoods.sum(axis=0)
    own = likelihoods[crossed.own]
    members = labels[:, None] == labels[crossed.person]
    mates = members.sum(axis=0) - 1
    shared = mates > 0
    if not shared.any():
        return None
    near = ((likelihoods * members).sum(axis=0) - own)[shared] / mates[shared]
    far = (total - own)[shared] / (len(labels) - 1)
    gains = np.zeros(len(own))
    gains[shared] = np.log(near) - np.log(far)
    generator = numpy_generator(seed, "alignment/clusters/gain")
    low, high = bootstrap_interval(crossed, gains, generator, resamples, shared)
    return {"value": float(gains[shared].mean()), "low": low, "high": high}


def compare_clusters(people: pd.DataFrame, truth: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Compare places and clusters with what simulated participants really are.

    Parameters
    ----------
    people
        Of :class:`Clustering`.
    truth
        ``participant_id``, ``cluster`` and ``attention`` of at least these people.
    seed
        Of the folds.

    Returns
    -------
    dict
        ``adjusted_rand`` by number of clusters; ``attention_r2``: the share of the variance of log attention over
        people that a ridge regression on the places predicts of people left out; None where nobody differs or there
        are fewer than five people.
    """
    true = truth.set_index("participant_id").loc[people["participant_id"]]
    clusters = [name for name in people.columns if name.startswith(_CLUSTER)]
    rand = {name.removeprefix(_CLUSTER): float(adjusted_rand_score(true["cluster"], people[name])) for name in clusters}
    places = people.filter(like="place_").to_numpy()
    return {
        "adjusted_rand": rand,
        "attention_r2": _predicted_share(places, np.stack(true["attention"].to_list()), seed),
    }


def _predicted_share(places: np.ndarray, attention: np.ndarray, seed: int) -> float | None:
    true = np.log(attention)
    true = true - true.mean(axis=1, keepdims=True)  # the simulator scales everyone's to mean 1
    total = np.square(true - true.mean(axis=0)).sum()
    if len(true) < _FOLDS or total == 0:
        return None
    order = numpy_generator(seed, "alignment/recovery").permutation(len(true))
    predicted = cross_val_predict(RidgeCV(_RIDGES), places[order], true[order], cv=_FOLDS)
    return float(1 - np.square(true[order] - predicted).sum() / total)
