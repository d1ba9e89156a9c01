"""Who is to see what, in which order: one list a participant."""

import math
from collections.abc import Collection

import numpy as np
import pandas as pd

from bam_pipelines.behavior.assignments import assign_balanced
from bam_pipelines.behavior.schemas import PHASES
from bam_pipelines.behavior.settings import SessionSettings
from bam_pipelines.behavior.trial_order import trial_order
from bam_pipelines.behavior.validation import build_schema, validate
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.experiment.settings import ExperimentSettings

LISTS = build_schema(
    "lists",
    {
        "list": ("int32", []),
        "block": ("int16", []),
        "phase": (PHASES, []),
        "stimulus_id": ("str", []),
        "repetition": ("int8", []),
        "is_catch": ("bool", []),
        "expected_response": ("Int8", []),
    },
)


def build_lists(
    stimuli: pd.DataFrame,
    catch_digits: pd.DataFrame,
    practice_digits: pd.DataFrame,
    experiment: ExperimentSettings,
    session: SessionSettings,
    seed: int,
) -> pd.DataFrame:
    """Plan a first round: so many lists that every stimulus gets its planned number of answers.

    Parameters
    ----------
    stimuli
        Stimulus table.
    catch_digits, practice_digits
        Stimulus tables of clear digits with ``label``; practice takes the first ones.
    experiment, session
        Numbers of answers, blocks, catch trials and repeats.
    seed
        The run's seed; a list depends on it, on its number and on the settings alone.

    Returns
    -------
    pandas.DataFrame
        One row a planned trial, in order of presentation: list (from 1), block (0 is practice), phase, stimulus_id,
        repetition, is_catch, expected_response (of practice and catch trials). No stimulus gets fewer answers than
        planned, or more than one in excess.

    Raises
    ------
    ValueError
        If the stimuli, clear digits or repeats do not fit.
    """
    each = session.stimuli_per_participant
    count = len(stimuli) if each is None else min(each, len(stimuli))
    n_lists = math.ceil(len(stimuli) * experiment.answers_per_stimulus / count)
    names = [f"{number}" for number in range(1, n_lists + 1)]
    shown = assign_balanced(names, stimuli, count, seed).groupby("participant_id")["stimulus_id"].agg(list)
    practice = practice_rows(practice_digits, experiment)
    planned = []
    for number, name in enumerate(names, start=1):
        draw = numpy_generator(seed, "experiment/list", number)
        own = session_rows(shown[name], catch_digits, experiment, session, draw)
        planned.append(pd.concat([practice, own], ignore_index=True).assign(list=number))
    return validate(pd.concat(planned, ignore_index=True), LISTS)


def practice_rows(digits: pd.DataFrame, experiment: ExperimentSettings) -> pd.DataFrame:
    """Return the practice block: the first of the clear digits.

    Raises
    ------
    ValueError
        If there are too few.
    """
    if experiment.practice_trials > len(digits):
        raise ValueError(
            f"{experiment.practice_trials} practice trials are asked for, but there are {len(digits)} clear digits for "
            "them; lower experiment.practice_trials."
        )
    chosen = digits.iloc[: experiment.practice_trials]
    return pd.DataFrame(
        {
            "block": 0,
            "phase": "practice",
            "stimulus_id": chosen["stimulus_id"].to_numpy(),
            "repetition": 0,
            "is_catch": False,
            "expected_response": _expected(chosen, experiment),
        }
    )


def _expected(digits: pd.DataFrame, experiment: ExperimentSettings) -> np.ndarray:
    """Return what is right for a clear digit: its label, or yes."""
    return digits["label"].to_numpy() if experiment.task == "digit" else np.ones(len(digits), dtype=np.int8)


def session_rows(
    stimulus_ids: list[str],
    catch_digits: pd.DataFrame,
    experiment: ExperimentSettings,
    session: SessionSettings,
    draw: np.random.Generator,
    repeated: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the blocks of one sitting; see :func:`~bam_pipelines.behavior.trial_order.trial_order`."""
    catch_ids = catch_digits["stimulus_id"].to_list()
    order = trial_order(stimulus_ids, catch_ids, session, session.repeat_share, draw, repeated)
    right = dict(zip(catch_digits["stimulus_id"], _expected(catch_digits, experiment), strict=True))
    n_blocks = math.ceil(len(order) / experiment.trials_per_block)
    return order.assign(
        # blocks of nearly equal length
        block=np.arange(len(order)) * n_blocks // len(order) + 1,
        phase=np.where(order["is_catch"], "catch", "main"),
        expected_response=order["stimulus_id"].where(order["is_catch"]).map(right).astype("Int8"),
    )
