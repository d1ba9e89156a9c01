"""Who is shown which stimulus."""

import pandas as pd

from bam_pipelines.behavior.coercion import shown


def assign_everyone(participant_ids: list[str], stimuli: pd.DataFrame) -> pd.DataFrame:
    """Assign every stimulus to every participant.

    Returns
    -------
    pandas.DataFrame
        participant_id, stimulus_id; one row a showing.
    """
    people = pd.DataFrame({"participant_id": participant_ids})
    return people.merge(stimuli[["stimulus_id"]], how="cross")


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
        raise ValueError(f"pairs: {pairs['pair_id'][pairs['pair_id'].duplicated()].iloc[0]} stands there twice.")
    unknown = ~stimuli["pair_id"].isin(pairs["pair_id"])
    if unknown.any():
        row = stimuli[unknown].iloc[0]
        raise ValueError(
            f"stimulus {row['stimulus_id']}: pair_id {shown(row['pair_id'])} is none of the {len(pairs)} pairs."
        )
    joined = stimuli[["stimulus_id", "pair_id"]].merge(pairs, on="pair_id", validate="many_to_one")
    members = [
        joined[["stimulus_id", f"participant_{member}"]].set_axis(["stimulus_id", "participant_id"], axis=1)
        for member in (1, 2)
    ]
    return pd.concat(members, ignore_index=True)[["participant_id", "stimulus_id"]]
