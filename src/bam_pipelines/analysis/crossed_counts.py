"""Answers of pairs counted by everything that a second round crosses: source, pair, digit pair, dose and direction."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bam_pipelines.compute.faults import InputError

# Every answer of a pair is exactly one of these; a success is targeted or opposite.
KINDS = ("targeted", "opposite", "bias", "failure")
NO_MARGIN = float("nan")
_NEEDED = ("pair_id", "participant_1", "participant_2", "source", "margin", "target_1", "target_2")


@dataclass(frozen=True)
class CrossedCounts:
    """Counts of answers.

    Parameters
    ----------
    sources, pairs
        Names, in the order of the axes.
    digit_pairs
        Unordered digit pairs, the lower digit first.
    margins
        Doses in nats, ascending; the first is NaN and stands for stimuli without one.
    groups
        int, (P,): pairs that share a person, directly or through others, are of one group.
    counts
        int64, (S, P, Q, M, 2, 4): by source, pair, digit pair, margin, direction (0 where target_1 is the lower
        digit) and kind of answer, :data:`KINDS`.
    """

    sources: tuple[str, ...]
    pairs: tuple[str, ...]
    digit_pairs: tuple[tuple[int, int], ...]
    margins: tuple[float, ...]
    groups: np.ndarray
    counts: np.ndarray

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.groups.max()) + 1

    def of(self, source: str) -> np.ndarray:
        """Return the counts of a source, (P, Q, M, 2, 4)."""
        counts: np.ndarray = self.counts[self.sources.index(source)]
        return counts

    def matched(self, one: str, other: str, by_digits: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Return the counts of two sources by pair and what else they are matched by, both (P, Q, M, 4).

        That is the margin and the digit pair where both sources have a margin, else M is 1; if not ``by_digits``, M and
        Q are 1.
        """
        both = [self.of(name).sum(axis=3) for name in (one, other)]
        if not by_digits:
            both = [counts.sum(axis=(1, 2), keepdims=True) for counts in both]
        elif not all(counts[:, :, 1:].any() for counts in both):
            both = [counts.sum(axis=2, keepdims=True) for counts in both]
        return both[0], both[1]

    def by_group(self, counts: np.ndarray) -> np.ndarray:
        """Sum an array whose first axis is pairs to groups."""
        return sum_by_group(counts, self.groups)


def sum_by_group(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sum an array whose first axis is pairs to groups, which are numbered from 0, see :func:`connected_groups`."""
    summed = np.zeros((int(groups.max()) + 1, *values.shape[1:]), dtype=values.dtype)
    np.add.at(summed, groups, values)
    return summed


def crossed_counts(outcomes: pd.DataFrame) -> CrossedCounts:
    """Count the answers of a pair table.

    Parameters
    ----------
    outcomes
        Pair table, at least one row; see :func:`bam_pipelines.analysis.pairs.pair_outcomes`.

    Returns
    -------
    CrossedCounts
        Sources and pairs sorted by name, digit pairs and margins ascending.

    Raises
    ------
    ValueError
        If the table is empty.
    """
    if outcomes.empty:
        raise InputError("the pair table is empty; expected at least one stimulus that both people of a pair answered.")
    table = outcomes[[*_NEEDED, "outcome", "direction"]].astype({"source": "str", "outcome": "str", "direction": "str"})
    targets = table[["target_1", "target_2"]].to_numpy(dtype="int64")
    margin = table["margin"].to_numpy(dtype="float64", na_value=np.nan)
    margins = np.unique(margin[~np.isnan(margin)])
    sources, source_names = pd.factorize(table["source"], sort=True)
    pairs, pair_names = pd.factorize(table["pair_id"], sort=True)
    digits, digit_pairs = pd.factorize(pd.MultiIndex.from_arrays(np.sort(targets, axis=1).T), sort=True)
    kind = table["direction"].where(table["outcome"] == "success", table["outcome"])
    places = (
        sources,
        pairs,
        digits,
        np.where(np.isnan(margin), 0, 1 + np.searchsorted(margins, margin)),
        (targets[:, 0] > targets[:, 1]).astype(np.int64),
        kind.map(KINDS.index).to_numpy(dtype="int64"),
    )
    shape = (len(source_names), len(pair_names), len(digit_pairs), 1 + len(margins), 2, len(KINDS))
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, places, 1)
    first = table.drop_duplicates("pair_id").set_index("pair_id").loc[pair_names]
    return CrossedCounts(
        tuple(map(str, source_names)),
        tuple(map(str, pair_names)),
        tuple((int(low), int(high)) for low, high in digit_pairs),
        (NO_MARGIN, *margins.tolist()),
        connected_groups(first["participant_1"], first["participant_2"]),
        counts,
    )


def connected_groups(people_1: pd.Series, people_2: pd.Series) -> np.ndarray:
    """Give each pair the number of its group: two pairs with a person in common are of one group.

    Parameters
    ----------
    people_1, people_2
        (P,), the members of each pair.

    Returns
    -------
    numpy.ndarray
        int, (P,), from 0, in the order of their first pairs.
    """
    codes, names = pd.factorize(pd.concat([people_1, people_2]))
    one, two = np.split(codes, 2)
    joined = coo_array((np.ones(len(one)), (one, two)), shape=(len(names), len(names)))
    _, component = connected_components(joined, directed=False)
    return np.asarray(pd.factorize(component[one])[0])
