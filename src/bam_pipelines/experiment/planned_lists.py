"""A round in which each participant's stimuli were chosen one by one: one list a person."""

import numpy as np
import pandas as pd

from bam_pipelines.behavior.settings import SessionSettings
from bam_pipelines.compute.seeds import numpy_generator
from bam_pipelines.experiment.clear_images import ClearImages
from bam_pipelines.experiment.lists import numbered_lists, session_rows
from bam_pipelines.experiment.settings import ExperimentSettings


def build_planned_lists(
    plan: pd.DataFrame,
    clear: ClearImages,
    experiment: ExperimentSettings,
    session: SessionSettings,
    seed: int,
    round_number: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring a plan into lists, in an order of each person's own; nothing in a list says why a stimulus is there.

    Parameters
    ----------
    plan
        participant_id, stimulus_id and reason, one row a trial; those of reason ``repeat`` were seen before.
    clear, experiment, session
        As for :func:`~bam_pipelines.experiment.lists.build_lists`; nothing is repeated within the round.
    seed, round_number
        The run's seed, and the round of the study.

    Returns
    -------
    lists
        As there.
    places
        list, participant_id: whose each list is.
    """
    people, own = [], []
    for person, rows in plan.groupby("participant_id"):
        draw = numpy_generator(seed, "experiment/planned list", round_number, person)
        sitting = session_rows(rows["stimulus_id"].to_list(), clear, experiment, session, draw, repeated=())
        seen = sitting["stimulus_id"].isin(rows["stimulus_id"][rows["reason"] == "repeat"])
        people.append(person)
        own.append(sitting.assign(repetition=sitting["repetition"].mask(seen, 1)))
    places = pd.DataFrame({"list": np.arange(1, len(people) + 1), "participant_id": people})
    return numbered_lists(own, clear), places
