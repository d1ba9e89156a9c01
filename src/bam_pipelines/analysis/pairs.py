"""Pairs of participants before the same stimulus: outcomes and directions."""

import numpy as np
import pandas as pd

from bam_pipelines.analysis.entropy import first_answers
from bam_pipelines.compute.faults import InputError
from bam_pipelines.images.table import require_images

PAIR_COLUMNS = [
    "pair_id",
    "participant_1",
    "participant_2",
    "round",
    "source",
    "margin",
    "stimulus_id",
    "target_1",
    "target_2",
    "choice_1",
    "choice_2",
    "outcome",
    "direction",
]
_PEOPLE = ("participant_1", "participant_2")


def pair_outcomes(trials: pd.DataFrame, stimuli: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Name the outcome of every stimulus that both participants of a pair answered.

    Stimuli made for a pair are read for that pair only, and target_1 is participant_1's. A stimulus made for no
    pair is read for every pair that saw it, with its targets in the order in which they were sampled. That order
    has nothing to do with the people, so its expected targeted ratio is .5: the level that customised stimuli
    are compared with, as in the paper's figure 6.

    Parameters
    ----------
    trials
        Trial table of one or more rounds.
    stimuli
        Stimulus table with every stimulus of these trials; those without targets, such as clear digits, are left
        out and may be listed more than once.
    pairs
        ``pair_id``, ``participant_1``, ``participant_2``, one row a pair.

    Returns
    -------
    pandas.DataFrame
        The pair table, :data:`PAIR_COLUMNS`, sorted by pair, round and stimulus. ``outcome``: success where both
        choices are targets and differ, bias where both chose the same target, failure otherwise. ``direction``:
        targeted where each chose the digit meant for them, opposite where each chose the other's, else none.

    Raises
    ------
    ValueError
        If a pair or a stimulus with targets is listed twice, two of a pair are the same, or a stimulus of the trials is
        not in the stimulus table.
    """
    _check_pairs(pairs)
    answers = first_answers(trials, phases=("main", "manipulation"))
    described = _described(answers, stimuli)
    tables = [_one_pair(pair, answers, described) for _, pair in pairs.sort_values("pair_id").iterrows()]
    joined = pd.concat(tables, ignore_index=True)
    first, second = joined["choice_1"] == joined["target_1"], joined["choice_2"] == joined["target_2"]
    swapped = (joined["choice_1"] == joined["target_2"]) & (joined["choice_2"] == joined["target_1"])
    same = joined["choice_1"] == joined["choice_2"]
    agreed = same & ((joined["choice_1"] == joined["target_1"]) | (joined["choice_1"] == joined["target_2"]))
    direction = np.where(first & second, "targeted", np.where(swapped, "opposite", "none"))
    outcome = np.where(direction != "none", "success", np.where(agreed, "bias", "failure"))
    return joined.assign(outcome=outcome, direction=direction)[PAIR_COLUMNS]


def complete_pairs(trials: pd.DataFrame, pairs: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Keep the pairs whose members both answered in every round.

    Parameters
    ----------
    trials
        Trial table of all rounds.
    pairs
        As for :func:`pair_outcomes`.

    Returns
    -------
    pairs
        Those that can be analysed.
    left_out
        pair_id of every other to a sentence that says why.

    Raises
    ------
    ValueError
        If no pair is left, or the table of pairs is wrong.
    """
    _check_pairs(pairs)
    answers = first_answers(trials, phases=("main", "manipulation"))
    rounds = answers.groupby("participant_id", observed=True)["round"].agg(set).to_dict()
    expected = set(answers["round"])
    left_out = {
        str(pair["pair_id"]): f"{pair[name]} has no answer in round {min(expected - rounds.get(pair[name], set()))}."
        for _, pair in pairs.iterrows()
        for name in reversed(_PEOPLE)
        if expected - rounds.get(pair[name], set())
    }
    kept = pairs[~pairs["pair_id"].isin(left_out)].reset_index(drop=True)
    if kept.empty:
        name, reason = next(iter(left_out.items()))
        raise InputError(f"no pair answered in every round; pair {name}: {reason}")
    return kept, left_out


def _check_pairs(pairs: pd.DataFrame) -> None:
    if pairs.empty:
        raise InputError("no pairs; expected at least one row with pair_id, participant_1 and participant_2.")
    if pairs["pair_id"].duplicated().any():
        twice = pairs.loc[pairs["pair_id"].duplicated(), "pair_id"].iloc[0]
        raise InputError(f"pair {twice} is listed twice; expected one row a pair.")
    alone = pairs["participant_1"] == pairs["participant_2"]
    if alone.any():
        row = pairs[alone].iloc[0]
        raise InputError(f"pair {row['pair_id']}: {row['participant_1']} is paired with itself; name two people.")


def _described(answers: pd.DataFrame, stimuli: pd.DataFrame) -> pd.DataFrame:
    require_images(answers["stimulus_id"], stimuli)
    columns = ["stimulus_id", "source", "margin", "target_1", "target_2", "pair_id"]
    guided = stimuli.loc[stimuli["target_1"].notna(), columns]
    if guided["stimulus_id"].duplicated().any():
        twice = guided.loc[guided["stimulus_id"].duplicated(), "stimulus_id"].iloc[0]
        raise InputError(f"stimulus {twice} is listed twice; expected one row a stimulus.")
    return guided.rename(columns={"pair_id": "made_for"})


def _one_pair(pair: pd.Series, answers: pd.DataFrame, stimuli: pd.DataFrame) -> pd.DataFrame:
    columns = ["round", "stimulus_id", "response"]
    first, second = (answers.loc[answers["participant_id"] == pair[name], columns] for name in _PEOPLE)
    both = first.merge(second, on=["round", "stimulus_id"], suffixes=("_1", "_2"), validate="one_to_one")
    table = both.merge(stimuli, on="stimulus_id", validate="many_to_one")
    table = table[table["made_for"].isna() | (table["made_for"] == pair["pair_id"])]
    table = table.sort_values(["round", "stimulus_id"], kind="stable")
    return table.rename(columns={"response_1": "choice_1", "response_2": "choice_2"}).assign(
        pair_id=pair["pair_id"],
        participant_1=pair["participant_1"],
        participant_2=pair["participant_2"],
        margin=table["margin"].astype("float64"),
        target_1=table["target_1"].astype("int64"),
        target_2=table["target_2"].astype("int64"),
    )
