"""A second round: customised and control stimuli, mixed, before both members of each pair."""

from dataclasses import replace

import numpy as np
import pandas as pd

from bam_pipelines.behavior.assignments import assign_pairs
from bam_pipelines.behavior.settings import SessionSettings
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.experiment.clear_images import ClearImages
from bam_pipelines.experiment.lists import numbered_lists, session_rows
from bam_pipelines.experiment.settings import ExperimentSettings, PairDesign


def build_pair_lists(
    stimuli: pd.DataFrame,
    pairs: pd.DataFrame,
    clear: ClearImages,
    experiment: ExperimentSettings,
    session: SessionSettings,
    design: PairDesign,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Plan a second round: one list a person, in an order of their own.

    Nothing in a list says of which source a stimulus is. Both members of a pair see the same stimuli, and the same ones
    twice.

    Parameters
    ----------
    stimuli
        Stimulus table, every pair_id set.
    pairs
        pair_id, participant_1, participant_2.
    clear
        As for :func:`~bam_pipelines.experiment.lists.build_lists`.
    experiment, session
        As there; repeats are the design's.
    design
        What each pair is shown.
    seed
        The run's seed.

    Returns
    -------
    lists
        As there, phase ``manipulation``.
    places
        list, participant_id: whose each list is.

    Raises
    ------
    ValueError
        If a pair has too few stimuli of a source, or a person would see more trials than the design allows.
    """
    chosen = choose_stimuli(stimuli, pairs, design, seed)
    repeated = set(chosen["stimulus_id"][chosen["repeated"]])
    shown = assign_pairs(chosen, pairs).groupby("participant_id")["stimulus_id"].agg(list)
    gaps = replace(session, repeat_gap=design.repeat_gap)
    planned = []
    for person, names in shown.items():
        draw = numpy_generator(seed, "experiment/pair list", person)
        own = session_rows(names, clear, experiment, gaps, draw, repeated & set(names))
        if len(own) > design.most_trials:
            raise InputError(
                f"participant {person} would see {len(own)} trials, more than experiment.pairs.most_trials of "
                f"{design.most_trials}: lower images_per_pair, or put people into fewer pairs."
            )
        own["phase"] = own["phase"].replace("main", "manipulation")
        planned.append(own)
    places = pd.DataFrame({"list": np.arange(1, len(shown) + 1), "participant_id": shown.index})
    return numbered_lists(planned, clear), places


def choose_stimuli(stimuli: pd.DataFrame, pairs: pd.DataFrame, design: PairDesign, seed: int) -> pd.DataFrame:
    """Choose each pair's stimuli by source, and which of them are shown twice.

    Digit pairs and margins take turns. Both directions of a digit pair are chosen together as long as there are both,
    so that who tends to a digit, whatever the image, agrees with the targets as often as not.

    Parameters
    ----------
    stimuli
        Stimulus table, every pair_id set.
    pairs
        With ``pair_id``, one row a pair.
    design
        How many of each source, and which share is repeated.
    seed
        The run's seed.

    Returns
    -------
    pandas.DataFrame
        Rows of ``stimuli`` with ``repeated``.

    Raises
    ------
    ValueError
        If a pair has too few stimuli of a source.
    """
    parts = []
    for pair_id in pairs["pair_id"]:
        for source, count in design.quotas().items():
            own = stimuli[(stimuli["pair_id"] == pair_id) & (stimuli["source"] == source)]
            if len(own) < count:
                raise InputError(
                    f"pair {pair_id} has {len(own)} stimuli of source {source}, expected at least {count}: lower "
                    "experiment.pairs.images_per_pair, or sample more in stage manipulation."
                )
            draw = numpy_generator(seed, "experiment/pair stimuli", pair_id, source)
            taken = _in_turn(own.sort_values("stimulus_id").iloc[draw.permutation(len(own))]).iloc[:count]
            again = np.arange(count) < round(design.repeat_share * count)
            parts.append(taken.assign(repeated=draw.permutation(again)))
    return pd.concat(parts, ignore_index=True)


def _in_turn(mixed: pd.DataFrame) -> pd.DataFrame:
    """Sort stimuli: those with a counterpart of the other direction first, beside it, digit pairs in turn."""
    targets = mixed[["target_1", "target_2"]].astype("int64")
    low, high, way = targets.min(axis=1), targets.max(axis=1), targets["target_1"] < targets["target_2"]
    digit_pair = [low, high, mixed["margin"].fillna(0.0)]
    turn = mixed.groupby([*digit_pair, way]).cumcount()
    both_ways = turn.groupby([*digit_pair, turn]).transform("size") == 2
    place = pd.Series(mixed.groupby(digit_pair, sort=False).ngroup(), index=mixed.index)
    return mixed.iloc[np.lexsort([place, turn, ~both_ways])]
