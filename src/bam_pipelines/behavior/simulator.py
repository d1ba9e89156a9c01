"""Answers and response times of simulated participants."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from torch import nn

from bam_pipelines.behavior.decision_times import draw_response_times
from bam_pipelines.behavior.observers import Observer, answer_probabilities, decision_evidence, observer_features
from bam_pipelines.behavior.schemas import row_ids, validate_trials
from bam_pipelines.behavior.settings import BehaviorSettings
from bam_pipelines.behavior.trial_order import trial_order
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.compute.shards import run_shards
from bam_pipelines.images.table import table_images

DATASET_ID = "simulated"
_PEOPLE = 16  # a shard


@dataclass(frozen=True)
class _Screen:
    """What all participants look at: features by stimulus id, labels of clear digits, and the front end's head."""

    features: np.ndarray
    positions: dict[str, int]
    labels: dict[str, int]
    head: nn.Linear


def simulate_trials(
    stimuli: pd.DataFrame,
    catch_digits: pd.DataFrame,
    observer: Observer,
    participants: pd.DataFrame,
    assignments: pd.DataFrame,
    settings: BehaviorSettings,
    seed: int,
    round_number: int = 1,
) -> pd.DataFrame:
    """Let simulated participants answer.

    Everyone sees the stimuli assigned to them once in an order of their own, some of them again, and catch trials
    on clear digits in between. A participant's trials depend on the seed, the round, their own parameters and
    assignments alone, not on who else takes part or in which order.

    Parameters
    ----------
    stimuli
        Stimulus table.
    catch_digits
        Stimulus table of natural digits and their label.
    observer
        The front end.
    participants
        Of :func:`bam_pipelines.behavior.observers.draw_participants`; those without an assignment are left out.
    assignments
        participant_id, stimulus_id; see :mod:`bam_pipelines.behavior.assignments`.
    settings
        Parameters of the stage.
    seed
        The run's seed.
    round_number
        From 1. It is also the session; from 2 on the phase is ``manipulation``.

    Returns
    -------
    pandas.DataFrame
        Trial table, dataset_id ``simulated``, no split, every trial included.

    Raises
    ------
    ValueError
        If an assignment names an unknown participant or stimulus, or the trials do not fit the order's settings.
    """
    shown = pd.concat([stimuli, catch_digits[stimuli.columns]], ignore_index=True)
    _check_assignments(assignments, participants, stimuli)
    screen = _Screen(
        observer_features(table_images(shown), observer),
        {identifier: position for position, identifier in enumerate(shown["stimulus_id"])},
        dict(zip(catch_digits["stimulus_id"], catch_digits["label"].astype(int), strict=True)),
        observer.head,
    )
    assigned = assignments.groupby("participant_id")["stimulus_id"].agg(list).to_dict()
    taking_part = participants[participants["participant_id"].isin(assigned)]
    shards = [taking_part.iloc[first : first + _PEOPLE] for first in range(0, len(taking_part), _PEOPLE)]
    sit = partial(_sittings, assigned, screen, settings, seed, round_number)
    trials = pd.concat(run_shards(sit, shards, "simulated participants"), ignore_index=True)
    return validate_trials(trials, observer.head.out_features)


def _sittings(
    assigned: dict[str, list[str]],
    screen: _Screen,
    settings: BehaviorSettings,
    seed: int,
    round_number: int,
    participants: pd.DataFrame,
) -> pd.DataFrame:
    sittings = [
        _sitting(participant, assigned[participant["participant_id"]], screen, settings, seed, round_number)
        for _, participant in participants.iterrows()
    ]
    return pd.concat(sittings, ignore_index=True)


def _check_assignments(assignments: pd.DataFrame, participants: pd.DataFrame, stimuli: pd.DataFrame) -> None:
    if assignments.empty:
        raise InputError("nobody is assigned a stimulus; expected at least one stimulus and one participant.")
    for column, known in (("participant_id", participants), ("stimulus_id", stimuli)):
        unknown = assignments[column][~assignments[column].isin(known[column])]
        if not unknown.empty:
            raise InputError(f"assignments: {column} {unknown.iloc[0]} is none of the {len(known)} known ones.")


def _sitting(
    participant: pd.Series,
    stimulus_ids: list[str],
    screen: _Screen,
    settings: BehaviorSettings,
    seed: int,
    round_number: int,
) -> pd.DataFrame:
    draw = numpy_generator(seed, "behavior/trials", round_number, participant["participant_id"])
    repeat_share = settings.session.round_repeat_share(round_number)
    order = trial_order(stimulus_ids, list(screen.labels), settings.session, repeat_share, draw)
    positions = order["stimulus_id"].map(screen.positions).to_numpy()
    evidence = decision_evidence(screen.features[positions], screen.head, participant)
    evidence = evidence / np.exp(participant["drift"] * np.arange(len(order)) / 100)[:, None]
    responses = draw_answers(answer_probabilities(evidence, participant), draw)
    rt_ms = draw_response_times(evidence, responses, settings.response_time, draw)
    onsets = np.cumsum(settings.response_time.fixation_ms + np.concatenate([[0], rt_ms[:-1]]))
    trials = order.assign(
        dataset_id=DATASET_ID,
        participant_id=participant["participant_id"],
        task="digit",
        round=round_number,
        session=round_number,
        block=None,
        trial_index=np.arange(len(order)),
        phase=np.where(order["is_catch"], "catch", "main" if round_number == 1 else "manipulation"),
        response=responses,
        response_modality="unknown",
        rt_ms=rt_ms,
        expected_response=order["stimulus_id"].where(order["is_catch"]).map(screen.labels),
        split="none",
        include=True,
        exclude_reason="",
        started_at_ms=onsets.round(),
    )
    return trials.assign(row_id=row_ids(trials))


def draw_answers(probabilities: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Draw one class a row, (N,) int64, from probabilities (N, K), with one uniform number a row."""
    cumulative = probabilities.cumsum(axis=1)
    uniform = draw.random((len(probabilities), 1)) * cumulative[:, -1:]  # the last sum may miss 1 by rounding
    return np.asarray((uniform >= cumulative).sum(axis=1))
