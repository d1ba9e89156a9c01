"""Who is shown which stimulus."""

import numpy as np
import pandas as pd

from bam_pipelines.behavior.coercion import shown
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator


def assign_balanced(participant_ids: list[str], stimuli: pd.DataFrame, each: int | None, seed: int) -> pd.DataFrame:
    """Assign stimuli to participants so that all stimuli are shown equally often, but for one showing.

    Parameters
    ----------
    participant_ids
        Each once.
    stimuli
        Stimulus table.
    each
        Stimuli a participant, 1 to the number of stimuli, or None for all of them. They are dealt in turn from one
        shuffled deck that begins again at its end.
    seed
        Of the shuffle.

    Returns
    -------
    pandas.DataFrame
        participant_id, stimulus_id; one row a showing.

    Raises
    ------
    ValueError
        If ``each`` is outside its range.
    """
    count = len(stimuli) if each is None else each
    if not 1 <= count <= len(stimuli):
        raise InputError(
            f"behavior.session.stimuli_per_participant is {each}, expected 1 to the number of stimuli, {len(stimuli)}."
        )
    deck = numpy_generator(seed, "behavior/assignments").permutation(stimuli["stimulus_id"].to_numpy())
    dealt = np.arange(count * len(participant_ids)) % len(deck)
    return pd.DataFrame({"participant_id": np.repeat(participant_ids, count), "stimulus_id": deck[dealt]})


def assign_pairs(stimuli: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Assign each stimulus to the two members of its pair, and to nobody else.

    Parameters
    ----------
    stimuli
        Stimulus table, every ``pair_id`` set.
    pairs
        One row a pair: pair_id, participant_1, participant_2.

    Returns
    -------
    pandas.DataFrame
        participant_id, stimulus_id; two rows a stimulus.

    Raises
    ------
    ValueError
        If a stimulus has no pair, a pair of the stimuli is not in ``pairs``, or a pair stands there twice.
    """
    if pairs["pair_id"].duplicated().any():
        raise InputError(f"pairs: {pairs['pair_id'][pairs['pair_id'].duplicated()].iloc[0]} stands there twice.")
    unknown = ~stimuli["pair_id"].isin(pairs["pair_id"])
    if unknown.any():
        row = stimuli[unknown].iloc[0]
        raise InputError(
            f"stimulus {row['stimulus_id']}: pair_id {shown(row['pair_id'])} is none of the {len(pairs)} pairs."
        )
    joined = stimuli[["stimulus_id", "pair_id"]].merge(pairs, on="pair_id", validate="many_to_one")
    members = [
        joined[["stimulus_id", f"participant_{member}"]].set_axis(["stimulus_id", "participant_id"], axis=1)
        for member in (1, 2)
    ]
    return pd.concat(members, ignore_index=True)[["participant_id", "stimulus_id"]]
