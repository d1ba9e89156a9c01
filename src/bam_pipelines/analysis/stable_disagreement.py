"""Disagreement that lasts: answers of one showing against the other person's answers of another showing."""

from typing import Any

import numpy as np
import pandas as pd

from bam_pipelines.analysis.crossed_counts import connected_groups
from bam_pipelines.analysis.entropy import digit_answers
from bam_pipelines.analysis.outcomes import Estimate
from bam_pipelines.analysis.pair_intervals import crossed_interval


def stable_disagreement(
    trials: pd.DataFrame, outcomes: pd.DataFrame, confidence: float = 0.95
) -> dict[str, dict[str, Any]]:
    """Measure net directed success across showings, beside the showings that people saw first.

    What both people answered by chance at one showing does not return at the other: person 1's first answer is set
    against person 2's second, and the other way round, and both are averaged.

    Parameters
    ----------
    trials
        Trial table of all rounds; a repeat is a further row of the same participant, round and stimulus.
    outcomes
        Pair table of these trials.
    confidence
        Coverage of the intervals, over groups of people and digit pairs, 0 to 1.

    Returns
    -------
    dict
        Source to ``n`` stimuli that both members of a pair answered twice; ``first`` and ``crossed``: the net directed
        success of first showings and across showings on those, :class:`~bam_pipelines.analysis.outcomes.Estimate`;
        ``n_repeats``: repeated answers of either member; ``flips``: Estimate of the share of these that differ from the
        first. Sources without a repeat have None.
    """
    table = _with_second(trials, outcomes)
    groups = connected_groups(table["participant_1"], table["participant_2"])
    digits = np.unique(np.sort(table[["target_1", "target_2"]].to_numpy("int64"), axis=1), axis=0, return_inverse=True)
    table = table.assign(group=groups, digits=digits[1])
    return {str(source): _one_source(rows, confidence) for source, rows in table.groupby("source", observed=True)}


def _with_second(trials: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Add second answers; ``again_1`` and ``again_2``, NaN where there is none."""
    shown = digit_answers(trials, phases=("main", "manipulation"))
    keys = ["participant_id", "round", "stimulus_id"]
    second = shown[shown.groupby(keys, observed=True).cumcount() == 1].set_index(keys)["response"]
    named = outcomes.assign(
        **{
            f"again_{side}": second.reindex(
                pd.MultiIndex.from_frame(outcomes[[f"participant_{side}", "round", "stimulus_id"]])
            ).to_numpy()
            for side in "12"
        }
    )
    columns = [f"{name}_{side}" for name in ("target", "choice") for side in "12"]
    return named.astype({"source": "str", **dict.fromkeys(columns, "int64")})


def _one_source(rows: pd.DataFrame, confidence: float) -> dict[str, Any]:
    both = rows[rows["again_1"].notna() & rows["again_2"].notna()]
    first = _net(both, "choice_1", "choice_2")
    across = (_net(both, "choice_1", "again_2") + _net(both, "again_1", "choice_2")) / 2
    # a stimulus of the first round stands in the rows of several pairs
    repeats = pd.concat([_flips(rows, side) for side in "12"]).drop_duplicates(["person", "round", "stimulus_id"])

    def estimate(table: pd.DataFrame, values: np.ndarray) -> Estimate:
        return crossed_interval(*_sums(table, values), confidence)

    return {
        "n": len(both),
        "first": estimate(both, first),
        "crossed": estimate(both, across),
        "n_repeats": len(repeats),
        "flips": estimate(repeats, repeats["flip"].to_numpy(dtype=np.float64)),
    }


def _net(rows: pd.DataFrame, answer_1: str, answer_2: str) -> np.ndarray:
    targeted = (rows[answer_1] == rows["target_1"]) & (rows[answer_2] == rows["target_2"])
    opposite = (rows[answer_1] == rows["target_2"]) & (rows[answer_2] == rows["target_1"])
    return np.asarray(targeted.to_numpy(dtype=np.float64) - opposite.to_numpy(dtype=np.float64))


def _flips(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    known = rows[rows[f"again_{side}"].notna()]
    named = known.assign(person=known[f"participant_{side}"], flip=known[f"again_{side}"] != known[f"choice_{side}"])
    return named[["person", "round", "stimulus_id", "group", "digits", "flip"]]


def _sums(table: pd.DataFrame, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    group, n_groups = pd.factorize(table["group"])[0], max(table["group"].nunique(), 1)
    digits, n_digits = pd.factorize(table["digits"])[0], max(table["digits"].nunique(), 1)
    numerator, denominator = np.zeros((n_groups, n_digits)), np.zeros((n_groups, n_digits))
    np.add.at(numerator, (group, digits), values)
    np.add.at(denominator, (group, digits), 1)
    return numerator, denominator
