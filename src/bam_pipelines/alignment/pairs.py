"""Which participants are paired."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator


def group_pairs(participant_ids: Sequence[str], n_groups: int, group_size: int, seed: int) -> pd.DataFrame:
    """Put participants at random into disjoint groups and pair all members of each.

    Parameters
    ----------
    participant_ids
        Those who have an individual model; each once.
    n_groups, group_size
        6 groups of 3 in the paper; at least 1 group of 2.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        ``pair_id`` ({participant_1}x{participant_2}), ``participant_1``, ``participant_2``, ``group``.

    Raises
    ------
    ValueError
        If there are too few participants, or one stands there twice.
    """
    people = _enough(participant_ids, n_groups, group_size)
    order = numpy_generator(seed, "manipulation/groups").permutation(len(people))
    groups = [order[group * group_size : (group + 1) * group_size] for group in range(n_groups)]
    return _paired_within([[people[index] for index in group] for group in groups])


def _enough(participant_ids: Sequence[str], n_groups: int, group_size: int) -> list[str]:
    people = sorted(participant_ids)
    if len(set(people)) != len(people):
        raise InputError("a participant stands there twice; pairs need each participant once.")
    if n_groups < 1 or group_size < 2:
        raise InputError(f"{n_groups} groups of {group_size} asked for, expected at least 1 group of at least 2.")
    if n_groups * group_size > len(people):
        raise InputError(
            f"{n_groups} groups of {group_size} need {n_groups * group_size} participants with an individual model, "
            f"but {len(people)} have one; lower manipulation.n_groups or alignment.min_training_trials."
        )
    return people


def _paired_within(groups: Sequence[Sequence[str]]) -> pd.DataFrame:
    rows = [
        (f"{one}x{two}", one, two, number)
        for number, members in enumerate(groups)
        for one, two in combinations(sorted(members), 2)
    ]
    return pd.DataFrame(rows, columns=["pair_id", "participant_1", "participant_2", "group"])


def different_pairs(
    participant_ids: Sequence[str], distances: np.ndarray, n_groups: int, group_size: int
) -> pd.DataFrame:
    """Put participants whose models differ most into disjoint groups and pair all members of each.

    Groups are formed one after another: the two who differ most of those left, then whoever differs most from them on
    average.

    Parameters
    ----------
    participant_ids
        Those who have an individual model; each once.
    distances
        (n, n), symmetric, in the order of ``participant_ids``; see
        :func:`~bam_pipelines.alignment.model_distance.model_distances`.
    n_groups, group_size
        At least 1 group of 2.

    Returns
    -------
    pandas.DataFrame
        As :func:`group_pairs` does.

    Raises
    ------
    ValueError
        As there.
    """
    _enough(participant_ids, n_groups, group_size)
    left = np.array(distances, dtype=np.float64)
    np.fill_diagonal(left, -np.inf)
    groups = []
    for _ in range(n_groups):
        members = [int(place) for place in np.unravel_index(left.argmax(), left.shape)]
        while len(members) < group_size:
            members.append(int(left[members].mean(axis=0).argmax()))
        left[members] = left[:, members] = -np.inf
        groups.append([participant_ids[index] for index in members])
    return _paired_within(groups)


def all_pairs(participant_ids: Sequence[str]) -> pd.DataFrame:
    """Pair every participant with every other; as they share people, all of them are one group."""
    return _paired_within([_enough(participant_ids, 1, 2)])


def given_pairs(pairs: Sequence[Sequence[str]], participant_ids: Iterable[str]) -> pd.DataFrame:
    """Pair those who are named.

    Parameters
    ----------
    pairs
        Two participant ids each; the first is the one for whom o1 is meant.
    participant_ids
        Those who have an individual model.

    Returns
    -------
    pandas.DataFrame
        As :func:`group_pairs` does; pairs that share people, directly or by others, are of one group.

    Raises
    ------
    ValueError
        If there is none, one has not two different members or is named twice, or a member has no model.
    """
    known = set(participant_ids)
    if not pairs:
        raise InputError("manipulation.pairs is empty, expected at least one pair of participant ids.")
    for pair in pairs:
        _check_given(pair, known)
    unordered = [tuple(sorted(pair)) for pair in pairs]
    twice = [pair for number, pair in enumerate(unordered) if pair in unordered[:number]]
    if twice:
        raise InputError(f"manipulation.pairs names {' and '.join(twice[0])} twice; name each pair once.")
    people = sorted({name for pair in pairs for name in pair})
    place = {name: index for index, name in enumerate(people)}
    together = np.zeros((len(people), len(people)))
    for one, two in pairs:
        together[place[one], place[two]] = 1
    _, groups = connected_components(together, directed=False)
    rows = [(f"{one}x{two}", one, two, int(groups[place[one]])) for one, two in pairs]
    return pd.DataFrame(rows, columns=["pair_id", "participant_1", "participant_2", "group"])


def _check_given(pair: Sequence[str], known: set[str]) -> None:
    if isinstance(pair, str) or len(pair) != 2:
        raise InputError(f"manipulation.pairs holds {pair!r}, expected two participant ids.")
    if pair[0] == pair[1]:
        raise InputError(f"manipulation.pairs pairs {pair[0]} with itself; name two people.")
    for name in pair:
        if name not in known:
            raise InputError(
                f"manipulation.pairs names {name}, who has no individual model; take them out, or lower "
                "alignment.min_training_trials and align again."
            )


def swapped_people(pairs: pd.DataFrame, participant_ids: Iterable[str], seed: int) -> dict[str, tuple[str, str]]:
    """Choose for each pair two people of no part in it, whose models guide its swapped controls.

    They are another pair where one shares nobody with it, each pair in turn; else two others at random.

    Parameters
    ----------
    pairs
        pair_id, participant_1, participant_2.
    participant_ids
        Those who have an individual model.
    seed
        The run's seed.

    Returns
    -------
    dict
        pair_id to two participant ids.

    Raises
    ------
    ValueError
        If fewer than two others have a model.
    """
    own = {row.pair_id: (row.participant_1, row.participant_2) for row in pairs.itertuples()}
    order = list(own)
    chosen = {}
    for place, (pair_id, two) in enumerate(own.items()):
        apart = [own[name] for name in order[place + 1 :] + order[:place] if not set(own[name]) & set(two)]
        chosen[pair_id] = apart[0] if apart else _two_others(pair_id, set(participant_ids) - set(two), seed)
    return chosen


def _two_others(pair_id: str, others: set[str], seed: int) -> tuple[str, str]:
    if len(others) < 2:
        raise InputError(
            f"pair {pair_id}: swapped controls need the models of two other participants, but {len(others)} have one; "
            "take swapped out of manipulation.controls or align more people."
        )
    one, two = numpy_generator(seed, "manipulation/swapped", pair_id).choice(sorted(others), 2, replace=False)
    return str(one), str(two)
