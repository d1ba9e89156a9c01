"""Which participants are paired."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import pandas as pd

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
    people = sorted(participant_ids)
    if len(set(people)) != len(people):
        raise ValueError("a participant stands there twice; pairs need each participant once.")
    if n_groups < 1 or group_size < 2:
        raise ValueError(f"{n_groups} groups of {group_size} asked for, expected at least 1 group of at least 2.")
    if n_groups * group_size > len(people):
        raise ValueError(
            f"{n_groups} groups of {group_size} need {n_groups * group_size} participants with an individual model, "
            f"but {len(people)} have one; lower manipulation.n_groups or alignment.min_training_trials."
        )
    order = numpy_generator(seed, "manipulation/groups").permutation(len(people))
    rows = []
    for group in range(n_groups):
        members = sorted(people[index] for index in order[group * group_size : (group + 1) * group_size])
        rows += [(f"{one}x{two}", one, two, group) for one, two in combinations(members, 2)]
    return pd.DataFrame(rows, columns=["pair_id", "participant_1", "participant_2", "group"])


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
        raise ValueError(
            f"pair {pair_id}: swapped controls need the models of two other participants, but {len(others)} have one; "
            "take swapped out of manipulation.controls or align more people."
        )
    one, two = numpy_generator(seed, "manipulation/swapped", pair_id).choice(sorted(others), 2, replace=False)
    return str(one), str(two)
