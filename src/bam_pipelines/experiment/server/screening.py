"""Whom the quality rules would exclude if the study ended now."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bam_pipelines.behavior.ingestion import ingest
from bam_pipelines.behavior.quality import assess_quality
from bam_pipelines.behavior.settings import BehaviorSettings

Screen = Callable[[frozenset[str]], pd.Series]


def screen_answers(folder: Path, settings: BehaviorSettings) -> Screen:
    """Return a function that reads a folder of answers as the behavior stage does, and applies its rules.

    Parameters
    ----------
    folder
        Where answers lie.
    settings
        Of the behavior stage.

    Returns
    -------
    callable
        Takes the ids of those who have finished, to whom alone the rule on completion applies; gives the broken rules
        by id, empty where there are none. The ids are those of the records, which must not be shown to anybody.
    """
    source = replace(settings.sources["jspsych"], path=str(folder.absolute()), images=None, participant_ids="published")

    def screen(finished: frozenset[str]) -> pd.Series:
        collected = ingest("jspsych", source, Path("/"), None, None, 1.0, settings.n_classes)
        done = collected.sittings["participant_id"].isin(finished)
        sittings = collected.sittings.assign(planned_trials=collected.sittings["planned_trials"].where(done))
        people = assess_quality(collected.trials, sittings, settings.quality, settings.n_classes).participants
        return people.set_index("participant_id")["exclude_reason"]

    return screen
