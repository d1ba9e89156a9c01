"""Who is to see what, in which order: one list a participant."""

import math
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from bam_pipelines.behavior.assignments import assign_balanced
from bam_pipelines.behavior.schemas import PHASES
from bam_pipelines.behavior.settings import SessionSettings
from bam_pipelines.behavior.trial_order import trial_order
from bam_pipelines.behavior.validation import build_schema, validate
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.experiment.clear_images import ClearImages
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
    clear: ClearImages,
    experiment: ExperimentSettings,
    session: SessionSettings,
    seed: int,
) -> pd.DataFrame:
    """Plan a first round: so many lists that every stimulus gets its planned number of answers.

    Parameters
    ----------
    stimuli
        Stimulus table.
    clear
        Images with a right answer.
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
        If the stimuli, clear images or repeats do not fit.
    """
    each = session.stimuli_per_participant
    count = len(stimuli) if each is None else min(each, len(stimuli))
    n_lists = math.ceil(len(stimuli) * experiment.answers_per_stimulus / count)
    names = [f"{number}" for number in range(1, n_lists + 1)]
    shown = assign_balanced(names, stimuli, count, seed).groupby("participant_id")["stimulus_id"].agg(list)
    draws = [numpy_generator(seed, "experiment/list", number) for number in range(1, n_lists + 1)]
    own = [session_rows(shown[name], clear, experiment, session, draw) for name, draw in zip(names, draws, strict=True)]
    return numbered_lists(own, clear)


def numbered_lists(own: Sequence[pd.DataFrame], clear: ClearImages) -> pd.DataFrame:
    """Put the practice block before each list's own rows, and number lists from 1.

    Parameters
    ----------
    own
        Of :func:`session_rows`, at least one.
    clear
        Images with a right answer.

    Returns
    -------
    pandas.DataFrame
        As :func:`build_lists` gives it.
    """
    practice = practice_rows(clear)
    planned = [pd.concat([practice, rows]).assign(list=number) for number, rows in enumerate(own, start=1)]
    return validate(pd.concat(planned, ignore_index=True), LISTS)


def practice_rows(clear: ClearImages) -> pd.DataFrame:
    """Return the practice block."""
    chosen = clear.practice
    return pd.DataFrame(
        {
            "block": 0,
            "phase": "practice",
            "stimulus_id": chosen["stimulus_id"].to_numpy(),
            "repetition": 0,
            "is_catch": False,
            "expected_response": chosen["expected"].to_numpy(),
        }
    )


def session_rows(
    stimulus_ids: list[str],
    clear: ClearImages,
    experiment: ExperimentSettings,
    session: SessionSettings,
    draw: np.random.Generator,
    repeated: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the blocks of one sitting; see :func:`~bam_pipelines.behavior.trial_order.trial_order`."""
    catch_ids = clear.catch["stimulus_id"].to_list()
    order = trial_order(stimulus_ids, catch_ids, session, session.repeat_share, draw, repeated)
    right = dict(zip(clear.catch["stimulus_id"], clear.catch["expected"], strict=True))
    n_blocks = math.ceil(len(order) / experiment.trials_per_block)
    return order.assign(
        # blocks of nearly equal length
        block=np.arange(len(order)) * n_blocks // len(order) + 1,
        phase=np.where(order["is_catch"], "catch", "main"),
        expected_response=order["stimulus_id"].where(order["is_catch"]).map(right).astype("Int8"),
    )
