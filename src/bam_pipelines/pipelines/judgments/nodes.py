"""Nodes of stage judgments."""

import pandas as pd

from bam_pipelines.behavior.judgments import judgment_shares


def gather_judgments(trials: pd.DataFrame, stimuli: pd.DataFrame) -> pd.DataFrame:
    """Average people's judgments by image."""
    return judgment_shares(trials, stimuli)
