"""Nodes of stage release."""

import pandas as pd

from bam_pipelines.behavior.sharing.release import release_files


def export_release(trials: pd.DataFrame, stimuli: pd.DataFrame) -> dict[str, str | bytes]:
    """Bring the answers into the form of the released variMNIST."""
    return release_files(trials, stimuli)
