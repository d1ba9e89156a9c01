"""A round of the study, and how it is collected from simulated participants."""

from typing import Any, NamedTuple

import pandas as pd

from bam_pipelines.behavior.assignments import assign_balanced, assign_pairs
from bam_pipelines.behavior.clear_digits import choose_clear_digits
from bam_pipelines.behavior.observers import Observer
from bam_pipelines.behavior.schemas import REJECTS, SITTINGS, STIMULI, empty_table, validate_stimuli
from bam_pipelines.behavior.settings import BehaviorSettings
from bam_pipelines.behavior.simulator import simulate_trials
from bam_pipelines.behavior.splits import assign_splits
from bam_pipelines.behavior.validation import validate


class Round(NamedTuple):
    """What a round gives.

    Parameters
    ----------
    trials
        Trial table before the quality rules.
    stimuli
        Stimulus table of every image that a trial names, catch digits among them; without rows where a source comes
        without images.
    rejects
        Rows that could not be read (file, line, reason, content); none from the simulator, which reads nothing.
    sittings
        participant_id, planned_trials, blur_events; null where nobody knows.
    report
        What was read, counted.
    """

    trials: pd.DataFrame
    stimuli: pd.DataFrame
    rejects: pd.DataFrame
    sittings: pd.DataFrame
    report: dict[str, Any]


def first_round(
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: Observer,
    participants: pd.DataFrame,
    settings: BehaviorSettings,
    seed: int,
) -> Round:
    """Show everyone all stimuli, or equally many of them, and split the images.

    Parameters
    ----------
    stimuli
        Stimulus table.
    digits
        Labelled natural digits for catch trials: label and the image columns.
    observer
        The participants' front end.
    participants
        Of :func:`bam_pipelines.behavior.observers.draw_participants`.
    settings
        Parameters of the stage.
    seed
        The run's seed.

    Returns
    -------
    Round
        Its trials have a split.

    Raises
    ------
    ValueError
        If there are too few clear digits, or too few stimuli for the splits or the repeats.
    """
    assignments = assign_balanced(
        participants["participant_id"].to_list(), stimuli, settings.session.stimuli_per_participant, seed
    )
    collected = _simulated(stimuli, digits, observer, participants, assignments, settings, seed, 1)
    return collected._replace(trials=assign_splits(collected.trials, settings.splits, seed))


def second_round(
    stimuli: pd.DataFrame,
    pairs: pd.DataFrame,
    digits: pd.DataFrame,
    observer: Observer,
    participants: pd.DataFrame,
    settings: BehaviorSettings,
    seed: int,
) -> Round:
    """Show each pair's stimuli to its two members; no split, for nothing is fitted to these answers.

    Parameters
    ----------
    stimuli
        Stimulus table, every pair_id set.
    pairs
        pair_id, participant_1, participant_2; one row a pair.
    digits, observer, participants, settings, seed
        As in :func:`first_round`.

    Returns
    -------
    Round
        Its trials are of phase manipulation.

    Raises
    ------
    ValueError
        If a stimulus belongs to no pair, or a pair's member is unknown.
    """
    assignments = assign_pairs(stimuli, pairs)
    return _simulated(stimuli, digits, observer, participants, assignments, settings, seed, 2)


def _simulated(
    stimuli: pd.DataFrame,
    digits: pd.DataFrame,
    observer: Observer,
    participants: pd.DataFrame,
    assignments: pd.DataFrame,
    settings: BehaviorSettings,
    seed: int,
    round_number: int,
) -> Round:
    session = settings.session
    digits = digits[~digits["stimulus_id"].isin(stimuli["stimulus_id"])]
    catch = choose_clear_digits(digits, observer, session.catch_pool, session.clear_share, seed, round_number)
    trials = simulate_trials(stimuli, catch, observer, participants, assignments, settings, seed, round_number)
    shown = [table[list(STIMULI.kinds)].astype("object") for table in (stimuli, catch)]
    known = pd.concat(shown, ignore_index=True)
    named = validate_stimuli(known[known["stimulus_id"].isin(trials["stimulus_id"])])
    planned = trials.groupby("participant_id").size()
    sittings = pd.DataFrame(
        {"participant_id": planned.index, "planned_trials": planned.to_numpy(), "blur_events": None}
    )
    report = {"trials": len(trials), "participants": len(planned), "images": len(named), "rejects": 0}
    return Round(trials, named, empty_table(REJECTS), validate(sittings, SITTINGS), report)
